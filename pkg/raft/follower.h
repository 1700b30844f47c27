// File: follower.h
//
// What a node does with the messages of the leader of its term (section 5.3, section 7). Any role
// but the leader of the same term may get them: a candidate that hears a leader follows it.
//
// Preconditions of all: the message is well-formed, of the current term, from its only leader.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// An error of the log reader, and then nothing was changed or answered; OK otherwise.
Status HandleAppend(Core& core, NodeId from, AppendRequest&& request);
void HandleHeartbeat(Core& core, NodeId from, const Heartbeat& heartbeat);
// Also from a peer, on that leader's behalf.
void HandleSnapshot(Core& core, NodeId from, const SnapshotRequest& request);
// The leader wants this node's snapshot sent to another.
void HandleSnapshotOrder(Core& core, NodeId leader, const SnapshotOrder& order);
// The driver says how that went; the leader of now is told. False if there was no such order.
bool ReportSnapshotOrder(Core& core, NodeId target, bool delivered);
// See Raft::RequestSnapshot.
Status RequestSnapshot(Core& core);

// The sender leads no more: lets it know by an answer of this node's, newer, term.
void RefuseStaleLeader(Core& core, const Message& message);

}  // namespace baton::raft
