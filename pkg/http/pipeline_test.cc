// A pipeline and a peer that does what it is told, both on the test's thread, with a clock that
// stands still unless it is moved.

#include "pkg/http/pipeline.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pkg/http/testing/scripted_peer.h"

namespace baton::http {
namespace {

constexpr char kTaken[] = "HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n";

class PipelineTest : public testing::Test {
 protected:
  void Start(PipelineOptions options = {}, int receive_buffer_bytes = 0) {
    ASSERT_TRUE(wakeup_.Open().ok());
    peer_ = std::make_unique<ScriptedPeer>(receive_buffer_bytes);
    options.target = "/messages";
    options.connect_timeout_ms = 10'000;
    link_.address = "127.0.0.1:" + std::to_string(peer_->port());
    link_.clock = &clock_;
    link_.logger = &logger_;
    pipeline_ = std::make_unique<Pipeline>(options, HostAndPort{"127.0.0.1", peer_->port()}, &link_,
                                           &wakeup_, [this] { return stopped_; });
  }
  // One request has been sent and answered, so that nobody waits for the answers to the next.
  void StartGathering(PipelineOptions options = {}) {
    Start(options);
    Send("timed");
    ASSERT_TRUE(peer_->Accept());
    ExpectRequest("timed");
    peer_->Send(kTaken);
    wakeup_.Ring();  // it is read all the same
    EXPECT_TRUE(See().ok());
    EXPECT_EQ(pipeline_->answered_total(), 1u);
  }
  // Adds, and writes what the kernel takes.
  void Send(const std::string& body, size_t messages = 1, std::vector<uint64_t> forwards = {}) {
    pipeline_->Add(type_, body, {messages, std::move(forwards)});
    const Status advanced = pipeline_->Advance();
    ASSERT_TRUE(advanced.ok()) << advanced.ToString();
  }
  // What the peer has done is seen.
  Status See() {
    pipeline_->Wait();
    return pipeline_->Advance();
  }
  void ExpectRequest(const std::string& body) {
    const auto request = peer_->ReadRequest();
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(*request, body);
  }
  uint64_t RoundTrips() { return link_.round_trip.Read().total; }

  ManualClock clock_;
  NullLogger logger_;
  PeerLink link_;
  Wakeup wakeup_;
  bool stopped_ = false;
  std::string type_ = "text/plain";
  std::unique_ptr<ScriptedPeer> peer_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, RequestsDoNotWaitForAnswers) {
  Start();
  for (const char* body : {"one", "two", "three"}) Send(body);
  ASSERT_TRUE(peer_->Accept());
  for (const char* body : {"one", "two", "three"}) ExpectRequest(body);
  EXPECT_EQ(peer_->head(), "POST /messages HTTP/1.1\r\nHost: " + link_.address +
                               "\r\nContent-Type: text/plain"
                               "\r\nContent-Length: 5");
  EXPECT_EQ(pipeline_->answered_total(), 0u);
  EXPECT_FALSE(link_.reachable);
  clock_.AdvanceMs(7);
  peer_->Send(std::string(kTaken) + kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_EQ(pipeline_->answered_total(), 2u);
  EXPECT_FALSE(pipeline_->empty());
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty());
  EXPECT_TRUE(link_.reachable);
  EXPECT_EQ(RoundTrips(), 1u) << "all were sent within kRoundTripIntervalMs";
  EXPECT_DOUBLE_EQ(link_.round_trip.Read().sum_seconds, 0.007);
  Send("four");
  ExpectRequest("four");
  EXPECT_FALSE(peer_->HasCaller()) << "one connection";
}

TEST_F(PipelineTest, AnAnswerIsNotReadWhileThereIsSomethingElseToDo) {
  StartGathering({.requests_max = 3});
  for (const char* body : {"one", "two"}) {
    Send(body);
    ExpectRequest(body);
    peer_->Send(kTaken);
    wakeup_.Ring();
    EXPECT_TRUE(See().ok());
    EXPECT_EQ(pipeline_->answered_total(), 1u) << body;
  }
  Send("three");
  EXPECT_FALSE(pipeline_->HasRoom());
  wakeup_.Ring();
  EXPECT_TRUE(See().ok());
  EXPECT_EQ(pipeline_->answered_total(), 3u) << "there was no room for a fourth";
  ExpectRequest("three");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty()) << "for a while there was nothing else to do";
}

// At once, though nobody waits for an answer; and what was answered before the end is not sent
// again.
TEST_F(PipelineTest, TheEndOfAConnectionIsSeenWhileAnswersGather) {
  StartGathering();
  for (const char* body : {"one", "two"}) {
    Send(body);
    ExpectRequest(body);
  }
  peer_->Send(kTaken);
  peer_->Close();
  for (int i = 0; i < 2; ++i) {
    wakeup_.Ring();  // there is something else to do
    EXPECT_TRUE(See().ok());
  }
  EXPECT_EQ(pipeline_->answered_total(), 2u);
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("two");
}

// The thread was not allowed to run for long, and a message has come before it looks at the answer.
TEST_F(PipelineTest, WhomNobodyListenedToIsNotSilent) {
  StartGathering({.silence_max_ms = 2'000});
  Send("one");
  ExpectRequest("one");
  peer_->Send(kTaken);
  clock_.AdvanceMs(60'000);
  wakeup_.Ring();
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty());
}

TEST_F(PipelineTest, TheRoundTripIsMeasuredNowAndThen) {
  Start();
  for (const char* body : {"one", "two", "three", "four"}) {
    Send(body);
    if (RoundTrips() == 0) {
      ASSERT_TRUE(peer_->Accept());
    }
    ExpectRequest(body);
    clock_.AdvanceMs(Pipeline::kRoundTripIntervalMs / 2);
    peer_->Send(kTaken);
    EXPECT_TRUE(See().ok());
    EXPECT_TRUE(pipeline_->empty());
  }
  EXPECT_EQ(RoundTrips(), 2u) << "one and three";
  Send("five");
  pipeline_->Clear();
  EXPECT_EQ(RoundTrips(), 2u);
  clock_.AdvanceMs(Pipeline::kRoundTripIntervalMs);
  Send("six");
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("six");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_EQ(RoundTrips(), 3u);
}

TEST_F(PipelineTest, SoManyRequestsInFlightAndNoMore) {
  Start({.requests_max = 3});
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(pipeline_->HasRoom());
    Send("body");
  }
  EXPECT_FALSE(pipeline_->HasRoom());
  EXPECT_DEATH(pipeline_->Add(type_, "one more", {1, {}}), "HasRoom");
  ASSERT_TRUE(peer_->Accept());
  for (int i = 1; i <= 3; ++i) ExpectRequest("body");
  EXPECT_FALSE(peer_->HasBytes());
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->HasRoom());
  Send("body");
  EXPECT_FALSE(pipeline_->HasRoom());
}

TEST_F(PipelineTest, SoManyBytesInFlightAndOneRequestAlways) {
  Start({.bytes_max = 100'000});
  Send(std::string(1 << 20, 'x'));
  EXPECT_FALSE(pipeline_->HasRoom()) << "however large";
  EXPECT_EQ(pipeline_->Clear().messages, 1u);
  EXPECT_TRUE(pipeline_->HasRoom());
  const size_t head_bytes = std::string(
                                "POST /messages HTTP/1.1\r\nHost: \r\nContent-Type: "
                                "text/plain\r\nContent-Length: 99999\r\n\r\n")
                                .size() +
                            link_.address.size();
  Send(std::string(100'000 - head_bytes - 1, 'x'));
  EXPECT_TRUE(pipeline_->HasRoom());
  EXPECT_EQ(pipeline_->Clear().messages, 1u);
  Send(std::string(100'000 - head_bytes, 'x'));
  EXPECT_FALSE(pipeline_->HasRoom());
}

TEST_F(PipelineTest, WhatABrokenConnectionHasNotAnsweredIsSentAgain) {
  Start();
  for (const char* body : {"one", "two", "three"}) Send(body);
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  peer_->Close();  // with two requests unread: a reset
  EXPECT_TRUE(See().ok());
  EXPECT_FALSE(pipeline_->empty());
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("two");
  ExpectRequest("three");
  peer_->Send(std::string(kTaken) + kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty());
}

// Half an answer of the old connection is not the beginning of the first of the new one.
TEST_F(PipelineTest, AnAnswerThatBrokeOffIsForgotten) {
  Start();
  Send("one");
  Send("two");
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  ExpectRequest("two");
  peer_->Send(std::string(kTaken) + "HTTP/1.1 2");
  EXPECT_TRUE(See().ok());
  peer_->Close();
  EXPECT_TRUE(See().ok());
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("two");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty());
}

TEST_F(PipelineTest, AConnectionThatNeverAnsweredIsNotMadeAgain) {
  Start();
  Send("one", 5);
  Send("two", 6);
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  ExpectRequest("two");
  peer_->Close();
  const Status seen = See();
  EXPECT_EQ(seen.code(), Code::kUnavailable);
  EXPECT_EQ(seen.reason(), "connection_broken");
  EXPECT_FALSE(peer_->HasCaller());
  EXPECT_EQ(pipeline_->Clear().messages, 11u) << "the messages that were lost";
  EXPECT_TRUE(pipeline_->empty());
  Send("three");
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("three");
}

TEST_F(PipelineTest, AnIdleConnectionThatEndsCostsNothing) {
  Start();
  Send("one");
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  peer_->Close();
  EXPECT_TRUE(See().ok());
  EXPECT_FALSE(peer_->HasCaller()) << "not before there is something to send";
  Send("two");
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("two");
}

TEST_F(PipelineTest, APeerThatNeverAnswers) {
  Start({.silence_max_ms = 2'000});
  Send("one", 3);
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  clock_.AdvanceMs(1'000);
  Send("two");  // what is sent later does not make it less silent
  clock_.AdvanceMs(999);
  EXPECT_TRUE(pipeline_->Advance().ok());
  clock_.AdvanceMs(1);
  const Status late = pipeline_->Advance();
  EXPECT_EQ(late.code(), Code::kDeadlineExceeded);
  EXPECT_NE(late.message().find("within 2000 ms"), std::string::npos) << late.message();
  EXPECT_EQ(pipeline_->Clear().messages, 4u);
}

TEST_F(PipelineTest, APeerThatAnswersSlowlyIsWaitedFor) {
  Start({.silence_max_ms = 2'000});
  for (int i = 0; i < 8; ++i) Send("body");
  ASSERT_TRUE(peer_->Accept());
  for (int i = 0; i < 8; ++i) {
    clock_.AdvanceMs(1'999);
    peer_->Send(kTaken);
    EXPECT_TRUE(See().ok()) << i;
  }
  EXPECT_TRUE(pipeline_->empty());
  clock_.AdvanceMs(3'600'000);
  EXPECT_TRUE(pipeline_->Advance().ok()) << "nothing is asked, nothing need be answered";
  Send("after an hour");
  clock_.AdvanceMs(2'000);
  EXPECT_FALSE(pipeline_->Advance().ok());
}

TEST_F(PipelineTest, APeerThatAnswersWrongly) {
  const std::map<std::string, std::string> answers = {
      {"SSH-2.0-OpenSSH_9.2\r\n", "malformed_answer"},
      {"HTTP/1.1 200 OK\r\n\r\nwithout a length", "malformed_answer"},
      {std::string(kTaken) + kTaken, "malformed_answer"},  // two to one question
      {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "refused"},
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "refused"},
      {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "refused"},
  };
  Start();
  for (const auto& [answer, reason] : answers) {
    Send("body");
    ASSERT_TRUE(peer_->Accept());
    ExpectRequest("body");
    peer_->Send(answer);
    const Status seen = See();
    EXPECT_EQ(seen.code(), Code::kUnavailable) << answer;
    EXPECT_EQ(seen.reason(), reason) << answer;
    pipeline_->Clear();
  }
}

TEST_F(PipelineTest, TheWordsOfARefusalAreShown) {
  Start();
  Send("body");
  ASSERT_TRUE(peer_->Accept());
  peer_->Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\nwrong_cluster");
  EXPECT_EQ(See().message(), "the peer answered 403 wrong_cluster");
}

// More than the kernels of both sides hold: written as the peer takes it, and as long as it does.
TEST_F(PipelineTest, ASlowReaderGetsEverything) {
  Start({.silence_max_ms = 2'000}, 4096);
  const std::string large(16 << 20, 'x');
  Send(large);
  ASSERT_TRUE(peer_->Accept());
  size_t read = 0;
  const auto read_up_to = [&](size_t bytes) {
    while (read < bytes) {
      while (peer_->HasBytes()) read += peer_->ReadSome().size();
      wakeup_.Ring();  // there may be nothing to wait for
      ASSERT_TRUE(See().ok());
    }
  };
  clock_.AdvanceMs(1'999);
  read_up_to(12 << 20);  // more than was written at first
  clock_.AdvanceMs(1'999);
  ASSERT_TRUE(pipeline_->Advance().ok());
  read_up_to(large.size());
  while (peer_->HasBytes()) peer_->ReadSome();
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->empty());
}

TEST_F(PipelineTest, AReaderThatStopsIsGivenUp) {
  Start({.silence_max_ms = 2'000}, 4096);
  Send(std::string(16 << 20, 'x'));
  ASSERT_TRUE(peer_->Accept());
  clock_.AdvanceMs(1'999);
  EXPECT_TRUE(pipeline_->Advance().ok());
  clock_.AdvanceMs(1);
  EXPECT_EQ(pipeline_->Advance().code(), Code::kDeadlineExceeded);
}

TEST_F(PipelineTest, WhoTakesCborIsRememberedAsLongAsTheConnection) {
  Start();
  Send("one");
  EXPECT_FALSE(pipeline_->takes_cbor());
  ASSERT_TRUE(peer_->Accept());
  peer_->Send("HTTP/1.1 204 No Content\r\nAccept: application/cbor\r\n\r\n");
  EXPECT_TRUE(See().ok());
  EXPECT_TRUE(pipeline_->takes_cbor());
  type_ = "application/cbor";
  Send("two");
  ExpectRequest("one");
  ExpectRequest("two");
  EXPECT_NE(peer_->head().find("Content-Type: application/cbor\r\n"), std::string::npos);
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  EXPECT_FALSE(pipeline_->takes_cbor()) << "it says so no more";
  peer_->Close();
  EXPECT_TRUE(See().ok());
  Send("three");
  EXPECT_FALSE(pipeline_->takes_cbor());
}

constexpr char kNotTaken[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 25\r\n\r\n"
    R"({"outcome":"not_applied"})";

TEST_F(PipelineTest, WhatThePeerSaysItDidNotTakeDidNotArrive) {
  Start();
  Send("one", 2, {1, 2});
  Send("two", 1, {3});
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  peer_->Send(kNotTaken);
  EXPECT_EQ(See().reason(), "refused");
  EXPECT_EQ(pipeline_->Clear().undelivered_forwards, (std::vector<uint64_t>{1, 2}))
      << "and not the second, which was written";
}

TEST_F(PipelineTest, AProxysRefusalLeavesItOpen) {
  Start();
  Send("one", 1, {1});
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  peer_->Send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(See().reason(), "refused");
  EXPECT_TRUE(pipeline_->Clear().undelivered_forwards.empty());
}

TEST_F(PipelineTest, ARefusalOfTheSecondCopyLeavesItOpen) {
  Start();
  Send("one");
  Send("two", 1, {2});
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  ExpectRequest("two");
  peer_->Send(kTaken);
  EXPECT_TRUE(See().ok());
  peer_->Close();
  EXPECT_TRUE(See().ok());
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("two");
  peer_->Send(kNotTaken);
  EXPECT_EQ(See().reason(), "refused");
  EXPECT_TRUE(pipeline_->Clear().undelivered_forwards.empty());
}

TEST_F(PipelineTest, WhatWasWrittenMayHaveArrived) {
  Start();
  Send("one", 1, {1});
  ASSERT_TRUE(peer_->Accept());
  ExpectRequest("one");
  pipeline_->Add(type_, "two", {1, {2}});  // and not written before the end
  peer_->Close();
  const LostCargo lost = pipeline_->Clear();
  EXPECT_EQ(lost.messages, 2u);
  EXPECT_EQ(lost.undelivered_forwards, std::vector<uint64_t>{2});
}

TEST_F(PipelineTest, NobodyThere) {
  Start();
  peer_->StopListening();
  pipeline_->Add(type_, "body", {2, {7}});
  const Status advanced = pipeline_->Advance();
  EXPECT_EQ(advanced.code(), Code::kUnavailable);
  EXPECT_EQ(advanced.reason(), "cannot_connect");
  EXPECT_EQ(pipeline_->Clear().undelivered_forwards, std::vector<uint64_t>{7});
}

TEST_F(PipelineTest, AWaitEndsWhenTheBellRings) {
  Start();
  wakeup_.Ring();
  pipeline_->Wait();  // without a connection
  Send("one");
  ASSERT_TRUE(peer_->Accept());
  wakeup_.Ring();
  pipeline_->Wait();
  EXPECT_TRUE(pipeline_->Advance().ok());
  EXPECT_FALSE(pipeline_->empty());
}

}  // namespace
}  // namespace baton::http
