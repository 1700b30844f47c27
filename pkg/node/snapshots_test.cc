#include "pkg/node/snapshots.h"

#include <gtest/gtest.h>

#include "pkg/node/testing/memory_stores.h"

namespace baton::node {
namespace {

using testing::MemoryStateStore;

// Keeps the piece until the test lets it be written.
class HeldWorker final : public SnapshotWorker {
 public:
  void Write(SnapshotWriter* writer, std::string chunk, bool last) override {
    ASSERT_EQ(writer_, nullptr) << "one piece at a time";
    writer_ = writer;
    chunk_ = std::move(chunk);
    last_ = last;
  }
  Status Do() {
    Status status = writer_->Append(chunk_);
    if (status.ok() && last_) status = writer_->Finish();
    writer_ = nullptr;
    return status;
  }
  bool busy() const { return writer_ != nullptr; }

 private:
  SnapshotWriter* writer_ = nullptr;
  std::string chunk_;
  bool last_ = false;
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
  std::optional<raft::Message> Write() { return receiver.OnChunkWritten(worker.Do()); }

  const raft::SnapshotMeta kMeta{Index(77), Term(3), {}};
  MemoryStateStore source;
  MemoryStateStore target;
  std::vector<std::string> chunks;
  HeldWorker worker;
  SnapshotReceiver receiver{&target, &worker};
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
  ASSERT_TRUE(target.Install(std::move(copy)).ok());
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
  EXPECT_EQ(Give(Chunk(1)), "unexpected_chunk") << "nothing began";
  Give(Chunk(0));
  Write();
  EXPECT_EQ(Give(Chunk(2)), "unexpected_chunk") << "a gap";
  EXPECT_EQ(Give(Chunk(1, 8)), "unexpected_chunk") << "another stream";
  EXPECT_EQ(Give(Chunk(1, 1, 3)), "unexpected_chunk") << "another sender";
  EXPECT_FALSE(worker.busy());
  EXPECT_EQ(Give(Chunk(1)), "");
}

TEST_F(SnapshotReceiverTest, APieceZeroStartsOver) {
  Give(Chunk(0));
  Write();
  EXPECT_EQ(Give(Chunk(0, 2, 3)), "");
  Write();
  EXPECT_EQ(Give(Chunk(1)), "unexpected_chunk");
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
  for (size_t i = 0; i < chunks.size(); ++i) {
    Give(Chunk(i));
    Write();
  }
  receiver.DropFinished();
  EXPECT_EQ(receiver.Take(kMeta), nullptr);
}

// The next leader may begin before the core was asked what it makes of the last one's.
TEST_F(SnapshotReceiverTest, APieceZeroLeavesTheCompleteCopyToTheCore) {
  for (size_t i = 0; i < chunks.size(); ++i) {
    Give(Chunk(i));
    Write();
  }
  EXPECT_EQ(Give(Chunk(0, 1, 3)), "");
  auto copy = receiver.Take(kMeta);
  ASSERT_NE(copy, nullptr);
  ASSERT_TRUE(target.Install(std::move(copy)).ok());
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
