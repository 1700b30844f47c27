// Clusters whose members change, of real nodes.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "pkg/base/random.h"
#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"
#include "pkg/raft/membership.h"

namespace baton::node::testing {
namespace {

class MembershipTest : public ::testing::Test {
 protected:
  bool Change(raft::MemberChange::Type type, NodeId id) {
    raft::MembershipChange change;
    change.changes = {{type, id}};
    return cluster.RunUntil(
        [&] {
          const std::optional<NodeId> leader = cluster.Leader();
          bool taken = false;
          if (!leader) return false;
          cluster.With(*leader, [&](Node& node) { taken = node.ProposeMembership(change).ok(); });
          return taken;
        },
        20'000);
  }

  NodeId AddVoter() {
    NodeConfig config;
    config.voters = cluster.ids();
    const NodeId added = cluster.AddMachine(config);
    cluster.Restart(added);
    EXPECT_TRUE(Change(raft::MemberChange::kAddLearner, added));
    EXPECT_TRUE(Change(raft::MemberChange::kAddVoter, added)) << "it never caught up";
    return added;
  }

  SimCluster cluster{{.seed = 3}};
};

TEST_F(MembershipTest, ANodeThatWasAwayHearsTheLeaderThatHasJoinedSince) {
  const NodeId away = cluster.AFollower();
  cluster.Isolate(away);
  const NodeId added = AddVoter();
  cluster.Cut(away, added);
  ASSERT_TRUE(cluster.RunUntil(
      [&] {
        cluster.With(cluster.Leader().value_or(added),
                     [&](Node& node) { node.TransferLeadership(added, [](const Status&) {}); });
        return cluster.Leader() == added;
      },
      20'000));
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(cluster.Leader(), added);
}

// Requests of people, as they travel: to any node, through the leader, into the log.
class MemberRequestTest : public ::testing::Test {
 protected:
  static MemberInfo InfoOf(NodeId id) {
    const std::string name = "n" + std::to_string(id.value());
    return {name, name + ":7401", "http://" + name + ":7400"};
  }
  // A machine that knows nobody, as one with an empty disk that joins a cluster.
  NodeId AddJoiner() {
    const NodeId added = cluster.AddMachine({});
    cluster.Restart(added);
    return added;
  }
  Status Ask(NodeId at, const MembershipRequest& request) {
    auto answer = std::make_shared<std::optional<Status>>();
    cluster.With(at, [&](Node& node) {
      node.Submit({EncodeMembershipRequest(request), false}, 10'000,
                  [answer](const Result<coord::Reply>& reply) {
                    *answer = reply.ok() ? reply->status : reply.status();
                  });
    });
    EXPECT_TRUE(cluster.RunUntil([&] { return answer->has_value(); }, 20'000));
    return answer->value_or(Status(Code::kInternal, "no answer"));
  }
  Status Add(NodeId at, NodeId id) {
    return Ask(at, {.kind = MembershipRequest::Kind::kAdd, .id = id, .info = InfoOf(id)});
  }
  Status Promote(NodeId at, NodeId id) {
    Status promoted;
    EXPECT_TRUE(cluster.RunUntil(
        [&] {
          promoted = Ask(at, {.kind = MembershipRequest::Kind::kPromote, .id = id});
          return promoted.reason() != "learner_behind";
        },
        20'000));
    return promoted;
  }
  Status Remove(NodeId at, NodeId id) {
    return Ask(at, {.kind = MembershipRequest::Kind::kRemove, .id = id});
  }
  Standing StandingOf(NodeId id) { return cluster.node(id).MakeStatus().standing; }

  SimCluster cluster{{.seed = 5}};
};

TEST_F(MemberRequestTest, AFollowerPassesItOnAndTheNewMemberLearnsAllAddresses) {
  cluster.AwaitLeader();
  const NodeId added = AddJoiner();
  EXPECT_EQ(StandingOf(added), Standing::kWaiting);
  ASSERT_TRUE(Add(cluster.AFollower(), added).ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return StandingOf(added) == Standing::kLearner; }, 20'000));
  const auto members = cluster.node(added).MakeStatus().members;
  EXPECT_EQ(members->known.at(added), InfoOf(added));
  ASSERT_TRUE(Promote(cluster.AFollower(), added).ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return StandingOf(added) == Standing::kVoter; }, 20'000));
  cluster.Crash(added);
  cluster.Restart(added);
  EXPECT_EQ(*cluster.node(added).MakeStatus().members, *members) << "it is on its disk";
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
}

TEST_F(MemberRequestTest, ASnapshotCarriesTheAddresses) {
  const NodeId leader = cluster.AwaitLeader();
  const NodeId first = AddJoiner();
  ASSERT_TRUE(Add(leader, first).ok());
  for (const NodeId id : cluster.ids()) {
    cluster.config(id).log_entries_max = 100;
    cluster.config(id).log_entries_kept = 1;
    cluster.Crash(id);
    cluster.Restart(id);
  }
  cluster.AwaitLeader();
  for (int i = 0; i < 300; ++i) {
    const auto put =
        cluster.Submit(cluster.AwaitLeader(), Put("k" + std::to_string(i), "v"), 5'000);
    cluster.RunUntil([&] { return put->done(); }, 10'000);
  }
  const NodeId second = AddJoiner();
  ASSERT_TRUE(Add(cluster.AwaitLeader(), second).ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return StandingOf(second) == Standing::kLearner; }, 60'000));
  EXPECT_GE(cluster.metrics(second).snapshots_installed.value(), 1u);
  EXPECT_EQ(cluster.node(second).MakeStatus().members->known.at(first), InfoOf(first));
}

TEST_F(MemberRequestTest, WhoIsRemovedStopsServingAndSaysWhy) {
  cluster.AwaitLeader();
  const NodeId removed = cluster.AFollower();
  cluster.Isolate(removed);
  const NodeId leader = cluster.AwaitLeader();
  ASSERT_TRUE(Remove(leader, removed).ok());
  EXPECT_TRUE(cluster.node(leader).MakeStatus().members->WasRemoved(removed));
  EXPECT_NE(StandingOf(removed), Standing::kRemoved) << "nobody has told it";
  cluster.Heal();
  cluster.RunFor(10'000);
  EXPECT_FALSE(cluster.node(removed).raft().leader()) << "nobody sends to it";
  cluster.With(removed, [](Node& node) { node.OnToldRemoved(); });
  EXPECT_EQ(StandingOf(removed), Standing::kRemoved);
  const auto read = cluster.Read(removed, Consistency::kStale, Revision(), 1'000,
                                 [](const coord::StateMachine&) { return std::string(); });
  ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 5'000));
  EXPECT_EQ(read->result->status().reason(), "member_removed");
}

TEST_F(MemberRequestTest, WhoHasALeaderDoesNotBelieveThatItWasRemoved) {
  cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.With(follower, [](Node& node) { node.OnToldRemoved(); });
  cluster.RunFor(3'000);
  EXPECT_EQ(StandingOf(follower), Standing::kVoter);
}

TEST_F(MemberRequestTest, WhoWasRemovedComesBackUnderItsOldId) {
  cluster.AwaitLeader();
  const NodeId member = cluster.AFollower();
  ASSERT_TRUE(Remove(cluster.AwaitLeader(), member).ok());
  cluster.RunFor(3'000);
  cluster.Crash(member);
  const NodeId leader = cluster.AwaitLeader();
  const auto put = cluster.Submit(leader, Put("a", "1"), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->ok(); }, 10'000));
  cluster.Restart(member);
  ASSERT_TRUE(Add(leader, member).ok());
  ASSERT_TRUE(Promote(leader, member).ok());
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return StandingOf(member) == Standing::kVoter && cluster.Converged(); }, 30'000));
}

// Nobody promotes it but who is asked to, though the cluster was founded with it.
TEST_F(MemberRequestTest, AFounderThatIsAddedAgainIsALearnerUntilItIsPromoted) {
  cluster.AwaitLeader();
  const NodeId member = cluster.AFollower();
  ASSERT_TRUE(Remove(cluster.AwaitLeader(), member).ok());
  ASSERT_TRUE(Add(cluster.AwaitLeader(), member).ok());
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return StandingOf(member) == Standing::kLearner && cluster.Converged(); }, 30'000));
  cluster.RunFor(20'000);
  EXPECT_EQ(StandingOf(member), Standing::kLearner);
  ASSERT_TRUE(Promote(cluster.AwaitLeader(), member).ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return StandingOf(member) == Standing::kVoter; }, 20'000));
}

// What it lost is made good as for a founder (healing.h), and whoever leads then goes on with it.
TEST_F(MemberRequestTest, AVoterThatJoinedLaterAndLostItsMemoryIsAVoterAgain) {
  const NodeId added = AddJoiner();
  ASSERT_TRUE(Add(cluster.AwaitLeader(), added).ok());
  ASSERT_TRUE(Promote(cluster.AwaitLeader(), added).ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  cluster.Crash(added);
  cluster.LoseLog(added, raft::Memory::kLost);
  cluster.LoseState(added);
  cluster.Restart(added);
  const auto is_learner = [&] {
    const auto leader = cluster.Leader();
    if (!leader) return false;
    const raft::RaftStatus status = cluster.node(*leader).raft().GetStatus();
    return raft::IsLearner(status.config, added) && status.config_index <= status.applied;
  };
  ASSERT_TRUE(cluster.RunUntil(is_learner, 20'000));
  cluster.Isolate(added);
  for (const NodeId id : cluster.ids()) {
    if (id == added) continue;
    cluster.Crash(id, SimCluster::CrashKind::kPowerLoss);
    cluster.Restart(id);
  }
  ASSERT_TRUE(cluster.RunUntil(is_learner, 20'000)) << "it was not away";
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return StandingOf(added) == Standing::kVoter && cluster.Converged(); }, 60'000));
  EXPECT_EQ(cluster.node(added).raft().GetStatus().memory, raft::Memory::kWhole);
}

// The node that comes back with an empty disk has another id (founding.h), whatever its name: in no
// order of crashes does it vote or lead before it was added, caught up and promoted, and what was
// acknowledged stays.
TEST_F(MemberRequestTest, AnEmptyDiskUnderAKnownNameNeverVotes) {
  Random random(17);
  for (int round = 0; round < 12; ++round) {
    SimCluster world{{.seed = static_cast<uint64_t>(100 + round)}};
    const auto put = world.Submit(world.AwaitLeader(), Put("a", "1"), 5'000);
    ASSERT_TRUE(world.RunUntil([&] { return put->ok(); }, 10'000));
    const NodeId lost(random.Between(1, 3));
    world.Crash(lost, SimCluster::CrashKind::kPowerLoss);
    const NodeId fresh = world.AddMachine({});
    world.Restart(fresh);
    for (int fault = 0; fault < 20; ++fault) {
      const NodeId victim(random.Between(1, 4));
      if (victim == lost) continue;
      world.alive(victim) ? world.Crash(victim) : world.Restart(victim);
      world.RunFor(static_cast<int64_t>(random.Between(100, 3'000)));
      if (!world.alive(fresh)) continue;
      const raft::RaftStatus status = world.node(fresh).raft().GetStatus();
      EXPECT_FALSE(status.vote) << "it has voted";
      EXPECT_EQ(status.role, raft::Role::kFollower);
      EXPECT_EQ(world.node(fresh).MakeStatus().standing, Standing::kWaiting);
    }
    for (const NodeId id : world.ids()) {
      if (id != lost && !world.alive(id)) world.Restart(id);
    }
    const auto read = world.Read(world.AwaitLeader(), Consistency::kLinearizable, Revision(), 9'000,
                                 [](const coord::StateMachine& state) {
                                   const auto item = state.Get("a");
                                   return item ? item->value : std::string();
                                 });
    ASSERT_TRUE(world.RunUntil([&] { return read->done(); }, 20'000));
    EXPECT_EQ(**read->result, "1") << "round " << round;
  }
}

TEST_F(MemberRequestTest, ARemovalThatWouldLoseTheQuorumChangesNothing) {
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  NodeId other;
  for (const NodeId id : cluster.ids()) {
    if (id != leader && id != follower) other = id;
  }
  EXPECT_EQ(Remove(leader, leader).reason(), "member_leads");
  cluster.Crash(follower);
  cluster.RunFor(5'000);
  EXPECT_EQ(Remove(leader, other).reason(), "quorum_would_be_lost");
  EXPECT_EQ(cluster.node(leader).raft().GetStatus().config.voters.size(), 3u);
}

}  // namespace
}  // namespace baton::node::testing
