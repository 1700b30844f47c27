#include "pkg/http/snapshot_sender.h"

#include <pthread.h>

#include <utility>

#include "pkg/http/envelope.h"

namespace baton::http {

Result<std::unique_ptr<SnapshotSender>> SnapshotSender::Create(const SnapshotSenderOptions& options,
                                                               PeerLink* link) {
  Result<std::unique_ptr<Client>> client = Client::Create(link->url, options.client);
  if (!client.ok()) return client.status();
  return std::unique_ptr<SnapshotSender>(new SnapshotSender(options, link, *std::move(client)));
}

// Streams of an earlier life of this process must not be taken for one of this life.
SnapshotSender::SnapshotSender(const SnapshotSenderOptions& options, PeerLink* link,
                               std::unique_ptr<Client> client)
    : options_(options),
      link_(link),
      client_(std::move(client)),
      stream_(static_cast<uint64_t>(link->clock->WallMs()) << 16) {}

void SnapshotSender::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), options_.thread_name.c_str());
}

void SnapshotSender::Push(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (!busy_) {
      busy_ = true;
      job_ = Job{std::move(message), std::move(snapshot)};
      changed_.notify_one();
      return;
    }
  }
  link_->service->OnSnapshotSent(link_->peer, false);
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

bool SnapshotSender::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void SnapshotSender::Run() {
  while (true) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || job_.has_value(); });
      if (stopping_) return;
      job = std::exchange(job_, std::nullopt);
    }
    ++stream_;
    const Status sent = Stream(*job);
    job.reset();  // lets go of what the snapshot pins
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      busy_ = false;
    }
    if (sent.ok()) {
      link_->OnDelivered();
    } else {
      link_->OnFailed(sent.message());
    }
    link_->service->OnSnapshotSent(link_->peer, sent.ok());
  }
}

Status SnapshotSender::Stream(const Job& job) {
  Result<std::string> piece = job.snapshot->NextChunk(options_.piece_bytes);
  for (uint64_t number = 0;; ++number) {
    if (!piece.ok()) return piece.status();
    if (stopping()) return Status(Code::kUnavailable, "shutting_down", "The transport stops");
    // One piece ahead, because the last one is marked by the message it carries.
    Result<std::string> next = job.snapshot->NextChunk(options_.piece_bytes);
    if (!next.ok()) return next.status();
    const bool last = next->empty();
    const auto message = last ? std::optional<raft::Message>(job.message) : std::nullopt;
    BATON_RETURN_IF_ERROR(SendPiece(number, *std::move(piece), message));
    if (last) return Status::Ok();
    piece = std::move(next);
  }
}

Status SnapshotSender::SendPiece(uint64_t number, std::string bytes,
                                 const std::optional<raft::Message>& message) {
  SnapshotPiece piece;
  piece.cluster_id = link_->cluster_id;
  piece.to = link_->peer;
  piece.chunk.from = link_->self;
  piece.chunk.stream = stream_;
  piece.chunk.number = number;
  piece.chunk.bytes = std::move(bytes);
  piece.chunk.message = message;
  std::string body = EncodeSnapshotPiece(piece);
  link_->sent_bytes.Add(body.size());
  return PostToPeer(client_.get(), "/peer/v1/snapshot", std::move(body));
}

}  // namespace baton::http
