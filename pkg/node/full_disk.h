// File: full_disk.h
//
// What a node does while its disk is nearly full (DiskSpace of ports.h), so that it never meets a
// write that cannot be done:
//
//                 ample   low                              exhausted
//   leadership    keeps   hands over to a node with room   the same
//   commands      all     only what ends or renews         none
//   appends       all     all                              none of a leader that has room: they
//                                                          do not end, and are sent again
//   snapshots     all     none, and what has come of one is dropped
//   reads         all     all                              all
//
// So a follower without room holds nobody up, a leader without room moves, and only when no node
// has room clients are told so: kStorageFull/"storage_full", 507. It ends by itself.
//
// Which peers have no room their envelopes say (EnvelopeStamp::storage_full).
//
// One thread.
#pragma once

#include <set>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/node/ports.h"

namespace baton::node {

class FullDisk {
 public:
  // `space` null: always ample.
  FullDisk(const DiskSpace* space, Logger* logger) : space_(space), logger_(logger) {}

  // Looks at the disk.
  void OnTick();
  // As an envelope of the peer says.
  void OnPeer(NodeId peer, bool full);

  bool low() const { return room_.level != DiskLevel::kAmple; }
  bool exhausted() const { return room_.level == DiskLevel::kExhausted; }
  const DiskRoom& room() const { return room_; }
  const std::set<NodeId>& full_peers() const { return full_peers_; }
  // What a leader without room has in its log does not grow, and must be committed for reads.
  bool CannotFollow(NodeId leader) const { return exhausted() && !full_peers_.contains(leader); }

  // Whether a command (coord's encoding) may be appended to the log now.
  Status Admit(std::string_view command) const;

 private:
  const DiskSpace* const space_;
  Logger* const logger_;
  DiskRoom room_;
  std::set<NodeId> full_peers_;
};

}  // namespace baton::node
