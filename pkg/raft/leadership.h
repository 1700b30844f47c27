// File: leadership.h
//
// The life of a leadership: how it begins, takes proposals, proves itself and ends.
//
// A leader leads on only while a quorum answers it (check-quorum): the oldest answer of the best
// quorum must be younger than an election timeout, at every tick. And only while its own disk
// works: a write that hangs for two election timeouts ends it, since a leader that cannot write
// holds up everybody although its heartbeats, which need no disk, look healthy.
#pragma once

#include <optional>

#include "pkg/raft/core.h"

namespace baton::raft {

// The candidate has won. others_voted: a voter other than itself granted its vote.
void BecomeLeader(Core& core, bool others_voted);
// See Raft::Propose.
Result<Proposed> ProposeCommand(Core& core, Payload&& data, std::optional<Term> expected_term);
// One tick of a leader.
void TickLeader(Core& core);

}  // namespace baton::raft
