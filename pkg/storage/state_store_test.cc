#include "pkg/storage/state_store.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/storage/disk_failure.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

using Rows = coord::MemoryTables::Rows;

Rows Scanned(const coord::Tables& tables, std::string_view start = "", std::string_view end = "") {
  Rows rows;
  std::string last;
  tables.Scan(start, end, [&](std::string_view key, std::string_view value) {
    EXPECT_TRUE(rows.empty() || last < key) << "not ascending";
    last = key;
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

class StateStoreTest : public ::testing::Test {
 protected:
  StateStoreTest() {
    options_.write_buffer_bytes = 64 << 10;  // small, so that tables and files turn over
    EXPECT_TRUE(env_.CreateDir("/data").ok() && env_.SyncDir("/").ok());
    EXPECT_TRUE(LevelStateStore::Create(&env_, "/data", TestIdentity()).ok());
    Reopen();
  }

  void Reopen() {
    state_.reset();
    auto state = LevelStateStore::Open(&env_, "/data", TestIdentity(), options_);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    state_ = *std::move(state);
  }

  void Commit() { ASSERT_TRUE(state_->Commit().ok()); }

  FaultEnv env_;
  StateStoreOptions options_;
  std::unique_ptr<LevelStateStore> state_;
};

TEST_F(StateStoreTest, NewStateIsEmpty) {
  EXPECT_EQ(state_->Get("a"), std::nullopt);
  EXPECT_TRUE(Scanned(*state_).empty());
}

TEST_F(StateStoreTest, ReadsSeeWritesBeforeAndAfterCommit) {
  state_->Put("a", "1");
  state_->Put("b", "");
  EXPECT_EQ(state_->Get("a"), "1");
  EXPECT_EQ(state_->Get("b"), "");
  Commit();
  EXPECT_EQ(state_->Get("a"), "1");
  state_->Delete("a");
  state_->Delete("never there");
  EXPECT_EQ(state_->Get("a"), std::nullopt);
  EXPECT_EQ(Scanned(*state_), (Rows{{"b", ""}}));
  Commit();
  Reopen();
  EXPECT_EQ(Scanned(*state_), (Rows{{"b", ""}}));
}

TEST_F(StateStoreTest, UncommittedWritesAreNotThereAfterReopening) {
  state_->Put("a", "1");
  Commit();
  state_->Put("a", "2");
  Reopen();
  EXPECT_EQ(state_->Get("a"), "1");
}

TEST_F(StateStoreTest, AnyBytesMayBeAKey) {
  const std::vector<std::string> keys = {"", std::string(1, '\0'), std::string("\0identity", 9),
                                         "\x01", "\xff\xff\xff"};
  for (const std::string& key : keys) state_->Put(key, "v" + key);
  Commit();
  Reopen();
  EXPECT_EQ(Scanned(*state_).size(), keys.size());
  for (const std::string& key : keys) EXPECT_EQ(state_->Get(key), "v" + key);
}

TEST_F(StateStoreTest, ScanMergesOverlayAndDiskWithinItsBounds) {
  for (const char* key : {"a", "c", "e", "g"}) state_->Put(key, "disk");
  Commit();
  state_->Put("b", "new");
  state_->Put("c", "new");
  state_->Delete("e");
  state_->Put("h", "new");
  EXPECT_EQ(Scanned(*state_),
            (Rows{{"a", "disk"}, {"b", "new"}, {"c", "new"}, {"g", "disk"}, {"h", "new"}}));
  EXPECT_EQ(Scanned(*state_, "b", "g"), (Rows{{"b", "new"}, {"c", "new"}}));
  EXPECT_EQ(Scanned(*state_, "g", "h"), (Rows{{"g", "disk"}}));
  EXPECT_TRUE(Scanned(*state_, "g", "g").empty());
}

TEST_F(StateStoreTest, ScanStopsWhenTheVisitorSaysSo) {
  for (const char* key : {"a", "b", "c"}) state_->Put(key, "");
  for (int committed = 0; committed < 2; ++committed) {
    int visited = 0;
    state_->Scan("", "", [&](std::string_view, std::string_view) { return ++visited < 2; });
    EXPECT_EQ(visited, 2);
    Commit();
  }
}

// The same random history on both implementations of the port.
TEST_F(StateStoreTest, AgreesWithMemoryTablesOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    coord::MemoryTables model;
    for (const auto& [key, value] : Scanned(*state_)) state_->Delete(key);
    const auto random_key = [&] { return "k" + std::to_string(random.Below(200)); };
    for (int step = 0; step < 3000; ++step) {
      const std::string key = random_key();
      switch (random.Below(10)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          const std::string value(random.Below(300), static_cast<char>('a' + random.Below(26)));
          model.Put(key, value);
          state_->Put(key, value);
          break;
        }
        case 4:
        case 5:
          model.Delete(key);
          state_->Delete(key);
          break;
        case 6:
          Commit();
          break;
        case 7: {
          const std::string end = random.Chance(1, 4) ? "" : random_key();
          ASSERT_EQ(Scanned(*state_, key, end), Scanned(model, key, end)) << "step " << step;
          break;
        }
        default:
          ASSERT_EQ(state_->Get(key), model.Get(key)) << "step " << step;
      }
      if (step % 700 == 699) {
        Commit();
        Reopen();
      }
    }
    EXPECT_EQ(Scanned(*state_), model.rows());
  }
}

TEST_F(StateStoreTest, CommitIsAtomic) {
  state_->Put("a", "1");
  state_->Put("b", "1");
  Commit();
  ASSERT_TRUE(state_->Sync().ok());
  state_->Put("a", "2");
  state_->Delete("b");
  Commit();
  Random random(7);
  env_.PowerOff();
  state_.reset();
  env_.PowerOn(&random);
  Reopen();
  const Rows rows = Scanned(*state_);
  EXPECT_TRUE(rows == (Rows{{"a", "1"}, {"b", "1"}}) || rows == (Rows{{"a", "2"}}));
}

TEST_F(StateStoreTest, AfterAFailedCommitOrSyncEveryLaterOneFails) {
  state_->Put("a", "1");
  Commit();
  env_.SetFault([](FaultEnv::Operation operation, const std::string& path) {
    return operation == FaultEnv::Operation::kSync
               ? leveldb::Status::IOError(path, "Input/output error")
               : leveldb::Status::OK();
  });
  const Status sync = state_->Sync();
  EXPECT_EQ(sync.code(), Code::kIo);
  env_.SetFault({});
  EXPECT_EQ(state_->Sync(), sync);
  state_->Put("b", "1");
  EXPECT_EQ(state_->Commit().code(), Code::kIo);
  EXPECT_EQ(state_->Get("a"), "1");  // reads go on
}

TEST_F(StateStoreTest, AWriteAheadFileThatCouldNotBeMadeIsAFailureForGood) {
  env_.SetFault([](FaultEnv::Operation operation, const std::string& path) {
    return operation == FaultEnv::Operation::kCreate && path.ends_with(".log")
               ? leveldb::Status::IOError(path, "No space left on device")
               : leveldb::Status::OK();
  });
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {  // until the memtable is full
    state_->Put("key" + std::to_string(i), std::string(4000, 'x'));
    status = state_->Commit();
  }
  EXPECT_EQ(status.code(), Code::kStorageFull);
  env_.SetFault({});
  EXPECT_EQ(state_->Commit(), status);
  EXPECT_FALSE(state_->Sync().ok());
}

TEST_F(StateStoreTest, AnotherOwnersStateIsRefusedByName) {
  state_.reset();
  EXPECT_EQ(LevelStateStore::Open(&env_, "/data", {.cluster_id = "cluster-a", .node_id = NodeId(9)},
                                  options_)
                .status()
                .reason(),
            "wrong_node");
}

TEST_F(StateStoreTest, ApproximateBytesFollowTheState) {
  const uint64_t before = state_->ApproximateBytes();
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    std::string value(1000, '\0');  // that does not compress
    for (char& c : value) c = static_cast<char>(random.Below(256));
    state_->Put("key" + std::to_string(i), value);
    Commit();
  }
  EXPECT_GE(state_->ApproximateBytes(), before + 250'000);
}

using StateStoreDeathTest = StateStoreTest;

TEST_F(StateStoreDeathTest, ARowThatCannotBeReadStopsTheProcess) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    std::string value(100, '\0');  // that does not compress
    for (char& c : value) c = static_cast<char>(random.Below(256));
    state_->Put("key" + std::to_string(i), value);
  }
  Commit();
  Reopen();  // moves the rows into a table
  state_.reset();
  for (const std::string& path : env_.Files()) {
    if (!path.ends_with(".ldb")) continue;
    std::string table = env_.Contents(path);
    table[table.size() / 2] = static_cast<char>(table[table.size() / 2] ^ 1);
    env_.SetContents(path, table);
  }
  Reopen();
  EXPECT_EXIT((void)state_->Get("key50"), ::testing::ExitedWithCode(kFatalDiskExitCode),
              "the disk failed while reading a row of the state: .*state-000001.*checksum");
  EXPECT_EXIT((void)Scanned(*state_), ::testing::ExitedWithCode(kFatalDiskExitCode),
              "the disk failed while scanning the state");
}

}  // namespace
}  // namespace baton::storage
