// Show: peers come, move and go while the transport runs.
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>

#include "pkg/base/system_clock.h"
#include "pkg/http/peer_transport.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/no_threads.h"
#include "pkg/http/testing/peer_node.h"

namespace baton::http {
namespace {

size_t CountThreads() {
  using Tasks = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(Tasks("/proc/self/task"), Tasks()));
}

class CountingLogger final : public Logger {
 public:
  void Log(LogLevel, std::string_view message, std::initializer_list<LogField>) override {
    const std::lock_guard lock(mutex_);
    ++counts_[std::string(message)];
  }
  int Count(const std::string& message) {
    const std::lock_guard lock(mutex_);
    return counts_[message];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

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
    request.meta->index = Index(90);
    request.meta->term = Term(2);
    request.meta->config.voters = {NodeId(1), NodeId(2)};
    transport_->SendSnapshot(NodeId(2), raft::Message{NodeId(1), NodeId(2), Term(3), request},
                             std::make_unique<FakeSnapshot>(std::move(chunks)));
  }

  // Its first piece is on its way, and stays so.
  void BeginSnapshotToFirst() {
    transport_->SetPeer(NodeId(2), first_.address());
    first_.CloseSnapshotGate();
    Snapshot({"a", "b"});
    ASSERT_TRUE(Eventually([&] { return first_.pieces().size() == 1; }));
  }

  SystemClock clock_;
  CountingLogger logger_;
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
  const auto learned = [&](uint64_t count) {
    for (uint64_t id = 2; id < 2 + count; ++id) transport_->Learn(NodeId(id), first_.address());
    return transport_->Stats().size();
  };
  EXPECT_EQ(learned(kPeersMax), kPeersMax);
  EXPECT_EQ(learned(kPeersMax + 1), kPeersMax);
  EXPECT_EQ(learned(50 * kPeersMax), kPeersMax);
}

// The first of those that are gone reports the end of its snapshot, and is held up there.
TEST_F(PeerMovesTest, SoManyOnTheirWayOutAndNoMore) {
  Start();
  BeginSnapshotToFirst();
  std::unique_lock hold(reports_.outcome_gate);
  const auto elsewhere = [](size_t i) { return "127.0.0.1:" + std::to_string(10'000 + i); };
  transport_->Learn(NodeId(2), elsewhere(0));
  ASSERT_TRUE(Eventually([&] { return reports_.outcomes_begun == 1; }));
  const auto learn = [&](size_t i) {
    transport_->Learn(NodeId(2), elsewhere(i));
    return transport_->Stats().at(0).address;
  };
  for (size_t i = 1; i < kGonePeersMax; ++i) EXPECT_EQ(learn(i), elsewhere(i));
  const size_t threads = CountThreads();
  for (size_t i = kGonePeersMax; i < 50 * kGonePeersMax; ++i) {
    EXPECT_EQ(learn(i), elsewhere(kGonePeersMax - 1)) << "it waits for room";
  }
  transport_->SetPeer(NodeId(3), first_.address());
  EXPECT_EQ(transport_->Stats().size(), 1u) << "new ones wait, too";
  EXPECT_EQ(CountThreads(), threads);
  transport_->Learn(NodeId(2), second_.address());
  transport_->Learn(NodeId(2), "no address");
  hold.unlock();
  EXPECT_TRUE(Arrives(&second_)) << "it is where it was said to be last";
  EXPECT_TRUE(Eventually([&] { return transport_->Stats().size() == 2; }));
}

TEST_F(PeerMovesTest, WhoIsForgottenWhileItWaitsForRoomIsForgotten) {
  Start();
  BeginSnapshotToFirst();
  std::unique_lock hold(reports_.outcome_gate);
  for (size_t i = 0; i < 2 * kGonePeersMax; ++i) {
    transport_->Learn(NodeId(2), "127.0.0.1:" + std::to_string(10'000 + i));
  }
  transport_->ForgetPeer(NodeId(2));
  hold.unlock();
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
  transport_->SetPeer(NodeId(2), second_.address());
  EXPECT_TRUE(Arrives(&second_));
  EXPECT_EQ(transport_->Stats().size(), 1u);
}

TEST_F(PeerMovesTest, SendersStartWhenTheSystemHasThreadsAgain) {
  Start();
  {
    const NoThreads none;
    transport_->SetPeer(NodeId(2), first_.address());
    EXPECT_TRUE(Forward(1)) << "it waits";
    EXPECT_EQ(logger_.Count("some senders to peers do not run, tried again every second"), 1);
  }
  EXPECT_TRUE(Eventually([&] { return first_.forwards().size() == 1; }));
  EXPECT_TRUE(Eventually([&] { return logger_.Count("the senders to all peers run") == 1; }));
}

TEST_F(PeerMovesTest, ItEndsWithoutThreads) {
  Start();
  const NoThreads none;
  transport_->SetPeer(NodeId(2), first_.address());
  transport_->SetPeer(NodeId(2), second_.address());
  transport_->Stop();
}

TEST_F(PeerMovesTest, ASnapshotForNobodyHasFailed) {
  Start();
  Snapshot({"a"});
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
}

TEST_F(PeerMovesTest, ASnapshotToWhoMovesHasFailed) {
  Start();
  BeginSnapshotToFirst();
  transport_->SetPeer(NodeId(2), second_.address());
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
  Snapshot({"a"});
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 1; }));
}

}  // namespace
}  // namespace baton::http
