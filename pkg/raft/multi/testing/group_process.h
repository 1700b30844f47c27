// File: group_process.h
//
// A process of many groups with the least driver around it: logs on a disk that writes at once, and
// a failure detector made of the batches. For tests.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "pkg/raft/multi/beats.h"
#include "pkg/raft/multi/group_set.h"
#include "pkg/raft/testing/memory_log.h"

namespace baton::raft::testing {

class GroupProcess {
 public:
  // Another process that is not heard for dead_after_ticks is dead.
  GroupProcess(const GroupSetConfig& config, uint32_t dead_after_ticks)
      : id_(config.self), beats_(dead_after_ticks), groups_(config, &beats_) {}
  GroupProcess(const GroupProcess&) = delete;  // the groups point to the logs and the beats
  GroupProcess& operator=(const GroupProcess&) = delete;

  // A new group; the id in `config` is that of the process.
  void AddGroup(GroupId group, const ConfigState& membership, Config config);
  void Tick();
  void Hear(PeerBatch batch);
  // Carries out all Readys; gives what is to be sent.
  std::vector<PeerBatch> Work();

  GroupSet& groups() { return groups_; }
  const GroupSet& groups() const { return groups_; }
  // False for a group that is not here.
  bool Leads(GroupId group) const;

 private:
  void CarryOut(GroupId id, Ready ready);

  NodeId id_;
  Beats beats_;
  std::map<GroupId, MemoryLog> logs_;
  GroupSet groups_;
};

}  // namespace baton::raft::testing
