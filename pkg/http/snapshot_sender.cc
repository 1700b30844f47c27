#include "pkg/http/snapshot_sender.h"

#include <chrono>
#include <utility>

#include "pkg/http/start_thread.h"

namespace baton::http {

Result<std::unique_ptr<SnapshotSender>> SnapshotSender::Create(const SnapshotSenderOptions& options,
                                                               PeerLink* link,
                                                               SharedTokenBucket* bandwidth) {
  Result<std::unique_ptr<Client>> client = link->MakeClient(options.client);
  if (!client.ok()) return client.status();
  return std::unique_ptr<SnapshotSender>(
      new SnapshotSender(options, link, bandwidth, *std::move(client)));
}

// Streams of an earlier life of this process must not be taken for one of this life.
SnapshotSender::SnapshotSender(const SnapshotSenderOptions& options, PeerLink* link,
                               SharedTokenBucket* bandwidth, std::unique_ptr<Client> client)
    : options_(options),
      link_(link),
      bandwidth_(bandwidth),
      client_(std::move(client)),
      stream_(static_cast<uint64_t>(link->clock->WallMs()) << 16) {}

Status SnapshotSender::Start() {
  return StartThread(
      options_.thread_name, [this] { Run(); }, &thread_);
}

void SnapshotSender::Push(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    const bool busy = stopping_ || job_.has_value() || (under_way_ != nullptr && !cancelled_);
    if (!busy) {
      job_ = Job{std::move(message), std::move(snapshot)};
      changed_.notify_all();
      return;
    }
  }
  link_->service->OnSnapshotSent(link_->peer, false);
}

void SnapshotSender::Cancel() {
  std::optional<Job> dropped;  // outlives the lock: it may close files
  {
    const std::lock_guard lock(mutex_);
    dropped = std::exchange(job_, std::nullopt);
    cancelled_ = under_way_ != nullptr;
  }
  changed_.notify_all();
  link_->snapshots_cancelled.Add();
}

void SnapshotSender::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  client_->Abort();
  if (thread_.joinable()) thread_.join();
}

bool SnapshotSender::HasUnfinished() const {
  const std::lock_guard lock(mutex_);
  return job_.has_value() || (under_way_ != nullptr && !cancelled_);
}

std::optional<node::SnapshotTransfer> SnapshotSender::Progress() const {
  const std::lock_guard lock(mutex_);
  if (under_way_ == nullptr || cancelled_) return std::nullopt;
  return under_way_->Progress();
}

bool SnapshotSender::Wait(int64_t wait_us) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::microseconds(wait_us),
                            [this] { return stopping_ || cancelled_; });
}

void SnapshotSender::Run() {
  while (true) {
    std::optional<Job> job;
    std::shared_ptr<OutgoingSnapshot> snapshot;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || job_.has_value(); });
      if (stopping_) return;
      job = std::exchange(job_, std::nullopt);
      snapshot = std::make_shared<OutgoingSnapshot>(options_.snapshot, link_, client_.get(),
                                                    bandwidth_, ++stream_);
      under_way_ = snapshot;
      cancelled_ = false;
    }
    const Status sent = snapshot->Run(job->message, job->snapshot.get(),
                                      [this](int64_t wait_us) { return Wait(wait_us); });
    job.reset();  // lets go of what the snapshot pins
    bool cancelled = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      under_way_.reset();
      cancelled = std::exchange(cancelled_, false);
    }
    if (!cancelled) Report(sent);
  }
}

void SnapshotSender::Report(const Status& sent) {
  if (sent.ok()) {
    link_->OnDelivered();
    link_->snapshots_delivered.Add();
  } else {
    link_->OnFailed(sent.message());
    link_->snapshots_failed.Add();
  }
  link_->service->OnSnapshotSent(link_->peer, sent.ok());
}

}  // namespace baton::http
