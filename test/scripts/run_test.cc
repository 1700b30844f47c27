// `make run` with the real program: its guide can be typed as it stands, a killed node comes back,
// Ctrl-C stops everything, and the next run goes on with the same data.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

#include "test/integration/cluster.h"
#include "test/integration/process.h"
#include "test/scripts/script.h"

namespace baton::scripts {
namespace {

constexpr int64_t kStartMsMax = 60'000;
constexpr int64_t kStopMsMax = 60'000;
constexpr char kNode1[] = "http://127.0.0.1:7400";
constexpr char kReady[] = "Role changes, as they happen:\n";

class RunTest : public testing::Test {
 protected:
  // Starts the script and waits for the end of its guide.
  void Start() {
    ++runs_;
    output_path_ = directory_.path() + "/output-" + std::to_string(runs_);
    run_ = integration::Process::Start(ScriptCommand("run", {}, directory_.path(),
                                                     {"BATON_BATOND=" + integration::BatondPath(),
                                                      "BATON_DATA=" + directory_.path() + "/data"}),
                                       output_path_);
    ASSERT_TRUE(WaitForOutput(kReady, kStartMsMax)) << Output();
  }

  std::string Output() const { return integration::ReadFile(output_path_); }

  bool WaitForOutput(const std::string& text, int64_t timeout_ms) {
    return integration::WaitUntil(timeout_ms,
                                  [&] { return Output().find(text) != std::string::npos; });
  }

  // What Ctrl-C does to the script.
  void Stop() {
    run_.Signal(SIGINT);
    const std::optional<int> exit_code = run_.Wait(kStopMsMax);
    EXPECT_EQ(exit_code, 0) << Output();
    EXPECT_NE(Output().find("The data lies in " + directory_.path() + "/data"), std::string::npos)
        << Output();
  }

  static std::optional<std::string> Get(const std::string& url, const std::string& path) {
    const auto answer = integration::Request(url, "GET", path, "", {}, 5'000);
    if (!answer.ok() || answer->status != 200) return std::nullopt;
    return answer->body;
  }

  // The pid that the guide names as the leader's.
  pid_t LeaderPid() const {
    const std::string output = Output();
    const size_t at = output.find("kill -9 ");
    return at == std::string::npos ? 0 : std::atoi(output.c_str() + at + sizeof("kill -9 ") - 1);
  }

  // The lines of the guide that a reader may type, without the watch, which does not end, and the
  // kill.
  std::string GuideCommands() const {
    std::istringstream lines(Output());
    std::string commands;
    for (std::string line; std::getline(lines, line);) {
      const bool command = line.starts_with("  ") && !line.starts_with("  #");
      if (!command || line.find("curl -N") != std::string::npos) continue;
      if (line.find("kill -9") != std::string::npos) continue;
      commands += line.substr(2) + "\n";
    }
    return commands;
  }

  const integration::TemporaryDirectory directory_;
  integration::Process run_;
  std::string output_path_;
  int runs_ = 0;
};

TEST_F(RunTest, TheGuideCanBeTypedAsItStands) {
  Start();
  const std::string commands = GuideCommands();
  ASSERT_NE(commands.find("/v1/locks/report/acquire"), std::string::npos) << Output();
  // Every answer must be a success: this curl fails on others.
  WriteProgram(directory_.path() + "/guide",
               "set -e -o pipefail\n"
               "curl() { command curl --fail-with-body -sS \"$@\"; }\n" +
                   commands);
  integration::Process guide =
      integration::Process::Start({directory_.path() + "/guide"}, directory_.path() + "/typed");
  EXPECT_EQ(guide.Wait(kStartMsMax), 0) << integration::ReadFile(directory_.path() + "/typed");
  EXPECT_NE(integration::ReadFile(directory_.path() + "/typed").find("green"), std::string::npos);
  Stop();
}

TEST_F(RunTest, TheNextRunGoesOnWithTheData) {
  Start();
  ASSERT_TRUE(integration::Request(kNode1, "PUT", "/v1/kv/color", "green", {}, 5'000).ok());
  Stop();
  EXPECT_EQ(Get(kNode1, "/v1/kv/color"), std::nullopt) << "a node still runs";
  Start();
  EXPECT_EQ(Get(kNode1, "/v1/kv/color"), "green");
  Stop();
}

TEST_F(RunTest, AKilledLeaderIsReplacedAndStartedAgain) {
  Start();
  const pid_t leader = LeaderPid();
  ASSERT_GT(leader, 1) << Output();
  ASSERT_EQ(kill(leader, SIGKILL), 0);
  EXPECT_TRUE(WaitForOutput("was killed (signal 9); it is started again", kStartMsMax)) << Output();
  EXPECT_TRUE(integration::WaitUntil(kStartMsMax, [] {
    int ready = 0;
    for (const char* node :
         {"http://127.0.0.1:7402", "http://127.0.0.1:7412", "http://127.0.0.1:7422"}) {
      if (Get(node, "/readyz").has_value()) ++ready;
    }
    return ready == 3;
  })) << Output();
  Stop();
}

TEST_F(RunTest, ATakenPortIsNamed) {
  Start();
  const Outcome second = RunScript(
      "run", {}, directory_.path(),
      {"BATON_BATOND=" + integration::BatondPath(), "BATON_DATA=" + directory_.path() + "/other"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.output.find("port 7400 is in use"), std::string::npos) << second.output;
  Stop();
}

TEST_F(RunTest, NodesEndWithTheScriptHoweverItEnds) {
  Start();
  ASSERT_TRUE(Get(kNode1, "/v1/cluster").has_value());
  run_.Kill();
  EXPECT_TRUE(
      integration::WaitUntil(kStopMsMax, [] { return !Get(kNode1, "/v1/cluster").has_value(); }));
}

}  // namespace
}  // namespace baton::scripts
