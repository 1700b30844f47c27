// batonctl bench against a server that the test plays: options, what is printed, exit codes.
#include "cmd/batonctl/bench.h"

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/test_run.h"
#include "pkg/load/testing/fake_baton.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;

class BenchTest : public ::testing::Test {
 protected:
  void SetUp() override { run_.environment["BATON_ENDPOINTS"] = fake_.url(); }

  json RunJson(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    arguments.insert(arguments.end(), {"--output", "json", "--clients", "4"});
    const RunResult result = run_.Run(arguments);
    EXPECT_EQ(result.exit_code, kExitOk) << result.err;
    EXPECT_EQ(result.err, "");
    return json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  }

  load::FakeBaton fake_;
  TestRun run_;
};

TEST_F(BenchTest, PutAsJson) {
  const json report = RunJson({"put", "--total", "100", "--keys", "10", "--value-size=10"});
  EXPECT_EQ(report["bench"], "put");
  EXPECT_EQ(report["api"], "baton");
  EXPECT_EQ(report["loop"], "closed");
  EXPECT_EQ(report["corrected"], false);
  EXPECT_EQ(report["operations"], 100);
  EXPECT_EQ(report["errors"], json::object());
  EXPECT_EQ(report["errors_total"], 0);
  EXPECT_EQ(report["left_behind"], 0);
  EXPECT_EQ(report["settings"]["connections"], 4);
  EXPECT_EQ(report["settings"]["value_size"], 10);
  const json& latency = report["latency"]["put"];
  EXPECT_EQ(latency["count"], 100);
  EXPECT_GT(latency["min_us"], 0);
  EXPECT_LE(latency["min_us"], latency["p50_us"]);
  EXPECT_LE(latency["p50_us"], latency["p99_us"]);
  EXPECT_LE(latency["p99_us"], latency["p99_99_us"]);
  EXPECT_LE(latency["p99_99_us"], latency["max_us"]);
  EXPECT_EQ(fake_.keys(), 0u);
}

TEST_F(BenchTest, EveryBenchGivesAnAnswer) {
  EXPECT_EQ(RunJson({"get", "--total=10", "--consistency=stale"})["latency"]["get"]["count"], 10);
  EXPECT_TRUE(fake_.saw_stale_read());
  EXPECT_EQ(RunJson({"lock", "--total=10"})["latency"]["lock"]["count"], 10);
  EXPECT_EQ(RunJson({"session", "--total=10"})["latency"]["create"]["count"], 10);
  EXPECT_EQ(RunJson({"mixed", "--total=10"})["operations"], 10);
  const RunResult watch = run_.Run({"bench", "watch", "--total=10", "--output=json"});
  EXPECT_EQ(json::parse(watch.out)["latency"]["delivery"]["count"], 10) << watch.err;
}

TEST_F(BenchTest, AsText) {
  RunResult result = run_.Run({"bench", "put", "--total=10", "--clients=2"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_TRUE(result.out.starts_with("put: 2 clients, closed loop, ")) << result.out;
  for (const std::string words :
       {"10 operations", "0 errors", "P99.9", "not corrected", "The generator used"}) {
    EXPECT_NE(result.out.find(words), std::string::npos) << words << " in\n" << result.out;
  }
  result = run_.Run({"bench", "put", "--total=10", "--rate=1000", "--keep", "--prefix=mine/"});
  EXPECT_NE(result.out.find("open loop at 1,000/s"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("from when the operation was due"), std::string::npos);
  EXPECT_NE(result.out.find("still there, below mine/"), std::string::npos);
  EXPECT_TRUE(fake_.first_key().size() == 32);
}

TEST_F(BenchTest, ErrorsAreShownAndAreTheExitCode) {
  fake_.RefuseEvery(2, "/v1/kv/", 503, "no_leader");
  const RunResult result = run_.Run({"bench", "put", "--total=10", "--clients=1", "--keys=1"});
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_NE(result.out.find("no_leader  5"), std::string::npos) << result.out;
  fake_.RefuseEvery(1, "/v1/kv/", 503, "no_leader");
  EXPECT_EQ(run_.Run({"bench", "put", "--total=10", "--timeout=300ms"}).exit_code,
            kExitUnavailable);
}

TEST_F(BenchTest, NobodyThere) {
  fake_.Stop();
  const RunResult result = run_.Run({"bench", "put"});
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_NE(result.err.find("Connection refused"), std::string::npos) << result.err;
}

TEST_F(BenchTest, ASignalEndsItEarly) {
  run_.Signal(SIGINT);
  const RunResult result = run_.Run({"bench", "put", "--duration=1h"});
  EXPECT_NE(result.out.find("Interrupted."), std::string::npos) << result.out;
}

TEST_F(BenchTest, WrongOptions) {
  const auto refusal = [this](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    const RunResult result = run_.Run(arguments);
    EXPECT_EQ(result.exit_code, kExitUsage) << result.out;
    return result.err;
  };
  for (const auto& [arguments, word] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"put", "--clients=0"}, "--clients takes 1 to 10000, not 0"},
           {{"put", "--clients=10001"}, "--clients takes"},
           {{"put", "--clients=x"}, "--clients takes a number"},
           {{"put", "--rate=0"}, "--rate takes 1 to 1000000, not 0"},
           {{"put", "--rate=1000001"}, "--rate takes"},
           {{"put", "--total=0"}, "--total takes"},
           {{"put", "--duration=99ms"}, "--duration in ms takes 100 to 86400000, not 99"},
           {{"put", "--duration=25h"}, "--duration"},
           {{"put", "--key-size=10"}, "--key-size must be at least"},
           {{"put", "--prefix=a b"}, "--prefix takes"},
           {{"put", "--api=zk"}, "--api takes baton or etcd-gateway"},
           {{"get", "--consistency=eventual"}, "--consistency takes linearizable or stale"},
           {{"lock", "--locks=0"}, "--locks takes"},
           {{"lock", "--locks=65"}, "more than the clients: 64"},
           {{"watch", "--value-size=11"}, "--value-size takes 12 to"},
           {{"mixed", "--read-percent=90", "--write-percent=11"}, "more than 100 together"},
           {{"put", "--watchers=1"}, "--watchers is not an option of batonctl bench put"},
       }) {
    EXPECT_NE(refusal(arguments).find(word), std::string::npos)
        << arguments.back() << ": " << refusal(arguments);
  }
}

TEST(BenchProgressTest, OneLine) {
  load::Progress progress;
  progress.seconds = 3.02;
  progress.period_seconds = 2;
  for (int i = 0; i < 5000; ++i) {
    progress.recorder.Operation(true);
    progress.recorder.Record(load::Measure::kPut, 1'500'000);
  }
  EXPECT_EQ(BenchProgressLine(progress), "3 s  2,500/s  p50 1.50 ms  p99 1.50 ms");
  progress.recorder.Error("no_leader");
  EXPECT_TRUE(BenchProgressLine(progress).ends_with("  1 error"));
  EXPECT_EQ(BenchProgressLine(load::Progress{.seconds = 1, .period_seconds = 1, .recorder = {}}),
            "1 s  0.0/s");
}

}  // namespace
}  // namespace baton::batonctl
