#include "pkg/storage/log_store.h"

#include <gtest/gtest.h>

#include "pkg/storage/database.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

class LogStoreTest : public ::testing::Test {
 protected:
  LogStoreTest() {
    EXPECT_TRUE(env_.CreateDir("/data").ok() && env_.SyncDir("/").ok());
    EXPECT_TRUE(LevelLogStore::Create(&env_, "/data", TestIdentity()).ok());
    Reopen();
  }

  void Reopen() {
    log_.reset();
    auto log = LevelLogStore::Open(&env_, "/data", TestIdentity(), options_);
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    log_ = *std::move(log);
  }

  void Append(uint64_t first, uint64_t last, uint64_t term) {
    const Status status = WriteOne(log_.get(), AppendWrite(MakeEntries(first, last, term)));
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::vector<raft::Entry> All() const {
    const auto entries = log_->Entries(log_->FirstIndex(), log_->LastIndex() + 1, SIZE_MAX);
    EXPECT_TRUE(entries.ok()) << entries.status().ToString();
    return entries.ok() ? *entries : std::vector<raft::Entry>();
  }

  FaultEnv env_;
  LogStoreOptions options_;
  std::unique_ptr<LevelLogStore> log_;
};

TEST_F(LogStoreTest, NewLogIsEmptyAndBeginsWithIndexOne) {
  EXPECT_EQ(log_->FirstIndex(), Index(1));
  EXPECT_EQ(log_->LastIndex(), Index(0));
  EXPECT_EQ(log_->State().hard_state,
            (raft::HardState{Term(), NodeId(), Index(), raft::Memory::kNewborn}));
  EXPECT_EQ(log_->State().start, raft::SnapshotMeta());
  EXPECT_EQ(*log_->TermAt(Index(0)), Term(0));
  EXPECT_EQ(log_->TermAt(Index(1)).status().code(), Code::kNotFound);
  EXPECT_TRUE(All().empty());
}

TEST_F(LogStoreTest, AppendedEntriesAreThereNowAndAfterReopening) {
  std::vector<raft::Entry> entries = MakeEntries(1, 5, 2);
  entries[2].type = raft::EntryType::kConfigChange;
  entries[3].data = raft::Payload();
  ASSERT_TRUE(WriteOne(log_.get(), AppendWrite(entries)).ok());
  EXPECT_EQ(All(), entries);
  Reopen();
  EXPECT_EQ(All(), entries);
  EXPECT_EQ(log_->LastIndex(), Index(5));
  EXPECT_EQ(*log_->TermAt(Index(3)), Term(2));
}

TEST_F(LogStoreTest, HardStateAndEntriesOfSeveralWritesGoIntoOneBatch) {
  std::vector<node::LogWrite> writes = {VoteWrite(3, 2, 0), AppendWrite(MakeEntries(1, 3, 3)),
                                        VoteWrite(4, 0, 2), AppendWrite(MakeEntries(3, 4, 4))};
  ASSERT_TRUE(log_->Write(writes, true).ok());
  Reopen();
  EXPECT_EQ(log_->State().hard_state,
            (raft::HardState{.term = Term(4), .vote = NodeId(0), .commit = Index(2)}));
  EXPECT_EQ(*log_->TermAt(Index(2)), Term(3));
  EXPECT_EQ(*log_->TermAt(Index(3)), Term(4));
  EXPECT_EQ(log_->LastIndex(), Index(4));
}

TEST_F(LogStoreTest, OverwritingCutsTheTail) {
  Append(1, 10, 1);
  Append(4, 5, 2);
  const auto expect = [&] {
    EXPECT_EQ(log_->LastIndex(), Index(5));
    EXPECT_EQ(*log_->TermAt(Index(3)), Term(1));
    EXPECT_EQ(*log_->TermAt(Index(4)), Term(2));
    EXPECT_EQ(log_->TermAt(Index(6)).status().code(), Code::kNotFound);
    EXPECT_EQ(All().size(), 5u);
    EXPECT_EQ(All()[3], MakeEntries(4, 4, 2)[0]);
  };
  expect();
  Reopen();
  expect();
}

// What gathers while a sync hangs: a leader's last entries, and those of the next leader, which
// replace more than them.
TEST_F(LogStoreTest, EntriesThatTheSameBatchReplacesFromFurtherBack) {
  Append(1, 9, 1);
  const std::vector<node::LogWrite> writes = {
      AppendWrite(MakeEntries(10, 12, 1)), AppendWrite(MakeEntries(13, 13, 1)),
      AppendWrite(MakeEntries(5, 6, 2)), AppendWrite(MakeEntries(7, 7, 2))};
  ASSERT_TRUE(log_->Write(writes, true).ok());
  const auto expect = [&] {
    EXPECT_EQ(log_->LastIndex(), Index(7));
    EXPECT_EQ(*log_->TermAt(Index(4)), Term(1));
    EXPECT_EQ(*log_->TermAt(Index(5)), Term(2));
    EXPECT_EQ(All().size(), 7u);
    EXPECT_EQ(All()[6], MakeEntries(7, 7, 2)[0]);
  };
  expect();
  Reopen();
  expect();
}

TEST_F(LogStoreTest, OverwritingTheWholeLogKeepsItsStart) {
  Append(1, 3, 1);
  Append(1, 1, 7);
  Reopen();
  EXPECT_EQ(All(), MakeEntries(1, 1, 7));
}

TEST_F(LogStoreTest, CompactDropsEntriesAndKeepsTheTermBeforeTheFirst) {
  Append(1, 6, 1);
  Append(7, 10, 2);
  ASSERT_TRUE(log_->Compact(MakeMeta(7, 2)).ok());
  const auto expect = [&] {
    EXPECT_EQ(log_->FirstIndex(), Index(8));
    EXPECT_EQ(log_->LastIndex(), Index(10));
    EXPECT_EQ(log_->State().start, MakeMeta(7, 2));
    EXPECT_EQ(*log_->TermAt(Index(7)), Term(2));
    EXPECT_EQ(log_->TermAt(Index(6)).status().code(), Code::kGone);
    EXPECT_EQ(log_->Entries(Index(7), Index(9), 100).status().code(), Code::kGone);
    EXPECT_EQ(All(), MakeEntries(8, 10, 2));
  };
  expect();
  Reopen();
  expect();
}

TEST_F(LogStoreTest, CompactUpToTheLastEntryLeavesAnEmptyLogThatGoesOn) {
  Append(1, 4, 1);
  ASSERT_TRUE(log_->Compact(MakeMeta(4, 1)).ok());
  Reopen();
  EXPECT_EQ(log_->FirstIndex(), Index(5));
  EXPECT_EQ(log_->LastIndex(), Index(4));
  Append(5, 6, 2);
  Reopen();
  EXPECT_EQ(All(), MakeEntries(5, 6, 2));
}

TEST_F(LogStoreTest, CompactToTheSameStartDoesNothing) {
  Append(1, 4, 1);
  ASSERT_TRUE(log_->Compact(MakeMeta(2, 1)).ok());
  const uint64_t changes = env_.changes();
  ASSERT_TRUE(log_->Compact(MakeMeta(2, 1)).ok());
  EXPECT_EQ(env_.changes(), changes);
}

TEST_F(LogStoreTest, CompactionOfMoreThanOneBatchThatIsInterruptedOpensCleanly) {
  const uint64_t last = LevelLogStore::kCompactRowsMax * 2 + 10;
  options_.write_buffer_bytes = 16 << 20;  // no turn of write-ahead files is synced among them
  Reopen();
  Append(1, last, 1);
  // The log's first batch of the compaction passes; then the disk goes.
  int log_appends = 0;
  env_.SetFault([&](FaultEnv::Operation operation, const std::string& path) {
    if (operation == FaultEnv::Operation::kSync && path.ends_with(".log")) ++log_appends;
    return log_appends > 1 ? leveldb::Status::IOError("gone") : leveldb::Status::OK();
  });
  EXPECT_FALSE(log_->Compact(MakeMeta(last - 3, 1)).ok());
  log_.reset();
  env_.SetFault({});
  env_.PowerOn();
  Reopen();
  EXPECT_EQ(log_->FirstIndex(), Index(last - 2));
  EXPECT_EQ(All(), MakeEntries(last - 2, last, 1));
  Reopen();  // the stale rows are gone, not just skipped
  EXPECT_EQ(All(), MakeEntries(last - 2, last, 1));
}

TEST_F(LogStoreTest, SnapshotAheadOfTheLogReplacesAllOfIt) {
  Append(1, 10, 1);
  node::LogWrite write = VoteWrite(5, 0, 50);
  write.snapshot = MakeMeta(50, 4);
  ASSERT_TRUE(WriteOne(log_.get(), write).ok());
  const auto expect = [&] {
    EXPECT_EQ(log_->FirstIndex(), Index(51));
    EXPECT_EQ(log_->LastIndex(), Index(50));
    EXPECT_EQ(*log_->TermAt(Index(50)), Term(4));
    EXPECT_EQ(log_->State().start, MakeMeta(50, 4));
    EXPECT_EQ(log_->State().hard_state.commit, Index(50));
  };
  expect();
  Reopen();
  expect();
  Append(51, 52, 5);
  Reopen();
  EXPECT_EQ(All(), MakeEntries(51, 52, 5));
}

TEST_F(LogStoreTest, SnapshotInsideTheLogDropsWhatFollowsToo) {
  Append(1, 10, 1);
  node::LogWrite write;
  write.snapshot = MakeMeta(6, 3);
  write.entries = MakeEntries(7, 8, 3);
  ASSERT_TRUE(WriteOne(log_.get(), write).ok());
  Reopen();
  EXPECT_EQ(log_->FirstIndex(), Index(7));
  EXPECT_EQ(All(), MakeEntries(7, 8, 3));
}

TEST_F(LogStoreTest, EntriesThatASnapshotOfTheSameBatchReplacesLeaveNoRows) {
  Append(1, 3, 1);
  node::LogWrite snapshot;
  snapshot.snapshot = MakeMeta(6, 3);
  const std::vector<node::LogWrite> writes = {AppendWrite(MakeEntries(4, 8, 2)), snapshot,
                                              AppendWrite(MakeEntries(7, 7, 3))};
  ASSERT_TRUE(log_->Write(writes, true).ok());
  EXPECT_EQ(All(), MakeEntries(7, 7, 3));
  log_.reset();
  auto database = Database::Open(&env_, {.directory = "/data/log-000001"});
  ASSERT_TRUE(database.ok()) << database.status().ToString();
  std::vector<std::string> keys;
  const auto row = (*database)->NewIterator(/*fill_cache=*/false);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    if (IsEntryKey(ToView(row->key()))) keys.push_back(row->key().ToString());
  }
  EXPECT_EQ(keys, std::vector<std::string>{EntryKey(Index(7))});
}

TEST_F(LogStoreTest, SnapshotOfIndexZeroCarriesTheFirstConfiguration) {
  node::LogWrite write;
  write.snapshot = MakeMeta(0, 0);
  ASSERT_TRUE(WriteOne(log_.get(), write).ok());
  Reopen();
  EXPECT_EQ(log_->State().start.config.voters.size(), 3u);
  EXPECT_EQ(log_->FirstIndex(), Index(1));
}

TEST_F(LogStoreTest, CommitIndexAloneCostsNoWriteAndIsThereAfterACleanStop) {
  ASSERT_TRUE(WriteOne(log_.get(), VoteWrite(0, 0, 0)).ok());  // newborn no more
  Append(1, 3, 1);
  const uint64_t changes = env_.changes();
  ASSERT_TRUE(WriteOne(log_.get(), VoteWrite(0, 0, 2), /*must_sync=*/false).ok());
  EXPECT_EQ(env_.changes(), changes);
  EXPECT_EQ(log_->State().hard_state.commit, Index(2));
  Reopen();
  EXPECT_EQ(log_->State().hard_state.commit, Index(2));
}

TEST_F(LogStoreTest, CommitIndexTravelsWithTheNextBatch) {
  ASSERT_TRUE(WriteOne(log_.get(), VoteWrite(0, 0, 0)).ok());
  ASSERT_TRUE(WriteOne(log_.get(), VoteWrite(0, 0, 2), /*must_sync=*/false).ok());
  Append(1, 3, 1);
  env_.PowerOff();
  log_.reset();
  env_.PowerOn();
  Reopen();
  EXPECT_EQ(log_->State().hard_state.commit, Index(2));
}

TEST_F(LogStoreTest, VoteIsSyncedEvenIfTheCallerSaysItNeedNot) {
  ASSERT_TRUE(WriteOne(log_.get(), VoteWrite(4, 2, 0), /*must_sync=*/false).ok());
  env_.PowerOff();
  log_.reset();
  env_.PowerOn();
  Reopen();
  EXPECT_EQ(log_->State().hard_state,
            (raft::HardState{.term = Term(4), .vote = NodeId(2), .commit = Index(0)}));
}

TEST_F(LogStoreTest, EntriesRespectBytesMaxButGiveAtLeastOne) {
  std::vector<raft::Entry> entries;
  for (uint64_t i = 1; i <= 4; ++i) entries.push_back(MakeEntry(i, 1, std::string(76, 'x')));
  ASSERT_EQ(entries[0].ApproximateBytes(), 100u);
  ASSERT_TRUE(WriteOne(log_.get(), AppendWrite(entries)).ok());
  const auto count = [&](size_t bytes_max) {
    return log_->Entries(Index(1), Index(5), bytes_max)->size();
  };
  for (const size_t cache : {size_t{1} << 20, size_t{0}}) {  // from memory, then from disk
    options_.cache_bytes_max = cache;
    Reopen();
    EXPECT_EQ(count(0), 1u);
    EXPECT_EQ(count(199), 1u);
    EXPECT_EQ(count(200), 2u);
    EXPECT_EQ(count(399), 3u);
    EXPECT_EQ(count(400), 4u);
    EXPECT_EQ(log_->Entries(Index(2), Index(2), 100)->size(), 0u);
    EXPECT_EQ(log_->Entries(Index(4), Index(6), 100).status().code(), Code::kNotFound);
  }
}

TEST_F(LogStoreTest, RecentEntriesAreReadWithoutTheDisk) {
  options_.cache_bytes_max = 300;
  Reopen();
  std::vector<raft::Entry> entries;
  for (uint64_t i = 1; i <= 5; ++i) entries.push_back(MakeEntry(i, 1, std::string(76, 'x')));
  ASSERT_TRUE(WriteOne(log_.get(), AppendWrite(entries)).ok());
  EXPECT_EQ(log_->Entries(Index(3), Index(6), SIZE_MAX)->size(), 3u);
  EXPECT_EQ(log_->disk_reads(), 0u);
  EXPECT_EQ(log_->Entries(Index(2), Index(6), SIZE_MAX)->size(), 4u);
  EXPECT_EQ(log_->disk_reads(), 1u);
  Reopen();  // the cache is warm after a start
  EXPECT_EQ(log_->Entries(Index(3), Index(6), SIZE_MAX)->size(), 3u);
  EXPECT_EQ(log_->disk_reads(), 0u);
}

TEST_F(LogStoreTest, AfterAFailedSyncEveryWriteFailsAndReadsGoOn) {
  Append(1, 3, 1);
  env_.SetFault([](FaultEnv::Operation operation, const std::string& path) {
    return operation == FaultEnv::Operation::kSync && path.ends_with(".log")
               ? leveldb::Status::IOError(path, "Input/output error")
               : leveldb::Status::OK();
  });
  const Status first = WriteOne(log_.get(), AppendWrite(MakeEntries(4, 4, 1)));
  EXPECT_EQ(first.code(), Code::kIo) << first.ToString();
  env_.SetFault({});  // the disk recovers; the store must not believe it
  EXPECT_EQ(WriteOne(log_.get(), AppendWrite(MakeEntries(4, 4, 1))), first);
  EXPECT_EQ(WriteOne(log_.get(), VoteWrite(0, 0, 2), /*must_sync=*/false), first);
  EXPECT_EQ(log_->Compact(MakeMeta(2, 1)), first);
  EXPECT_EQ(log_->LastIndex(), Index(3));
  EXPECT_EQ(All(), MakeEntries(1, 3, 1));
}

// The first one begins the file, under another name; the second is a record of it.
TEST_F(LogStoreTest, AFailedWriteOfTheWatermarkIsAFailedWrite) {
  for (const uint64_t index : {1, 2}) {
    Reopen();
    if (index == 2) Append(1, 1, 1);
    int failures = 0;
    env_.SetFault([&](FaultEnv::Operation, const std::string& path) {
      if (path.find("WATERMARK") == std::string::npos) return leveldb::Status::OK();
      ++failures;
      return leveldb::Status::IOError(path, "No space left on device");
    });
    const auto write = AppendWrite(MakeEntries(index, index, 1));
    EXPECT_EQ(WriteOne(log_.get(), write).code(), Code::kStorageFull);
    EXPECT_EQ(failures, 1);
    env_.SetFault({});
    EXPECT_EQ(WriteOne(log_.get(), write).code(), Code::kStorageFull);
  }
}

TEST_F(LogStoreTest, AnotherOwnersLogIsRefusedByName) {
  log_.reset();
  const auto other_node = LevelLogStore::Open(
      &env_, "/data", {.cluster_id = "cluster-a", .node_id = NodeId(2)}, options_);
  EXPECT_EQ(other_node.status().reason(), "wrong_node");
  const auto other_cluster = LevelLogStore::Open(
      &env_, "/data", {.cluster_id = "cluster-b", .node_id = NodeId(1)}, options_);
  EXPECT_EQ(other_cluster.status().reason(), "wrong_cluster");
  EXPECT_NE(other_cluster.status().message().find("cluster-a"), std::string::npos);
}

TEST_F(LogStoreTest, ApproximateBytesFollowTheLog) {
  const uint64_t before = log_->ApproximateBytes();
  ASSERT_TRUE(WriteOne(log_.get(), AppendWrite({MakeEntry(1, 1, std::string(1 << 20, 'x'))})).ok());
  EXPECT_GE(log_->ApproximateBytes(), before + (1 << 20));
  Reopen();  // now it is in a table
  EXPECT_GE(log_->ApproximateBytes(), before + (1 << 20));
}

// Unlike the bytes on disk, which hold what was overwritten and dropped until LevelDB merges it.
TEST_F(LogStoreTest, EntryBytesAreThoseOfTheEntriesThatAreThere) {
  const auto large = [](uint64_t index, uint64_t term) {
    return MakeEntry(index, term, std::string(100'000 - raft::Entry::kOverheadBytes, 'x'));
  };
  const auto expect = [&](uint64_t first, uint64_t last) {
    const uint64_t count = last + 1 - first;
    EXPECT_EQ(log_->EntryBytes(), count * 100'000);
    EXPECT_EQ(log_->FirstWithin(count * 100'000), Index(first));
    EXPECT_EQ(log_->FirstWithin(250'000), Index(last - 1));
    EXPECT_EQ(log_->FirstWithin(99'999), Index(last + 1));
  };
  for (uint64_t i = 1; i <= 10; ++i) {
    ASSERT_TRUE(WriteOne(log_.get(), AppendWrite({large(i, 1)})).ok());
  }
  expect(1, 10);
  ASSERT_TRUE(WriteOne(log_.get(), AppendWrite({large(8, 2)})).ok());
  expect(1, 8);
  ASSERT_TRUE(log_->Compact(MakeMeta(3, 1)).ok());
  expect(4, 8);
  Reopen();
  expect(4, 8);
  node::LogWrite snapshot;
  snapshot.snapshot = MakeMeta(20, 2);
  ASSERT_TRUE(WriteOne(log_.get(), snapshot).ok());
  EXPECT_EQ(log_->EntryBytes(), 0u);
  EXPECT_EQ(log_->FirstWithin(0), Index(21));
}

using LogStoreDeathTest = LogStoreTest;

TEST_F(LogStoreDeathTest, WhatOnlyABugCanAskForIsChecked) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  Append(1, 5, 3);
  ASSERT_TRUE(log_->Compact(MakeMeta(2, 3)).ok());
  const auto write = [&](std::vector<raft::Entry> entries) {
    (void)WriteOne(log_.get(), AppendWrite(std::move(entries)));
  };
  EXPECT_DEATH(write(MakeEntries(7, 7, 3)), "after a gap");
  EXPECT_DEATH(write(MakeEntries(2, 2, 3)), "before the start");
  EXPECT_DEATH(write(MakeEntries(6, 6, 2)), "at index 6");
  EXPECT_DEATH(write({MakeEntry(6, 3, ""), MakeEntry(8, 3, "")}), "8 vs 7");
  EXPECT_DEATH((void)log_->Compact(MakeMeta(1, 3)), "never goes back");
  EXPECT_DEATH((void)log_->Compact(MakeMeta(6, 3)), "6 vs 5");
  EXPECT_DEATH((void)log_->Compact(MakeMeta(4, 1)), "1 vs 3");
}

}  // namespace
}  // namespace baton::storage
