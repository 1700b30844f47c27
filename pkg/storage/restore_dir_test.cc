#include "pkg/storage/restore_dir.h"

#include <gtest/gtest.h>

#include "pkg/coord/state_machine.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/backup_maker.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {
namespace {

constexpr char kNewClusterId[] = "ffeeddccbbaa0099";
constexpr uint64_t kStep = 1000;

Identity IdentityOf(uint64_t node) {
  return {.cluster_id = kNewClusterId, .node_id = NodeId(node)};
}

class RestoreDirTest : public ::testing::Test {
 protected:
  // Restores node 1 into /new, from the backup in pieces of `step` bytes.
  Result<Restored> Restore(FaultEnv* env, const std::string& backup, size_t step = 1000,
                           uint64_t node = 1) {
    RestoreOptions options;
    options.data_dir = "/new";
    options.identity = IdentityOf(node);
    options.voters = {NodeId(2), NodeId(1)};
    options.step = kStep;
    options.env = env;
    size_t at = 0;
    return RestoreDataDir(options, [&]() -> Result<std::string> {
      const std::string bytes = backup.substr(std::min(at, backup.size()), step);
      at += bytes.size();
      return bytes;
    });
  }

  Result<std::unique_ptr<DataDir>> Open(FaultEnv* env, bool must_exist, uint64_t node = 1) {
    DataDirOptions options;
    options.env = env;
    options.must_exist = must_exist;
    return DataDir::Open("/new", IdentityOf(node), options);
  }

  BackupMaker maker_;
  FaultEnv env_;
};

TEST_F(RestoreDirTest, ANodeStartsWhereTheBackupEnds) {
  const Result<Restored> restored = Restore(&env_, maker_.Make(500));
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_EQ(restored->before.revision, maker_.state().revision());
  auto dir = Open(&env_, true);
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  const node::LogState log = (*dir)->log().State();
  EXPECT_EQ(log.start.index, maker_.state().applied());
  EXPECT_EQ(log.start.term, maker_.state().applied_term());
  EXPECT_EQ(log.start.config.voters, (std::vector{NodeId(1), NodeId(2)}));
  EXPECT_EQ(log.hard_state.commit, log.start.index);
  EXPECT_EQ(log.hard_state.vote, NodeId());
  EXPECT_EQ((*dir)->log().LastIndex(), log.start.index);
  const coord::StateMachine state(&(*dir)->state());
  EXPECT_EQ(state.applied(), log.start.index);
  EXPECT_EQ(state.hash(), restored->after.hash);
  EXPECT_EQ(state.revision(), maker_.state().revision() + kStep);
  EXPECT_EQ(state.Get("key7"), maker_.state().Get("key7"));
  EXPECT_FALSE(state.Get("here").has_value());
}

TEST_F(RestoreDirTest, AllNodesHaveTheSameHashHoweverTheBackupCame) {
  const auto first = Restore(&env_, maker_.Make(1 << 20), 1 << 20, 1);
  FaultEnv other;
  const auto second = Restore(&other, maker_.Make(300), 7, 2);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->after, second->after);
}

TEST_F(RestoreDirTest, WhatIsThereStays) {
  ASSERT_TRUE(Restore(&env_, maker_.Make()).ok());
  EXPECT_EQ(Restore(&env_, maker_.Make()).status().reason(), "data_dir_not_empty");
  FaultEnv foreign;
  ASSERT_TRUE(foreign.CreateDir("/new").ok());
  foreign.SetContents("/new/thesis.txt", "the only copy");
  EXPECT_EQ(Restore(&foreign, maker_.Make()).status().reason(), "foreign_directory");
  EXPECT_EQ(foreign.Files(), std::vector<std::string>{"/new/thesis.txt"});
}

TEST_F(RestoreDirTest, TheOldClustersIdIsRefused) {
  RestoreOptions options;
  options.data_dir = "/new";
  options.identity = {.cluster_id = BackupMaker::kClusterId, .node_id = NodeId(1)};
  options.voters = {NodeId(1)};
  options.env = &env_;
  std::string backup = maker_.Make();
  const auto read = [&]() -> Result<std::string> { return std::exchange(backup, ""); };
  EXPECT_EQ(RestoreDataDir(options, read).status().reason(), "same_cluster");
}

TEST_F(RestoreDirTest, ADamagedOrCutBackupMakesNoNode) {
  const std::string backup = maker_.Make(500);
  for (size_t at = 3; at < backup.size(); at += backup.size() / 13) {
    FaultEnv env;
    std::string flipped = backup;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    EXPECT_EQ(Restore(&env, flipped).status().code(), Code::kCorruption) << at;
    EXPECT_FALSE(Open(&env, false).ok()) << at;
    EXPECT_EQ(Restore(&env, backup.substr(0, at)).status().reason(), "cut_backup") << at;
    EXPECT_EQ(Open(&env, false).status().reason(), "restore_interrupted") << at;
    EXPECT_TRUE(Restore(&env, backup).ok()) << "begun again";
    EXPECT_TRUE(Open(&env, true).ok());
  }
}

TEST_F(RestoreDirTest, ARestoreThatIsCutOffAnywhereStartsNoNodeAndCanBeBegunAgain) {
  const std::string backup = maker_.Make();
  const uint64_t changes = [&] {
    FaultEnv env;
    EXPECT_TRUE(Restore(&env, backup).ok());
    return env.changes();
  }();
  for (uint64_t crash = 0; crash < changes; ++crash) {
    FaultEnv env;
    uint64_t change = 0;
    env.SetFault([&](FaultEnv::Operation, const std::string&) {
      return change++ < crash ? leveldb::Status::OK() : leveldb::Status::IOError("off");
    });
    const bool whole = Restore(&env, backup).ok();
    env.SetFault({});
    env.PowerOff();
    env.PowerOn();
    const auto started = Open(&env, true);
    if (started.ok()) {
      const coord::StateMachine state(&(*started)->state());
      EXPECT_EQ(state.revision(), maker_.state().revision() + kStep) << crash;
      continue;
    }
    EXPECT_FALSE(whole) << crash;
    const std::string reason = started.status().reason();
    EXPECT_TRUE(reason == "restore_interrupted" || reason == "not_restored")
        << crash << ": " << started.status().ToString();
    ASSERT_TRUE(Restore(&env, backup).ok()) << crash;
    ASSERT_TRUE(Open(&env, true).ok()) << crash;
  }
}

TEST_F(RestoreDirTest, TheNameThatAKilledRestoreLeftIsMadeDurable) {
  ASSERT_TRUE(env_.CreateDir("/new").ok());  // and then it was killed
  ASSERT_TRUE(Restore(&env_, maker_.Make()).ok());
  env_.PowerOff();
  env_.PowerOn();
  EXPECT_TRUE(Open(&env_, true).ok());
}

TEST_F(RestoreDirTest, ARestoredNodeDoesNotBeginEmpty) {
  EXPECT_EQ(Open(&env_, true).status().reason(), "not_restored");
  EXPECT_TRUE(Open(&env_, false).ok());
}

}  // namespace
}  // namespace baton::storage
