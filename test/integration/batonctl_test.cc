// batonctl against a real cluster: the commands, their exit codes, and what `lock` promises when
// the leader dies and when the lock is lost. (Beside batonctl.cc it is tested against an API that
// the test plays.)
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr int64_t kTimeoutMs = 30'000;

using Words = std::vector<std::string>;

class BatonctlTest : public testing::Test {
 protected:
  struct Outcome {
    std::optional<int> exit_code;
    std::string output;  // standard output and error
  };

  void SetUp() override {
    cluster_.StartAll();
    ASSERT_GE(cluster_.WaitForLeader(kTimeoutMs), 0) << cluster_.Log(0);
    for (int i = 0; i < cluster_.size(); ++i) {
      endpoints_ += (i == 0 ? "" : ",") + cluster_.client_url(i);
    }
  }

  std::string Path(const std::string& name) const { return scratch_.path() + "/" + name; }

  Process Start(const Words& words, const std::string& output_path) {
    Words arguments = {ProgramPath("cmd/batonctl/batonctl"), "--endpoints", endpoints_, "--timeout",
                       "25s"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return Process::Start(arguments, output_path);
  }

  Outcome Run(const Words& words) {
    const std::string output_path = Path("output-" + std::to_string(++runs_));
    Process process = Start(words, output_path);
    const std::optional<int> exit_code = process.Wait(kTimeoutMs);
    return {exit_code, ReadFile(output_path)};
  }

  void Expect(const Words& words, int exit_code, const std::string& output) {
    const Outcome outcome = Run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.output;
    EXPECT_NE(outcome.output.find(output), std::string::npos) << outcome.output;
  }

  // A lock or an election as the cluster sees it; null when nobody answers just now.
  nlohmann::json Ask(const std::string& target) {
    const auto answer = Request(cluster_.client_url(0), "GET", target);
    if (!answer.ok() || answer->status != 200) return nullptr;
    return nlohmann::json::parse(answer->body);
  }
  // Whether somebody has the lock, soon.
  bool Held(const std::string& lock) {
    return WaitUntil(kTimeoutMs, [&] {
      const nlohmann::json queue = Ask("/v1/locks/" + lock);
      return !queue.is_null() && queue["holder"].is_object();
    });
  }

  Cluster cluster_;
  TemporaryDirectory scratch_;
  std::string endpoints_;
  int runs_ = 0;
};

// A command that says that it runs, and goes on until there is a file "go" beside it.
Words UntilGo(const std::string& directory) {
  return {"sh", "-c",
          "cd '" + directory +
              "' && echo $BATON_FENCING_TOKEN >runs && until [ -e go ]; do sleep 0.05; done"};
}

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(BatonctlTest, KeysAndTheirExitCodes) {
  Expect({"kv", "put", "config/color", "green"}, 0, "revision 1");
  Expect({"kv", "get", "config/color"}, 0, "green");
  Expect({"kv", "put", "config/color", "red", "--if-absent"}, 1, "exists");
  Expect({"kv", "put", "config/color", "blue", "--if-revision", "1"}, 0, "revision 2");
  Expect({"kv", "list", "config/"}, 0, "blue");
  Expect({"kv", "get", "config/color", "--output", "json"}, 0, "\"mod_revision\":2");
  Expect({"kv", "del", "config/color"}, 0, "");
  Expect({"kv", "get", "config/color"}, 1, "");
  Expect({"kv", "watch", "config/", "--from", "2", "--count", "2"}, 0, "blue");
  Expect({"kv", "gte", "config/color"}, 2, "did you mean \"kv get\"");
  Expect({"status"}, 0, "leader");
}

TEST_F(BatonctlTest, Sessions) {
  const Outcome created = Run({"session", "create", "--ttl", "60s", "--name", "backup"});
  ASSERT_EQ(created.exit_code, 0) << created.output;
  const std::string id = created.output.substr(0, created.output.find('\n'));
  Expect({"session", "list"}, 0, id);
  Expect({"session", "get", id}, 0, "backup");
  Expect({"session", "keepalive", id}, 0, id);
  Expect({"session", "destroy", id}, 0, "");
  Expect({"session", "keepalive", id}, 1, "");
}

TEST_F(BatonctlTest, RunsUnderALockWithATokenThatGrows) {
  const Words show = {"--", "sh", "-c", "echo token $BATON_FENCING_TOKEN; exit 7"};
  Expect(Words{"lock", "report"} + show, 7, "token 1");
  Expect(Words{"lock", "report"} + show, 7, "token 2");
  Expect(Words{"elect", "boss", "--value", "me"} + show, 7, "token 3");
  EXPECT_EQ(Ask("/v1/locks/report")["holder"], nullptr);
  EXPECT_EQ(Ask("/v1/elections/boss")["leader"], nullptr);
}

TEST_F(BatonctlTest, AHeldLockIsRefusedOrWaitedFor) {
  Process holder = Start(Words{"lock", "report", "--"} + UntilGo(scratch_.path()), Path("holder"));
  ASSERT_TRUE(Held("report")) << ReadFile(Path("holder"));
  Expect({"lock", "report", "--wait", "0s", "--", "true"}, 1, "");
  Expect({"lock", "report", "--wait", "100ms", "--", "true"}, 124, "");
  Process waiter = Start({"lock", "report", "--", "echo", "mine"}, Path("waiter"));
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] { return Ask("/v1/locks/report")["waiters_total"] == 1; }));
  holder.Signal(SIGTERM);
  EXPECT_EQ(holder.Wait(kTimeoutMs), 128 + SIGTERM) << ReadFile(Path("holder"));
  EXPECT_EQ(waiter.Wait(kTimeoutMs), 0) << ReadFile(Path("waiter"));
  EXPECT_NE(ReadFile(Path("waiter")).find("mine"), std::string::npos);
}

TEST_F(BatonctlTest, TheLockOutlivesTheLeader) {
  Process holder = Start(Words{"lock", "report", "--"} + UntilGo(scratch_.path()), Path("holder"));
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] { return ReadFile(Path("runs")) == "1\n"; }));
  const int leader = cluster_.WaitForLeader(kTimeoutMs);
  ASSERT_GE(leader, 0);
  cluster_.Kill(leader);
  ASSERT_GE(cluster_.WaitForLeader(kTimeoutMs), 0);
  Expect({"kv", "put", "guarded", "x", "--lock", "report", "--token", "1"}, 0, "");
  std::ofstream(Path("go")) << "go";
  EXPECT_EQ(holder.Wait(kTimeoutMs), 0) << ReadFile(Path("holder"));
  Expect({"kv", "put", "guarded", "x", "--lock", "report", "--token", "1"}, 1, "token");
}

TEST_F(BatonctlTest, ALostLockStopsTheCommand) {
  const std::string command = "cd '" + scratch_.path() +
                              "' && trap 'echo >stopped; exit 0' TERM && "
                              "echo $BATON_FENCING_TOKEN >runs && while true; do sleep 0.05; done";
  Process holder =
      Start({"lock", "report", "--ttl", "3s", "--", "sh", "-c", command}, Path("holder"));
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] { return ReadFile(Path("runs")) == "1\n"; }));
  const nlohmann::json lock = Ask("/v1/locks/report");
  ASSERT_TRUE(lock.is_object() && lock["holder"].is_object()) << lock;
  Expect({"session", "destroy", lock["holder"]["session"].get<std::string>()}, 0, "");
  EXPECT_EQ(holder.Wait(kTimeoutMs), 125) << ReadFile(Path("holder"));
  EXPECT_EQ(ReadFile(Path("stopped")), "\n");
}

TEST_F(BatonctlTest, WithoutAQuorumOrANodeItExitsWith3) {
  cluster_.Kill(0);
  cluster_.Kill(1);
  Expect({"kv", "put", "a", "b", "--timeout", "1s"}, 3, "");
  cluster_.Kill(2);
  Expect({"status", "--timeout", "1s"}, 3, "unreachable");
}

}  // namespace
}  // namespace baton::integration
