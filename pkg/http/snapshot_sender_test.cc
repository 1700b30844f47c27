// Snapshots on their way to a real listener on loopback, which loses requests and answers.

#include "pkg/http/snapshot_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "pkg/base/system_clock.h"
#include "pkg/http/envelope.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/fake_service.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

// What becomes of a piece.
enum class Fate {
  kTaken,
  kAnswerLost,   // taken, and the sender is not told
  kRequestLost,  // not taken
  kHeld,         // taken, and the answer waits for ever
  kRefused,
};

// The receiving end: as a node would, takes the next piece of the latest stream and no other.
class Receiver {
 public:
  using Choose = std::function<Fate(uint64_t number)>;

  Receiver() { Listen(0); }
  ~Receiver() { StopListening(); }

  void Listen(uint16_t port) {
    Router router;
    router.Handle("POST", "/peer/v1/snapshot", [this](auto exchange) { OnPiece(exchange); });
    router.Handle("GET", "/peer/v1/snapshot", [this](auto exchange) { OnQuestion(exchange); });
    server_ = std::make_unique<TestServer>(std::move(router), [port](ListenOptions* options) {
      options->port = port;
      options->limits.body_bytes_max = 16 << 20;
    });
    port_ = server_->port();
  }
  void StopListening() {
    if (server_ != nullptr) (*server_)->Stop(0);
    server_.reset();
    const std::lock_guard lock(mutex_);
    held_.clear();
  }
  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Asked once for each time that a piece comes.
  void SetFate(Choose fate) {
    const std::lock_guard lock(mutex_);
    fate_ = std::move(fate);
  }
  // What a sender is told that asks how far it is; 200: the truth.
  void SetReachStatus(int status) { reach_status_ = status; }

  std::vector<SnapshotPiece> taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  int questions() const { return questions_; }
  int posts() const { return posts_; }

 private:
  static void Answer(const std::shared_ptr<Exchange>& exchange, int status, std::string body = "") {
    Response response;
    response.status = status;
    response.body = std::move(body);
    exchange->Respond(std::move(response));
  }
  void OnPiece(const std::shared_ptr<Exchange>& exchange) {
    auto piece = DecodeSnapshotPiece(exchange->request().body);
    ASSERT_TRUE(piece.ok()) << piece.status().ToString();
    const std::lock_guard lock(mutex_);
    ++posts_;
    const Fate fate = fate_(piece->chunk.number);
    if (fate == Fate::kRequestLost) return Answer(exchange, 503);
    if (fate == Fate::kRefused) return Answer(exchange, 400);
    const bool begins = piece->chunk.number == 0 && piece->chunk.stream != stream_;
    if (!begins && (piece->chunk.stream != stream_ || piece->chunk.number != next_)) {
      return Answer(exchange, 409);
    }
    stream_ = piece->chunk.stream;
    next_ = piece->chunk.number + 1;
    complete_ = piece->chunk.message.has_value();
    taken_.push_back(*std::move(piece));
    if (fate == Fate::kHeld) return held_.push_back(exchange);
    Answer(exchange, fate == Fate::kAnswerLost ? 503 : 204);
  }
  void OnQuestion(const std::shared_ptr<Exchange>& exchange) {
    const std::lock_guard lock(mutex_);
    ++questions_;
    const std::string* const stream = exchange->request().Query("stream");
    if (reach_status_ != 200) return Answer(exchange, reach_status_);
    if (stream == nullptr || *stream != std::to_string(stream_)) return Answer(exchange, 404);
    Answer(exchange, 200, EncodeSnapshotReach({next_, complete_}));
  }

  std::unique_ptr<TestServer> server_;
  uint16_t port_ = 0;
  std::atomic<int> reach_status_{200};
  std::atomic<int> questions_{0};
  std::atomic<int> posts_{0};
  std::mutex mutex_;
  Choose fate_ = [](uint64_t) { return Fate::kTaken; };
  uint64_t stream_ = 0;
  uint64_t next_ = 0;
  bool complete_ = false;
  std::vector<SnapshotPiece> taken_;
  std::vector<std::shared_ptr<Exchange>> held_;
};

class Snapshot final : public node::SnapshotReader {
 public:
  Snapshot(std::deque<std::string> chunks, std::atomic<int>* open)
      : chunks_(std::move(chunks)), open_(open) {
    ++*open_;
  }
  ~Snapshot() override { --*open_; }
  Result<std::string> NextChunk(size_t) override {
    if (chunks_.empty()) return std::string();
    if (chunks_.front() == "broken") return Status(Code::kCorruption, "the table is damaged");
    std::string chunk = std::move(chunks_.front());
    chunks_.pop_front();
    return chunk;
  }
  uint64_t TotalBytesAbout() override { return 20; }

 private:
  std::deque<std::string> chunks_;
  std::atomic<int>* open_;
};

class Outcomes final : public FakeService {
 public:
  void OnSnapshotSent(NodeId, bool arrived) override { ++(arrived ? delivered : failed); }
  std::atomic<int> delivered{0};
  std::atomic<int> failed{0};
};

class SnapshotSenderTest : public testing::Test {
 protected:
  void Start(int64_t bytes_per_second = 1 << 30) {
    link_.cluster_id = FakeService::kClusterId;
    link_.self = NodeId(1);
    link_.peer = NodeId(2);
    link_.address = receiver_.address();
    link_.clock = &clock_;
    link_.logger = &logger_;
    link_.service = &outcomes_;
    options_.thread_name = "snapshot-test";
    options_.snapshot.pause_first_ms = 1;
    options_.snapshot.pause_max_ms = 20;
    bandwidth_ = std::make_unique<SharedTokenBucket>(bytes_per_second, 1);
    auto sender = SnapshotSender::Create(options_, &link_, bandwidth_.get());
    ASSERT_TRUE(sender.ok()) << sender.status().ToString();
    sender_ = *std::move(sender);
    ASSERT_TRUE(sender_->Start().ok());
  }
  ~SnapshotSenderTest() override {
    if (sender_ != nullptr) sender_->Stop();
  }

  void Push(std::deque<std::string> chunks) {
    raft::SnapshotRequest request;
    request.meta->index = Index(90);
    request.meta->term = Term(2);
    request.meta->config.voters = {NodeId(1), NodeId(2)};
    sender_->Push(raft::Message{NodeId(1), NodeId(2), Term(3), request},
                  std::make_unique<Snapshot>(std::move(chunks), &open_));
  }
  // "a b c": the pieces that the receiver took, in order.
  std::string Taken() {
    std::string text;
    for (const SnapshotPiece& piece : receiver_.taken()) {
      if (!text.empty()) text += ' ';
      text += piece.chunk.bytes;
    }
    return text;
  }
  // Piece 1 has these fates, one each time it comes.
  void SecondPiece(std::deque<Fate> fates) {
    receiver_.SetFate([fates = std::move(fates)](uint64_t number) mutable {
      if (number != 1 || fates.empty()) return Fate::kTaken;
      const Fate fate = fates.front();
      fates.pop_front();
      return fate;
    });
  }
  bool Delivered() {
    return Eventually([&] { return outcomes_.delivered == 1; });
  }
  bool Failed() {
    return Eventually([&] { return outcomes_.failed == 1; });
  }

  SystemClock clock_;
  NullLogger logger_;
  Outcomes outcomes_;
  Receiver receiver_;
  std::atomic<int> open_{0};
  SnapshotSenderOptions options_;
  PeerLink link_;
  std::unique_ptr<SharedTokenBucket> bandwidth_;
  std::unique_ptr<SnapshotSender> sender_;
};

TEST_F(SnapshotSenderTest, ALostRequestIsSentAgain) {
  Start();
  SecondPiece({Fate::kRequestLost, Fate::kRequestLost});
  Push({"a", "b", "c"});
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a b c");
  EXPECT_EQ(receiver_.posts(), 5);
  EXPECT_EQ(link_.snapshot_resumes.value(), 2u);
  EXPECT_EQ(link_.snapshot_pieces.value(), 3u);
}

TEST_F(SnapshotSenderTest, WhatOnlyLacksItsAnswerIsNotSentAgain) {
  Start();
  SecondPiece({Fate::kAnswerLost});
  Push({"a", "b", "c"});
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a b c");
  EXPECT_EQ(receiver_.posts(), 3);
}

TEST_F(SnapshotSenderTest, TheLostAnswerToTheLastPieceIsNoFailure) {
  Start();
  SecondPiece({Fate::kAnswerLost});
  Push({"a", "b"});
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a b");
}

TEST_F(SnapshotSenderTest, ABrokenConnectionIsGoneOnFrom) {
  Start();
  SecondPiece({Fate::kHeld});
  Push({"a", "b", "c", "d"});
  ASSERT_TRUE(Eventually([&] { return receiver_.taken().size() == 2; }));
  const uint16_t port = receiver_.port();
  receiver_.StopListening();
  receiver_.Listen(port);
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a b c d");
  EXPECT_EQ(link_.snapshot_resumes.value(), 1u);
}

TEST_F(SnapshotSenderTest, AReceiverThatForgotItsPartMakesItAFailure) {
  Start();
  SecondPiece({Fate::kRequestLost});
  receiver_.SetReachStatus(404);
  Push({"a", "b", "c"});
  ASSERT_TRUE(Failed());
  EXPECT_EQ(Taken(), "a");
  EXPECT_TRUE(Eventually([&] { return open_ == 0; })) << "the copy of the state is let go of";
  receiver_.SetReachStatus(200);
  Push({"a", "b", "c"});
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a a b c");
  EXPECT_NE(receiver_.taken()[0].chunk.stream, receiver_.taken()[1].chunk.stream);
}

TEST_F(SnapshotSenderTest, ABusyReceiverIsAskedAgain) {
  Start();
  SecondPiece({Fate::kAnswerLost});
  receiver_.SetReachStatus(503);
  Push({"a", "b", "c"});
  ASSERT_TRUE(Eventually([&] { return receiver_.questions() >= 3; }));
  EXPECT_EQ(outcomes_.failed, 0);
  receiver_.SetReachStatus(200);
  ASSERT_TRUE(Delivered());
  EXPECT_EQ(Taken(), "a b c");
}

TEST_F(SnapshotSenderTest, AReceiverThatStaysAwayIsGivenUpAfterATime) {
  options_.snapshot.resume_ms = 100;
  Start();
  receiver_.SetFate(
      [](uint64_t number) { return number == 0 ? Fate::kTaken : Fate::kRequestLost; });
  receiver_.SetReachStatus(503);
  const int64_t begun_ms = clock_.MonotonicMs();
  Push({"a", "b"});
  ASSERT_TRUE(Failed());
  EXPECT_GE(clock_.MonotonicMs() - begun_ms, 100);
  EXPECT_EQ(open_, 0);
  EXPECT_FALSE(sender_->Progress().has_value());
}

TEST_F(SnapshotSenderTest, WithoutTheFirstPieceThereIsNothingToGoOnWith) {
  Start();
  receiver_.SetFate([](uint64_t) { return Fate::kRequestLost; });
  Push({"a", "b"});
  ASSERT_TRUE(Failed());
  EXPECT_EQ(receiver_.posts(), 1);
  EXPECT_EQ(receiver_.questions(), 0);
}

TEST_F(SnapshotSenderTest, ARefusalIsTheEnd) {
  Start();
  SecondPiece({Fate::kRefused});
  Push({"a", "b", "c"});
  ASSERT_TRUE(Failed());
  EXPECT_EQ(receiver_.questions(), 0);
  EXPECT_EQ(link_.snapshots_failed.value(), 1u);
}

TEST_F(SnapshotSenderTest, ACancelledOneEndsUntoldAndTheNextBeginsAtOnce) {
  Start(/*bytes_per_second=*/1);  // every piece waits for minutes
  Push({"a", "b"});
  Push({"c"});
  EXPECT_EQ(outcomes_.failed, 1) << "one at a time";
  ASSERT_TRUE(Eventually([&] { return sender_->Progress().has_value(); }));
  sender_->Cancel();
  EXPECT_FALSE(sender_->Progress().has_value());
  Push({"d"});
  EXPECT_EQ(outcomes_.failed, 1) << "a cancelled one is in nobody's way";
  EXPECT_TRUE(Eventually([&] { return open_ == 1; }));
  sender_->Cancel();
  EXPECT_TRUE(Eventually([&] { return open_ == 0; }));
  EXPECT_EQ(receiver_.posts(), 0);
  EXPECT_EQ(outcomes_.failed, 1);
  EXPECT_EQ(outcomes_.delivered, 0);
  EXPECT_EQ(link_.snapshots_cancelled.value(), 2u);
}

TEST_F(SnapshotSenderTest, CancelWithNothingUnderWayChangesNothing) {
  Start();
  sender_->Cancel();
  Push({"a"});
  ASSERT_TRUE(Delivered());
}

TEST_F(SnapshotSenderTest, TheRateIsKept) {
  constexpr int64_t kBytesPerSecond = 1 << 20;
  Start(kBytesPerSecond);
  const int64_t begun_us = clock_.MonotonicUs();
  Push(std::deque<std::string>(4, std::string(64 << 10, 'x')));
  ASSERT_TRUE(Delivered());
  // 256 KiB and the heads; a quarter of a second, but for the byte of the burst.
  EXPECT_GE(clock_.MonotonicUs() - begun_us, 249'000);
}

TEST_F(SnapshotSenderTest, ProgressSaysWhatThePeerHas) {
  Start();
  receiver_.SetFate([](uint64_t number) { return number == 2 ? Fate::kHeld : Fate::kTaken; });
  Push({"aaaaa", "bbbbb", "ccccc", "ddddd"});
  ASSERT_TRUE(Eventually([&] { return receiver_.taken().size() == 3; }));
  const auto progress = sender_->Progress();
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->peer, NodeId(2));
  EXPECT_EQ(progress->pieces, 2u);
  EXPECT_EQ(progress->bytes, 10u);
  EXPECT_EQ(progress->total_bytes, 20u);
  EXPECT_EQ(receiver_.taken()[1].chunk.total_bytes, 20u) << "the receiver is told, too";
}

}  // namespace
}  // namespace baton::http
