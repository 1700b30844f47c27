#include "test/chaos/client.h"

#include <gtest/gtest.h>

#include <memory>

#include "test/chaos/proxy/proxy.h"
#include "test/chaos/proxy/recording_server.h"

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;

Operation Put(const std::string& value) {
  Operation put;
  put.kind = Kind::kPut;
  put.key = "a";
  put.value = value;
  return put;
}

// Two nodes that take everything, each behind a link of a proxy.
class ClientTest : public testing::Test {
 protected:
  ClientTest() : proxy(Proxy::Start(1)) {
    for (int node = 0; node < 2; ++node) {
      links[node] = *proxy->AddLink("127.0.0.1", {"127.0.0.1", servers[node].port()});
      options.urls.push_back("http://127.0.0.1:" + std::to_string(links[node].port));
    }
    options.number = 7;
    options.home = 0;
    options.attempt_timeout_ms = 100;
    options.patience_ms = 1500;
  }

  Operation Do(Operation operation, const Client::Call& call = {}) {
    Client client(options, &recorder);
    return client.Do(std::move(operation), call);
  }

  RecordingServer servers[2];
  std::unique_ptr<Proxy> proxy;
  Proxy::Link links[2];
  ClientOptions options;
  Recorder recorder;
};

TEST_F(ClientTest, WhatHappensIsRecorded) {
  const Operation done = Do(Put("1"));
  EXPECT_EQ(done.outcome, Outcome::kOk);
  EXPECT_EQ(done.client, 7u);
  EXPECT_EQ(done.node, 1u);
  EXPECT_EQ(done.attempts, 1u);
  ASSERT_TRUE(done.return_us.has_value());
  EXPECT_LE(done.call_us, *done.return_us);
  EXPECT_EQ(recorder.acknowledged(), 1u);
  const history::History history = recorder.Take();
  ASSERT_EQ(history.operations.size(), 1u);
  EXPECT_EQ(history.operations[0], done);
  EXPECT_EQ(recorder.Take().size(), 0u);
}

TEST_F(ClientTest, AnAnswerThatIsLostIsAskedForAgainElsewhere) {
  proxy->SetFaults(links[0].id, {.lost_answers_per_mille = 1000});
  const Operation done = Do(Put("1"));
  EXPECT_EQ(done.outcome, Outcome::kOk);
  EXPECT_EQ(done.node, 2u);
  EXPECT_GT(done.attempts, 1u);
}

TEST_F(ClientTest, WhoDoesNotAskAgainDoesNotKnow) {
  proxy->SetFaults(links[0].id, {.lost_answers_per_mille = 1000});
  const Operation done = Do(Put("1"), {.is_retried = false});
  EXPECT_EQ(done.outcome, Outcome::kUnknown);
  EXPECT_EQ(done.error, "connection_broken");
  EXPECT_EQ(done.return_us, std::nullopt);
  EXPECT_EQ(servers[0].bodies().size(), 1u);
}

TEST_F(ClientTest, WhatDidNotArriveDidNotHappen) {
  options.urls[0] = "http://127.0.0.1:1";
  const Operation done = Do(Put("1"), {.is_retried = false});
  EXPECT_EQ(done.outcome, Outcome::kNotApplied);
  EXPECT_EQ(done.error, "cannot_connect");
}

// The first attempt may have happened, and the others are told that they did not.
TEST_F(ClientTest, OneUnknownAttemptLeavesAllUnknown) {
  options.urls[1] = "http://127.0.0.1:1";
  proxy->SetFaults(links[0].id, {.drops_to_source = true});
  options.patience_ms = 300;
  const Operation done = Do(Put("1"));
  EXPECT_EQ(done.outcome, Outcome::kUnknown);
  EXPECT_GE(servers[0].bodies().size(), 1u);
}

TEST_F(ClientTest, AReadThatFailsHasNotHappened) {
  proxy->SetFaults(links[0].id, {.lost_answers_per_mille = 1000});
  Operation read;
  read.kind = Kind::kGet;
  read.key = "a";
  EXPECT_EQ(Do(read, {.is_retried = false}).outcome, Outcome::kNotApplied);
}

}  // namespace
}  // namespace baton::chaos
