// `batonctl data` on the directory of a real node: refused while it runs, and without a trace after
// it was killed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kTimeoutMs = 30'000;
constexpr int kKeys = 40;

using Facts = std::map<std::string, std::pair<std::string, fs::file_time_type>>;

// Names, contents and times of everything in a directory.
Facts FactsOf(const fs::path& directory) {
  Facts facts;
  facts["."] = {"", fs::last_write_time(directory)};
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    std::ostringstream contents;
    if (entry.is_regular_file()) contents << std::ifstream(entry.path()).rdbuf();
    facts[entry.path()] = {contents.str(), entry.last_write_time()};
  }
  return facts;
}

class DataDirectoryTest : public testing::Test {
 protected:
  DataDirectoryTest() : cluster_({.nodes = 1, .extra_flags = {}}) {}

  void SetUp() override {
    cluster_.StartAll();
    ASSERT_EQ(cluster_.WaitForLeader(kTimeoutMs), 0) << cluster_.Log(0);
    for (int i = 0; i < kKeys; ++i) {
      const auto answer = Request(cluster_.client_url(0), "PUT", "/v1/kv/key" + std::to_string(i),
                                  "value" + std::to_string(i));
      ASSERT_TRUE(answer.ok() && answer->status < 300)
          << (answer.ok() ? answer->body : answer.status().ToString());
    }
  }

  std::optional<int> Run(const std::vector<std::string>& words) {
    std::vector<std::string> arguments = {ProgramPath("cmd/batonctl/batonctl"), "data"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const std::string output_path = scratch_.path() + "/output-" + std::to_string(++runs_);
    const std::optional<int> exit_code = Process::Start(arguments, output_path).Wait(kTimeoutMs);
    output_ = ReadFile(output_path);
    return exit_code;
  }

  Cluster cluster_;
  TemporaryDirectory scratch_;
  std::string output_;  // of the last run
  int runs_ = 0;
};

TEST_F(DataDirectoryTest, IsRefusedWhileTheNodeRunsAndReadWithoutATraceAfterItsDeath) {
  const std::string path = cluster_.data_dir(0);
  EXPECT_EQ(Run({"verify", path}), 2);
  EXPECT_NE(output_.find("is in use: a node runs on it"), std::string::npos) << output_;

  cluster_.Kill(0);
  const Facts before = FactsOf(path);
  EXPECT_EQ(Run({"verify", path}), 0) << output_;
  EXPECT_NE(output_.find("The directory is whole."), std::string::npos) << output_;
  EXPECT_EQ(Run({"dump", path, "--state", "--output", "json"}), 0) << output_;
  EXPECT_EQ(FactsOf(path), before) << "batonctl data left a trace";

  int puts = 0;
  int rows = 0;
  std::istringstream lines(output_);
  for (std::string line; std::getline(lines, line);) {
    const json fact = json::parse(line);
    EXPECT_FALSE(fact.contains("data_b64")) << line;
    if (fact["what"] == "entry" && fact.contains("command")) {
      puts += fact["command"]["kind"] == "kv_put";
    }
    rows += fact["what"] == "row" && fact["table"] == "kv";
  }
  EXPECT_EQ(puts, kKeys);
  EXPECT_EQ(rows, kKeys);

  cluster_.Start(0);
  EXPECT_EQ(cluster_.WaitForLeader(kTimeoutMs), 0) << cluster_.Log(0);
}

TEST_F(DataDirectoryTest, DamageIsFoundAndNamed) {
  const std::string path = cluster_.data_dir(0);
  cluster_.Kill(0);
  for (const auto& entry : fs::directory_iterator(path + "/log-000001")) {
    if (entry.path().extension() == ".log") fs::resize_file(entry.path(), 100);
  }
  EXPECT_EQ(Run({"verify", path}), 1) << output_;
  EXPECT_NE(output_.find("had been acknowledged"), std::string::npos) << output_;
}

}  // namespace
}  // namespace baton::integration
