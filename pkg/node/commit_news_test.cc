// When followers hear of commits: for nothing where writes follow each other, soon where they do
// not, and at once where somebody waits.
#include "pkg/node/commit_news.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

struct Sent {
  NodeId to;
  int64_t at_us = 0;
};

class Messages final : public SimObserver {
 public:
  void OnSend(NodeId, NodeId to, const PeerMessage& message) override {
    const Sent sent{to, cluster->MonotonicUs()};
    const auto* const raft_message = std::get_if<raft::Message>(&message);
    if (raft_message != nullptr) {
      const auto* const heartbeat = std::get_if<raft::Heartbeat>(&raft_message->body);
      if (heartbeat != nullptr && heartbeat->stamp == 0) news.push_back(sent);
    } else if (std::holds_alternative<ForwardReply>(message)) {
      replies.push_back(sent);
    }
  }

  const SimCluster* cluster = nullptr;
  std::vector<Sent> news;
  std::vector<Sent> replies;
};

class CommitNewsTest : public ::testing::Test {
 protected:
  CommitNewsTest() {
    messages_.cluster = &cluster_;
    cluster_.SetObserver(&messages_);
    Put(1);
    cluster_.RunFor(10);
    messages_.news.clear();
  }
  void Put(int count) {
    for (int i = 0; i < count; ++i) {
      const auto put = cluster_.Submit(leader_, testing::Put("k", "v"), 1'000);
      ASSERT_TRUE(cluster_.RunUntil([&] { return put->ok(); }, 1'000));
    }
  }

  Messages messages_;
  SimCluster cluster_{{.seed = 1, .network_delay_min_us = 300, .network_delay_max_us = 300}};
  const NodeId leader_ = cluster_.AwaitLeader();
};

TEST_F(CommitNewsTest, AWriteAloneIsToldWhenTheHoldIsOver) {
  Put(1);
  const int64_t committed_us = cluster_.MonotonicUs();
  EXPECT_TRUE(messages_.news.empty());
  cluster_.RunFor(10);
  ASSERT_EQ(messages_.news.size(), 2u);
  EXPECT_NE(messages_.news[0].to, messages_.news[1].to);
  EXPECT_GE(messages_.news[0].at_us, committed_us + CommitNews::kHoldUs);
  EXPECT_LE(messages_.news[1].at_us, committed_us + CommitNews::kHoldUs + 1'000) << "its disk";
}

TEST_F(CommitNewsTest, WritesThatFollowEachOtherCarryIt) {
  Put(50);
  EXPECT_TRUE(messages_.news.empty());
  cluster_.RunFor(10);
  EXPECT_EQ(messages_.news.size(), 2u) << "of the last";
}

TEST_F(CommitNewsTest, AnAcquireElsewhereIsAnsweredWithoutAHold) {
  const auto session = cluster_.Submit(leader_, CreateSession(1, 60'000), 1'000);
  ASSERT_TRUE(cluster_.RunUntil([&] { return session->ok(); }, 1'000));
  cluster_.RunFor(10);
  messages_.news.clear();
  messages_.replies.clear();
  const NodeId follower = cluster_.AFollower();
  const auto acquire = cluster_.Acquire(follower, Lock("lock", 1, 0), 1'000);
  ASSERT_TRUE(cluster_.RunUntil([&] { return acquire->ok(); }, 1'000));
  ASSERT_EQ(messages_.replies.size(), 1u);
  ASSERT_FALSE(messages_.news.empty());
  EXPECT_EQ(messages_.news[0].to, follower);
  EXPECT_EQ(messages_.news[0].at_us, messages_.replies[0].at_us);
}

}  // namespace
}  // namespace baton::node::testing
