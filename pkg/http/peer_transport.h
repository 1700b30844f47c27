// File: peer_transport.h
//
// node::Transport over HTTP: for each peer a sender thread and a bounded outbox for small urgent
// messages (heartbeats, votes, acknowledgements, forwards), another pair for appends and whatever
// is large, and a third for snapshots, so that a heartbeat never waits behind a batch or a
// snapshot. A full outbox drops its newest message, as a network would. A broken connection is made
// anew, with backoff, resolving the peer's name again: addresses are remembered by nobody, neither
// those that were found nor that there was none.
//
// Peers come and go with the cluster's members (SetPeer, ForgetPeer). Where one is, by falling
// weight: what it has said itself (Learn), what was configured by hand, what the cluster has agreed
// on. A peer that is elsewhere now gets new senders; what waited for the old ones is lost, as with
// a broken cable. Senders for which the system has no thread are started later: that is tried every
// second, and logged when it begins and ends.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/histogram.h"
#include "pkg/base/logger.h"
#include "pkg/http/envelope.h"
#include "pkg/node/ports.h"
#include "pkg/node/service.h"

namespace baton::http {

// Each has threads. Members, and who might be one; beyond, nobody is learned of.
inline constexpr size_t kPeersMax = 2 * node::kClusterMembersMax;
// Whose senders are on their way out: as long as a call under way. Beyond, a peer that moves stays
// where it was until one has ended, and then goes where it was said to be last.
inline constexpr size_t kGonePeersMax = 2 * node::kClusterMembersMax;

struct PeerTransportOptions {
  std::string cluster_id;
  NodeId self;
  std::map<NodeId, std::string> peer_addresses;  // configured by hand: HOST:PORT, without self
  // Per peer and class. As many as a node takes from its clients: each may have to be passed on.
  size_t outbox_messages_max = kEnvelopeMessagesMax;
  size_t outbox_bytes_max = 64 << 20;
  size_t batch_bytes_max = 4 << 20;
  // Per peer and class: batches that were sent and not answered. Beyond, what waits gathers.
  size_t requests_in_flight_max = 8;
  size_t bytes_in_flight_max = 8 << 20;
  size_t snapshot_piece_bytes = 1 << 20;
  // Of the snapshots to all peers together.
  int64_t snapshot_bytes_per_second_max = 64 << 20;
  // A peer that says nothing for so long is given up. Urgent messages are worth nothing when late.
  int64_t connect_timeout_ms = 500;
  int64_t urgent_timeout_ms = 2'000;
  int64_t append_timeout_ms = 10'000;
  int64_t snapshot_timeout_ms = 20'000;
  int64_t snapshot_resume_ms = 60'000;  // OutgoingSnapshotOptions::resume_ms
  int64_t backoff_max_ms = 250;         // the longest pause after failures
};

struct PeerStats {
  NodeId peer;
  std::string address;  // HOST:PORT
  bool reachable = false;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;
  uint64_t sent_envelopes = 0;
  uint64_t failures = 0;
  uint64_t dropped_messages = 0;
  LatencyHistogram::Snapshot round_trip;
  // Of snapshots.
  uint64_t snapshot_pieces = 0;  // taken by the peer
  uint64_t snapshot_bytes = 0;   // of them
  uint64_t snapshot_resumes = 0;
  uint64_t snapshots_delivered = 0;
  uint64_t snapshots_failed = 0;
  uint64_t snapshots_cancelled = 0;
  std::optional<node::SnapshotTransfer> snapshot_out;  // under way
};

class PeerTransport : public node::Transport {
 public:
  // kInvalidArgument for an address or a bound that cannot be. Clock and logger must outlive it.
  static Result<std::unique_ptr<PeerTransport>> Create(PeerTransportOptions options, Clock* clock,
                                                       Logger* logger);
  // Where unreachable peers and snapshot outcomes are reported. Before Start.
  virtual void SetService(node::Service* service) = 0;
  virtual void Start() = 0;
  // Waits until the messages sent so far have arrived or are lost, snapshots aside: before Stop, so
  // that the last answers of a node that hands over reach their askers. False: timeout_ms was over.
  virtual bool Flush(int64_t timeout_ms) = 0;
  // Breaks the calls under way and ends the threads; what is sent later is dropped.
  virtual void Stop() = 0;
  // The peer itself, or one that reaches it, says that it is at HOST:PORT now. It may be one that
  // this node's log does not know yet; of those there may be only so many. Any thread. What is no
  // address is passed over.
  virtual void Learn(NodeId peer, const std::string& address) = 0;
  virtual std::vector<PeerStats> Stats() const = 0;
  // The peer has sent so many bytes to this node's listener. From others: nothing is counted.
  virtual void CountReceived(NodeId from, uint64_t bytes) = 0;
};

}  // namespace baton::http
