#include "pkg/raft/multi/testing/group_process.h"

#include <utility>

#include "pkg/base/check.h"

namespace baton::raft::testing {

void GroupProcess::AddGroup(GroupId group, const ConfigState& membership, Config config) {
  config.id = id_;
  MemoryLog& log = logs_.emplace(group, membership).first->second;
  CHECK(groups_.Add(group, config, {HardState(), membership, Index()}, &log).ok());
}

void GroupProcess::Tick() {
  for (const NodeId dead : beats_.Tick()) groups_.OnNodeDown(dead);
  groups_.Tick();
}

void GroupProcess::Hear(PeerBatch batch) {
  if (beats_.Hear(batch.from, batch.incarnation)) groups_.OnNodeDown(batch.from);
  CHECK(groups_.Step(std::move(batch)).ok());
}

std::vector<PeerBatch> GroupProcess::Work() {
  for (auto ids = groups_.TakeReadyGroups(); !ids.empty(); ids = groups_.TakeReadyGroups()) {
    for (const GroupId id : ids) CarryOut(id, groups_.TakeReady(id));
  }
  return groups_.TakeBatches();
}

bool GroupProcess::Leads(GroupId group) const {
  const Raft* const raft = groups_.Find(group);
  return raft && raft->role() == Role::kLeader;
}

void GroupProcess::CarryOut(GroupId id, Ready ready) {
  for (Message& message : ready.messages) groups_.Send(id, std::move(message));
  if (!ready.NeedsPersist() && ready.committed_entries.empty()) return;
  Raft* const raft = groups_.Wake(id);
  if (ready.NeedsPersist()) {
    logs_.at(id).Write(ready.hard_state, ready.snapshot, ready.entries, ready.must_sync);
    for (Message& message : ready.messages_after_persist) groups_.Send(id, std::move(message));
    raft->OnPersisted(ready.mark);
  }
  if (!ready.committed_entries.empty()) raft->OnApplied(ready.committed_entries.back().index);
}

}  // namespace baton::raft::testing
