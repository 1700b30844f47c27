// File: peer.h
//
// What nodes say to each other: Raft's messages, and commands that a follower forwards. Travels in
// envelopes, many messages at a time; pkg/http puts it into JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/message.h"

namespace baton::node {

// A command a follower took from a client, for the leader to propose. `command` is coord's
// encoding. A repeated request is dropped by its number, and one for a leadership that the receiver
// no longer remembers is answered "unknown": a command without idempotency key must never be
// applied twice.
struct ForwardRequest {
  uint64_t id = 0;           // the sender's own, ascending
  uint64_t incarnation = 0;  // of the sender: another one after each start of its process
  Term term;                 // the leadership that is asked
  int64_t timeout_ms = 0;    // how long the client still waits
  std::string command;
  friend bool operator==(const ForwardRequest&, const ForwardRequest&) = default;
};

// The leader's answer. status OK: `reply` is coord's encoding of the Reply, applied at `index`. Not
// OK: the command was refused before it reached the log, or its fate is unknown (status.outcome()).
struct ForwardReply {
  uint64_t id = 0;
  uint64_t incarnation = 0;  // of the asker
  Status status;
  Index index;
  std::string reply;
  friend bool operator==(const ForwardReply&, const ForwardReply&) = default;
};

// Follower to leader: the rolling hash of its state after an entry (divergence.h).
struct StateCheckpoint {
  Index index;
  uint64_t hash = 0;
  friend bool operator==(const StateCheckpoint&, const StateCheckpoint&) = default;
};

// Leader to follower: your state after this entry is not what the majority has.
struct StateDiverged {
  Index index;
  friend bool operator==(const StateDiverged&, const StateDiverged&) = default;
};

using PeerMessage =
    std::variant<raft::Message, ForwardRequest, ForwardReply, StateCheckpoint, StateDiverged>;

// How full the disk is.
enum class DiskLevel {
  kAmple,     // the numbers travel
  kLow,       // what makes the data grow should stop; there is a reserve for the rest
  kExhausted  // the reserve is nearly gone: every write may have to wait
};
constexpr std::string_view DiskLevelName(DiskLevel level) {
  if (level == DiskLevel::kAmple) return "ample";
  return level == DiskLevel::kLow ? "low" : "exhausted";
}

// What every envelope says of its sender. A leader's carry its cluster time (cluster_time.h), so
// that the next leader goes on from there.
struct EnvelopeStamp {
  Term term;                                 // in which the sender leads; 0: it does not
  int64_t cluster_time_ms = 0;               // 0 unless the sender leads
  DiskLevel disk_level = DiskLevel::kAmple;  // who has less room should not lead (full_disk.h)
  uint32_t command_version = 1;              // that the sender knows (upgrade.h)
  friend bool operator==(const EnvelopeStamp&, const EnvelopeStamp&) = default;
};

// The unit on the wire. A node drops envelopes of another cluster, and of nodes it does not know.
// The transport stamps them with what Transport::SetStamp last told it.
struct PeerEnvelope {
  std::string cluster_id;
  NodeId from;
  NodeId to;
  EnvelopeStamp stamp;
  std::vector<PeerMessage> messages;
  friend bool operator==(const PeerEnvelope&, const PeerEnvelope&) = default;
};

// The ids of the ForwardRequests among them.
inline std::vector<uint64_t> ForwardsOf(const std::vector<PeerMessage>& messages) {
  std::vector<uint64_t> ids;
  for (const PeerMessage& message : messages) {
    if (const auto* request = std::get_if<ForwardRequest>(&message)) ids.push_back(request->id);
  }
  return ids;
}

}  // namespace baton::node
