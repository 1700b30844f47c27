// What a node refuses, and what it tells about itself.
#include "pkg/node/node.h"

#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node {
namespace {

using testing::CreateSession;
using testing::Lock;
using testing::Put;
using testing::SimCluster;
using testing::SimOptions;

PeerEnvelope EnvelopeTo(NodeId to, NodeId from) {
  PeerEnvelope envelope;
  envelope.cluster_id = "0123456789abcdef";
  envelope.from = from;
  envelope.to = to;
  return envelope;
}

class NodeTest : public ::testing::Test {
 protected:
  Status Receive(const PeerEnvelope& envelope) {
    Status status;
    cluster.With(NodeId(1), [&](Node& node) { status = node.Receive(envelope); });
    return status;
  }

  SimCluster cluster{{.seed = 1}};
};

TEST_F(NodeTest, EnvelopesOfOtherClustersAndForOthersAreRefusedAndCounted) {
  EXPECT_TRUE(Receive(EnvelopeTo(NodeId(1), NodeId(2))).ok());
  PeerEnvelope foreign = EnvelopeTo(NodeId(1), NodeId(2));
  foreign.cluster_id = "fedcba9876543210";
  EXPECT_EQ(Receive(foreign).reason(), "wrong_cluster");
  EXPECT_EQ(Receive(EnvelopeTo(NodeId(1), NodeId())).reason(), "unknown_peer");
  EXPECT_EQ(Receive(EnvelopeTo(NodeId(1), NodeId(1))).reason(), "unknown_peer");
  EXPECT_EQ(Receive(EnvelopeTo(NodeId(2), NodeId(3))).reason(), "wrong_receiver");
  EXPECT_EQ(cluster.metrics(NodeId(1)).peer_envelopes_rejected.value(), 4U);
}

TEST_F(NodeTest, AMessageInAnothersNameIsRefusedWithItsWholeEnvelope) {
  PeerEnvelope envelope = EnvelopeTo(NodeId(1), NodeId(2));
  envelope.messages.push_back(raft::Message{NodeId(3), NodeId(1), Term(900), raft::Heartbeat{}});
  EXPECT_EQ(Receive(envelope).reason(), "bad_message");
  EXPECT_LT(cluster.node(NodeId(1)).raft().term(), Term(900));
}

TEST_F(NodeTest, ASnapshotWithoutItsBytesIsRefused) {
  PeerEnvelope envelope = EnvelopeTo(NodeId(1), NodeId(2));
  envelope.messages.push_back(
      raft::Message{NodeId(2), NodeId(1), Term(900),
                    raft::SnapshotRequest{raft::SnapshotMeta{Index(50), Term(9), {}}}});
  EXPECT_EQ(Receive(envelope).reason(), "bad_message");
  Service::SnapshotChunk chunk;
  chunk.from = NodeId(1);  // its own
  Status answer;
  cluster.With(NodeId(1), [&](Node& node) {
    node.OnSnapshotChunk(chunk, [&](Status status) { answer = std::move(status); });
  });
  EXPECT_EQ(answer.reason(), "unknown_peer");
}

TEST_F(NodeTest, AForwardedCommandIsCheckedBeforeItReachesTheLog) {
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(200);
  const Index before = cluster.node(leader).raft().GetStatus().last_index;
  const NodeId from = cluster.AFollower();
  PeerEnvelope envelope = EnvelopeTo(leader, from);
  ForwardRequest request;
  request.incarnation = 1;
  request.term = cluster.node(leader).raft().term();
  request.id = 1;
  request.command = "poison";
  envelope.messages.push_back(request);
  request.id = 2;
  request.command = coord::EncodeCommand(Put("", "an empty key"));
  envelope.messages.push_back(request);
  cluster.With(leader, [&](Node& node) { EXPECT_TRUE(node.Receive(envelope).ok()); });
  cluster.RunFor(100);
  EXPECT_EQ(cluster.node(leader).raft().GetStatus().last_index, before);
}

TEST_F(NodeTest, AForwardForALeadershipBeforeTheStartIsNeverProposed) {
  const NodeId leader = cluster.AwaitLeader();
  const auto put = cluster.Submit(leader, Put("a", "b"), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 1'000));
  const Term old_term = cluster.node(leader).raft().term();
  cluster.Crash(leader);
  cluster.RunFor(100);
  cluster.Restart(leader);
  // It leads again, in a later term, when the late repetition arrives.
  while (cluster.AwaitLeader() != leader) {
    cluster.With(cluster.AwaitLeader(),
                 [leader](Node& node) { node.TransferLeadership(leader, [](const Status&) {}); });
    cluster.RunFor(500);
  }
  PeerEnvelope envelope = EnvelopeTo(leader, cluster.AFollower());
  ForwardRequest request;
  request.id = 1;
  request.incarnation = 1;
  request.term = old_term;
  request.command = coord::EncodeCommand(Put("late", "v"));
  envelope.messages.push_back(request);
  cluster.With(leader, [&](Node& node) { EXPECT_TRUE(node.Receive(envelope).ok()); });
  cluster.RunFor(500);
  EXPECT_FALSE(cluster.node(leader).state().Get("late").has_value());
}

TEST_F(NodeTest, AnInvalidCommandIsRefusedAtOnce) {
  const auto put = cluster.Submit(NodeId(1), Put("", "v"), 5'000);
  ASSERT_TRUE(put->done());
  EXPECT_EQ(put->result->status().outcome(), Outcome::kNotApplied);
  EXPECT_NE(put->result->status().code(), Code::kUnavailable);
  const auto lock = cluster.Acquire(NodeId(1), Lock("", 1, 0), 5'000);
  ASSERT_TRUE(lock->done());
  EXPECT_FALSE(lock->ok());
}

TEST_F(NodeTest, CommandsBeyondTheBoundAreRefusedAsNotApplied) {
  SimOptions options{.seed = 1};
  options.config.pending_proposals_max = 4;
  SimCluster small(options);
  const NodeId leader = small.AwaitLeader();
  small.Isolate(leader);
  std::vector<testing::PendingPtr<coord::Reply>> puts;
  for (int i = 0; i < 8; ++i) puts.push_back(small.Submit(leader, Put("k", "v"), 1'000));
  for (size_t i = 0; i < puts.size(); ++i) {
    ASSERT_EQ(puts[i]->done(), i >= 4) << i;
    if (i < 4) continue;
    EXPECT_EQ(puts[i]->result->status().reason(), "overloaded");
    EXPECT_EQ(puts[i]->result->status().outcome(), Outcome::kNotApplied);
  }
  EXPECT_EQ(small.node(leader).MakeStatus().proposals_pending, 4U);
}

TEST_F(NodeTest, ALeaderRefusesMoreForwardsThanItsBound) {
  SimOptions options{.seed = 1};
  options.config.pending_proposals_max = 4;
  SimCluster small(options);
  const NodeId leader = small.AwaitLeader();
  small.RunFor(200);
  small.HoldDisk(leader);
  std::vector<testing::PendingPtr<coord::Reply>> puts;
  for (const NodeId id : small.ids()) {
    if (id == leader) continue;
    for (int i = 0; i < 4; ++i) puts.push_back(small.Submit(id, Put("k", "v"), 500));
    small.HoldDisk(id);  // nobody can commit
  }
  small.RunFor(300);
  size_t overloaded = 0;
  for (const auto& put : puts) {
    if (put->done() && put->result->status().reason() == "overloaded") ++overloaded;
  }
  EXPECT_EQ(overloaded, 4U);
}

TEST_F(NodeTest, TheStatusSaysWhatIsGoingOn) {
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  const auto created = cluster.Submit(leader, CreateSession(1, 60'000), 5'000);
  const auto lock = cluster.Acquire(leader, Lock("l", 1, 0), 5'000);
  const auto other = cluster.Submit(leader, CreateSession(2, 60'000), 5'000);
  cluster.RunFor(200);
  const auto wait = cluster.Acquire(follower, Lock("l", 2, 30'000), 5'000);
  cluster.Watch(follower, {}, Revision(), std::make_shared<testing::RecordingSink>());
  cluster.RunFor(200);
  const StatusView at_leader = cluster.node(leader).MakeStatus();
  const StatusView at_follower = cluster.node(follower).MakeStatus();
  EXPECT_EQ(at_leader.cluster_id, "0123456789abcdef");
  EXPECT_EQ(at_leader.raft.role, raft::Role::kLeader);
  EXPECT_EQ(at_leader.raft.peers.size(), 3U);
  EXPECT_EQ(at_follower.raft.leader, leader);
  EXPECT_EQ(at_follower.waits_pending, 1U);
  EXPECT_EQ(at_follower.watches, 1U);
  EXPECT_EQ(at_leader.counts.lock_waiters, 1U);
  EXPECT_EQ(at_leader.state_hash, at_follower.state_hash);
  EXPECT_EQ(at_leader.last_leader_contact_ms, 0);
  EXPECT_LE(at_follower.last_leader_contact_ms, 110);
  EXPECT_GT(at_leader.cluster_time_ms, 300);
  EXPECT_NEAR(static_cast<double>(at_follower.cluster_time_ms),
              static_cast<double>(at_leader.cluster_time_ms), 110);
  cluster.HoldDisk(leader);
  cluster.Submit(leader, Put("k", "v"), 5'000);
  cluster.RunFor(500);
  EXPECT_GE(cluster.node(leader).MakeStatus().oldest_write_age_ms, 400);
  cluster.Isolate(follower);
  cluster.RunFor(700);
  EXPECT_GE(cluster.node(follower).MakeStatus().last_leader_contact_ms, 600);
}

TEST_F(NodeTest, LeadershipGoesToTheNamedNodeOrToTheBest) {
  const NodeId first = cluster.AwaitLeader();
  cluster.RunFor(200);
  const NodeId target(first.value() % 3 + 1);
  std::vector<std::string> answers;
  const auto answer = [&](const Status& status) {
    answers.push_back(status.ok() ? "ok" : status.reason());
  };
  cluster.With(target, [&](Node& node) { node.TransferLeadership(first, answer); });
  EXPECT_EQ(answers, std::vector<std::string>{"not_leader"});
  cluster.With(first, [&](Node& node) {
    node.TransferLeadership(target, answer);
    node.TransferLeadership(target, answer);
  });
  ASSERT_TRUE(cluster.RunUntil([&] { return answers.size() == 3; }, 2'000));
  EXPECT_EQ(answers[1], "transfer_under_way");
  EXPECT_EQ(answers[2], "ok");
  EXPECT_EQ(cluster.AwaitLeader(), target);
  cluster.RunFor(300);
  cluster.With(target, [&](Node& node) { node.TransferLeadership(NodeId(), answer); });
  ASSERT_TRUE(cluster.RunUntil([&] { return answers.size() == 4; }, 2'000));
  EXPECT_EQ(answers[3], "ok");
  EXPECT_NE(cluster.AwaitLeader(), target);
}

TEST_F(NodeTest, ATransferToADeadNodeIsGivenUp) {
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(200);
  const NodeId target = cluster.AFollower();
  cluster.Crash(target);
  Status answer;
  cluster.With(leader, [&](Node& node) {
    node.TransferLeadership(target, [&](const Status& status) { answer = status; });
  });
  ASSERT_TRUE(cluster.RunUntil([&] { return !answer.ok(); }, 3'000));
  EXPECT_EQ(answer.code(), Code::kDeadlineExceeded);
  const auto put = cluster.Submit(leader, Put("k", "v"), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 3'000));
  EXPECT_TRUE(put->ok()) << "and the old leader goes on";
}

TEST_F(NodeTest, TheSameSeedGivesTheSameRun) {
  const auto run = [] {
    SimCluster sim({.seed = 99, .loss_percent = 5, .repeat_percent = 5});
    sim.AwaitLeader();
    std::vector<testing::PendingPtr<coord::Reply>> puts;
    for (int i = 0; i < 30; ++i) {
      puts.push_back(sim.Submit(NodeId(static_cast<uint64_t>(i % 3 + 1)), Put("k", "v"), 5'000));
      sim.RunFor(17);
    }
    sim.RunFor(3'000);
    std::string trace;
    for (const NodeId id : sim.ids()) {
      const StatusView view = sim.node(id).MakeStatus();
      trace += std::to_string(view.state_hash) + " " + std::to_string(view.raft.term.value()) +
               " " + std::to_string(sim.metrics(id).peer_messages_sent.value()) + "\n";
    }
    return trace;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace baton::node
