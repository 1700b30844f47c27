#include "pkg/http/peer_link.h"

#include <algorithm>
#include <utility>

#include "pkg/http/base64.h"
#include "pkg/http/envelope.h"

namespace baton::http {
namespace {

// A message up to this size travels with the heartbeats; what is larger could hold them up.
constexpr size_t kUrgentBytesMax = 16 * 1024;
constexpr size_t kSnapshotChunkBytes = 1 << 20;
constexpr int64_t kConnectTimeoutMs = 500;
// A peer that is silent for longer is as good as gone; its messages are sent anew by Raft.
constexpr int64_t kUrgentTimeoutMs = 2'000;
constexpr int64_t kBulkTimeoutMs = 5'000;
constexpr int64_t kSnapshotTimeoutMs = 30'000;
constexpr int64_t kBackoffMinMs = 20;
constexpr int64_t kBackoffMaxMs = 500;

bool IsUrgent(const node::PeerMessage& message) {
  const auto* raft_message = std::get_if<raft::Message>(&message);
  // Appends keep their order among themselves, so that the follower need not reject any.
  if (raft_message != nullptr) {
    return !std::holds_alternative<raft::AppendRequest>(raft_message->body);
  }
  return ApproximateBytes(message) <= kUrgentBytesMax;
}

}  // namespace

Result<std::unique_ptr<PeerLink>> PeerLink::Create(PeerLinkContext* context, NodeId peer,
                                                   const std::string& url) {
  const auto connect = [&](int64_t timeout_ms) {
    return Client::Create(
        url, {.connect_timeout_ms = kConnectTimeoutMs, .request_timeout_ms = timeout_ms});
  };
  auto urgent = connect(kUrgentTimeoutMs);
  if (!urgent.ok()) return urgent.status();
  auto bulk = connect(kBulkTimeoutMs);
  if (!bulk.ok()) return bulk.status();
  auto snapshots = connect(kSnapshotTimeoutMs);
  if (!snapshots.ok()) return snapshots.status();
  return std::unique_ptr<PeerLink>(
      new PeerLink(context, peer, *std::move(urgent), *std::move(bulk), *std::move(snapshots)));
}

PeerLink::PeerLink(PeerLinkContext* context, NodeId peer, std::unique_ptr<Client> urgent,
                   std::unique_ptr<Client> bulk, std::unique_ptr<Client> snapshots)
    : context_(context),
      peer_(peer),
      urgent_(context->options, std::move(urgent)),
      bulk_(context->options, std::move(bulk)),
      snapshot_client_(std::move(snapshots)),
      // Streams of an earlier process must not be taken for this one's.
      next_stream_(static_cast<uint64_t>(context->clock->WallMs()) * 1000) {}

PeerLink::~PeerLink() { Stop(); }

void PeerLink::Start() {
  urgent_.thread = std::thread([this] { RunLane(urgent_); });
  bulk_.thread = std::thread([this] { RunLane(bulk_); });
  snapshot_thread_ = std::thread([this] { RunSnapshots(); });
}

void PeerLink::Stop() {
  {
    const std::lock_guard lock(snapshot_mutex_);
    stopped_ = true;
  }
  snapshot_changed_.notify_all();
  for (Lane* lane : {&urgent_, &bulk_}) lane->outbox.Close();
  for (Client* client : {urgent_.client.get(), bulk_.client.get(), snapshot_client_.get()}) {
    client->Abort();
  }
  for (std::thread* thread : {&urgent_.thread, &bulk_.thread, &snapshot_thread_}) {
    if (thread->joinable()) thread->join();
  }
}

void PeerLink::Send(node::PeerMessage message) {
  Lane& lane = IsUrgent(message) ? urgent_ : bulk_;
  if (!lane.outbox.Put(std::move(message))) dropped_messages_.Add();
}

void PeerLink::RunLane(Lane& lane) {
  int64_t backoff_ms = kBackoffMinMs;
  while (true) {
    std::vector<node::PeerMessage> messages = lane.outbox.Take(context_->options.batch_bytes_max);
    if (messages.empty()) return;
    if (PostEnvelope(lane, std::move(messages))) {
      backoff_ms = kBackoffMinMs;
      continue;
    }
    lane.outbox.Pause(backoff_ms);
    backoff_ms = std::min(2 * backoff_ms, kBackoffMaxMs);
  }
}

bool PeerLink::PostEnvelope(Lane& lane, std::vector<node::PeerMessage> messages) {
  node::PeerEnvelope envelope;
  envelope.cluster_id = context_->options.cluster_id;
  envelope.from = context_->options.self;
  envelope.to = peer_;
  {
    const std::lock_guard lock(context_->leadership_mutex);
    envelope.term = context_->leading_term;
    envelope.cluster_time_ms = context_->cluster_time_ms;
  }
  envelope.messages = std::move(messages);
  const int64_t start_us = context_->clock->MonotonicUs();
  const Status posted = Post(*lane.client, {.method = "POST",
                                            .target = "/peer/v1/messages",
                                            .headers = {{"Content-Type", "application/json"}},
                                            .body = EncodeEnvelope(envelope)});
  if (posted.ok()) round_trip_.ObserveUs(context_->clock->MonotonicUs() - start_us);
  NoteReachable(posted.ok(), posted);
  return posted.ok();
}

Status PeerLink::Post(Client& client, ClientRequest request) {
  const Result<ClientResponse> response = client.Send(request);
  if (!response.ok()) {
    failures_.Add();
    return response.status();
  }
  if (response->status >= 300) {
    failures_.Add();
    return Status(Code::kUnavailable, "refused_by_peer",
                  "The peer answered " + std::to_string(response->status) + ".");
  }
  sent_envelopes_.Add();
  sent_bytes_.Add(request.body.size());
  return Status::Ok();
}

void PeerLink::NoteReachable(bool reachable, const Status& why) {
  const bool before = reachable_.exchange(reachable);
  if (!reachable) context_->service->OnUnreachable(peer_);
  if (before == reachable) return;
  if (reachable) {
    context_->logger->Log(LogLevel::kInfo, "peer reachable", {{"peer", peer_}});
  } else {
    context_->logger->Log(LogLevel::kWarning, "peer unreachable",
                          {{"peer", peer_}, {"reason", why.message()}});
  }
}

void PeerLink::SendSnapshot(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot) {
  {
    const std::lock_guard lock(snapshot_mutex_);
    if (!snapshot_busy_ && !stopped_) {
      snapshot_busy_ = true;
      snapshot_job_ = SnapshotJob{std::move(message), std::move(snapshot)};
      snapshot_changed_.notify_all();
      return;
    }
  }
  context_->service->OnSnapshotSent(peer_, false);
}

void PeerLink::RunSnapshots() {
  while (true) {
    std::optional<SnapshotJob> job;
    {
      std::unique_lock lock(snapshot_mutex_);
      snapshot_changed_.wait(lock, [&] { return stopped_ || snapshot_job_; });
      if (stopped_) return;
      job = std::exchange(snapshot_job_, std::nullopt);
    }
    const Status sent = StreamSnapshot(*job);
    job.reset();  // lets go of what the reader pins before the next one is asked for
    {
      const std::lock_guard lock(snapshot_mutex_);
      snapshot_busy_ = false;
    }
    context_->logger->Log(sent.ok() ? LogLevel::kInfo : LogLevel::kWarning, "snapshot sent",
                          {{"peer", peer_}, {"delivered", sent.ok()}, {"reason", sent.message()}});
    context_->service->OnSnapshotSent(peer_, sent.ok());
  }
}

// Reads one piece ahead, because the last one carries Raft's message.
Status PeerLink::StreamSnapshot(SnapshotJob& job) {
  const uint64_t stream = ++next_stream_;
  Result<std::string> chunk = job.snapshot->NextChunk(kSnapshotChunkBytes);
  for (uint64_t number = 0;; ++number) {
    if (!chunk.ok()) return chunk.status();
    Result<std::string> next = job.snapshot->NextChunk(kSnapshotChunkBytes);
    if (!next.ok()) return next.status();
    const bool last = next->empty();
    BATON_RETURN_IF_ERROR(
        PostChunk(stream, number, *std::move(chunk), last ? &job.message : nullptr));
    if (last) return Status::Ok();
    chunk = std::move(next);
  }
}

Status PeerLink::PostChunk(uint64_t stream, uint64_t number, std::string chunk,
                           const raft::Message* message) {
  ClientRequest request;
  request.method = "POST";
  request.target = "/peer/v1/snapshot?cluster_id=" + context_->options.cluster_id +
                   "&from=" + std::to_string(context_->options.self.value()) +
                   "&to=" + std::to_string(peer_.value()) + "&stream=" + std::to_string(stream) +
                   "&number=" + std::to_string(number);
  request.headers["Content-Type"] = "application/octet-stream";
  if (message != nullptr) {
    request.headers["Baton-Raft-Message"] = Base64Encode(EncodeRaftMessage(*message));
  }
  request.body = std::move(chunk);
  return Post(*snapshot_client_, std::move(request));
}

PeerStats PeerLink::Stats() const {
  PeerStats stats;
  stats.peer = peer_;
  stats.reachable = reachable_;
  stats.sent_bytes = sent_bytes_.value();
  stats.sent_envelopes = sent_envelopes_.value();
  stats.failures = failures_.value();
  stats.dropped_messages = dropped_messages_.value();
  stats.round_trip = round_trip_.Read();
  return stats;
}

}  // namespace baton::http
