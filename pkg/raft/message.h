// File: message.h
//
// What Raft nodes say to each other. One struct per kind, so that a kind has exactly its own
// fields. Any message may be lost, repeated, delayed or reordered; the protocol stays safe. A
// message carries the sender's term; for a pre-vote it is the term the sender would campaign in.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "pkg/base/boxed.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// RequestVote (paper section 5.2, 5.4.1) and its dry run, pre-vote (Ongaro's thesis, section 9.6).
struct VoteRequest {
  bool pre_vote = false;
  bool leader_transfer = false;  // the leader asked for it: a live leader is no reason to refuse
  Index last_index{};
  Term last_term{};
  uint32_t priority = 0;  // of the candidate; see Config::priority
  // A point that the sender knows to be committed, both ways, so that an election carries commit
  // news even when it is lost. Both 0: none.
  Index commit{};
  Term commit_term{};
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

struct VoteResponse {
  bool pre_vote = false;
  bool granted = false;
  Index commit{};  // as in the request
  Term commit_term{};
  friend bool operator==(const VoteResponse&, const VoteResponse&) = default;
};

// AppendEntries (section 5.3) with entries or as commit news. The entries follow prev_index
// directly.
struct AppendRequest {
  Index prev_index{};
  Term prev_term{};
  Index commit{};
  std::vector<Entry> entries;
  friend bool operator==(const AppendRequest&, const AppendRequest&) = default;
};

// Success: the follower's log matches the leader's up to match_index, durably. Never beyond what
// the request (prev + entries) proved. Rejection: the log differs at rejected_index; hint_* is the
// newest point of the follower's log that may match, so that the leader skips a whole term at a
// time (section 5.3, last paragraphs).
struct AppendResponse {
  bool rejected = false;
  Index match_index{};
  Index rejected_index{};
  Index hint_index{};
  Term hint_term{};
  Index commit{};        // the follower's commit index
  bool amnesia = false;  // the sender's disk has lost what it had acknowledged: do not count it
  friend bool operator==(const AppendResponse&, const AppendResponse&) = default;
};

// Empty AppendEntries in the paper; here of its own, because it proves nothing about the log.
// commit never exceeds what the leader knows the follower to hold. read_counter: see reads.h.
// stamp: the leader's clock when this was sent, ticks + 1, returned unread (lease.h, amnesia.h). 0:
// it only brings news of commits, and is not answered.
struct Heartbeat {
  Index commit{};
  uint64_t read_counter = 0;
  uint64_t stamp = 0;
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

struct HeartbeatResponse {
  uint64_t read_counter = 0;
  Index commit{};
  uint64_t stamp = 0;
  bool amnesia = false;  // as in AppendResponse
  friend bool operator==(const HeartbeatResponse&, const HeartbeatResponse&) = default;
};

// InstallSnapshot (section 7). The driver carries the bytes beside it and hands the message to the
// receiving core only when they have arrived complete and checked.
struct SnapshotRequest {
  Boxed<SnapshotMeta> meta;  // a message is small: few are of this kind
  // On whose behalf the sender, a peer, sends its own snapshot; who receives it answers this
  // leader. 0: the sender leads.
  NodeId leader{};
  bool without_data = false;  // for a witness: no bytes go with it
  friend bool operator==(const SnapshotRequest&, const SnapshotRequest&) = default;
};

// A follower or learner asks the leader for a read index (thesis section 6.4); id is the asker's
// own.
struct ReadIndexRequest {
  uint64_t id = 0;
  bool lease = false;  // the leader's lease will do, if it has one
  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};

struct ReadIndexResponse {
  uint64_t id = 0;
  Index index{};
  friend bool operator==(const ReadIndexResponse&, const ReadIndexResponse&) = default;
};

// The leader hands its leadership to the receiver, who campaigns at once (thesis section 3.10).
struct TimeoutNow {
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

// A follower asks the leader for a snapshot although the log would do: its state machine is lost or
// wrong. It takes one at or beyond at_least, its last index, and no appends until then.
struct SnapshotWanted {
  Index at_least{};
  friend bool operator==(const SnapshotWanted&, const SnapshotWanted&) = default;
};

// The leader asks a follower to send its own snapshot, at or beyond at_least, to `target`, and to
// report how that went.
struct SnapshotOrder {
  NodeId target{};
  Index at_least{};
  friend bool operator==(const SnapshotOrder&, const SnapshotOrder&) = default;
};

struct SnapshotReport {
  NodeId target{};
  bool delivered = false;
  friend bool operator==(const SnapshotReport&, const SnapshotReport&) = default;
};

// A command for the leader to propose, from a follower that does not need to know how it went.
struct ProposeRequest {
  Payload data;
  friend bool operator==(const ProposeRequest&, const ProposeRequest&) = default;
};

// The leader of a group that has nothing to do asks to sleep (hibernation.h).
struct Hibernate {
  Index last_index{};
  friend bool operator==(const Hibernate&, const Hibernate&) = default;
};

struct HibernateResponse {
  Index last_index{};
  bool agreed = false;
  friend bool operator==(const HibernateResponse&, const HibernateResponse&) = default;
};

using MessageBody = std::variant<VoteRequest, VoteResponse, AppendRequest, AppendResponse,
                                 Heartbeat, HeartbeatResponse, SnapshotRequest, ReadIndexRequest,
                                 ReadIndexResponse, TimeoutNow, SnapshotWanted, SnapshotOrder,
                                 SnapshotReport, ProposeRequest, Hibernate, HibernateResponse>;

struct Message {
  NodeId from{};
  NodeId to{};
  Term term{};
  MessageBody body;
  friend bool operator==(const Message&, const Message&) = default;
};

// "1->2 AppendRequest term=3 prev=7/2 commit=6 entries=[8/3 ...]": one line, for transcripts and
// tests. Without the stamps of heartbeats, which would make each a line of its own.
std::string Describe(const Message& message);

}  // namespace baton::raft
