#include "pkg/node/snapshots.h"

#include <gtest/gtest.h>

#include <map>

#include "pkg/base/random.h"
#include "pkg/node/testing/memory_stores.h"

namespace baton::node {
namespace {

using testing::MemoryStateStore;

// Keeps the piece until the test lets it be written.
class HeldWorker final : public SnapshotWorker {
 public:
  explicit HeldWorker(StateStore* state) : state_(state) {}
  void Write(SnapshotWork work) override {
    ASSERT_FALSE(work_.has_value()) << "one piece at a time";
    work_ = std::move(work);
  }
  void Discard(std::unique_ptr<SnapshotWriter> writer) override {
    ASSERT_NE(writer, nullptr);
    ++discarded;
  }
  SnapshotWritten Do() {
    SnapshotWritten written = DoSnapshotWork(state_, std::move(*work_));
    work_.reset();
    return written;
  }
  bool busy() const { return work_.has_value(); }

  int discarded = 0;

 private:
  StateStore* state_;
  std::optional<SnapshotWork> work_;
};

class SnapshotReceiverTest : public ::testing::Test {
 protected:
  SnapshotReceiverTest() {
    for (int i = 0; i < 20; ++i) source.Put("key" + std::to_string(i), "value");
    CHECK(source.Commit().ok());
    auto reader = source.OpenSnapshot();
    while (true) {
      std::string chunk = *(*reader)->NextChunk(100);
      if (chunk.empty()) break;
      chunks.push_back(std::move(chunk));
    }
    CHECK_GE(chunks.size(), 3U);
  }

  Service::SnapshotChunk Chunk(size_t number, uint64_t stream = 1, uint64_t from = 2) {
    Service::SnapshotChunk chunk;
    chunk.from = NodeId(from);
    chunk.stream = stream;
    chunk.number = number;
    chunk.bytes = chunks[number];
    if (number + 1 == chunks.size()) {
      chunk.message = raft::Message{NodeId(from), NodeId(1), Term(3), raft::SnapshotRequest{kMeta}};
    }
    return chunk;
  }

  // The answer to the piece; empty string: it is being written.
  std::string Give(Service::SnapshotChunk chunk) {
    answer = "";
    receiver.OnChunk(std::move(chunk), [this](const Status& status) {
      answer = status.ok() ? "ok" : status.reason();
    });
    return answer;
  }
  void GiveAll() {
    for (size_t i = 0; i < chunks.size(); ++i) {
      Give(Chunk(i));
      Write();
    }
  }
  // "3", "3 complete" or why not.
  std::string ReachOf(uint64_t stream, uint64_t from = 2) {
    const auto reach = receiver.Reach(NodeId(from), stream);
    if (!reach.ok()) return reach.status().reason();
    return std::to_string(reach->next_chunk) + (reach->complete ? " complete" : "");
  }
  std::optional<raft::Message> Write() { return receiver.OnChunkWritten(worker.Do()); }

  const raft::SnapshotMeta kMeta{Index(77), Term(3), {}};
  MemoryStateStore source;
  MemoryStateStore target;
  std::vector<std::string> chunks;
  HeldWorker worker{&target};
  StepTime time{.now_us = 1'000'000};
  NodeMetrics metrics;
  SnapshotReceiver receiver{&worker, &time, &metrics};
  std::string answer;
};

TEST_F(SnapshotReceiverTest, PiecesInOrderMakeACopyThatIsTakenOnce) {
  for (size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(Give(Chunk(i)), "");
    const auto message = Write();
    EXPECT_EQ(answer, "ok");
    EXPECT_EQ(message.has_value(), i + 1 == chunks.size());
  }
  EXPECT_EQ(receiver.Take({Index(76), Term(3), {}}), nullptr) << "another snapshot";
  auto copy = receiver.Take(kMeta);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(receiver.Take(kMeta), nullptr);
  ASSERT_TRUE(target.Install(copy.get()).ok());
  EXPECT_EQ(target.Get("key19"), "value");
}

TEST_F(SnapshotReceiverTest, WhileAPieceIsWrittenNoOtherIsTaken) {
  EXPECT_EQ(Give(Chunk(0)), "");
  EXPECT_EQ(Give(Chunk(1)), "busy");
  EXPECT_EQ(Give(Chunk(0, 9)), "busy");
  EXPECT_FALSE(Write().has_value());
  EXPECT_EQ(Give(Chunk(1)), "");
}

TEST_F(SnapshotReceiverTest, OnlyTheNextPieceOfTheSameStreamIsTaken) {
  EXPECT_EQ(Give(Chunk(1)), "no_such_snapshot") << "nothing began";
  Give(Chunk(0));
  Write();
  EXPECT_EQ(Give(Chunk(0)), "duplicate_piece") << "does not start over";
  EXPECT_EQ(Give(Chunk(2)), "piece_out_of_order");
  EXPECT_EQ(Give(Chunk(1, 8)), "no_such_snapshot") << "another stream";
  EXPECT_EQ(Give(Chunk(1, 1, 3)), "no_such_snapshot") << "another sender";
  EXPECT_FALSE(worker.busy());
  EXPECT_EQ(Give(Chunk(1)), "");
  Write();
  EXPECT_EQ(Give(Chunk(1)), "duplicate_piece");
  EXPECT_EQ(metrics.snapshot_pieces_refused.value(), 6U);
  EXPECT_EQ(metrics.snapshot_pieces_received.value(), 2U);
}

TEST_F(SnapshotReceiverTest, AfterTheLastPieceEveryOneIsADuplicate) {
  GiveAll();
  receiver.Take(kMeta);
  for (size_t i = 0; i < chunks.size(); ++i) EXPECT_EQ(Give(Chunk(i)), "duplicate_piece") << i;
  EXPECT_EQ(ReachOf(1), std::to_string(chunks.size()) + " complete");
}

// Pieces may come twice, late and in any order, from senders that were replaced: whatever the
// receiver takes is the snapshot of the one that it follows, whole.
TEST_F(SnapshotReceiverTest, NoMixOfPiecesMakesAWrongCopy) {
  int complete = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    MemoryStateStore state;
    HeldWorker disk(&state);
    SnapshotReceiver mixed(&disk, &time, &metrics);
    std::map<uint64_t, uint64_t> next;  // of each sender
    for (int i = 0; i < 60; ++i) {
      const uint64_t sender = random.Below(10) == 0 ? 3 : 2;
      uint64_t& number = next[sender];
      if (number == chunks.size()) number = 0;
      if (random.Chance(1, 5)) number = random.Below(chunks.size());
      mixed.OnChunk(Chunk(number, /*stream=*/1 + random.Below(20) / 19, sender), [](Status) {});
      ++number;
      if (!disk.busy()) continue;
      if (!mixed.OnChunkWritten(disk.Do())) continue;
      const auto copy = mixed.Take(kMeta);
      ASSERT_NE(copy, nullptr);
      ASSERT_TRUE(state.Install(copy.get()).ok());
      ASSERT_EQ(state.Get("key0"), "value");
      ASSERT_EQ(state.Get("key19"), "value");
      ++complete;
    }
  }
  EXPECT_GT(complete, 50);
}

TEST_F(SnapshotReceiverTest, ItSaysHowFarItIs) {
  EXPECT_EQ(ReachOf(1), "no_such_snapshot");
  Give(Chunk(0));
  EXPECT_EQ(ReachOf(1), "busy");
  Write();
  EXPECT_EQ(ReachOf(1), "1");
  EXPECT_EQ(ReachOf(1, 3), "no_such_snapshot");
  EXPECT_EQ(ReachOf(2), "no_such_snapshot");
  Give(Chunk(1));
  Write();
  EXPECT_EQ(ReachOf(1), "2");
  Give(Chunk(0, 2));  // the sender starts over
  Write();
  EXPECT_EQ(ReachOf(1), "no_such_snapshot");
  EXPECT_EQ(ReachOf(2), "1");
}

TEST_F(SnapshotReceiverTest, APartThatNobodyGoesOnWithIsDropped) {
  Give(Chunk(0));
  Write();
  time.now_us += SnapshotReceiver::kPartKeptUs - 1;
  receiver.OnTick();
  EXPECT_EQ(ReachOf(1), "1");
  Give(Chunk(1));
  time.now_us += 10 * SnapshotReceiver::kPartKeptUs;
  receiver.OnTick();  // the disk is slow: that is nobody's fault
  Write();
  EXPECT_EQ(ReachOf(1), "2");
  receiver.OnTick();
  EXPECT_EQ(ReachOf(1), "no_such_snapshot") << "late for the next piece already";
  EXPECT_EQ(worker.discarded, 1);
}

TEST_F(SnapshotReceiverTest, ProgressIsOfTheSnapshotUnderWay) {
  EXPECT_FALSE(receiver.Progress().has_value());
  Service::SnapshotChunk chunk = Chunk(0);
  chunk.total_bytes = 5000;
  const uint64_t bytes = chunk.bytes.size();
  Give(std::move(chunk));
  EXPECT_EQ(receiver.Progress()->bytes, 0U) << "not on disk yet";
  time.now_us += 500'000;
  Write();
  const auto progress = receiver.Progress();
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->peer, NodeId(2));
  EXPECT_EQ(progress->pieces, 1U);
  EXPECT_EQ(progress->bytes, bytes);
  EXPECT_EQ(progress->total_bytes, 5000U);
  EXPECT_EQ(progress->age_ms, 500);
  EXPECT_EQ(progress->bytes_per_second, 2 * bytes);
  for (size_t i = 1; i < chunks.size(); ++i) {
    Give(Chunk(i));
    Write();
  }
  EXPECT_FALSE(receiver.Progress().has_value());
  EXPECT_EQ(metrics.snapshots_received.value(), 1U);
}

TEST_F(SnapshotReceiverTest, APieceZeroStartsOver) {
  Give(Chunk(0));
  Write();
  EXPECT_EQ(Give(Chunk(0, 2, 3)), "");
  Write();
  EXPECT_EQ(Give(Chunk(1)), "no_such_snapshot");
  EXPECT_EQ(worker.discarded, 1);
  EXPECT_EQ(Give(Chunk(1, 2, 3)), "");
}

TEST_F(SnapshotReceiverTest, ADamagedSnapshotIsNeverHandedOut) {
  for (size_t i = 0; i < chunks.size(); ++i) {
    Service::SnapshotChunk chunk = Chunk(i);
    if (i == 1) chunk.bytes[20] = static_cast<char>(chunk.bytes[20] ^ 1);
    Give(std::move(chunk));
    EXPECT_FALSE(Write().has_value());
  }
  EXPECT_EQ(answer, "corruption");
  EXPECT_EQ(receiver.Take(kMeta), nullptr);
  EXPECT_EQ(Give(Chunk(0)), "") << "and it may be sent again";
}

TEST_F(SnapshotReceiverTest, ASnapshotTheCoreDoesNotWantIsDropped) {
  GiveAll();
  receiver.DropFinished();
  EXPECT_EQ(worker.discarded, 1);
  EXPECT_EQ(receiver.Take(kMeta), nullptr);
}

// The next leader may begin before the core was asked what it makes of the last one's.
TEST_F(SnapshotReceiverTest, APieceZeroLeavesTheCompleteCopyToTheCore) {
  GiveAll();
  EXPECT_EQ(Give(Chunk(0, 1, 3)), "");
  auto copy = receiver.Take(kMeta);
  ASSERT_NE(copy, nullptr);
  ASSERT_TRUE(target.Install(copy.get()).ok());
  Write();
  EXPECT_EQ(Give(Chunk(1, 1, 3)), "") << "the next stream goes on";
}

TEST_F(SnapshotReceiverTest, AnotherMessageThanASnapshotRequestIsRefused) {
  Service::SnapshotChunk chunk = Chunk(0);
  chunk.message = raft::Message{NodeId(2), NodeId(1), Term(3), raft::TimeoutNow{}};
  EXPECT_EQ(Give(std::move(chunk)), "message");
}

TEST_F(SnapshotReceiverTest, CloseAnswersThePieceUnderWay) {
  Give(Chunk(0));
  receiver.Close(Status(Code::kUnavailable, "shutting_down", "bye"));
  EXPECT_EQ(answer, "shutting_down");
  answer = "";
  EXPECT_FALSE(Write().has_value());
  EXPECT_EQ(answer, "");
}

}  // namespace
}  // namespace baton::node
