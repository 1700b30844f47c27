// Runners with their threads: exactly one answer to everything, whatever ends when.
#include "pkg/node/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "pkg/node/inbox.h"
#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/local_cluster.h"

namespace baton::node::testing {
namespace {

NodeConfig FastConfig() {
  NodeConfig config;
  config.tick_ms = 10;
  return config;
}

std::string ReadAndWait(Service& service, const std::string& key) {
  auto answer = std::make_shared<std::promise<std::string>>();
  service.Read(
      Consistency::kLinearizable, Revision(), 10'000, [answer, key](const Result<ReadView>& view) {
        answer->set_value(view.ok() ? ValueOf(key)(view->state) : view.status().ToString());
      });
  return answer->get_future().get();
}

TEST(RunnerTest, ThreeNodesServeWritesAndReads) {
  LocalCluster cluster(3, FastConfig());
  cluster.AwaitLeader();
  for (const NodeId id : cluster.ids()) {
    const auto put = SubmitAndWait(cluster.runner(id), Put("k", std::to_string(id.value())));
    ASSERT_TRUE(put.ok()) << put.status().ToString();
    for (const NodeId reader : cluster.ids()) {
      EXPECT_EQ(ReadAndWait(cluster.runner(reader), "k"), std::to_string(id.value()));
    }
  }
}

TEST(RunnerTest, ManyThreadsGetEachTheirAnswer) {
  LocalCluster cluster(3, FastConfig());
  cluster.AwaitLeader();
  constexpr int kThreads = 6;
  constexpr int kWrites = 50;
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Service& service = cluster.runner(NodeId(static_cast<uint64_t>(t % 3 + 1)));
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        if (!SubmitAndWait(service, Put(key, "v")).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  // Each write made exactly one revision.
  EXPECT_TRUE(Eventually([&] {
    for (const NodeId id : cluster.ids()) {
      const auto status = cluster.runner(id).GetStatus();
      if (status->revision != Revision(kThreads * kWrites)) return false;
      if (status->state_hash != cluster.runner(NodeId(1)).GetStatus()->state_hash) return false;
    }
    return true;
  }));
}

// A leader that has lost its followers, with as many writes pending as it takes.
class FullRunnerTest : public ::testing::Test {
 protected:
  Runner& Fill(uint32_t pending_max) {
    NodeConfig config;
    config.tick_ms = 50;  // it must still lead when it has lost them
    config.pending_proposals_max = pending_max;
    cluster_ = std::make_unique<LocalCluster>(3, config);
    const NodeId leader = cluster_->AwaitLeader();
    for (const NodeId id : cluster_->ids()) {
      if (id != leader) cluster_->Stop(id);
    }
    Runner& runner = cluster_->runner(leader);
    for (uint32_t i = 0; i < pending_max; ++i) {
      runner.Submit(Put("k", "v"), 60'000, [](const Result<coord::Reply>&) {});
    }
    EXPECT_TRUE(Eventually([&] { return runner.GetStatus()->proposals_pending == pending_max; }));
    return runner;
  }

  // Where the step runs that looks at another write.
  static std::thread::id ThreadOfTheStep(Runner& runner) {
    auto thread = std::make_shared<std::promise<std::thread::id>>();
    runner.Submit(Put("k", "v"), 60'000, [thread](const Result<coord::Reply>& reply) {
      EXPECT_EQ(reply.status().reason(), "overloaded") << reply.status().ToString();
      thread->set_value(std::this_thread::get_id());
    });
    return thread->get_future().get();
  }

 private:
  std::unique_ptr<LocalCluster> cluster_;
};

TEST_F(FullRunnerTest, ACalmNodeDoesItsWorkOnTheThreadThatBringsIt) {
  Runner& runner = Fill(1);
  EXPECT_TRUE(Eventually([&] { return ThreadOfTheStep(runner) == std::this_thread::get_id(); }))
      << "as soon as it has had next to nothing to do for a while";
}

TEST_F(FullRunnerTest, ABusyNodeDoesItsWorkOnTheRaftThread) {
  Runner& runner = Fill(2);
  std::set<std::thread::id> threads;
  for (int i = 0; i < 100; ++i) threads.insert(ThreadOfTheStep(runner));
  EXPECT_EQ(threads.size(), 1U);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_F(FullRunnerTest, WhoIsAnsweredInsideTheCallMayAskAgainAtOnce) {
  Runner& runner = Fill(1);
  EXPECT_TRUE(Eventually([&] { return ThreadOfTheStep(runner) == std::this_thread::get_id(); }));
  const auto again = std::make_shared<std::promise<std::string>>();
  runner.Submit(Put("k", "v"), 60'000, [&runner, again](const Result<coord::Reply>&) {
    runner.Submit(Put("k", "w"), 60'000, [again](const Result<coord::Reply>& reply) {
      again->set_value(reply.status().reason());
    });
  });
  EXPECT_EQ(again->get_future().get(), "overloaded");
}

// Whoever does the work: what it leads to is not left lying until the next tick.
TEST(RunnerTest, WritesToACalmClusterNeedNoTicks) {
  NodeConfig config;
  config.tick_ms = 50;
  LocalCluster cluster(3, config);
  cluster.AwaitLeader();
  using Steady = std::chrono::steady_clock;
  constexpr int kWrites = 100;
  const auto before = Steady::now();
  for (int i = 0; i < kWrites; ++i) {
    for (const NodeId id : cluster.ids()) {
      ASSERT_TRUE(SubmitAndWait(cluster.runner(id), Put("k", std::to_string(i))).ok());
    }
    for (const NodeId id : cluster.ids()) {
      EXPECT_EQ(ReadAndWait(cluster.runner(id), "k"), std::to_string(i));
    }
  }
  const auto ticks = (Steady::now() - before) / std::chrono::milliseconds(config.tick_ms);
  EXPECT_LT(ticks, 2 * kWrites) << "and not one for each of three writes and three reads";
}

TEST(RunnerTest, StopAnswersWhatIsPending) {
  LocalCluster cluster(3, FastConfig());
  const NodeId leader = cluster.AwaitLeader();
  for (const NodeId id : cluster.ids()) {
    if (id != leader) cluster.Stop(id);
  }
  // Alone, the leader can neither commit nor confirm a read.
  std::atomic<int> answers{0};
  Runner& runner = cluster.runner(leader);
  const auto expect_shutting_down = [&answers](const Status& status) {
    EXPECT_EQ(status.reason(), "shutting_down") << status.ToString();
    ++answers;
  };
  runner.Submit(Put("k", "v"), 60'000,
                [&](const Result<coord::Reply>& reply) { expect_shutting_down(reply.status()); });
  runner.KeepAlive(SessionId(7), 60'000, [&](const Result<coord::SessionInfo>& info) {
    expect_shutting_down(info.status());
  });
  runner.Acquire(Lock("l", 7, 1'000), 60'000, [&](const Result<AcquireResult>& result) {
    expect_shutting_down(result.status());
  });
  auto sink = std::make_shared<RecordingSink>();
  runner.Watch({}, Revision(), sink);
  cluster.Stop(leader);
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(sink->ends, 1);
  EXPECT_EQ(sink->end.reason(), "shutting_down");
}

TEST(RunnerTest, WhatIsAskedAfterStopIsRefusedInsideTheCall) {
  LocalCluster cluster(1, FastConfig());
  Runner& runner = cluster.runner(NodeId(1));
  runner.Stop();
  int answers = 0;
  runner.Submit(Put("k", "v"), 1'000, [&](const Result<coord::Reply>& reply) {
    EXPECT_EQ(reply.status().reason(), "shutting_down");
    EXPECT_EQ(reply.status().outcome(), Outcome::kNotApplied);
    ++answers;
  });
  EXPECT_EQ(answers, 1);
}

TEST(RunnerTest, DrainOfTheLeaderCostsWritersNoError) {
  LocalCluster cluster(3, FastConfig());
  const NodeId leader = cluster.AwaitLeader();
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::vector<std::string> errors;
  std::mutex errors_mutex;
  std::vector<std::thread> writers;
  for (const NodeId id : cluster.ids()) {
    writers.emplace_back([&, id] {
      // Without idempotency key: nothing may ever be of unknown fate.
      while (!stop && (id != leader || written < 100)) {
        const auto put = SubmitAndWait(cluster.runner(id), Put("k", "v"));
        if (put.ok()) {
          ++written;
          continue;
        }
        const std::lock_guard<std::mutex> lock(errors_mutex);
        errors.push_back(put.status().ToString());
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return written >= 100; }));
  EXPECT_TRUE(cluster.runner(leader).Drain(10'000).ok());
  const int before = written;
  EXPECT_TRUE(Eventually([&] { return written >= before + 50; }));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(errors, std::vector<std::string>());
}

TEST(RunnerTest, AFailedLogWriteIsFatalAndNothingIsAcknowledged) {
  LocalCluster cluster(1, FastConfig());
  ASSERT_TRUE(SubmitAndWait(cluster.runner(NodeId(1)), Put("k", "v")).ok());
  cluster.log(NodeId(1)).FailWrites(Status(Code::kIo, "the disk is gone"));
  std::atomic<int> answers{0};
  cluster.runner(NodeId(1)).Submit(Put("k", "w"), 60'000, [&](const Result<coord::Reply>& reply) {
    EXPECT_FALSE(reply.ok());
    EXPECT_EQ(reply.status().outcome(), Outcome::kUnknown);
    ++answers;
  });
  EXPECT_TRUE(Eventually([&] { return !cluster.fatal_errors().empty(); }));
  EXPECT_EQ(cluster.fatal_errors().front().code(), Code::kIo);
  cluster.Stop(NodeId(1));
  EXPECT_EQ(answers, 1);
}

TEST(RunnerTest, ANodeThatWasAwayGetsASnapshot) {
  NodeConfig config = FastConfig();
  config.log_entries_max = 50;
  config.log_entries_kept = 5;
  LocalCluster cluster(3, config);
  const NodeId leader = cluster.AwaitLeader();
  const NodeId away = leader == NodeId(1) ? NodeId(2) : NodeId(1);
  cluster.Stop(away);
  uint64_t puts = 0;
  // The log is kept for a follower that was heard a moment ago.
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(SubmitAndWait(cluster.runner(leader), Put(std::to_string(++puts), "v")).ok());
    return cluster.runner(leader).GetStatus()->raft.first_index > Index(100);
  }));
  cluster.Start(away);
  EXPECT_TRUE(
      Eventually([&] { return cluster.runner(away).GetStatus()->revision == Revision(puts); }));
  EXPECT_GE(cluster.runner(away).metrics().snapshots_installed.value(), 1U);
}

TEST(RunnerTest, BadCommandsAreRefusedInsideTheCall) {
  LocalCluster cluster(1, FastConfig());
  std::vector<Code> codes;
  cluster.runner(NodeId(1)).Submit(Put("", "v"), 1'000, [&](const Result<coord::Reply>& reply) {
    codes.push_back(reply.status().code());
  });
  const auto refused = [&](const Result<AcquireResult>& result) {
    codes.push_back(result.status().code());
  };
  cluster.runner(NodeId(1)).Acquire(Put("k", "no lock at all"), 1'000, refused);
  cluster.runner(NodeId(1)).Acquire(Lock("", 1, 0), 1'000, refused);
  ASSERT_EQ(codes.size(), 3U);
  EXPECT_EQ(codes[1], Code::kInvalidArgument);
  for (const Code code : codes) EXPECT_NE(code, Code::kOk);
}

// Nobody takes from the inbox of a runner that was not started.
TEST(RunnerTest, PiecesOfSnapshotsCountAgainstTheInboxesBytes) {
  std::vector<std::string> answers;
  {
    MemoryLogStore log;
    MemoryStateStore state;
    LocalNetwork network;
    LocalTransport transport(&network, NodeId(1));
    SystemClock clock;
    NullLogger logger;
    NodeConfig config = FastConfig();
    config.id = NodeId(1);
    config.cluster_id = kLocalClusterId;
    config.voters = {NodeId(1), NodeId(2)};
    auto runner = Runner::Create(config, {&log, &state, &transport, &clock, &logger});
    ASSERT_TRUE(runner.ok()) << runner.status().ToString();
    const auto give = [&](size_t bytes) {
      Service::SnapshotChunk chunk;
      chunk.from = NodeId(2);
      chunk.bytes.assign(bytes, 'x');
      (*runner)->OnSnapshotChunk(std::move(chunk), [&answers](const Status& status) {
        answers.push_back(status.reason());
      });
    };
    give(Inbox::kBytesMax - 1);
    give(1);
    EXPECT_TRUE(answers.empty());
    give(1);
    EXPECT_EQ(answers, std::vector<std::string>{"overloaded"});
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"overloaded", "shutting_down", "shutting_down"}));
}

TEST(RunnerTest, ForeignEnvelopesAreRefusedAtOnce) {
  LocalCluster cluster(3, FastConfig());
  PeerEnvelope envelope;
  envelope.cluster_id = "ffffffffffffffff";
  envelope.from = NodeId(2);
  envelope.to = NodeId(1);
  EXPECT_EQ(cluster.runner(NodeId(1)).Deliver(envelope).reason(), "wrong_cluster");
  envelope.cluster_id = kLocalClusterId;
  envelope.from = NodeId(1);
  EXPECT_EQ(cluster.runner(NodeId(1)).Deliver(envelope).reason(), "unknown_peer");
  envelope.from = NodeId(2);
  envelope.to = NodeId(3);
  EXPECT_EQ(cluster.runner(NodeId(1)).Deliver(envelope).reason(), "wrong_receiver");
  EXPECT_EQ(cluster.runner(NodeId(1)).metrics().peer_envelopes_rejected.value(), 3U);
}

}  // namespace
}  // namespace baton::node::testing
