// File: repair.h
//
// How a node that has lost something, or whose state is wrong, comes to serve again without
// anybody's help. What it lost it knows from its disk (recovery.h, raft/amnesia.h).
//
//   entries of the log    the leader sends them; the core asks it when that is enough
//   the state             a snapshot is asked of the leader, again and again until one is installed
//   its memory            the leader demotes it and promotes it again (healing.h)
//   state differs         the leader finds out (divergence.h) and says so; the node discards its
//                         state and ends, and the next start asks for a snapshot
//
// Until a linearizable read has gone through here it is `rebuilding`: not ready, and no read of
// what is left is allowed.
//
// One thread.
#pragma once

#include "pkg/node/divergence.h"
#include "pkg/node/node_core.h"
#include "pkg/node/reads.h"
#include "pkg/node/transfer.h"

namespace baton::node {

class Repair {
 public:
  Repair(NodeCore* core, Reads* reads, Transfer* transfer);

  void OnTick();
  void OnMemory(raft::Memory memory);
  void OnApplied(Index index) { divergence_.OnApplied(index, core_->state.hash()); }
  void OnSnapshotInstalled() { divergence_.Reset(); }
  void OnCheckpoint(NodeId from, const StateCheckpoint& checkpoint);
  void OnDiverged(NodeId from, const StateDiverged& verdict);

  bool rebuilding() const { return rebuilding_; }

 private:
  void AskForRead();
  void Lead();  // a leader's part
  void Report();
  void Diverged(Index index);

  NodeCore* core_;
  Reads* reads_;
  Transfer* transfer_;
  Divergence divergence_;
  raft::Memory memory_;
  bool rebuilding_;
  bool read_asked_ = false;
  uint32_t ticks_ = 0;
};

}  // namespace baton::node
