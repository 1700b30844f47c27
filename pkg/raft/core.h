// File: core.h
//
// The state that all roles share, and the few changes of it that everything else is built from. The
// protocol itself is in the rooms above: follower, replication, reading, election, transfer; each
// is a set of functions on a Core. raft.h is the door to the whole and calls them.
//
// Times are ticks since the core was made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/raft/config.h"
#include "pkg/raft/log.h"
#include "pkg/raft/message.h"
#include "pkg/raft/raft_status.h"
#include "pkg/raft/ready.h"
#include "pkg/raft/roles.h"

namespace baton::raft {

// Beyond are only nonsense and the end of arithmetic.
inline constexpr uint64_t kNumberMax = uint64_t{1} << 62;

// What goes out with the next Ready.
struct Outbox {
  std::vector<Message> messages;
  std::vector<Message> messages_after_persist;
  // Only touched through Note, or when it says that it has some.
  Notices notices;

  Notices& Note() {
    notices.has_notices = true;
    return notices;
  }
};

// How a node that has lost something comes to be whole again (amnesia.h).
struct Cure {
  uint64_t read_id = 0;        // of the read that it asked the leader; 0: none yet
  uint64_t asked_at = 0;       // and when it did last
  std::optional<Index> needs;  // the answer
};

struct Core {
  // As RaftLog, whose failure() is to be asked.
  Core(const Config& settings, const InitialState& initial, const LogReader* reader);

  // Changes only by Raft::Reconfigure.
  Config config;

  // --- the persistent state of the paper's figure 2, and what it is about ---
  Term term;
  NodeId vote;  // 0: none in `term`
  Memory memory = Memory::kWhole;
  bool asleep = false;  // hibernation.h
  RaftLog log;

  // --- volatile ---
  RoleState role;
  NodeId leader;                       // of `term`; 0: unknown
  Index validated;                     // this log is known to match the leader of `term` up to here
  std::set<uint64_t> forwarded_reads;  // own reads that `leader` was asked
  Cure cure;                           // amnesia.h
  Index snapshot_wanted;               // 0: none; this node takes no appends until it has one
  std::set<NodeId> snapshot_orders;    // who this node sends its snapshot to, for any leader
  std::map<NodeId, uint64_t> commit_groups;  // empty: commits regard no groups
  Outbox out;
  Counters counters;
  // Messages to itself that only the trace knows (tracing.h).
  bool traced_own_vote = false;
  std::vector<Index> traced_own_appends;

  // --- time and chance ---
  Random random;
  uint64_t now = 0;
  uint64_t election_timer_at = 0;  // when the election timer was last started
  uint64_t election_timeout = 0;   // and how long it runs this time
  uint64_t leader_heard_at = 0;    // of any term; a leader hears itself until it steps down
  // Synced writes that the driver was given and has not reported, oldest first.
  struct Write {
    LogMark mark;
    uint64_t given_at = 0;
  };
  std::vector<Write> writes;  // hardly ever more than a few

  NodeId id() const { return config.id; }
  // The latest configuration in the log: in force, committed or not.
  const ConfigState& membership() const { return log.membership(); }
  // The index of the variant is the Role.
  Role role_kind() const { return static_cast<Role>(role.index()); }
  Leader* leading() { return std::get_if<Leader>(&role); }
  const Leader* leading() const { return std::get_if<Leader>(&role); }
  bool amnesia() const { return memory == Memory::kLost; }
  bool IsFollower() const { return std::holds_alternative<Follower>(role); }

  // Queues a message of the current term. A leader whose term is not durable yet holds it back.
  template <typename Body>
  void Send(NodeId to, Body&& body);
  // As above, for what must not leave before all writes up to now are durable.
  template <typename Body>
  void SendAfterPersist(NodeId to, Body&& body);
  template <typename Body>
  void SendAfterPersist(NodeId to, Term message_term, Body&& body);

  // The only ways in which the term, the role of a follower and the known leader change.
  void EnterTerm(Term new_term);   // requires new_term > term
  void FollowTerm(Term new_term);  // enters it as a follower of nobody yet
  void BecomeFollower(NodeId new_leader);
  void SetLeader(NodeId new_leader);

  // With another timeout.
  void RestartElectionTimer();
  // The leader of this term was heard. The timeout stays: it is drawn for an election, not for each
  // message.
  void HearLeader(NodeId from) {
    if (!IsFollower() || leader != from) BecomeFollower(from);
    leader_heard_at = now;
    election_timer_at = now;
  }
  bool ElectionTimedOut() const { return now - election_timer_at >= election_timeout; }
  // The oldest write hangs for two election timeouts.
  bool DiskHangs() const;

 private:
  void StepDown(NodeId new_leader);
  // Made in its place: there are many. The body must be outside the queue.
  template <typename Body>
  void Queue(std::vector<Message>* queue, NodeId to, Term message_term, Body&& body);
  static void MakeRoom(std::vector<Message>* queue);
  void TraceQueued(const Message& message);
};

template <typename Body>
void Core::Send(NodeId to, Body&& body) {
  const Leader* const lead = leading();
  Queue(lead && !lead->term_durable ? &out.messages_after_persist : &out.messages, to, term,
        std::forward<Body>(body));
}

template <typename Body>
void Core::SendAfterPersist(NodeId to, Body&& body) {
  Queue(&out.messages_after_persist, to, term, std::forward<Body>(body));
}

template <typename Body>
void Core::SendAfterPersist(NodeId to, Term message_term, Body&& body) {
  Queue(&out.messages_after_persist, to, message_term, std::forward<Body>(body));
}

template <typename Body>
void Core::Queue(std::vector<Message>* queue, NodeId to, Term message_term, Body&& body) {
  if (queue->size() == queue->capacity()) MakeRoom(queue);
  const Message& message = queue->emplace_back(id(), to, message_term, std::forward<Body>(body));
  if (config.trace) TraceQueued(message);
}

}  // namespace baton::raft
