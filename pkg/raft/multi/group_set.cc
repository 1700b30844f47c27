#include "pkg/raft/multi/group_set.h"

#include <string>
#include <utility>

#include "pkg/base/check.h"

namespace baton::raft {

GroupSet::GroupSet(const GroupSetConfig& config, const Liveness* liveness)
    : config_(config), liveness_(liveness) {
  CHECK(config_.self) << "self must be set";
  CHECK_GT(config_.beat_interval_ticks, 0u);
}

Status GroupSet::Add(GroupId id, const Config& config, const InitialState& initial,
                     const LogReader* log) {
  if (config.id != config_.self) {
    return Status(Code::kInvalidArgument, "id: a group's node is that of its process");
  }
  if (groups_.contains(id)) {
    return Status(Code::kConflict, "group_exists",
                  "Group " + std::to_string(id.value()) + " is here already");
  }
  Result<std::unique_ptr<Raft>> raft = Raft::Create(config, initial, log);
  if (!raft.ok()) return raft.status();
  groups_.emplace(id, Group{std::move(*raft), 0});
  awake_.insert(id);
  touched_.insert(id);
  return Status::Ok();
}

Status GroupSet::Remove(GroupId id) {
  if (groups_.erase(id) == 0) return Status(Code::kNotFound, "No such group is here");
  awake_.erase(id);
  touched_.erase(id);
  for (auto& [peer, messages] : outgoing_) {
    std::erase_if(messages, [id](const GroupMessage& message) { return message.group == id; });
  }
  return Status::Ok();
}

const Raft* GroupSet::Find(GroupId id) const {
  const auto group = groups_.find(id);
  return group == groups_.end() ? nullptr : group->second.raft.get();
}

Raft* GroupSet::Wake(GroupId id) {
  const auto group = groups_.find(id);
  return group == groups_.end() ? nullptr : WakeGroup(id, group->second);
}

Raft* GroupSet::WakeGroup(GroupId id, Group& group) {
  Raft& raft = *group.raft;
  touched_.insert(id);
  if (!raft.asleep()) return &raft;
  const NodeId leader = raft.leader();
  raft.Wake(now_ - group.slept_at, leader == config_.self || liveness_->Lives(leader));
  awake_.insert(id);
  return &raft;
}

void GroupSet::Tick() {
  ++now_;
  beat_due_ = beat_due_ || now_ % config_.beat_interval_ticks == 0;
  for (const GroupId id : awake_) {
    Group& group = groups_.at(id);
    touched_.insert(id);
    if (group.raft->asleep()) continue;  // its last Ready is still to be taken
    group.raft->Tick();
    ++group_ticks_;
    group.slept_at = now_;
  }
}

Status GroupSet::Step(PeerBatch batch) {
  if (batch.to != config_.self) return Status(Code::kInvalidArgument, "to: is not this node");
  outgoing_[batch.from];  // it is a peer, and gets the beats of this process
  for (GroupMessage& message : batch.messages) {
    const auto group = groups_.find(message.group);
    if (group == groups_.end()) {
      ++dropped_messages_;
      continue;
    }
    const Status stepped =
        WakeGroup(message.group, group->second)->Step(std::move(message.message));
    if (!stepped.ok()) ++refused_messages_;
    group->second.slept_at = now_;
  }
  return Status::Ok();
}

bool GroupSet::Knows(const Group& group, NodeId node) {
  const RaftStatus status = group.raft->GetStatus();
  return status.leader == node || status.peers.contains(node);
}

void GroupSet::OnNodeDown(NodeId node) {
  for (auto& [id, group] : groups_) {
    if (group.raft->asleep() && Knows(group, node)) WakeGroup(id, group);
  }
}

std::vector<GroupId> GroupSet::TakeReadyGroups() {
  std::vector<GroupId> ready;
  for (const GroupId id : std::exchange(touched_, {})) {
    const Raft& raft = *groups_.at(id).raft;
    if (raft.HasReady()) {
      ready.push_back(id);
    } else if (raft.asleep()) {
      awake_.erase(id);
    }
  }
  return ready;
}

Ready GroupSet::TakeReady(GroupId id) {
  touched_.insert(id);  // there may be more, or it may sleep now
  return groups_.at(id).raft->TakeReady();
}

void GroupSet::Send(GroupId id, Message message) {
  std::vector<GroupMessage>& messages = outgoing_[message.to];
  messages.push_back(GroupMessage{id, std::move(message)});
}

std::vector<PeerBatch> GroupSet::TakeBatches() {
  std::vector<PeerBatch> batches;
  for (auto& [peer, messages] : outgoing_) {
    if (messages.empty() && !(beat_due_ && liveness_->Lives(peer))) continue;
    batches.push_back(
        PeerBatch{config_.self, peer, config_.incarnation, std::exchange(messages, {})});
  }
  // Who is dead, or was replaced, has its place again when it is heard or written to.
  std::erase_if(outgoing_, [this](const auto& peer) { return !liveness_->Lives(peer.first); });
  beat_due_ = false;
  return batches;
}

}  // namespace baton::raft
