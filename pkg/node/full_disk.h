// File: full_disk.h
//
// What a node does while its disk is nearly full (DiskSpace of ports.h), so that it never meets a
// write that cannot be done:
//
//                 ample   low                              exhausted
//   leadership    keeps   hands over to a node with more   the same
//   commands      all     only what ends, renews or        none
//                         repeats
//   appends       all     all                              none of a leader that is ample: they do
//                                                          not end, and are sent again
//   snapshots     all     none, and what has come of one is dropped
//   reads         all     all                              all
//
// So a follower without room holds nobody up, a leader without room moves, and only when no node
// has room clients are told so: kStorageFull/"storage_full", 507. It ends by itself. A leader whose
// followers are so many of them exhausted that nothing can be committed counts as exhausted itself.
//
// How full a peer's disk is its envelopes say (EnvelopeStamp::disk_level).
//
// One thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

class FullDisk {
 public:
  // As coord::StateMachine::AddsNothing, of the state as it is now.
  using AddsNothing = std::function<bool(std::string_view command)>;

  // `space` null: always ample.
  FullDisk(const DiskSpace* space, Logger* logger, AddsNothing adds_nothing)
      : space_(space), logger_(logger), adds_nothing_(std::move(adds_nothing)) {}

  // Looks at the disk.
  void OnTick();
  // Once a tick while this node leads; with an empty status when it does not.
  void OnStatus(const raft::RaftStatus& status);
  // As an envelope of the peer says.
  void OnPeer(NodeId peer, DiskLevel level);

  // Of this node's own disk.
  bool low() const { return room_.level != DiskLevel::kAmple; }
  const DiskRoom& room() const { return room_; }
  // What this node tells the others, and its clients.
  DiskLevel level() const;
  DiskLevel LevelOf(NodeId peer) const;
  // Peers that have no more room than this node.
  std::set<NodeId> Unfit() const;
  // What a leader without room has in its log does not grow, and must be committed for reads.
  bool CannotFollow(NodeId leader) const {
    return room_.level == DiskLevel::kExhausted && LevelOf(leader) == DiskLevel::kAmple;
  }

  // Whether a command (coord's encoding) may be appended to the log now.
  Status Admit(std::string_view command) const;

 private:
  const DiskSpace* const space_;
  Logger* const logger_;
  const AddsNothing adds_nothing_;
  DiskRoom room_;
  std::map<NodeId, DiskLevel> peers_;  // those that are not ample
  bool quorum_lacks_room_ = false;
};

}  // namespace baton::node
