// snapshot save, inspect and restore, against a node that the test plays.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/fake_api.h"
#include "cmd/batonctl/test_run.h"
#include "pkg/coord/state_machine.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/backup_maker.h"

namespace baton::batonctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kRoute[] = "/v1/admin/snapshot";

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() : root_(::testing::TempDir() + "/snapshot_" + std::to_string(::getpid())) {
    fs::create_directories(root_);
    run_.environment["BATON_ENDPOINTS"] = api_.url();
    backup_ = maker_.Make(500);
    Serve(backup_);
  }
  ~SnapshotTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  void Serve(const std::string& bytes) {
    api_.OnStream(kRoute, [bytes](const http::Request&) {
      std::vector<std::string> pieces;
      for (size_t at = 0; at < bytes.size(); at += 700) pieces.push_back(bytes.substr(at, 700));
      return pieces;
    });
  }
  void WriteFile(const std::string& name, const std::string& contents) {
    std::ofstream(Path(name), std::ios::binary) << contents;
  }
  std::string ReadFile(const std::string& name) {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  json RunJson(std::vector<std::string> words) {
    words.insert(words.end(), {"--output", "json"});
    const RunResult result = run_.Run(words);
    EXPECT_EQ(result.exit_code, kExitOk) << result.err;
    const json answer = json::parse(result.out, nullptr, false);
    EXPECT_TRUE(answer.is_object()) << result.out;
    return answer.is_object() ? answer : json::object();
  }
  std::vector<std::string> RestoreWords(const std::string& directory, const std::string& node) {
    return {"snapshot",  "restore", Path("backup"),      "--data-dir",       Path(directory),
            "--node-id", node,      "--initial-cluster", "1=a:7401,2=b:7401"};
  }

  std::string root_;
  storage::BackupMaker maker_;
  std::string backup_;
  FakeApi api_;
  TestRun run_;
};

TEST_F(SnapshotTest, SaveWritesTheBackupForItsOwnerOnly) {
  const RunResult result = run_.Run({"snapshot", "save", Path("backup")});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(ReadFile("backup"), backup_);
  struct stat info {};
  ASSERT_EQ(::stat(Path("backup").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(fs::exists(Path("backup.part")));
  EXPECT_NE(result.err.find("iB/s"), std::string::npos) << result.err;
  EXPECT_NE(result.out.find("verified"), std::string::npos) << result.out;
  EXPECT_EQ(api_.requests().at(0).Query("consistency"), nullptr);
  EXPECT_EQ(run_.Run({"snapshot", "save", Path("other"), "--stale"}).exit_code, kExitOk);
  EXPECT_EQ(*api_.requests().at(1).Query("consistency"), "stale");
}

TEST_F(SnapshotTest, SaveReplacesAFileOnlyWhenItIsTold) {
  WriteFile("backup", "yesterday's");
  const RunResult refused = run_.Run({"snapshot", "save", Path("backup")});
  EXPECT_EQ(refused.exit_code, kExitUsage);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(ReadFile("backup"), "yesterday's");
  EXPECT_TRUE(api_.requests().empty());
  EXPECT_EQ(run_.Run({"snapshot", "save", Path("backup"), "--force"}).exit_code, kExitOk);
  EXPECT_EQ(ReadFile("backup"), backup_);
}

TEST_F(SnapshotTest, ACutDownloadLeavesNothingAndReplacesNothing) {
  WriteFile("backup", "yesterday's");
  Serve(backup_.substr(0, backup_.size() - 1));
  const RunResult result = run_.Run({"snapshot", "save", Path("backup"), "--force"});
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_NE(result.err.find("cut off"), std::string::npos) << result.err;
  EXPECT_EQ(ReadFile("backup"), "yesterday's");
  EXPECT_FALSE(fs::exists(Path("backup.part")));
}

TEST_F(SnapshotTest, ADamagedDownloadIsNoBackup) {
  backup_[backup_.size() / 2] = static_cast<char>(backup_[backup_.size() / 2] ^ 1);
  Serve(backup_);
  EXPECT_EQ(run_.Run({"snapshot", "save", Path("backup")}).exit_code, kExitRefused);
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(SnapshotTest, ARefusalIsSaidAsForEveryCommand) {
  const std::string busy = ProblemBody("too_many_backups", "This node is making 2 backups");
  FakeApi refusing;
  refusing.Always("GET", kRoute, 503, busy);
  run_.environment["BATON_ENDPOINTS"] = refusing.url();
  const RunResult result = run_.Run({"snapshot", "save", Path("backup"), "--timeout", "300ms"});
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_NE(result.err.find("making 2 backups"), std::string::npos) << result.err;
  EXPECT_EQ(run_.Run({"snapshot", "save", root_ + "/no/such/directory"}).exit_code, kExitRefused);
}

TEST_F(SnapshotTest, InspectShowsWhatIsInIt) {
  WriteFile("backup", backup_);
  const json shown = RunJson({"snapshot", "inspect", Path("backup")});
  EXPECT_EQ(shown["cluster_id"], storage::BackupMaker::kClusterId);
  EXPECT_EQ(shown["revision"], maker_.state().revision().value());
  EXPECT_EQ(shown["bytes"], backup_.size());
  EXPECT_EQ(shown["voters"], (json{1, 2, 3}));
  EXPECT_EQ(shown["counts"]["keys"], 21);
  EXPECT_EQ(shown["counts"]["keys_of_sessions"], 1);
  EXPECT_EQ(shown["counts"]["sessions"], 2);
  EXPECT_EQ(shown["counts"]["locks_held"], 1);
  EXPECT_EQ(shown["counts"]["lock_waiters"], 1);
  EXPECT_EQ(shown["counts"]["elections_held"], 1);
  WriteFile("again", maker_.Make(1 << 20));
  EXPECT_EQ(RunJson({"snapshot", "inspect", Path("again")})["state_hash"], shown["state_hash"])
      << "how it was cut into pieces does not matter";
  const RunResult text = run_.Run({"snapshot", "inspect", Path("backup")});
  EXPECT_NE(text.out.find("21, of them 1 of sessions"), std::string::npos) << text.out;
}

TEST_F(SnapshotTest, InspectRefusesWhatIsCutOrNoBackup) {
  WriteFile("cut", backup_.substr(0, 300));
  WriteFile("text", "hello");
  for (const std::string name : {"cut", "text", "absent"}) {
    const RunResult result = run_.Run({"snapshot", "inspect", Path(name)});
    EXPECT_EQ(result.exit_code, kExitRefused) << name;
    EXPECT_EQ(result.out, "") << name;
    EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
  }
}

TEST_F(SnapshotTest, RestoreMakesNodesThatAgree) {
  WriteFile("backup", backup_);
  const json first = RunJson(RestoreWords("one", "1"));
  const json second = RunJson(RestoreWords("two", "2"));
  EXPECT_EQ(first["cluster_id"], second["cluster_id"]);
  EXPECT_EQ(first["rolling_hash"], second["rolling_hash"]);
  EXPECT_NE(first["cluster_id"], storage::BackupMaker::kClusterId);
  EXPECT_EQ(first["revision"], maker_.state().revision().value() + 1'000'000'000);
  EXPECT_EQ(first["dropped"]["sessions"], 2);
  storage::DataDirOptions options;
  options.must_exist = true;
  const auto dir = storage::DataDir::Open(
      Path("two"), {.cluster_id = second["cluster_id"], .node_id = NodeId(2)}, options);
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  const coord::StateMachine state(&(*dir)->state());
  EXPECT_EQ(state.counts().keys, 20u);
  EXPECT_EQ(state.counts().sessions, 0u);
}

TEST_F(SnapshotTest, TheClusterIdIsOfTheBackupTheMembersAndTheStep) {
  WriteFile("backup", backup_);
  std::set<std::string> ids = {RunJson(RestoreWords("a", "1"))["cluster_id"]};
  auto members = RestoreWords("b", "1");
  members.back() = "1=a:7401,2=c:7401";
  ids.insert(RunJson(members)["cluster_id"]);
  auto step = RestoreWords("c", "1");
  step.insert(step.end(), {"--revision-step", "5"});
  ids.insert(RunJson(step)["cluster_id"]);
  auto given = RestoreWords("d", "1");
  given.insert(given.end(), {"--cluster-id", "0011223344556677"});
  ids.insert(RunJson(given)["cluster_id"]);
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_TRUE(ids.contains("0011223344556677"));
}

TEST_F(SnapshotTest, RestoreTouchesNothingThatIsThere) {
  WriteFile("backup", backup_);
  fs::create_directories(Path("full"));
  WriteFile("full/thesis.txt", "the only copy");
  const RunResult result = run_.Run(RestoreWords("full", "1"));
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_NE(result.err.find("not empty"), std::string::npos) << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(Path("full")), fs::directory_iterator()), 1);
  WriteFile("backup", backup_.substr(0, backup_.size() - 2));
  EXPECT_EQ(run_.Run(RestoreWords("new", "1")).exit_code, kExitRefused);
  EXPECT_FALSE(fs::exists(Path("new"))) << "a cut backup makes no directory";
}

TEST_F(SnapshotTest, RestoreSaysWhatIsWrongWithItsOptions) {
  WriteFile("backup", backup_);
  const auto refused = [&](std::vector<std::string> more, const std::string& why) {
    std::vector<std::string> words = {"snapshot", "restore", Path("backup")};
    words.insert(words.end(), more.begin(), more.end());
    const RunResult result = run_.Run(words);
    EXPECT_EQ(result.exit_code, kExitUsage) << why;
    EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
    EXPECT_FALSE(fs::exists(Path("new")));
  };
  const std::string dir = "--data-dir=" + Path("new");
  refused({}, "--data-dir");
  refused({dir}, "--node-id");
  refused({dir, "--node-id=0"}, "--node-id");
  refused({dir, "--node-id=1"}, "--initial-cluster");
  for (const std::string list : {"1", "1=", "=a:1", "1=a:1,", "1=a:1,1=b:1", "x=a:1"}) {
    refused({dir, "--node-id=1", "--initial-cluster=" + list}, "--initial-cluster takes");
  }
  refused({dir, "--node-id=3", "--initial-cluster=1=a:1,2=b:1"}, "does not name node 3");
  const std::string members = "--initial-cluster=1=a:1";
  refused({dir, "--node-id=1", members, "--cluster-id=XYZ"}, "--cluster-id");
  refused({dir, "--node-id=1", members,
           std::string("--cluster-id=") + storage::BackupMaker::kClusterId},
          "makes a new one");
  refused({dir, "--node-id=1", members, "--revision-step=0"}, "--revision-step");
  refused({dir, "--node-id=1", members, "--revision-step=4503599627370497"}, "--revision-step");
}

}  // namespace
}  // namespace baton::batonctl
