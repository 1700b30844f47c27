#include "pkg/http/peer_transport.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/message_sender.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/snapshot_sender.h"

namespace baton::http {
namespace {

// Larger messages travel with the appends, so that a heartbeat waits behind nothing large.
constexpr size_t kUrgentBytesMax = 16 * 1024;

bool IsUrgent(const node::PeerMessage& message) {
  // All appends go one way: one that overtakes the others would be rejected.
  const auto* raft_message = std::get_if<raft::Message>(&message);
  const bool append =
      raft_message != nullptr && std::holds_alternative<raft::AppendRequest>(raft_message->body);
  return !append && EncodedBytesMax(message) <= kUrgentBytesMax;
}

// A peer and its senders.
struct Peer {
  PeerLink link;
  std::unique_ptr<MessageSender> urgent;
  std::unique_ptr<MessageSender> appends;
  std::unique_ptr<SnapshotSender> snapshots;
};

class HttpPeerTransport final : public PeerTransport {
 public:
  HttpPeerTransport(const PeerTransportOptions& options, Clock* clock)
      : options_(options),
        clock_(clock),
        snapshot_bandwidth_(options.snapshot_bytes_per_second_max,
                            static_cast<int64_t>(options.snapshot_piece_bytes)) {}
  ~HttpPeerTransport() override { Stop(); }

  Status AddPeer(NodeId id, const std::string& url, Clock* clock, Logger* logger);

  void SetService(node::Service* service) override {
    for (auto& [id, peer] : peers_) peer->link.service = service;
  }
  void Start() override;
  bool Flush(int64_t timeout_ms) override;
  void Stop() override;
  std::vector<PeerStats> Stats() const override;
  void CountReceived(NodeId from, uint64_t bytes) override {
    const auto found = peers_.find(from);
    if (found != peers_.end()) found->second->link.received_bytes.Add(bytes);
  }

  bool Send(NodeId to, node::PeerMessage message) override;
  void SetStamp(const node::EnvelopeStamp& stamp) override { stamp_.Set(stamp); }
  void SendSnapshot(NodeId to, raft::Message message,
                    std::unique_ptr<node::SnapshotReader> snapshot) override;
  void CancelSnapshot(NodeId to) override;

 private:
  ClientOptions ClientFor(int64_t request_timeout_ms) const;
  Result<std::unique_ptr<MessageSender>> MakeSender(const std::string& name,
                                                    int64_t request_timeout_ms, Peer* peer) const;

  const PeerTransportOptions options_;
  Clock* const clock_;
  SharedStamp stamp_;
  SharedTokenBucket snapshot_bandwidth_;
  std::map<NodeId, std::unique_ptr<Peer>> peers_;  // constant after Create
};

ClientOptions HttpPeerTransport::ClientFor(int64_t request_timeout_ms) const {
  ClientOptions client;
  client.connect_timeout_ms = options_.connect_timeout_ms;
  client.request_timeout_ms = request_timeout_ms;
  client.response_bytes_max = 1 << 20;
  return client;
}

Result<std::unique_ptr<MessageSender>> HttpPeerTransport::MakeSender(const std::string& name,
                                                                     int64_t request_timeout_ms,
                                                                     Peer* peer) const {
  MessageSenderOptions options;
  options.thread_name = name + "-" + std::to_string(peer->link.peer.value() % 10'000);
  options.outbox.messages_max = options_.outbox_messages_max;
  options.outbox.bytes_max = options_.outbox_bytes_max;
  options.batch_bytes_max = options_.batch_bytes_max;
  options.client = ClientFor(request_timeout_ms);
  options.backoff_max_ms = options_.backoff_max_ms;
  return MessageSender::Create(options, &peer->link, &stamp_);
}

Status HttpPeerTransport::AddPeer(NodeId id, const std::string& url, Clock* clock, Logger* logger) {
  auto peer = std::make_unique<Peer>();
  peer->link.cluster_id = options_.cluster_id;
  peer->link.self = options_.self;
  peer->link.peer = id;
  peer->link.url = url;
  peer->link.clock = clock;
  peer->link.logger = logger;
  auto urgent = MakeSender("urgent", options_.urgent_timeout_ms, peer.get());
  if (!urgent.ok()) return urgent.status();
  peer->urgent = *std::move(urgent);
  auto appends = MakeSender("append", options_.append_timeout_ms, peer.get());
  if (!appends.ok()) return appends.status();
  peer->appends = *std::move(appends);
  SnapshotSenderOptions options;
  options.thread_name = "snapshot-" + std::to_string(id.value() % 10'000);
  options.snapshot.piece_bytes = options_.snapshot_piece_bytes;
  options.snapshot.resume_ms = options_.snapshot_resume_ms;
  options.client = ClientFor(options_.snapshot_timeout_ms);
  auto snapshots = SnapshotSender::Create(options, &peer->link, &snapshot_bandwidth_);
  if (!snapshots.ok()) return snapshots.status();
  peer->snapshots = *std::move(snapshots);
  peers_.emplace(id, std::move(peer));
  return Status::Ok();
}

void HttpPeerTransport::Start() {
  for (auto& [id, peer] : peers_) {
    CHECK(peer->link.service != nullptr) << "SetService comes before Start";
    peer->urgent->Start();
    peer->appends->Start();
    peer->snapshots->Start();
  }
}

bool HttpPeerTransport::Flush(int64_t timeout_ms) {
  const int64_t deadline_ms = clock_->MonotonicMs() + timeout_ms;
  const auto left_ms = [&] { return std::max<int64_t>(deadline_ms - clock_->MonotonicMs(), 0); };
  bool flushed = true;
  for (auto& [id, peer] : peers_) {
    flushed = peer->urgent->Flush(left_ms()) && flushed;
    flushed = peer->appends->Flush(left_ms()) && flushed;
  }
  return flushed;
}

void HttpPeerTransport::Stop() {
  for (auto& [id, peer] : peers_) {
    peer->urgent->Stop();
    peer->appends->Stop();
    peer->snapshots->Stop();
  }
}

bool HttpPeerTransport::Send(NodeId to, node::PeerMessage message) {
  const auto found = peers_.find(to);
  if (found == peers_.end()) return false;  // not in the configuration of this process
  Peer& peer = *found->second;
  MessageSender& sender = IsUrgent(message) ? *peer.urgent : *peer.appends;
  return sender.Push(std::move(message));
}

void HttpPeerTransport::SendSnapshot(NodeId to, raft::Message message,
                                     std::unique_ptr<node::SnapshotReader> snapshot) {
  const auto found = peers_.find(to);
  if (found == peers_.end()) return;
  found->second->snapshots->Push(std::move(message), std::move(snapshot));
}

void HttpPeerTransport::CancelSnapshot(NodeId to) {
  const auto found = peers_.find(to);
  if (found != peers_.end()) found->second->snapshots->Cancel();
}

std::vector<PeerStats> HttpPeerTransport::Stats() const {
  std::vector<PeerStats> all;
  for (const auto& [id, peer] : peers_) {
    const PeerLink& link = peer->link;
    PeerStats stats;
    stats.peer = id;
    stats.reachable = link.reachable.load();
    stats.sent_bytes = link.sent_bytes.value();
    stats.received_bytes = link.received_bytes.value();
    stats.sent_envelopes = link.sent_envelopes.value();
    stats.failures = link.failures.value();
    stats.dropped_messages = link.dropped_messages.value();
    stats.round_trip = link.round_trip.Read();
    stats.snapshot_pieces = link.snapshot_pieces.value();
    stats.snapshot_bytes = link.snapshot_bytes.value();
    stats.snapshot_resumes = link.snapshot_resumes.value();
    stats.snapshots_delivered = link.snapshots_delivered.value();
    stats.snapshots_failed = link.snapshots_failed.value();
    stats.snapshots_cancelled = link.snapshots_cancelled.value();
    stats.snapshot_out = peer->snapshots->Progress();
    all.push_back(stats);
  }
  return all;
}

Status CheckOptions(const PeerTransportOptions& options) {
  const auto wrong = [](const std::string& what) { return Status(Code::kInvalidArgument, what); };
  if (!options.self) return wrong("self must be set");
  if (options.peer_urls.contains(options.self)) return wrong("peer_urls must not have self");
  if (options.batch_bytes_max == 0 || options.outbox_messages_max == 0 ||
      options.outbox_bytes_max == 0 || options.snapshot_piece_bytes == 0) {
    return wrong("the bounds of outboxes, batches and pieces must not be 0");
  }
  if (options.snapshot_bytes_per_second_max < 1) {
    return wrong("snapshot_bytes_per_second_max must be at least 1");
  }
  if (options.outbox_messages_max > kEnvelopeMessagesMax) {
    return wrong("outbox_messages_max must be at most " + std::to_string(kEnvelopeMessagesMax) +
                 ", what one envelope may hold");
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<PeerTransport>> PeerTransport::Create(PeerTransportOptions options,
                                                             Clock* clock, Logger* logger) {
  BATON_RETURN_IF_ERROR(CheckOptions(options));
  auto transport = std::make_unique<HttpPeerTransport>(options, clock);
  for (const auto& [id, url] : options.peer_urls) {
    BATON_RETURN_IF_ERROR(transport->AddPeer(id, url, clock, logger));
  }
  return std::unique_ptr<PeerTransport>(std::move(transport));
}

}  // namespace baton::http
