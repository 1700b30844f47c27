#include "pkg/raft/multi/group_set.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "pkg/raft/multi/testing/group_process.h"
#include "pkg/raft/testing/memory_log.h"
#include "pkg/raft/testing/solo.h"

namespace baton::raft {
namespace {

using testing::MemoryLog;
using testing::Voters;

constexpr uint32_t kSleepAfterTicks = 5;
constexpr uint32_t kTimeoutTicks = 10;

using Process = testing::GroupProcess;

std::unique_ptr<Process> MakeProcess(NodeId id, uint64_t incarnation) {
  return std::make_unique<Process>(GroupSetConfig{.self = id, .incarnation = incarnation},
                                   kTimeoutTicks);
}

void AddGroup(Process& process, GroupId group, const ConfigState& membership) {
  Config config;
  config.seed = group.value();
  config.election_timeout_ticks = kTimeoutTicks;
  config.hibernate_after_ticks = kSleepAfterTicks;
  process.AddGroup(group, membership, config);
}

class GroupSetTest : public ::testing::Test {
 protected:
  void Start(uint64_t groups) {
    for (uint64_t id = 1; id <= 3; ++id) {
      processes[NodeId(id)] = MakeProcess(NodeId(id), 100 + id);
      for (uint64_t group = 1; group <= groups; ++group) {
        AddGroup(*processes[NodeId(id)], GroupId(group), Voters({1, 2, 3}));
      }
    }
  }

  // One tick everywhere, then all messages until there are none.
  void Tick(int times = 1) {
    for (int i = 0; i < times; ++i) {
      for (auto& [id, process] : processes) process->Tick();
      Settle();
    }
  }

  void Settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [id, process] : processes) {
        for (PeerBatch& batch : process->Work()) {
          ++batches;
          messages += batch.messages.size();
          const auto to = processes.find(batch.to);
          if (to == processes.end()) continue;
          moved = true;
          to->second->Hear(std::move(batch));
        }
      }
    }
  }

  bool EverybodySleeps() const {
    for (const auto& [id, process] : processes) {
      if (process->groups().awake() != 0) return false;
    }
    return true;
  }

  NodeId LeaderOf(GroupId group) const {
    for (const auto& [id, process] : processes) {
      if (process->Leads(group)) return id;
    }
    return NodeId();
  }

  std::map<NodeId, std::unique_ptr<Process>> processes;
  uint64_t batches = 0;
  uint64_t messages = 0;
};

TEST_F(GroupSetTest, IdleGroupsSleepAndOnlyTheBeatsGoOn) {
  Start(20);
  Tick(100);
  EXPECT_TRUE(EverybodySleeps());
  batches = messages = 0;
  Tick(50);
  EXPECT_EQ(messages, 0u);
  EXPECT_EQ(batches, 50u * 3 * 2) << "one beat to each peer and tick, whatever the groups";
  EXPECT_TRUE(EverybodySleeps()) << "silence is no reason to wake";
}

TEST_F(GroupSetTest, AProposalWakesItsGroupAndNoOther) {
  Start(20);
  Tick(100);
  const GroupId group(7);
  Process& leader = *processes[LeaderOf(group)];
  ASSERT_TRUE(leader.groups().Wake(group)->Propose(Payload("x")).ok());
  Settle();
  for (const auto& [id, process] : processes) {
    EXPECT_EQ(process->groups().awake(), 1u);
    EXPECT_EQ(process->groups().Find(group)->GetStatus().commit, Index(2));
  }
  Tick(20);
  EXPECT_TRUE(EverybodySleeps());
}

TEST_F(GroupSetTest, MessagesToAPeerTravelTogether) {
  Start(20);
  Tick(100);
  for (uint64_t group = 1; group <= 20; ++group) {
    processes[LeaderOf(GroupId(group))]->groups().Wake(GroupId(group));
  }
  std::map<NodeId, size_t> to;
  for (auto& [id, process] : processes) {
    for (const PeerBatch& batch : process->Work()) to[batch.to] += 1;
  }
  for (const auto& [id, count] : to) EXPECT_LE(count, 2u) << "at most one from each other process";
}

// One process, its 100,000 groups of one voter each: the ticks that they sleep through touch none.
TEST_F(GroupSetTest, AHundredThousandIdleGroupsTickWithoutWorkForEach) {
  constexpr uint64_t kGroups = 100'000;
  Process& process = *(processes[NodeId(1)] = MakeProcess(NodeId(1), 1));
  for (uint64_t group = 1; group <= kGroups; ++group) {
    AddGroup(process, GroupId(group), Voters({1}));
  }
  Tick(3 * kTimeoutTicks);
  ASSERT_EQ(process.groups().awake(), 0u);
  const uint64_t before = process.groups().group_ticks();
  EXPECT_GE(before, kGroups * kSleepAfterTicks);
  Tick(1'000);
  EXPECT_EQ(process.groups().group_ticks(), before);
  ASSERT_TRUE(process.groups().Wake(GroupId(77))->Propose(Payload("x")).ok());
  Tick(100);
  EXPECT_LE(process.groups().group_ticks() - before, 2 * kSleepAfterTicks) << "of that one";
  EXPECT_EQ(process.groups().awake(), 0u);
}

TEST_F(GroupSetTest, TheDeathOfALeadersProcessWakesItsGroups) {
  Start(20);
  Tick(100);
  const NodeId dead = LeaderOf(GroupId(1));
  processes.erase(dead);
  Tick(200);
  for (uint64_t group = 1; group <= 20; ++group) {
    const NodeId leader = LeaderOf(GroupId(group));
    EXPECT_NE(leader, NodeId()) << group;
    EXPECT_NE(leader, dead) << group;
  }
}

TEST_F(GroupSetTest, AnotherLifeOfAProcessWakesItsGroups) {
  Start(5);
  Tick(100);
  const NodeId id = LeaderOf(GroupId(1));
  processes[id] = MakeProcess(id, 999);  // back at once, with none of its groups
  Tick(200);
  for (uint64_t group = 1; group <= 5; ++group) {
    bool led = false;
    for (const auto& [node, process] : processes) {
      if (node != id) led = led || process->Leads(GroupId(group));
    }
    EXPECT_TRUE(led) << group;
  }
}

// Nodes are replaced by others for as long as a cluster lives.
TEST_F(GroupSetTest, BeatsToWhoIsDeadEnd) {
  Start(20);
  Tick(100);
  Process& process = *processes[NodeId(1)];
  for (uint64_t id = 100; id < 200; ++id) process.Hear(PeerBatch{NodeId(id), NodeId(1), 1, {}});
  process.Tick();
  EXPECT_EQ(process.Work().size(), 102u);
  Tick(2 * kTimeoutTicks);
  process.Tick();
  EXPECT_EQ(process.Work().size(), 2u);
}

TEST_F(GroupSetTest, WhatIsNotHereIsCountedAndDropped) {
  Start(1);
  GroupSet& groups = processes[NodeId(1)]->groups();
  PeerBatch batch{NodeId(2), NodeId(1), 1, {}};
  batch.messages.push_back(
      {GroupId(99), Message{NodeId(2), NodeId(1), Term(1), Heartbeat{Index(), 0, 0}}});
  batch.messages.push_back(
      {GroupId(1), Message{NodeId(2), NodeId(3), Term(1), Heartbeat{Index(), 0, 0}}});
  ASSERT_TRUE(groups.Step(std::move(batch)).ok());
  EXPECT_EQ(groups.dropped_messages(), 1u);
  EXPECT_EQ(groups.refused_messages(), 1u);
  EXPECT_EQ(groups.Step(PeerBatch{NodeId(2), NodeId(3), 1, {}}).code(), Code::kInvalidArgument);
  EXPECT_EQ(groups.Remove(GroupId(99)).code(), Code::kNotFound);
  EXPECT_EQ(groups.Wake(GroupId(99)), nullptr);
  EXPECT_TRUE(groups.Remove(GroupId(1)).ok());
  EXPECT_EQ(groups.size(), 0u);
  EXPECT_TRUE(groups.TakeReadyGroups().empty());
}

TEST_F(GroupSetTest, GroupsAreOfThisNodeAndOnce) {
  Start(1);
  GroupSet& groups = processes[NodeId(1)]->groups();
  const MemoryLog log(Voters({1}));
  Config config;
  config.id = NodeId(1);
  EXPECT_EQ(groups.Add(GroupId(1), config, {}, &log).reason(), "group_exists");
  config.id = NodeId(2);
  EXPECT_EQ(groups.Add(GroupId(2), config, {}, &log).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::raft
