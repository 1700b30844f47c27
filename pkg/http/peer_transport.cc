#include "pkg/http/peer_transport.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/message_sender.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/snapshot_sender.h"

namespace baton::http {
namespace {

// Larger messages travel with the appends, so that a heartbeat waits behind nothing large.
constexpr size_t kUrgentBytesMax = 16 * 1024;
constexpr auto kStartAgain = std::chrono::seconds(1);

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

  // Starts what does not run yet.
  Status Start() {
    BATON_RETURN_IF_ERROR(urgent->Start());
    BATON_RETURN_IF_ERROR(appends->Start());
    return snapshots->Start();
  }
  void Stop() {
    urgent->Stop();
    appends->Stop();
    snapshots->Stop();
  }
};

class HttpPeerTransport final : public PeerTransport {
 public:
  HttpPeerTransport(const PeerTransportOptions& options, Clock* clock, Logger* logger)
      : options_(options),
        clock_(clock),
        logger_(logger),
        snapshot_bandwidth_(options.snapshot_bytes_per_second_max,
                            static_cast<int64_t>(options.snapshot_piece_bytes)) {}
  ~HttpPeerTransport() override { Stop(); }

  Status AddConfiguredPeers();

  void SetService(node::Service* service) override;
  void Start() override;
  bool Flush(int64_t timeout_ms) override;
  void Stop() override;
  void Learn(NodeId peer, const std::string& address) override;
  std::vector<PeerStats> Stats() const override;
  void CountReceived(NodeId from, uint64_t bytes) override {
    if (const PeerPtr peer = Find(from)) peer->link.received_bytes.Add(bytes);
  }

  bool Send(NodeId to, node::PeerMessage message) override;
  void SetStamp(const node::EnvelopeStamp& stamp) override { stamp_.Set(stamp); }
  void SendSnapshot(NodeId to, raft::Message message,
                    std::unique_ptr<node::SnapshotReader> snapshot) override;
  void CancelSnapshot(NodeId to) override;
  void SetPeer(NodeId peer, const std::string& address) override;
  void ForgetPeer(NodeId peer) override;

 private:
  using PeerPtr = std::shared_ptr<Peer>;
  using PeerMap = std::map<NodeId, PeerPtr>;

  Result<std::unique_ptr<MessageSender>> MakeSender(const std::string& name, int64_t silence_max_ms,
                                                    Peer* peer) const;
  Result<PeerPtr> MakePeer(NodeId id, const std::string& address);
  // New senders for the peer; later, while as many as may are on their way out. Needs mutex_.
  void Move(NodeId id, const std::string& address);
  // Its senders end on the keeper's thread: that may take as long as a call under way. Needs
  // mutex_.
  void Bury(PeerMap::iterator peer);
  // What takes time, or its time has not come: the keeper's thread. The parts need mutex_.
  void Keep();
  void MoveWhatWaits();
  void StartWhatDoesNotRun();
  void EndGone(std::unique_lock<std::mutex>* lock);
  PeerPtr Find(NodeId id) const;
  PeerMap Peers() const;

  const PeerTransportOptions options_;
  Clock* const clock_;
  Logger* const logger_;
  SharedStamp stamp_;
  SharedTokenBucket snapshot_bandwidth_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  PeerMap peers_;
  std::map<NodeId, std::string> agreed_;  // what SetPeer has said last
  std::vector<PeerPtr> gone_;
  size_t ending_ = 0;                     // of those that were in gone_
  std::map<NodeId, std::string> moving_;  // where to, when there is room in gone_
  bool all_run_ = true;                   // all threads of peers_ do
  node::Service* service_ = nullptr;
  bool started_ = false;
  bool stopped_ = false;

  std::thread keeper_;
};

Result<std::unique_ptr<MessageSender>> HttpPeerTransport::MakeSender(const std::string& name,
                                                                     int64_t silence_max_ms,
                                                                     Peer* peer) const {
  MessageSenderOptions options;
  options.thread_name = name + "-" + std::to_string(peer->link.peer.value() % 10'000);
  options.outbox.messages_max = options_.outbox_messages_max;
  options.outbox.bytes_max = options_.outbox_bytes_max;
  options.batch_bytes_max = options_.batch_bytes_max;
  options.pipeline.requests_max = options_.requests_in_flight_max;
  options.pipeline.bytes_max = options_.bytes_in_flight_max;
  options.pipeline.connect_timeout_ms = options_.connect_timeout_ms;
  options.pipeline.silence_max_ms = silence_max_ms;
  options.backoff_max_ms = options_.backoff_max_ms;
  return MessageSender::Create(options, &peer->link, &stamp_);
}

Result<HttpPeerTransport::PeerPtr> HttpPeerTransport::MakePeer(NodeId id,
                                                               const std::string& address) {
  auto peer = std::make_shared<Peer>();
  peer->link.cluster_id = options_.cluster_id;
  peer->link.self = options_.self;
  peer->link.peer = id;
  peer->link.address = address;
  peer->link.clock = clock_;
  peer->link.logger = logger_;
  peer->link.service = service_;
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
  options.client.connect_timeout_ms = options_.connect_timeout_ms;
  options.client.request_timeout_ms = options_.snapshot_timeout_ms;
  options.client.response_bytes_max = 1 << 20;
  auto snapshots = SnapshotSender::Create(options, &peer->link, &snapshot_bandwidth_);
  if (!snapshots.ok()) return snapshots.status();
  peer->snapshots = *std::move(snapshots);
  return peer;
}

Status HttpPeerTransport::AddConfiguredPeers() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, address] : options_.peer_addresses) {
    Result<PeerPtr> peer = MakePeer(id, address);
    if (!peer.ok()) return peer.status();
    peers_.emplace(id, *std::move(peer));
  }
  return Status::Ok();
}

void HttpPeerTransport::SetService(node::Service* service) {
  const std::lock_guard lock(mutex_);
  service_ = service;
  for (auto& [id, peer] : peers_) peer->link.service = service;
}

void HttpPeerTransport::Start() {
  const std::lock_guard lock(mutex_);
  CHECK(service_ != nullptr) << "SetService comes before Start";
  started_ = true;
  StartWhatDoesNotRun();
  keeper_ = std::thread([this] { Keep(); });
  pthread_setname_np(keeper_.native_handle(), "peer-keeper");
}

void HttpPeerTransport::SetPeer(NodeId peer, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (peer == options_.self) return;
  if (const auto given = options_.peer_addresses.find(peer);
      given != options_.peer_addresses.end()) {
    if (!peers_.contains(peer)) Move(peer, given->second);  // it was forgotten, and is back
    return;
  }
  std::string& agreed = agreed_[peer];
  // What it has said of itself since stays, until the cluster agrees on something new.
  if (std::exchange(agreed, address) == address && peers_.contains(peer)) return;
  Move(peer, address);
}

void HttpPeerTransport::Learn(NodeId peer, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (peer == options_.self) return;
  const bool known = peers_.contains(peer) || moving_.contains(peer);
  if (known || peers_.size() + moving_.size() < kPeersMax) Move(peer, address);
}

void HttpPeerTransport::ForgetPeer(NodeId peer) {
  const std::lock_guard lock(mutex_);
  agreed_.erase(peer);
  moving_.erase(peer);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  logger_->Log(LogLevel::kInfo, "peer forgotten",
               {{"peer", peer}, {"address", found->second->link.address}});
  Bury(found);
}

void HttpPeerTransport::Move(NodeId id, const std::string& address) {
  if (stopped_) return;
  const auto found = peers_.find(id);
  if (found != peers_.end() && found->second->link.address == address) {
    moving_.erase(id);
    return;
  }
  Result<PeerPtr> peer = MakePeer(id, address);
  if (!peer.ok()) {
    logger_->Log(LogLevel::kWarning, "address of a peer not usable",
                 {{"peer", id}, {"address", address}, {"reason", peer.status().message()}});
    return;
  }
  if (gone_.size() + ending_ >= kGonePeersMax) {
    moving_[id] = address;
    return;
  }
  moving_.erase(id);
  if (found != peers_.end()) Bury(found);
  logger_->Log(LogLevel::kInfo, "address of a peer", {{"peer", id}, {"address", address}});
  peers_.emplace(id, *std::move(peer));
  if (started_) StartWhatDoesNotRun();
}

void HttpPeerTransport::Bury(PeerMap::iterator peer) {
  gone_.push_back(std::move(peer->second));
  peers_.erase(peer);
  changed_.notify_all();
}

void HttpPeerTransport::Keep() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto due = [this] { return stopped_ || !gone_.empty(); };
    if (all_run_) {
      changed_.wait(lock, [&] { return due() || !all_run_; });
    } else {
      changed_.wait_for(lock, kStartAgain, due);
    }
    if (stopped_) return;
    EndGone(&lock);
    if (stopped_) return;
    MoveWhatWaits();
    StartWhatDoesNotRun();
  }
}

void HttpPeerTransport::EndGone(std::unique_lock<std::mutex>* lock) {
  const std::vector<PeerPtr> gone = std::exchange(gone_, {});
  ending_ = gone.size();
  lock->unlock();
  for (const PeerPtr& peer : gone) {
    peer->Stop();
    // The node waits for the outcome before it sends another one.
    if (peer->snapshots->HasUnfinished()) {
      peer->link.service->OnSnapshotSent(peer->link.peer, false);
    }
  }
  lock->lock();
  ending_ = 0;
}

void HttpPeerTransport::MoveWhatWaits() {
  for (const auto& [id, address] : std::exchange(moving_, {})) Move(id, address);
}

void HttpPeerTransport::StartWhatDoesNotRun() {
  Status started;
  for (const auto& [id, peer] : peers_) {
    if (Status one = peer->Start(); !one.ok()) started = std::move(one);
  }
  if (started.ok() == all_run_) return;
  all_run_ = started.ok();
  changed_.notify_all();
  if (all_run_) {
    logger_->Log(LogLevel::kInfo, "the senders to all peers run");
  } else {
    logger_->Log(LogLevel::kError, "some senders to peers do not run, tried again every second",
                 {{"reason", started.message()}});
  }
}

HttpPeerTransport::PeerPtr HttpPeerTransport::Find(NodeId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second;
}

HttpPeerTransport::PeerMap HttpPeerTransport::Peers() const {
  const std::lock_guard lock(mutex_);
  return peers_;
}

bool HttpPeerTransport::Flush(int64_t timeout_ms) {
  const int64_t deadline_ms = clock_->MonotonicMs() + timeout_ms;
  const auto left_ms = [&] { return std::max<int64_t>(deadline_ms - clock_->MonotonicMs(), 0); };
  bool flushed = true;
  for (const auto& [id, peer] : Peers()) {
    flushed = peer->urgent->Flush(left_ms()) && flushed;
    flushed = peer->appends->Flush(left_ms()) && flushed;
  }
  return flushed;
}

void HttpPeerTransport::Stop() {
  std::vector<PeerPtr> peers;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    peers = std::exchange(gone_, {});
    for (const auto& [id, peer] : peers_) peers.push_back(peer);
  }
  changed_.notify_all();
  for (const PeerPtr& peer : peers) peer->Stop();
  if (keeper_.joinable()) keeper_.join();
}

bool HttpPeerTransport::Send(NodeId to, node::PeerMessage message) {
  const PeerPtr peer = Find(to);
  if (peer == nullptr) return false;  // nobody has said where it is
  MessageSender& sender = IsUrgent(message) ? *peer->urgent : *peer->appends;
  return sender.Push(std::move(message));
}

void HttpPeerTransport::SendSnapshot(NodeId to, raft::Message message,
                                     std::unique_ptr<node::SnapshotReader> snapshot) {
  if (const PeerPtr peer = Find(to)) {
    peer->snapshots->Push(std::move(message), std::move(snapshot));
    return;
  }
  node::Service* service = nullptr;
  {
    const std::lock_guard lock(mutex_);
    service = stopped_ ? nullptr : service_;
  }
  if (service != nullptr) service->OnSnapshotSent(to, false);
}

void HttpPeerTransport::CancelSnapshot(NodeId to) {
  if (const PeerPtr peer = Find(to)) peer->snapshots->Cancel();
}

std::vector<PeerStats> HttpPeerTransport::Stats() const {
  std::vector<PeerStats> all;
  for (const auto& [id, peer] : Peers()) {
    const PeerLink& link = peer->link;
    PeerStats stats;
    stats.peer = id;
    stats.address = link.address;
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
  if (options.peer_addresses.contains(options.self))
    return wrong("peer_addresses must not have self");
  if (options.requests_in_flight_max == 0 || options.bytes_in_flight_max == 0) {
    return wrong("the bounds of what is in flight must not be 0");
  }
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
  auto transport = std::make_unique<HttpPeerTransport>(options, clock, logger);
  BATON_RETURN_IF_ERROR(transport->AddConfiguredPeers());
  return std::unique_ptr<PeerTransport>(std::move(transport));
}

}  // namespace baton::http
