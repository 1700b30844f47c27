// What batond does when it cannot start: one sentence that says why and what to do, exit code 2,
// and nothing changed on the disk. That it starts with damaged data, and gets them back. And that a
// peer of another cluster is turned away.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr int64_t kTimeoutMs = 15'000;
constexpr int kCouldNotStart = 2;

class StartupTest : public testing::Test {
 protected:
  // Runs node 0 with its arguments and `extra` ones after them; gives its exit code and output.
  struct Outcome {
    std::optional<int> exit_code;
    std::string output;
  };
  Outcome Run(const std::vector<std::string>& extra = {}) {
    std::vector<std::string> arguments = cluster_.Arguments(0);
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    const std::string output_path = scratch_.path() + "/output";
    std::filesystem::remove(output_path);
    Process process = Process::Start(arguments, output_path);
    Outcome outcome;
    outcome.exit_code = process.Wait(kTimeoutMs);
    outcome.output = ReadFile(output_path);
    return outcome;
  }

  void ExpectRefusal(const Outcome& outcome, const std::string& word) {
    EXPECT_EQ(outcome.exit_code, kCouldNotStart) << outcome.output;
    EXPECT_EQ(outcome.output.rfind("batond: ", 0), 0u) << outcome.output;
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
    EXPECT_FALSE(std::regex_search(outcome.output, std::regex("\\. ?[A-Z]"))) << outcome.output;
    EXPECT_NE(outcome.output.find(word), std::string::npos) << outcome.output;
  }

  // A data directory that has been in use.
  void RunOnce() {
    cluster_.StartAll();
    ASSERT_GE(cluster_.WaitForLeader(kTimeoutMs), 0) << cluster_.Log(0);
    for (int i = 0; i < cluster_.size(); ++i) cluster_.Kill(i);
  }

  // All files of a directory. LevelDB's diary, which says that it was opened, and its empty lock
  // are not data.
  static std::map<std::string, std::string> Files(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
      const std::string name = file.path().filename();
      if (!file.is_regular_file() || name == "LOCK" || name.starts_with("LOG")) continue;
      files[file.path()] = ReadFile(file.path());
    }
    return files;
  }

  // The refusal, and that all data is as it was.
  void ExpectRefusalThatKeeps(const std::string& data_dir, const std::vector<std::string>& extra,
                              const std::string& word) {
    const auto before = Files(data_dir);
    ASSERT_FALSE(before.empty());
    ExpectRefusal(Run(extra), word);
    const auto after = Files(data_dir);
    for (const auto& [path, bytes] : before) {
      EXPECT_TRUE(after.contains(path)) << path << " is gone";
      EXPECT_TRUE(!after.contains(path) || after.at(path) == bytes) << path << " was changed";
    }
    for (const auto& [path, bytes] : after) {
      EXPECT_TRUE(before.contains(path)) << path << " is new";
    }
  }

  // Node 0 says what it found and did, and serves again, with the others' help alone.
  void ExpectComesBack(const std::string& word) {
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.WaitUntilReady(0, 2 * kTimeoutMs)) << cluster_.Log(0);
    EXPECT_NE(cluster_.Log(0).find("damaged data repaired"), std::string::npos);
    EXPECT_NE(cluster_.Log(0).find(word), std::string::npos) << cluster_.Log(0);
  }

  void WriteFile(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }

  Cluster cluster_;
  TemporaryDirectory scratch_;
};

TEST_F(StartupTest, PortInUse) {
  cluster_.Start(0);
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] {
    return Request(cluster_.client_url(0), "GET", "/livez").ok();
  })) << cluster_.Log(0);
  const auto outcome = Run({"--data-dir=" + scratch_.path() + "/other"});
  ExpectRefusal(outcome, "in use");
}

TEST_F(StartupTest, DataDirectoryInUse) {
  cluster_.Start(0);
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] {
    return Request(cluster_.client_url(0), "GET", "/livez").ok();
  })) << cluster_.Log(0);
  ExpectRefusal(Run({"--client-listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"}),
                cluster_.data_dir(0));
}

TEST_F(StartupTest, DataDirectoryIsAFile) {
  WriteFile(cluster_.data_dir(0), "not a directory");
  ExpectRefusal(Run(), cluster_.data_dir(0));
  EXPECT_EQ(ReadFile(cluster_.data_dir(0)), "not a directory");
}

TEST_F(StartupTest, DirectoryOfSomebodyElse) {
  std::filesystem::create_directories(cluster_.data_dir(0));
  WriteFile(cluster_.data_dir(0) + "/thesis.txt", "years of work");
  ExpectRefusal(Run(), cluster_.data_dir(0));
  EXPECT_EQ(ReadFile(cluster_.data_dir(0) + "/thesis.txt"), "years of work");
}

TEST_F(StartupTest, DataOfAnotherCluster) {
  RunOnce();
  ExpectRefusalThatKeeps(cluster_.data_dir(0), {"--cluster-name=another"}, "cluster");
}

TEST_F(StartupTest, DataOfAnotherNode) {
  RunOnce();
  ExpectRefusalThatKeeps(cluster_.data_dir(1), {"--data-dir=" + cluster_.data_dir(1)}, "node");
}

TEST_F(StartupTest, ACorruptLogIsSetAsideAndFetchedFromTheOthers) {
  RunOnce();
  int damaged = 0;
  const std::string log = cluster_.data_dir(0) + "/log-000001";
  for (const auto& file : std::filesystem::directory_iterator(log)) {
    if (!file.is_regular_file() || file.file_size() < 64) continue;
    if (file.path().extension() != ".log" && file.path().extension() != ".ldb") continue;
    std::string bytes = ReadFile(file.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
    WriteFile(file.path(), bytes);
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  ExpectComesBack(log);
  EXPECT_TRUE(std::filesystem::exists(log)) << "it is kept for people";
}

TEST_F(StartupTest, ACutLogIsFetchedFromTheOthers) {
  RunOnce();
  const std::string log = cluster_.data_dir(0) + "/log-000001";
  for (const auto& file : std::filesystem::directory_iterator(log)) {
    if (file.path().extension() != ".log") continue;
    const std::string bytes = ReadFile(file.path());  // with zeros behind the last record
    std::filesystem::resize_file(file.path(), bytes.find_last_not_of('\0'));
  }
  ExpectComesBack("had been acknowledged");
}

TEST_F(StartupTest, AMissingFileIsMadeUpFor) {
  for (const std::string name : {"WATERMARK", "log-000001/CURRENT"}) {
    RunOnce();
    std::filesystem::remove(cluster_.data_dir(0) + "/" + name);
    ExpectComesBack(cluster_.data_dir(0));
    for (int i = 0; i < cluster_.size(); ++i) cluster_.Kill(i);
    for (int i = 0; i < cluster_.size(); ++i) std::filesystem::remove_all(cluster_.data_dir(i));
  }
}

TEST_F(StartupTest, UnknownFlagNamesTheNearest) {
  ExpectRefusal(Run({"--data-dri=x"}), "data-dir");
}

TEST_F(StartupTest, AWrongLineOfTheFileIsNamed) {
  const std::string file = scratch_.path() + "/baton.yaml";
  WriteFile(file, "node-id: 1\ntick-mss: 100\n");
  const auto outcome = Run({"--config=" + file});
  ExpectRefusal(outcome, file + ":2: ");
  ExpectRefusal(outcome, "did you mean \"tick-ms\"?");
}

TEST_F(StartupTest, EnvelopeOfAnotherClusterIsTurnedAway) {
  cluster_.StartAll();
  ASSERT_GE(cluster_.WaitForLeader(kTimeoutMs), 0) << cluster_.Log(0);
  const nlohmann::json envelope = {{"cluster_id", "0123456789abcdef"},
                                   {"from", 2},
                                   {"to", 1},
                                   {"term", 99},
                                   {"cluster_time_ms", 0},
                                   {"messages", nlohmann::json::array()}};
  const auto answer = Request(cluster_.peer_url(0), "POST", "/peer/v1/messages", envelope.dump());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 403) << answer->body;
  EXPECT_NE(answer->body.find("wrong_cluster"), std::string::npos) << answer->body;
}

TEST_F(StartupTest, TerminationIsCleanAndQuick) {
  cluster_.StartAll();
  ASSERT_GE(cluster_.WaitForLeader(kTimeoutMs), 0);
  for (int i = 0; i < cluster_.size(); ++i) {
    cluster_.process(i).Signal(SIGTERM);
    EXPECT_EQ(cluster_.process(i).Wait(kTimeoutMs), 0) << cluster_.Log(i);
  }
}

}  // namespace
}  // namespace baton::integration
