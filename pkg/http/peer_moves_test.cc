// Show: peers come, move and go while the transport runs.
#include <gtest/gtest.h>

#include "pkg/base/system_clock.h"
#include "pkg/http/peer_transport.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/peer_node.h"

namespace baton::http {
namespace {

class PeerMovesTest : public ::testing::Test {
 protected:
  void Start(std::map<NodeId, std::string> peer_addresses = {}) {
    PeerTransportOptions options;
    options.cluster_id = "0123456789abcdef";
    options.self = NodeId(1);
    options.peer_addresses = std::move(peer_addresses);
    auto transport = PeerTransport::Create(options, &clock_, &logger_);
    ASSERT_TRUE(transport.ok()) << transport.status().ToString();
    transport_ = *std::move(transport);
    transport_->SetService(&reports_);
    transport_->Start();
  }
  ~PeerMovesTest() override {
    if (transport_ != nullptr) transport_->Stop();
  }
  bool Forward(uint64_t id) {
    return transport_->Send(NodeId(2), node::ForwardRequest{id, 9, Term(1), 100, "x"});
  }
  // What is sent arrives there, sooner or later.
  bool Arrives(PeerNode* peer) {
    const size_t before = peer->forwards().size();
    return Eventually([&] {
      (void)Forward(++last_id_);
      return peer->forwards().size() > before;
    });
  }
  void Snapshot(std::deque<std::string> chunks) {
    raft::SnapshotRequest request;
    request.meta.index = Index(90);
    request.meta.term = Term(2);
    request.meta.config.voters = {NodeId(1), NodeId(2)};
    transport_->SendSnapshot(NodeId(2), raft::Message{NodeId(1), NodeId(2), Term(3), request},
                             std::make_unique<FakeSnapshot>(std::move(chunks)));
  }

  SystemClock clock_;
  NullLogger logger_;
  Reports reports_;
  PeerNode first_;
  PeerNode second_;
  uint64_t last_id_ = 0;
  std::unique_ptr<PeerTransport> transport_;
};

TEST_F(PeerMovesTest, APeerThatIsAddedIsReached) {
  Start();
  EXPECT_FALSE(Forward(1)) << "nobody knows it";
  transport_->SetPeer(NodeId(2), first_.address());
  EXPECT_TRUE(Arrives(&first_));
  ASSERT_EQ(transport_->Stats().size(), 1u);
  EXPECT_EQ(transport_->Stats()[0].address, first_.address());
}

TEST_F(PeerMovesTest, APeerThatIsForgottenIsNotSentTo) {
  Start();
  transport_->SetPeer(NodeId(2), first_.address());
  EXPECT_TRUE(Arrives(&first_));
  transport_->ForgetPeer(NodeId(2));
  EXPECT_FALSE(Forward(1));
  EXPECT_TRUE(transport_->Stats().empty());
  transport_->SetPeer(NodeId(2), first_.address());
  EXPECT_TRUE(Arrives(&first_)) << "it was added again";
}

TEST_F(PeerMovesTest, APeerThatMovesIsFollowed) {
  Start();
  transport_->SetPeer(NodeId(2), first_.address());
  EXPECT_TRUE(Arrives(&first_));
  transport_->SetPeer(NodeId(2), second_.address());
  EXPECT_TRUE(Arrives(&second_));
}

TEST_F(PeerMovesTest, WhatAPeerSaysOfItselfStaysUntilTheClusterSaysSomethingNew) {
  Start();
  transport_->SetPeer(NodeId(2), first_.address());
  transport_->Learn(NodeId(2), second_.address());
  EXPECT_TRUE(Arrives(&second_));
  transport_->SetPeer(NodeId(2), first_.address());
  EXPECT_TRUE(Arrives(&second_)) << "that is what was known before it moved";
  transport_->Learn(NodeId(2), "no address");
  EXPECT_TRUE(Arrives(&second_));
}

TEST_F(PeerMovesTest, ConfiguredPeersStayWhereTheyAreUntilTheySayOtherwise) {
  Start({{NodeId(2), first_.address()}});
  transport_->SetPeer(NodeId(2), second_.address());
  EXPECT_TRUE(Arrives(&first_));
  transport_->Learn(NodeId(2), second_.address());
  EXPECT_TRUE(Arrives(&second_));
}

TEST_F(PeerMovesTest, SoManyStrangersAndNoMore) {
  Start();
  for (uint64_t id = 2; id < 100; ++id) transport_->Learn(NodeId(id), first_.address());
  EXPECT_EQ(transport_->Stats().size(), 2 * node::kClusterMembersMax);
}

TEST_F(PeerMovesTest, ASnapshotForNobodyHasFailed) {
  Start();
  Snapshot({"a"});
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
}

TEST_F(PeerMovesTest, ASnapshotToWhoMovesHasFailed) {
  Start();
  transport_->SetPeer(NodeId(2), first_.address());
  first_.CloseSnapshotGate();
  Snapshot({"a", "b"});
  ASSERT_TRUE(Eventually([&] { return first_.pieces().size() == 1; }));
  transport_->SetPeer(NodeId(2), second_.address());
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
  Snapshot({"a"});
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 1; }));
}

}  // namespace
}  // namespace baton::http
