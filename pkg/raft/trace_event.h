// File: trace_event.h
//
// What a core did, event by event, for checking it against a specification: the events that the
// trace validation of etcd's TLA+ specification reads (etcd-io/raft, tla/Traceetcdraft.tla and
// state_trace.go). With Config::trace on, each Ready brings those since the last one, in their
// order; the driver writes them, one line each:
//
//   for (const TraceEvent& event : ready.trace) file << ToJsonLine(event) << '\n';
//
// The lines of all nodes in one file, in the order in which things happened, are one trace.
// divergence.md says where our steps differ from that specification's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pkg/raft/message.h"
#include "pkg/raft/types.h"

namespace baton::raft {

enum class TraceEventKind : uint8_t {
  kInitState,        // the core was made
  kBecomeFollower,   // of another term, or no longer a candidate or leader
  kBecomeCandidate,  // not for a pre-vote
  kBecomeLeader,     //
  kReplicate,        // a leader is about to append a command
  kChangeConf,       // a leader is about to append a membership change
  kApplyConfChange,  // a membership change came into force
  kCommit,           // a leader's commit index rose
  kReady,            // TakeReady
  kSendMessage,      // appends, heartbeats, snapshots, votes and the answers to them; also the
  kReceiveMessage,   // vote for itself and a leader's own appends, once its disk has them
};

struct TraceEvent {
  TraceEventKind kind{};
  // The core after the event; before it where the kind says "about to", and for kReceiveMessage.
  NodeId node;
  Term term;
  NodeId vote;
  Index commit;
  Index applied;
  Index last_index;
  Role role = Role::kFollower;
  std::vector<NodeId> voters;
  std::vector<NodeId> voters_outgoing;
  std::optional<Message> message;  // of the last two kinds

  // kChangeConf: what was asked.
  enum class Change : uint8_t { kAddNewServer, kAddLearner, kRemoveServer };
  struct MemberChange {
    NodeId node;
    Change change{};
    friend bool operator==(const MemberChange&, const MemberChange&) = default;
  };
  std::vector<MemberChange> changes;

  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

// {"tag":"trace","event":{...}}, without a line break.
std::string ToJsonLine(const TraceEvent& event);

}  // namespace baton::raft
