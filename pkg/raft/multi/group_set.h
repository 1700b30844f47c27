// File: group_set.h
//
// Many Raft groups in one process: one tick, one batch of messages per peer, and no work at all for
// groups that sleep (../hibernation.h). Pure, like the cores in it; one thread at a time.
//
//   GroupSet groups({.self = self, .incarnation = start_number}, &beats);
//   groups.Add(GroupId(7), raft_config, initial, &log);  // with hibernate_after_ticks > 0
//
//   each tick:   groups.Tick();
//   arrived:     groups.Step(batch);
//   to use one:  groups.Wake(GroupId(7))->Propose(...);
//   then, until there is none:
//     for (GroupId id : groups.TakeReadyGroups()) carry out groups.TakeReady(id); its messages go
//     to groups.Send(id, message) when ready.h says so
//   and last:
//     for (PeerBatch& batch : groups.TakeBatches()) send it
//
// Coalesced heartbeats: what all groups say to a peer since the last TakeBatches is one batch, and
// every beat_interval_ticks there is one for each peer that lives, even an empty one: the beat of
// this process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/raft/multi/liveness.h"
#include "pkg/raft/raft.h"

namespace baton::raft {

using GroupId = StrongNumber<struct GroupIdTag>;

struct GroupMessage {
  GroupId group;
  Message message;
};

struct PeerBatch {
  NodeId from;
  NodeId to;
  uint64_t incarnation = 0;  // of the sender's process (beats.h)
  std::vector<GroupMessage> messages;
};

struct GroupSetConfig {
  NodeId self{};
  uint64_t incarnation = 0;  // another one for every start of the process
  uint32_t beat_interval_ticks = 1;
};

class GroupSet {
 public:
  // The liveness must outlive the set.
  GroupSet(const GroupSetConfig& config, const Liveness* liveness);

  // As Raft::Create, with a seed that the group has for itself. kConflict/"group_exists";
  // kInvalidArgument if config.id is not this node. The log must outlive the group.
  Status Add(GroupId id, const Config& config, const InitialState& initial, const LogReader* log);
  // kNotFound. Its messages that were not taken are lost.
  Status Remove(GroupId id);

  size_t size() const { return groups_.size(); }
  size_t awake() const { return awake_.size(); }
  // nullptr: there is none. To look only: a sleeping group must not be changed.
  const Raft* Find(GroupId id) const;
  // The group, awake, to be used until the next call of this set. nullptr: there is none.
  Raft* Wake(GroupId id);

  // Work for the groups that are awake only.
  void Tick();
  // Messages for groups that are not here are counted and dropped, and so is what a core refuses.
  // kInvalidArgument: the batch is not for this node.
  Status Step(PeerBatch batch);
  // The process of `node` is dead or another one: the groups that sleep and know it wake.
  void OnNodeDown(NodeId node);

  // Groups that have a Ready, ascending, each once until something happens to it again.
  std::vector<GroupId> TakeReadyGroups();
  // Requires that the group is here.
  Ready TakeReady(GroupId id);
  void Send(GroupId id, Message message);
  // By ascending receiver. The peers are who the groups here write to, and who was heard and lives.
  std::vector<PeerBatch> TakeBatches();

  // Ticks that groups were given, for all of them together: the work that Tick has done.
  uint64_t group_ticks() const { return group_ticks_; }
  uint64_t dropped_messages() const { return dropped_messages_; }
  uint64_t refused_messages() const { return refused_messages_; }

 private:
  struct Group {
    std::unique_ptr<Raft> raft;
    uint64_t slept_at = 0;  // ticks of this set; while asleep
  };

  Raft* WakeGroup(GroupId id, Group& group);
  static bool Knows(const Group& group, NodeId node);

  GroupSetConfig config_;
  const Liveness* liveness_;
  uint64_t now_ = 0;
  std::map<GroupId, Group> groups_;
  std::set<GroupId> awake_;
  std::set<GroupId> touched_;  // may have a Ready
  std::map<NodeId, std::vector<GroupMessage>> outgoing_;
  bool beat_due_ = false;
  uint64_t group_ticks_ = 0;
  uint64_t dropped_messages_ = 0;
  uint64_t refused_messages_ = 0;
};

}  // namespace baton::raft
