// Whole runs against a server that the test plays: what is asked, what is counted, and that nothing
// is left behind.
#include "pkg/load/run.h"

#include <gtest/gtest.h>

#include "pkg/load/testing/fake_baton.h"

namespace baton::load {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

class RunTest : public ::testing::Test {
 protected:
  // A number of operations, so that a test ends when they are done.
  Settings Make(Bench bench, uint64_t total) const {
    Settings settings;
    settings.bench = bench;
    settings.endpoints = {fake_.url()};
    settings.prefix = "t/";
    settings.clients = 4;
    settings.connections = 4;
    settings.keys = 10;
    settings.total = total;
    settings.duration_ms = 60'000;
    settings.watchers = 3;
    return settings;
  }

  static Report Run(const Settings& settings, const RunHooks& hooks = {}) {
    Result<Report> report = RunLoad(settings, hooks);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *std::move(report) : Report();
  }

  void ExpectNothingLeft(const Report& report) const {
    EXPECT_EQ(report.left_behind, 0u);
    EXPECT_EQ(fake_.keys(), 0u);
    EXPECT_EQ(fake_.sessions(), 0u);
    EXPECT_EQ(fake_.holders(), 0u);
    EXPECT_FALSE(fake_.broken());
  }

  static uint64_t CountOf(const Report& report, Measure measure) {
    return report.recorder.latency(measure).count();
  }

  FakeBaton fake_;
};

TEST_F(RunTest, Put) {
  const Report report = Run(Make(Bench::kPut, 200));
  EXPECT_EQ(report.recorder.operations(), 200u);
  EXPECT_EQ(report.recorder.operations_in_time(), 200u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  EXPECT_EQ(CountOf(report, Measure::kPut), 200u);
  EXPECT_GT(report.recorder.latency(Measure::kPut).min(), 0);
  EXPECT_GT(report.seconds, 0);
  EXPECT_GT(report.rate, 0);
  EXPECT_EQ(fake_.calls("PUT /v1/kv/{key...}"), 200u);
  EXPECT_EQ(fake_.first_key().size(), 32u);
  EXPECT_TRUE(fake_.first_key().starts_with("t/000"));
  ExpectNothingLeft(report);
}

TEST_F(RunTest, KeepLeavesTheKeys) {
  Settings settings = Make(Bench::kPut, 10);
  settings.keep = true;
  settings.sequential = true;
  const Report report = Run(settings);
  EXPECT_EQ(fake_.keys(), 10u);
  EXPECT_EQ(report.left_behind, 0u);
}

TEST_F(RunTest, GetReadsWhatIsThere) {
  const Report report = Run(Make(Bench::kGet, 100));
  EXPECT_EQ(CountOf(report, Measure::kGet), 100u);
  EXPECT_EQ(CountOf(report, Measure::kPut), 0u);  // what comes before the run is not measured
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  EXPECT_EQ(fake_.calls("PUT /v1/kv/{key...}"), 10u);
  EXPECT_FALSE(fake_.saw_stale_read());
  ExpectNothingLeft(report);
}

TEST_F(RunTest, StaleReads) {
  fake_.Lag();
  Settings settings = Make(Bench::kGet, 10);
  settings.stale = true;
  const Report report = Run(settings);
  EXPECT_TRUE(fake_.saw_stale_read());
  EXPECT_EQ(CountOf(report, Measure::kGet), 10u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
}

TEST_F(RunTest, WhoDoesNotShowWhatIsPreparedIsSaid) {
  Settings settings = Make(Bench::kGet, 10);
  settings.stale = true;
  settings.timeout_ms = 1'000;
  fake_.RefuseAfter(settings.keys, "/v1/kv/", 503, "no_leader");
  const Result<Report> report = RunLoad(settings, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.status().reason(), "not_prepared");
  EXPECT_EQ(report.status().message(),
            fake_.url() + " does not show what the run needs: no_leader");
}

TEST_F(RunTest, StaleReadsWaitForAnElection) {
  Settings settings = Make(Bench::kGet, 10);
  settings.stale = true;
  fake_.RefuseEvery(settings.keys + 1, "/v1/kv/", 503, "no_leader");  // the first after the keys
  const Report report = Run(settings);
  EXPECT_EQ(CountOf(report, Measure::kGet) + report.recorder.errors_total(), 10u);
}

TEST_F(RunTest, ALockForEachClient) {
  const Report report = Run(Make(Bench::kLock, 100));
  EXPECT_EQ(report.recorder.operations(), 100u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  for (const Measure measure : {Measure::kAcquire, Measure::kRelease, Measure::kLock}) {
    EXPECT_EQ(CountOf(report, measure), 100u);
  }
  EXPECT_EQ(CountOf(report, Measure::kHandOver), 0u);
  EXPECT_EQ(fake_.calls("POST /v1/sessions"), 4u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, ALockThatAllWant) {
  for (const uint64_t threads : {1, 2}) {
    Settings settings = Make(Bench::kLock, 100);
    settings.clients = 8;
    settings.connections = 8;
    settings.locks = threads;
    settings.threads = threads;
    const Report report = Run(settings);
    EXPECT_EQ(report.recorder.operations(), 100u);
    EXPECT_EQ(report.recorder.errors_total(), 0u);
    EXPECT_GT(CountOf(report, Measure::kHandOver), 50u);
    ExpectNothingLeft(report);
  }
}

TEST_F(RunTest, LivesOfSessionsBesideIdleOnes) {
  Settings settings = Make(Bench::kSession, 20);
  settings.keepalives = 3;
  settings.idle_sessions = 250;
  settings.ttl_ms = 1000;
  settings.rate_per_s = 100;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.operations(), 20u);
  EXPECT_EQ(CountOf(report, Measure::kCreate), 20u);
  EXPECT_EQ(CountOf(report, Measure::kKeepalive), 60u);
  EXPECT_EQ(CountOf(report, Measure::kClose), 20u);
  EXPECT_GT(CountOf(report, Measure::kIdleKeepalive), 10u);
  EXPECT_EQ(fake_.calls("POST /v1/sessions"), 270u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, Mixed) {
  const Report report = Run(Make(Bench::kMixed, 1000));
  EXPECT_EQ(report.recorder.operations(), 1000u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  EXPECT_GT(CountOf(report, Measure::kGet), 700u);
  EXPECT_GT(CountOf(report, Measure::kPut), 100u);
  EXPECT_GT(CountOf(report, Measure::kLock), 10u);
  EXPECT_EQ(CountOf(report, Measure::kGet) + CountOf(report, Measure::kPut) +
                CountOf(report, Measure::kLock),
            1000u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, Watch) {
  const Report report = Run(Make(Bench::kWatch, 50));
  EXPECT_EQ(report.recorder.operations(), 50u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  EXPECT_EQ(CountOf(report, Measure::kDelivery), 50u);
  EXPECT_EQ(CountOf(report, Measure::kDeliveryAcked), 50u);
  EXPECT_EQ(CountOf(report, Measure::kPut), 50u);
  EXPECT_EQ(fake_.calls("GET /v1/watch"), 3u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, TheGatewayOfEtcd) {
  Settings settings = Make(Bench::kGet, 50);
  settings.api = ApiKind::kEtcdGateway;
  settings.stale = true;
  const Report report = Run(settings);
  EXPECT_EQ(CountOf(report, Measure::kGet), 50u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  EXPECT_TRUE(fake_.saw_stale_read());
  ExpectNothingLeft(report);
}

TEST_F(RunTest, WatchesOfTheGateway) {
  Settings settings = Make(Bench::kWatch, 50);
  settings.api = ApiKind::kEtcdGateway;
  const Report report = Run(settings);
  EXPECT_EQ(CountOf(report, Measure::kDelivery), 50u);
  EXPECT_EQ(report.recorder.errors_total(), 0u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, ErrorsAreCountedByTheirReason) {
  fake_.RefuseEvery(5, "/v1/kv/", 503, "no_leader");
  Settings settings = Make(Bench::kPut, 50);
  settings.keys = 1;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.errors().at("no_leader"), 10u);
  EXPECT_EQ(report.recorder.operations(), 40u);
  EXPECT_EQ(CountOf(report, Measure::kPut), 40u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, LocksSurviveRefusals) {
  fake_.RefuseEvery(7, "/v1/", 503, "overloaded");
  Settings settings = Make(Bench::kLock, 60);
  settings.locks = 1;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.operations() + report.recorder.errors_total(), 60u);
  EXPECT_GT(report.recorder.errors().at("overloaded"), 0u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, SessionsSurviveRefusals) {
  fake_.RefuseEvery(7, "/v1/", 503, "overloaded");
  Settings settings = Make(Bench::kSession, 60);
  settings.keepalives = 2;
  const Report report = Run(settings);
  EXPECT_GT(report.recorder.operations(), 10u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, NoAnswerIsAnErrorToo) {
  Settings settings = Make(Bench::kPut, 20);
  settings.timeout_ms = 1'000;
  fake_.Ignore(3);
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.errors().at("timed_out"), 3u);
  EXPECT_EQ(report.recorder.operations(), 17u);
}

// While one call hangs for a second, 400 were due: each is charged with its wait.
TEST_F(RunTest, AnOpenLoopCountsWhatAStallDelayed) {
  Settings settings = Make(Bench::kPut, 0);
  settings.duration_ms = 2'500;
  settings.clients = 1;
  settings.connections = 1;
  settings.rate_per_s = 400;
  settings.timeout_ms = 1'000;
  fake_.Ignore(1);
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.errors().at("timed_out"), 1u);
  EXPECT_GT(report.recorder.latency(Measure::kPut).At(90), 100 * kMillisecond);
  EXPECT_EQ(report.recorder.operations() + report.recorder.errors_total() + report.not_started,
            1000u);
}

TEST_F(RunTest, WhatWasDueAndNotStartedIsCounted) {
  Settings settings = Make(Bench::kPut, 0);
  settings.duration_ms = 200;
  settings.clients = 1;
  settings.connections = 1;
  settings.rate_per_s = 1000;
  settings.timeout_ms = 300;
  fake_.Ignore(1);
  const Report report = Run(settings);
  EXPECT_EQ(report.not_started, 199u);
  EXPECT_EQ(report.recorder.operations(), 0u);
}

TEST_F(RunTest, AnOpenLoopKeepsItsRate) {
  Settings settings = Make(Bench::kPut, 0);
  settings.duration_ms = 500;
  settings.rate_per_s = 200;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.operations() + report.not_started, 100u);
  EXPECT_EQ(report.seconds, 0.5);
}

TEST_F(RunTest, ClientsMayShareConnections) {
  Settings settings = Make(Bench::kMixed, 300);
  settings.clients = 20;
  settings.connections = 2;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.operations(), 300u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, ThreadsShareTheWork) {
  Settings settings = Make(Bench::kMixed, 301);
  settings.threads = 3;
  const Report report = Run(settings);
  EXPECT_EQ(report.recorder.operations(), 301u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, AnInterruptEndsTheRunAndTakesEverythingBack) {
  Settings settings = Make(Bench::kMixed, 0);
  bool seen = false;
  RunHooks hooks;
  hooks.interrupts = [&] {
    seen = seen || fake_.calls("GET /v1/kv/{key...}") > 0;
    return seen ? 1 : 0;
  };
  const Report report = Run(settings, hooks);
  EXPECT_TRUE(report.interrupted);
  EXPECT_LT(report.seconds, 60);
  EXPECT_GT(report.recorder.operations(), 0u);
  ExpectNothingLeft(report);
}

TEST_F(RunTest, ProgressIsToldEverySecond) {
  Settings settings = Make(Bench::kPut, 0);
  settings.duration_ms = 1'500;
  uint64_t told = 0;
  uint64_t operations = 0;
  RunHooks hooks;
  hooks.progress = [&](const Progress& progress) {
    ++told;
    operations += progress.recorder.operations();
    EXPECT_GE(progress.period_seconds, 1);
  };
  const Report report = Run(settings, hooks);
  EXPECT_GE(told, 1u);
  EXPECT_GT(operations, 0u);
  EXPECT_LE(operations, report.recorder.operations());
}

TEST_F(RunTest, AServerThatGoesIsAnError) {
  for (const Bench bench : {Bench::kPut, Bench::kLock, Bench::kWatch, Bench::kSession}) {
    FakeBaton fake;
    Settings settings = Make(bench, 0);
    settings.endpoints = {fake.url()};
    settings.duration_ms = 1'000;
    settings.timeout_ms = 600;
    settings.keepalives = 100'000;  // each client has a session when the server goes
    bool stopped = false;
    RunHooks hooks;
    hooks.interrupts = [&] {
      const bool begun = fake.keys() + fake.calls("POST /v1/locks/{name}/acquire") +
                             fake.calls("POST /v1/sessions/{id}/keepalive") >
                         0;
      if (begun && !stopped) fake.Stop();
      stopped = stopped || begun;
      return 0;
    };
    const Report report = Run(settings, hooks);
    EXPECT_GT(report.recorder.errors_total(), 0u) << BenchName(bench);
    EXPECT_GT(report.left_behind, 0u) << BenchName(bench);
  }
}

TEST_F(RunTest, NobodyThere) {
  FakeBaton gone;
  gone.Stop();
  Settings settings = Make(Bench::kPut, 10);
  settings.endpoints = {gone.url()};
  const Result<Report> nobody = RunLoad(settings, {});
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.status().code(), Code::kUnavailable);
  EXPECT_EQ(nobody.status().reason(), "cannot_connect");
  settings.endpoints = {gone.url(), fake_.url()};
  const Report report = Run(settings);
  EXPECT_EQ(report.unreachable.size(), 1u);
  EXPECT_EQ(report.recorder.operations(), 10u);
}

TEST_F(RunTest, WhatCannotBePreparedIsSaid) {
  fake_.RefuseEvery(1, "/v1/sessions", 429, "too_many_sessions");
  Settings settings = Make(Bench::kLock, 10);
  settings.timeout_ms = 1'000;
  const Result<Report> report = RunLoad(settings, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.status().code(), Code::kUnavailable);
  EXPECT_NE(report.status().message().find("too_many_sessions"), std::string::npos);
}

TEST_F(RunTest, WrongAddresses) {
  for (const std::string url : {"https://h:1", "http://", "http://h:x", "http://h:123456",
                                "http://h:1/path", "http://u@h:1", "http://[::1"}) {
    Settings settings = Make(Bench::kPut, 10);
    settings.endpoints = {url};
    EXPECT_EQ(RunLoad(settings, {}).status().code(), Code::kInvalidArgument) << url;
  }
}

}  // namespace
}  // namespace baton::load
