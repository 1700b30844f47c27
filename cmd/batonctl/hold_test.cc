// lock and elect against a node that the test plays.

#include "cmd/batonctl/hold.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/fake_api.h"
#include "cmd/batonctl/test_run.h"

namespace baton::batonctl {
namespace {

constexpr char kKeepAlive[] = "/v1/sessions/{id}/keepalive";
constexpr char kKeepAlivePath[] = "/v1/sessions/00000000000000ab/keepalive";
constexpr char kSessionPath[] = "/v1/sessions/00000000000000ab";
constexpr char kAcquire[] = "/v1/locks/{name}/acquire";

class HoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(directory_);
    run_.environment["BATON_ENDPOINTS"] = api_.url();
    run_.environment["D"] = directory_.string();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // `arguments`, then the script for a shell.
  RunResult RunShell(std::vector<std::string> arguments, const std::string& script) {
    for (const char* word : {"--", "sh", "-c"}) arguments.emplace_back(word);
    arguments.push_back(script);
    return run_.Run(std::move(arguments));
  }

  std::string ReadFile(const std::string& name) const {
    std::ifstream in(directory_ / name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // A named pipe: reading it waits for the writer, so it tells when a command has come so far.
  void MakePipe(const std::string& name) {
    ASSERT_EQ(mkfifo((directory_ / name).c_str(), 0600), 0);
  }
  bool Released() const { return !api_.requests("POST", "/v1/locks/job/release").empty(); }
  bool Destroyed() const { return !api_.requests("DELETE", kSessionPath).empty(); }

  FakeApi api_;
  TestRun run_;
  const std::filesystem::path directory_ =
      std::filesystem::path(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp") /
      ("hold_test." + std::to_string(getpid()));
};

TEST_F(HoldTest, RunsTheCommandUnderTheLockAndGivesItBack) {
  const RunResult result = RunShell(
      {"lock", "job"}, "echo $BATON_FENCING_TOKEN $BATON_LOCK_NAME $BATON_SESSION > $D/seen");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile("seen"), "17 job 00000000000000ab\n");
  const auto release = api_.requests("POST", "/v1/locks/job/release");
  ASSERT_EQ(release.size(), 1U);
  const auto body = nlohmann::json::parse(release[0].body);
  EXPECT_EQ(body["session"], "00000000000000ab");
  EXPECT_EQ(body["token"], 17);
  EXPECT_TRUE(Destroyed());
  EXPECT_EQ(result.err, "");
}

TEST_F(HoldTest, AsksForTheSessionAndStandsInLine) {
  RunShell({"lock", "job", "--ttl=40s", "--value", "me"}, "true");
  const auto session = nlohmann::json::parse(api_.requests("POST", "/v1/sessions").at(0).body);
  EXPECT_EQ(session["ttl"], "40000ms");
  const auto acquire =
      nlohmann::json::parse(api_.requests("POST", "/v1/locks/job/acquire").at(0).body);
  EXPECT_EQ(acquire["session"], "00000000000000ab");
  EXPECT_EQ(acquire["queue"], true);
  EXPECT_EQ(acquire["value"], "me");
  EXPECT_TRUE(acquire.contains("wait"));
}

TEST_F(HoldTest, TheExitCodeIsTheCommands) {
  EXPECT_EQ(RunShell({"lock", "job"}, "exit 42").exit_code, 42);
  EXPECT_EQ(RunShell({"lock", "job"}, "kill -KILL $$").exit_code, 128 + SIGKILL);
  EXPECT_TRUE(Released());
}

TEST_F(HoldTest, ANameMayHoldAnything) {
  EXPECT_EQ(RunShell({"lock", "a/b c"}, "exit 0").exit_code, 0);
  EXPECT_EQ(api_.requests("POST", "/v1/locks/a/b c/acquire").size(), 1U) << "percent-encoded";
}

TEST_F(HoldTest, WithoutWaitingAHeldLockIsRefused) {
  api_.Always("POST", kAcquire, 409, ProblemBody("lock_held", "The lock \"job\" is held."));
  const RunResult result = RunShell({"lock", "job", "--wait=0s"}, "touch $D/ran");
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_EQ(result.err, "batonctl: lock_held: The lock \"job\" is held.\n");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "ran"));
  const auto body = nlohmann::json::parse(api_.requests("POST", "/v1/locks/job/acquire")[0].body);
  EXPECT_FALSE(body.contains("queue"));
  EXPECT_TRUE(Destroyed());
}

TEST_F(HoldTest, WaitsForItsTurn) {
  std::atomic<int> asked = 0;
  api_.On("POST", kAcquire, [&](const http::Request&) {
    return ++asked < 3 ? http::Response::Json(202, R"({"ticket":"5","position":1})")
                       : http::Response::Json(200, R"({"token":18})");
  });
  EXPECT_EQ(RunShell({"lock", "job"}, "test $BATON_FENCING_TOKEN = 18").exit_code, 0);
  EXPECT_EQ(asked, 3);
}

TEST_F(HoldTest, TheWaitEnds) {
  api_.Always("POST", kAcquire, 202, R"({"ticket":"5","position":1})");
  const RunResult result = RunShell({"lock", "job", "--wait=50ms"}, "touch $D/ran");
  EXPECT_EQ(result.exit_code, kExitWaitTimedOut);
  EXPECT_NE(result.err.find("was not free within the time"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "ran"));
  EXPECT_TRUE(Destroyed()) << "which leaves the line";
}

TEST_F(HoldTest, StandsInLineWhileNoNodeCanAnswer) {
  std::atomic<int> asked = 0;
  api_.On("POST", kAcquire, [&](const http::Request&) {
    return ++asked < 4 ? http::Response::Json(503, ProblemBody("no_leader", "No leader."))
                       : http::Response::Json(200, R"({"token":18})");
  });
  EXPECT_EQ(RunShell({"lock", "job", "--timeout=100ms"}, "exit 0").exit_code, 0);
}

TEST_F(HoldTest, ASessionThatEndedStopsTheCommand) {
  MakePipe("ready");
  std::atomic<bool> ended = false;
  api_.On("POST", kKeepAlive, [&](const http::Request&) {
    return ended ? http::Response::Json(404, ProblemBody("session_not_found", "It has ended."))
                 : http::Response::Json(200, "{}");
  });
  std::thread ender([&] {
    ReadFile("ready");
    ended = true;
  });
  const RunResult result = RunShell({"lock", "job", "--ttl=1s"},
                                    "trap 'echo stopped > $D/end; exit 9' TERM; echo > $D/ready; "
                                    "while :; do sleep 0.01; done");
  ender.join();
  EXPECT_EQ(result.exit_code, kExitLockLost);
  EXPECT_EQ(ReadFile("end"), "stopped\n") << "asked first";
  EXPECT_NE(result.err.find("the lock \"job\" was lost"), std::string::npos);
  EXPECT_FALSE(Released()) << "it was not ours any more";
}

TEST_F(HoldTest, ASessionThatCannotBeConfirmedStopsTheCommandBeforeItsTimeIsOver) {
  api_.On("POST", kKeepAlive, [](const http::Request&) { return std::nullopt; });
  SystemClock clock;
  const int64_t begun_ms = clock.MonotonicMs();
  // Ignores SIGTERM, and so does its child: only SIGKILL to the group ends them.
  const RunResult result =
      RunShell({"lock", "job", "--ttl=1s"}, "trap '' TERM; (while :; do sleep 0.01; done)");
  EXPECT_EQ(result.exit_code, kExitLockLost);
  EXPECT_GE(clock.MonotonicMs() - begun_ms, 750) << "not before it had to";
}

TEST_F(HoldTest, KeepalivesKeepTheCommandRunning) {
  MakePipe("go");
  std::thread watcher([&] {
    api_.WaitFor("POST", kKeepAlivePath, 8);  // two TTLs
    std::ofstream(directory_ / "go") << "\n";
  });
  const RunResult result = RunShell({"lock", "job", "--ttl=500ms"}, "read line < $D/go; exit 3");
  watcher.join();
  EXPECT_EQ(result.exit_code, 3) << result.err;
}

TEST_F(HoldTest, KeepalivesGoToTheNextNode) {
  FakeApi other;
  run_.environment["BATON_ENDPOINTS"] = api_.url() + "," + other.url();
  api_.Always("POST", kKeepAlive, 503, ProblemBody("no_leader", "No leader."));
  MakePipe("go");
  std::thread watcher([&] {
    other.WaitFor("POST", kKeepAlivePath, 3);
    std::ofstream(directory_ / "go") << "\n";
  });
  EXPECT_EQ(RunShell({"lock", "job", "--ttl=1s"}, "read line < $D/go; exit 3").exit_code, 3);
  watcher.join();
}

TEST_F(HoldTest, SignalsArePassedOn) {
  MakePipe("ready");
  std::thread sender([&] {
    ReadFile("ready");
    run_.Signal(SIGUSR1);
  });
  EXPECT_EQ(RunShell({"lock", "job"},
                     "trap 'exit 11' USR1; echo > $D/ready; while :; do sleep 0.01; done")
                .exit_code,
            11);
  sender.join();
  EXPECT_TRUE(Released());
}

TEST_F(HoldTest, ATerminationWhileWaitingLeavesTheLine) {
  api_.On("POST", kAcquire, [](const http::Request&) { return std::nullopt; });
  std::thread sender([&] {
    api_.WaitFor("POST", "/v1/locks/job/acquire", 1);
    run_.Signal(SIGUSR1);  // means nothing yet
    run_.Signal(SIGTERM);
  });
  EXPECT_EQ(RunShell({"lock", "job"}, "exit 0").exit_code, 128 + SIGTERM);
  sender.join();
  EXPECT_TRUE(Destroyed());
  EXPECT_FALSE(Released());
}

TEST_F(HoldTest, ATerminationWhileNoNodeAnswersIsHeard) {
  api_.On("POST", "/v1/sessions", [](const http::Request&) { return std::nullopt; });
  std::thread sender([&] {
    api_.WaitFor("POST", "/v1/sessions", 1);
    run_.Signal(SIGINT);
  });
  EXPECT_EQ(RunShell({"lock", "job", "--timeout=24h"}, "exit 0").exit_code, 128 + SIGINT);
  sender.join();
}

TEST_F(HoldTest, ASessionThatEndsWhileWaitingIsSaid) {
  api_.On("POST", kAcquire, [](const http::Request&) { return std::nullopt; });
  api_.Always("POST", kKeepAlive, 404, ProblemBody("session_not_found", "It has ended."));
  const RunResult result = RunShell({"lock", "job", "--ttl=500ms"}, "exit 0");
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_NE(result.err.find("the session ended while waiting"), std::string::npos);
}

TEST_F(HoldTest, WithoutACommandItPrintsTheTokenAndHolds) {
  std::thread sender([&] {
    api_.WaitFor("POST", kKeepAlivePath, 2);
    run_.Signal(SIGINT);
  });
  const RunResult result = run_.Run({"lock", "job", "--ttl=500ms"});
  sender.join();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "17\n");
  EXPECT_TRUE(Released());
  EXPECT_TRUE(Destroyed());
}

TEST_F(HoldTest, WithoutACommandAsJson) {
  std::thread sender([&] {
    api_.WaitFor("POST", kKeepAlivePath, 1);
    run_.Signal(SIGTERM);
  });
  const RunResult held = run_.Run({"lock", "job", "--output=json", "--ttl=500ms"});
  sender.join();
  EXPECT_EQ(held.exit_code, 0) << held.err;
  const auto body = nlohmann::json::parse(held.out);
  EXPECT_EQ(body["lock"], "job");
  EXPECT_EQ(body["token"], 17);
  EXPECT_EQ(body["session"], "00000000000000ab");
}

TEST_F(HoldTest, WithoutACommandALostLockEndsIt) {
  api_.Always("POST", kKeepAlive, 404, ProblemBody("session_not_found", "It has ended."));
  EXPECT_EQ(run_.Run({"lock", "job", "--ttl=500ms"}).exit_code, kExitLockLost);
}

TEST_F(HoldTest, AMissingCommandIsFoundBeforeAnythingIsAsked) {
  const RunResult missing = run_.Run({"lock", "job", "--", "no-such-command"});
  EXPECT_EQ(missing.exit_code, kExitCommandNotFound);
  EXPECT_EQ(missing.err, "batonctl: there is no command \"no-such-command\"\n");
  std::ofstream(directory_ / "text") << "no program";
  EXPECT_EQ(run_.Run({"lock", "job", "--", (directory_ / "text").string()}).exit_code,
            kExitCannotExecute);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(HoldTest, ASessionThatIsRefusedIsSaid) {
  api_.Always("POST", "/v1/sessions", 422, ProblemBody("ttl_out_of_range", "The ttl is wrong."));
  const RunResult result = RunShell({"lock", "job"}, "exit 0");
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_EQ(result.err, "batonctl: ttl_out_of_range: The ttl is wrong.\n");
  api_.Always("POST", "/v1/sessions", 201, "nonsense");
  EXPECT_EQ(RunShell({"lock", "job"}, "exit 0").exit_code, kExitUnavailable);
}

TEST_F(HoldTest, AReleaseThatFailsIsSaidAndTheCommandsCodeStays) {
  api_.Always("POST", "/v1/locks/{name}/release", 409, ProblemBody("stale_token", "Stale."));
  const RunResult result = RunShell({"lock", "job"}, "exit 5");
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("could not give it back (answered 409 stale_token)"), std::string::npos)
      << result.err;
  EXPECT_EQ(RunShell({"lock", "job"}, "exit 0").exit_code, kExitUnavailable)
      << "not all is well: others wait for the TTL";
}

TEST_F(HoldTest, ElectCampaignsAndResigns) {
  const RunResult result =
      RunShell({"elect", "boss", "--value", "pod-a"},
               "echo $BATON_FENCING_TOKEN $BATON_ELECTION_NAME ${BATON_LOCK_NAME:-none} > $D/seen");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile("seen"), "17 boss none\n");
  const auto campaign = api_.requests("POST", "/v1/elections/boss/campaign");
  ASSERT_EQ(campaign.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(campaign[0].body)["value"], "pod-a");
  EXPECT_EQ(api_.requests("POST", "/v1/elections/boss/resign").size(), 1U);
}

TEST_F(HoldTest, WrongOptions) {
  EXPECT_EQ(run_.Run({"lock", "job", "--ttl=499ms"}).exit_code, kExitUsage);
  EXPECT_EQ(run_.Run({"lock", "job", "--wait=x"}).exit_code, kExitUsage);
  EXPECT_EQ(run_.Run({"lock", "job", "--ttl=10s", "--grace=5001ms"}).exit_code, kExitUsage);
  EXPECT_EQ(run_.Run({"lock"}).exit_code, kExitUsage);
  EXPECT_TRUE(api_.requests().empty());
}

}  // namespace
}  // namespace baton::batonctl
