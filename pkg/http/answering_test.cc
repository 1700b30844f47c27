// The parts between a handler's thread and the loop: the queue, the stream buffer, the exchange.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "pkg/http/exchange.h"
#include "pkg/http/loop_queue.h"
#include "pkg/http/server_counters.h"
#include "pkg/http/stream_buffer.h"

namespace baton::http {
namespace {

TEST(LoopQueue, WakesOncePerBurst) {
  int wakes = 0;
  LoopQueue queue([&] { ++wakes; });
  std::string order;
  queue.Post([&] { order += "a"; });
  queue.Post([&] { order += "b"; });
  EXPECT_EQ(wakes, 1);
  queue.RunPending();
  EXPECT_EQ(order, "ab");
  queue.Post([&] { order += "c"; });
  EXPECT_EQ(wakes, 2);
}

TEST(LoopQueue, WorkPostedByWorkWaitsForTheNextRound) {
  int wakes = 0;
  LoopQueue queue([&] { ++wakes; });
  int runs = 0;
  queue.Post([&] { queue.Post([&] { ++runs; }); });
  queue.RunPending();
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(wakes, 2);
  queue.RunPending();
  EXPECT_EQ(runs, 1);
}

// A batch of answers that another thread makes while the loop sends the first of them.
TEST(LoopQueue, WorkPostedWhileItRunsCostsItsPosterNoWakeUp) {
  int wakes = 0;
  LoopQueue queue([&] { ++wakes; });
  int runs = 0;
  queue.Post([&] {
    std::thread([&] {
      for (int i = 0; i < 100; ++i) queue.Post([&] { ++runs; });
    }).join();
    EXPECT_EQ(wakes, 1);
  });
  queue.RunPending();
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(wakes, 2);
  queue.RunPending();
  EXPECT_EQ(runs, 100);
  EXPECT_EQ(wakes, 2);
  queue.Post([] {});
  EXPECT_EQ(wakes, 3);
}

TEST(LoopQueue, WorkPostedBeforeItIsClosedAsksForNoRound) {
  int wakes = 0;
  LoopQueue queue([&] { ++wakes; });
  queue.Post([&] {
    queue.Post([] { FAIL(); });
    queue.Close();
  });
  queue.RunPending();
  EXPECT_EQ(wakes, 1);
}

TEST(LoopQueue, ClosedItDropsWork) {
  LoopQueue queue([] {});
  const auto held = std::make_shared<int>(1);
  queue.Post([held] { FAIL(); });
  queue.Close();
  EXPECT_EQ(held.use_count(), 1);
  queue.Post([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
  queue.RunPending();
}

// Work that posts when it is destroyed must not deadlock.
TEST(LoopQueue, DroppedWorkMayPost) {
  LoopQueue queue([] {});
  const std::shared_ptr<void> poster(nullptr, [&](void*) { queue.Post([] {}); });
  queue.Post([poster] {});
  queue.Close();
  queue.Post([poster] {});
}

TEST(LoopQueue, TakesWorkFromManyThreads) {
  std::atomic<int> wakes{0};
  LoopQueue queue([&] { ++wakes; });
  int runs = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) queue.Post([&] { ++runs; });
    });
  }
  while (runs < 2000) queue.RunPending();
  for (std::thread& thread : threads) thread.join();
  queue.RunPending();
  EXPECT_EQ(runs, 4000);
  EXPECT_LE(wakes.load(), 4000);
}

std::shared_ptr<StreamBudget> Budget(size_t bytes) { return std::make_shared<StreamBudget>(bytes); }

using Appended = StreamBuffer::Appended;

std::string BytesOf(const StreamBuffer::Taken& taken) {
  std::string bytes;
  for (const OutputPiece& piece : taken.pieces) bytes += piece.view();
  return bytes;
}

TEST(StreamBuffer, EncodesChunks) {
  StreamBuffer buffer(Budget(1000), 1000, true);
  EXPECT_NE(buffer.Append("hello"), Appended::kRefused);
  EXPECT_NE(buffer.Append(""), Appended::kRefused);
  EXPECT_NE(buffer.Append("0123456789abcdef"), Appended::kRefused);
  EXPECT_EQ(BytesOf(buffer.Take()), "5\r\nhello\r\n10\r\n0123456789abcdef\r\n");
  buffer.Close();
  const StreamBuffer::Taken end = buffer.Take();
  EXPECT_TRUE(end.closed);
  EXPECT_EQ(BytesOf(end), "0\r\n\r\n");
}

TEST(StreamBuffer, ToOldClientsItSendsBytes) {
  StreamBuffer buffer(Budget(1000), 1000, false);
  buffer.Append("hello");
  buffer.Close();
  EXPECT_EQ(BytesOf(buffer.Take()), "hello");
}

TEST(StreamBuffer, OverItsBoundItRefusesForGood) {
  StreamBuffer buffer(Budget(1000), 20, true);
  EXPECT_NE(buffer.Append("0123456789"), Appended::kRefused);  // 15 with its frame
  EXPECT_EQ(buffer.Append("0123456789"), Appended::kRefused);  // 30
  EXPECT_EQ(buffer.Append("x"), Appended::kRefused);           // a gap would be worse than an end
  EXPECT_EQ(BytesOf(buffer.Take()), "a\r\n0123456789\r\n");
}

TEST(StreamBuffer, WhatIsTakenCountsUntilItIsSent) {
  const auto budget = Budget(1000);
  StreamBuffer buffer(budget, 20, false);
  EXPECT_NE(buffer.Append("0123456789"), Appended::kRefused);
  buffer.Take();
  EXPECT_EQ(budget->used(), 10u);
  buffer.SetUnsent(5);
  EXPECT_EQ(budget->used(), 5u);
  EXPECT_NE(buffer.Append("0123456789abcde"), Appended::kRefused);
  EXPECT_EQ(buffer.Append("x"), Appended::kRefused);
}

TEST(StreamBuffer, AllStreamsShareABudget) {
  const auto budget = Budget(15);
  StreamBuffer first(budget, 1000, false);
  {
    StreamBuffer second(budget, 1000, false);
    EXPECT_NE(first.Append("0123456789"), Appended::kRefused);
    EXPECT_NE(second.Append("01234"), Appended::kRefused);
    EXPECT_EQ(first.Append("x"), Appended::kRefused);
  }
  EXPECT_EQ(budget->used(), 10u);
  first.Stop();
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_EQ(first.Append("x"), Appended::kRefused);
}

TEST(StreamBuffer, OnePieceMayBeLargerThanTheBound) {
  StreamBuffer buffer(Budget(1000), 20, false);
  EXPECT_NE(buffer.Append(std::string(100, 'x')), Appended::kRefused);
  buffer.Take();
  buffer.SetUnsent(0);
  EXPECT_NE(buffer.Append(std::string(100, 'x')), Appended::kRefused) << "the reader has it all";
  EXPECT_EQ(buffer.Append("y"), Appended::kRefused);
  StreamBuffer poor(Budget(50), 20, false);
  EXPECT_EQ(poor.Append(std::string(100, 'x')), Appended::kRefused) << "the budget is for all";
}

TEST(StreamBuffer, TheLastPieceIsTakenOverTheBound) {
  StreamBuffer buffer(Budget(10'000), 20, true);
  buffer.Append("0123456789");
  EXPECT_EQ(buffer.Append("0123456789"), Appended::kRefused);
  buffer.CloseWith("good bye");
  const StreamBuffer::Taken taken = buffer.Take();
  EXPECT_TRUE(taken.closed);
  EXPECT_EQ(BytesOf(taken), "a\r\n0123456789\r\n8\r\ngood bye\r\n0\r\n\r\n");

  StreamBuffer empty(Budget(10'000), 20, true);
  empty.CloseWith("");
  EXPECT_EQ(BytesOf(empty.Take()), "0\r\n\r\n");
  StreamBuffer too_long(Budget(10'000), 20, true);
  too_long.CloseWith(std::string(StreamBuffer::kLastPieceBytesMax + 1, 'x'));
  EXPECT_EQ(BytesOf(too_long.Take()), "0\r\n\r\n");
  StreamBuffer stopped(Budget(10'000), 20, true);
  stopped.Stop();
  stopped.CloseWith("nobody hears it");
  EXPECT_EQ(BytesOf(stopped.Take()), "");
}

TEST(StreamBuffer, TheLastPieceIsTakenOverTheBudget) {
  const std::string last(StreamBuffer::kLastPieceBytesMax, 'z');
  for (const size_t used : {999u, 1000u}) {
    const auto budget = Budget(1000);
    StreamBuffer others(budget, 1000, false);
    EXPECT_NE(others.Append(std::string(used, 'x')), Appended::kRefused);
    {
      StreamBuffer evicted(budget, 1000, false);
      EXPECT_EQ(evicted.Append("xx"), Appended::kRefused);
      evicted.CloseWith(last);
      EXPECT_EQ(budget->used(), used + last.size()) << "it is charged, too";
      const StreamBuffer::Taken taken = evicted.Take();
      EXPECT_TRUE(taken.closed);
      EXPECT_EQ(BytesOf(taken), last);
      // Far beyond.
      StreamBuffer next(budget, 1000, false);
      EXPECT_EQ(next.Append("x"), Appended::kRefused);
      next.CloseWith("bye");
      EXPECT_EQ(BytesOf(next.Take()), "bye");
    }
    EXPECT_EQ(budget->used(), used);
  }
}

TEST(StreamBuffer, SaysWhenTheLoopMustBeTold) {
  StreamBuffer buffer(Budget(1000), 1000, true);
  EXPECT_EQ(buffer.Append(""), Appended::kMore);
  EXPECT_EQ(buffer.Append("a"), Appended::kFirst);
  EXPECT_EQ(buffer.Append("b"), Appended::kMore);
  buffer.Take();
  EXPECT_EQ(buffer.Append("c"), Appended::kFirst);
}

TEST(StreamBuffer, TheFirstEndCounts) {
  StreamBuffer closed(Budget(10), 10, true);
  closed.Close();
  closed.Abandon();
  EXPECT_TRUE(closed.Take().closed);
  EXPECT_FALSE(closed.Take().abandoned);
  StreamBuffer abandoned(Budget(10), 10, true);
  abandoned.Abandon();
  abandoned.Close();
  EXPECT_FALSE(abandoned.Take().closed);
  EXPECT_TRUE(abandoned.Take().abandoned);
}

// Writes down what an exchange asks of its connection.
class RecordingSink final : public AnswerSink {
 public:
  void Answer(uint64_t, Response response) override {
    log += std::to_string(response.status) + " ";
  }
  void AnswerDropped(uint64_t) override { log += "dropped "; }
  void AnswerWithStream(uint64_t, Response head, std::shared_ptr<StreamBuffer> taken) override {
    log += "stream" + std::to_string(head.status) + " ";
    stream = std::move(taken);
  }
  void SetClientGone(uint64_t, std::function<void()>) override { log += "gone "; }
  void Resume() override { log += "resume "; }
  Turn turn() const override { return its_turn; }

  std::string log;
  std::shared_ptr<StreamBuffer> stream;
  Turn its_turn = Turn::kOwn;
};

class ExchangeTest : public testing::Test {
 protected:
  std::shared_ptr<Exchange> Make(const std::string& method = "GET") {
    auto request = std::make_shared<Request>();
    request->method = method;
    ExchangeParts parts;
    parts.request = request;
    parts.sink = sink_;
    parts.queue = queue_;
    parts.stream_budget = Budget(1000);
    parts.stream_buffer_bytes_max = 1000;
    parts.logger = &logger_;
    return MakeExchange(std::move(parts));
  }

  NullLogger logger_;
  std::shared_ptr<LoopQueue> queue_ = std::make_shared<LoopQueue>([] {});
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
};

TEST_F(ExchangeTest, TheFirstAnswerCounts) {
  queue_->Enter();
  const auto exchange = Make();
  exchange->Respond(Response::Text(200, ""));
  exchange->Respond(Response::Text(201, ""));
  EXPECT_FALSE(exchange->StartStream(Response::Text(202, ""))->Write("x"));
  EXPECT_EQ(sink_->log, "200 ");
}

TEST_F(ExchangeTest, DroppedItSaysSo) {
  queue_->Enter();
  Make();
  EXPECT_EQ(sink_->log, "dropped ");
}

TEST_F(ExchangeTest, AnsweredElsewhereItWaitsForTheLoop) {
  auto exchange = Make();
  std::thread([&] {
    exchange->Respond(Response::Text(200, ""));
    exchange.reset();
  }).join();
  EXPECT_EQ(sink_->log, "");
  queue_->RunPending();
  EXPECT_EQ(sink_->log, "200 resume ");
}

TEST_F(ExchangeTest, OutsideItsHandlerTheConnectionResumesAtOnce) {
  queue_->Enter();
  sink_->its_turn = AnswerSink::Turn::kFree;
  const auto exchange = Make();
  exchange->Respond(Response::Text(200, ""));
  EXPECT_EQ(sink_->log, "200 resume ");
  queue_->RunPending();
  EXPECT_EQ(sink_->log, "200 resume ");
}

TEST_F(ExchangeTest, WhileAnotherConnectionIsAtWorkItResumesLater) {
  queue_->Enter();
  sink_->its_turn = AnswerSink::Turn::kOthers;
  const auto exchange = Make();
  exchange->Respond(Response::Text(200, ""));
  EXPECT_EQ(sink_->log, "200 ");
  queue_->RunPending();
  EXPECT_EQ(sink_->log, "200 resume ");
}

TEST_F(ExchangeTest, AStreamThatBeginsOutsideItsHandlerWaitsForWhatIsWrittenAtOnce) {
  queue_->Enter();
  sink_->its_turn = AnswerSink::Turn::kFree;
  const auto exchange = Make();
  const auto stream = exchange->StartStream(Response::Text(200, "first"));
  EXPECT_TRUE(stream->Write("second"));
  EXPECT_EQ(sink_->log, "stream200 ");
  queue_->RunPending();
  EXPECT_EQ(sink_->log, "stream200 resume ");
}

TEST_F(ExchangeTest, OutlivesItsConnectionAndTheLoop) {
  const auto exchange = Make();
  const auto other = Make();
  sink_.reset();
  exchange->Respond(Response::Text(200, ""));
  queue_->RunPending();
  queue_->Close();
  other->Respond(Response::Text(200, ""));
  exchange->Post([] { FAIL(); });
  queue_->RunPending();
}

TEST_F(ExchangeTest, WithoutItsConnectionAStreamRefusesAndTheClientIsGone) {
  queue_->Enter();
  const auto exchange = Make();
  sink_.reset();
  const auto stream = exchange->StartStream(Response::Text(200, "first"));
  EXPECT_FALSE(stream->Write("nobody would take it"));
  int gone = 0;
  exchange->OnClientGone([&] { ++gone; });
  EXPECT_EQ(gone, 1);
}

TEST_F(ExchangeTest, AStreamThatDoesNotReachTheLoopRefuses) {
  const auto late = Make();
  const auto later = Make();
  const auto dropped = late->StartStream(Response::Text(200, "first"));
  EXPECT_TRUE(dropped->Write("it may still arrive"));
  queue_->Close();
  EXPECT_FALSE(dropped->Write("nobody would take it"));
  EXPECT_FALSE(later->StartStream(Response::Text(200, "first"))->Write("nor this"));
}

TEST_F(ExchangeTest, AStreamStartsWithTheBodyOfItsHead) {
  queue_->Enter();
  const auto exchange = Make();
  const auto stream = exchange->StartStream(Response::Text(200, "first"));
  EXPECT_TRUE(stream->Write("second"));
  stream->Close();
  EXPECT_FALSE(stream->Write("third"));
  EXPECT_EQ(sink_->log, "stream200 ");
  EXPECT_EQ(BytesOf(sink_->stream->Take()), "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
}

TEST_F(ExchangeTest, AStreamToHeadTakesNothing) {
  queue_->Enter();
  const auto stream = Make("HEAD")->StartStream(Response::Text(200, "first"));
  EXPECT_FALSE(stream->Write("second"));
}

TEST_F(ExchangeTest, AStreamThatIsDroppedIsAbandoned) {
  queue_->Enter();
  Make()->StartStream(Response::Text(200, ""));
  EXPECT_TRUE(sink_->stream->Take().abandoned);
}

TEST_F(ExchangeTest, PostedWorkMayThrow) {
  const auto exchange = Make();
  exchange->Post([] { throw 1; });
  queue_->RunPending();
}

TEST(ServerCounters, TheirKeysAreBounded) {
  ServerCounters counters;
  counters.CountResponse("/v1/kv/{key...}", "GET", 200, 1000);
  counters.CountResponse("/v1/kv/{key...}", "GET", 200, 1000);
  for (int i = 0; i < 1000; ++i) {
    const std::string method = "M";
    counters.CountResponse("", method + std::to_string(i), 404, 1000);
  }
  const ServerStats stats = counters.Read();
  ASSERT_EQ(stats.requests.size(), 2u);
  EXPECT_EQ(stats.requests[0].route, "/v1/kv/{key...}");
  EXPECT_EQ(stats.requests[0].total, 2u);
  EXPECT_EQ(stats.requests[1].route, "other");
  EXPECT_EQ(stats.requests[1].method, "OTHER");
  EXPECT_EQ(stats.requests[1].total, 1000u);
  ASSERT_EQ(stats.latency_by_route.size(), 2u);
  EXPECT_EQ(stats.latency_by_route[0].second.total, 2u);
}

}  // namespace
}  // namespace baton::http
