#include "pkg/storage/wal_sync_env.h"

#include <gtest/gtest.h>
#include <leveldb/db.h>

#include <thread>
#include <utility>

#include "pkg/storage/database.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {
namespace {

using Operation = FaultEnv::Operation;

class WalSyncEnvTest : public ::testing::Test {
 protected:
  WalSyncEnvTest() {
    EXPECT_TRUE(disk_.CreateDir("/db").ok() && disk_.SyncDir("/").ok());
    env_ = std::make_unique<WalSyncEnv>(&disk_, "/db");
  }

  std::unique_ptr<leveldb::WritableFile> Create(const std::string& path) {
    leveldb::WritableFile* file = nullptr;
    EXPECT_TRUE(env_->NewWritableFile(path, &file).ok());
    return std::unique_ptr<leveldb::WritableFile>(file);
  }

  // Without the zeros that lie ahead.
  std::string Written(const std::string& path) {
    const std::string bytes = disk_.Contents(path);
    return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
  }

  FaultEnv disk_;
  std::unique_ptr<WalSyncEnv> env_;
};

TEST_F(WalSyncEnvTest, KnowsWriteAheadFilesByName) {
  EXPECT_TRUE(IsWalName("000012.log"));
  EXPECT_TRUE(IsWalName("/data/log/000012.log"));
  EXPECT_FALSE(IsWalName("/data/log/000012.ldb"));
  EXPECT_FALSE(IsWalName("/data/1.log/MANIFEST-000001"));
  EXPECT_FALSE(IsWalName("a.log"));
  EXPECT_FALSE(IsWalName(".log"));
}

TEST_F(WalSyncEnvTest, AClosedWriteAheadFileIsDurableBeforeTheNextGetsItsFirstByte) {
  auto first = Create("/db/000001.log");
  ASSERT_TRUE(first->Append("one").ok());
  auto second = Create("/db/000002.log");
  first.reset();  // as LevelDB 1.23 does it: no Close, no Sync
  ASSERT_TRUE(second->Append("two").ok());
  ASSERT_TRUE(second->Sync().ok());
  disk_.PowerOff();
  second.reset();
  disk_.PowerOn();
  EXPECT_EQ(Written("/db/000001.log"), "one");
  EXPECT_EQ(Written("/db/000002.log"), "two");
}

TEST_F(WalSyncEnvTest, SyncWalCoversEveryOpenFileAndItsName) {
  auto first = Create("/db/000001.log");
  ASSERT_TRUE(first->Append("one").ok());
  auto second = Create("/db/000002.log");
  ASSERT_TRUE(second->Append("two").ok());
  EXPECT_EQ(env_->WalBytes(), 6u);
  ASSERT_TRUE(env_->SyncWal().ok());
  ASSERT_TRUE(second->Append("never synced").ok());
  disk_.PowerOff();
  first.reset();
  second.reset();
  disk_.PowerOn();
  EXPECT_EQ(Written("/db/000001.log"), "one");
  EXPECT_EQ(Written("/db/000002.log"), "two");
}

// Where batches are not synced, a writer does not wait for the file that it has filled.
class SyncedSometimesTest : public WalSyncEnvTest {
 protected:
  SyncedSometimesTest() {
    env_ = std::make_unique<WalSyncEnv>(&disk_, "/db", /*syncs_each_batch=*/false);
    disk_.SetObserver(
        [this](FaultEnv::Moment moment, Operation operation, const std::string& path) {
          if (moment != FaultEnv::Moment::kAfter) return;
          if (operation == Operation::kSync) synced_ += path + " ";
          EXPECT_NE(operation, Operation::kFill);
        });
  }
  std::string Synced() { return std::exchange(synced_, ""); }

  std::string synced_;
};

TEST_F(SyncedSometimesTest, AClosedFileIsSyncedWithTheNextSync) {
  auto first = Create("/db/000001.log");
  ASSERT_TRUE(first->Append("one").ok());
  auto second = Create("/db/000002.log");
  first.reset();
  ASSERT_TRUE(second->Append("two").ok());
  EXPECT_EQ(Synced(), "");
  EXPECT_EQ(env_->WalBytes(), 3u) << "of the open one";
  ASSERT_TRUE(env_->SyncClosedWals().ok());
  EXPECT_EQ(Synced(), "/db/000001.log ");
  ASSERT_TRUE(env_->SyncClosedWals().ok());
  EXPECT_EQ(Synced(), "") << "once";
  second.reset();
  auto third = Create("/db/000003.log");
  ASSERT_TRUE(env_->SyncWal().ok());
  EXPECT_EQ(Synced(), "/db/000002.log /db/000003.log ");
  ASSERT_TRUE(env_->SyncWal().ok());
  EXPECT_EQ(Synced(), "/db/000003.log ") << "one may still be appended to";
}

TEST_F(SyncedSometimesTest, WhatIsInATableIsNotWaitedFor) {
  Create("/db/000001.log").reset();
  ASSERT_TRUE(env_->RemoveFile("/db/000001.log").ok());
  ASSERT_TRUE(env_->SyncWal().ok());
  EXPECT_EQ(Synced(), "");
}

TEST_F(SyncedSometimesTest, AClosedFileThatCannotBeSyncedFailsAll) {
  Create("/db/000001.log").reset();
  auto second = Create("/db/000002.log");
  disk_.SetFault([](Operation operation, const std::string& path) {
    const bool bad = operation == Operation::kSync && path.ends_with("000001.log");
    return bad ? leveldb::Status::IOError(path, "bad sector") : leveldb::Status::OK();
  });
  EXPECT_TRUE(env_->SyncWal().IsIOError());
  EXPECT_TRUE(second->Append("two").IsIOError());
}

class FillingTest : public WalSyncEnvTest {
 protected:
  static constexpr uint64_t kStep = WalSyncEnv::kFillStepBytes;
  FillingTest() {
    disk_.SetObserver([this](FaultEnv::Moment moment, Operation operation, const std::string&) {
      if (moment == FaultEnv::Moment::kAfter && operation == Operation::kFill) ++fills_;
    });
  }
  uint64_t Size() {
    uint64_t bytes = 0;
    EXPECT_TRUE(disk_.GetFileSize("/db/000001.log", &bytes).ok());
    return bytes;
  }

  int fills_ = 0;
};

TEST_F(FillingTest, SmallSyncedBatchesAreWrittenOverZeros) {
  auto file = Create("/db/000001.log");
  EXPECT_EQ(Size(), 0u);
  const std::string batch(1000, 'x');
  std::string all;
  while (all.size() + batch.size() < 3 * kStep) {
    ASSERT_TRUE(file->Append(batch).ok());
    ASSERT_TRUE(file->Sync().ok());
    all += batch;
    EXPECT_EQ(Size(), (all.size() / kStep + 1) * kStep);
  }
  EXPECT_EQ(fills_, 3);
  EXPECT_EQ(env_->WalBytes(), all.size()) << "zeros are no contents";
  EXPECT_EQ(disk_.Contents("/db/000001.log"), all + std::string(3 * kStep - all.size(), '\0'));
  disk_.PowerOff();
  file.reset();
  disk_.PowerOn();
  EXPECT_EQ(disk_.Contents("/db/000001.log").substr(0, all.size()), all);
}

// Else a log of large values would be written twice.
TEST_F(FillingTest, LargeBatchesAreNotWorthIt) {
  auto file = Create("/db/000001.log");
  const std::string batch(kStep / (WalSyncEnv::kFillSyncsMin - 1), 'x');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(file->Append(batch).ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  EXPECT_EQ(fills_, 1) << "that of the beginning";
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(file->Append(std::string(1000, 'x')).ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  EXPECT_GT(fills_, 2) << "and when they are small again it is";
}

TEST_F(FillingTest, WhatCannotBeFilledFailsAsAnAppendDoes) {
  auto file = Create("/db/000001.log");
  disk_.SetFault([](Operation operation, const std::string& path) {
    return operation == Operation::kFill ? leveldb::Status::IOError(path, "bad sector")
                                         : leveldb::Status::OK();
  });
  EXPECT_TRUE(file->Append("one").IsIOError());
  EXPECT_EQ(Size(), 0u);
  disk_.SetFault({});
  EXPECT_TRUE(file->Append("two").IsIOError()) << "the first failure is the last word";
  EXPECT_TRUE(env_->SyncWal().IsIOError());
}

TEST_F(WalSyncEnvTest, OtherFilesAreLeftToLevelDb) {
  auto table = Create("/db/000003.ldb");
  ASSERT_TRUE(table->Append("table").ok());
  const uint64_t changes = disk_.changes();
  table.reset();
  EXPECT_EQ(disk_.changes(), changes);
}

// Or else MANIFEST may name it, and it is not there.
TEST_F(WalSyncEnvTest, ASyncedTableHasItsName) {
  auto table = Create("/db/000003.ldb");
  ASSERT_TRUE(table->Append("table").ok());
  ASSERT_TRUE(table->Sync().ok());
  disk_.PowerOff();
  table.reset();
  disk_.PowerOn();
  ASSERT_EQ(disk_.Files(), std::vector<std::string>{"/db/000003.ldb"});
  EXPECT_EQ(disk_.Contents("/db/000003.ldb"), "table");
}

TEST_F(WalSyncEnvTest, ARenameIsDurable) {
  disk_.SetContents("/db/000001.dbtmp", "MANIFEST-000001\n");
  ASSERT_TRUE(env_->RenameFile("/db/000001.dbtmp", "/db/CURRENT").ok());
  disk_.PowerOff();
  disk_.PowerOn();
  EXPECT_EQ(disk_.Contents("/db/CURRENT"), "MANIFEST-000001\n");
}

TEST_F(WalSyncEnvTest, TheFirstFailureIsTheLastWord) {
  for (const Operation failing : {Operation::kAppend, Operation::kSync}) {
    env_ = std::make_unique<WalSyncEnv>(&disk_, "/db");
    auto file = Create("/db/000001.log");
    disk_.SetFault([failing](Operation operation, const std::string& path) {
      return operation == failing ? leveldb::Status::IOError(path, "bad sector")
                                  : leveldb::Status::OK();
    });
    (void)file->Append("one");
    (void)file->Sync();
    EXPECT_TRUE(env_->failure().IsIOError());
    disk_.SetFault({});
    EXPECT_EQ(file->Append("two").ToString(), env_->failure().ToString());
    EXPECT_EQ(file->Sync().ToString(), env_->failure().ToString());
    EXPECT_EQ(env_->SyncWal().ToString(), env_->failure().ToString());
  }
}

TEST_F(WalSyncEnvTest, AFailedSyncAtTheSilentCloseIsFoundByTheNextAppend) {
  auto first = Create("/db/000001.log");
  ASSERT_TRUE(first->Append("one").ok());
  auto second = Create("/db/000002.log");
  disk_.SetFault([](Operation operation, const std::string& path) {
    return operation == Operation::kSync && path == "/db/000001.log"
               ? leveldb::Status::IOError(path, "bad sector")
               : leveldb::Status::OK();
  });
  first.reset();
  EXPECT_FALSE(second->Append("two").ok());
  EXPECT_FALSE(env_->SyncWal().ok());
}

TEST_F(WalSyncEnvTest, AWriteAheadFileWhoseNameCannotBeKeptIsNotOpened) {
  disk_.SetFault([](Operation operation, const std::string& path) {
    return operation == Operation::kSyncDir ? leveldb::Status::IOError(path, "bad sector")
                                            : leveldb::Status::OK();
  });
  leveldb::WritableFile* file = nullptr;
  EXPECT_FALSE(env_->NewWritableFile("/db/000001.log", &file).ok());
  EXPECT_EQ(file, nullptr);
}

// The first turn of the MANIFEST at a start renames CURRENT; when the sync after it fails LevelDB
// takes that for "CURRENT is the old one" and would remove the MANIFEST that it names.
TEST(DatabaseTest, AFailedSyncAfterTheRenameOfCurrentLeavesADatabase) {
  FaultEnv disk;
  ASSERT_TRUE(disk.CreateDir("/db").ok() && disk.SyncDir("/").ok());
  DatabaseOptions options;
  options.directory = "/db";
  options.create = true;
  {
    const auto database = Database::Open(&disk, options);
    leveldb::WriteBatch batch;
    batch.Put("key", "value");
    ASSERT_TRUE((*database)->Write(&batch, /*sync=*/true).ok());
  }
  options.create = false;
  bool renamed = false;
  disk.SetFault([&](Operation operation, const std::string& path) {
    if (operation == Operation::kRename && path == "/db/CURRENT") renamed = true;
    return renamed && operation == Operation::kSyncDir
               ? leveldb::Status::IOError(path, "Input/output error")
               : leveldb::Status::OK();
  });
  EXPECT_EQ(Database::Open(&disk, options).status().code(), Code::kIo);
  ASSERT_TRUE(renamed);
  disk.SetFault({});
  disk.Restart();
  const auto database = Database::Open(&disk, options);
  ASSERT_TRUE(database.ok()) << database.status().ToString();
  EXPECT_EQ((*database)->Get("key")->value_or("lost"), "value");
}

TEST_F(WalSyncEnvTest, NothingIsRemovedAfterAFailure) {
  disk_.SetContents("/db/MANIFEST-000001", "edits");
  env_->SetFailure(leveldb::Status::IOError("/db", "bad sector"));
  EXPECT_FALSE(env_->RemoveFile("/db/MANIFEST-000001").ok());
  EXPECT_EQ(disk_.Contents("/db/MANIFEST-000001"), "edits");
}

TEST_F(WalSyncEnvTest, BackgroundWorkRunsInOrderOnOneThreadOfItsOwn) {
  struct Note {
    std::vector<std::pair<int, std::thread::id>>* notes;
    int number;
  };
  std::vector<std::pair<int, std::thread::id>> notes;
  std::vector<Note> work;
  for (int i = 0; i < 5; ++i) work.push_back({&notes, i});
  for (Note& note : work) {
    env_->Schedule(
        [](void* argument) {
          const auto* const own = static_cast<Note*>(argument);
          own->notes->emplace_back(own->number, std::this_thread::get_id());
        },
        &note);
  }
  env_.reset();  // finishes what was scheduled
  ASSERT_EQ(notes.size(), 5u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(notes[static_cast<size_t>(i)].first, i);
    EXPECT_EQ(notes[static_cast<size_t>(i)].second, notes[0].second);
  }
  EXPECT_NE(notes[0].second, std::this_thread::get_id());
}

// Keeps LevelDB's background work back until it is told otherwise.
class HeldBackEnv final : public leveldb::EnvWrapper {
 public:
  explicit HeldBackEnv(leveldb::Env* env) : leveldb::EnvWrapper(env) {}
  void Schedule(void (*function)(void*), void* argument) override {
    if (released_) {
      leveldb::EnvWrapper::Schedule(function, argument);
    } else {
      held_.emplace_back(function, argument);
    }
  }
  void Release() {
    released_ = true;
    for (const auto& [function, argument] : held_) Schedule(function, argument);
  }

 private:
  std::atomic<bool> released_{false};
  std::vector<std::pair<void (*)(void*), void*>> held_;
};

class NoLogger final : public leveldb::Logger {
  void Logv(const char*, std::va_list) override {}
};

// Why all this: LevelDB without it keeps the later write and loses the earlier ones. If this test
// fails one day, LevelDB has learned to sync, and wal_sync_env.h has one reason less.
TEST(LevelDbAloneTest, LosesTheMiddleOfTheStory) {
  FaultEnv disk;
  ASSERT_TRUE(disk.CreateDir("/db").ok() && disk.SyncDir("/").ok());
  HeldBackEnv env(&disk);
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = 64 << 10;
  options.env = &env;
  NoLogger logger;
  options.info_log = &logger;
  leveldb::DB* raw = nullptr;
  ASSERT_TRUE(leveldb::DB::Open(options, "/db", &raw).ok());
  std::unique_ptr<leveldb::DB> db(raw);
  leveldb::WriteOptions synced;
  synced.sync = true;
  ASSERT_TRUE(db->Put(synced, "a", "first").ok());
  // Fills the memtable, so that the next write goes to a new write-ahead file.
  ASSERT_TRUE(db->Put({}, "b", std::string(80 << 10, 'x')).ok());
  ASSERT_TRUE(db->Put(synced, "c", "last").ok());
  ASSERT_TRUE(disk.SyncDir("/db").ok());  // ext4 is so kind as to keep the name of a synced file
  disk.PowerOff();
  env.Release();
  db.reset();
  disk.PowerOn();

  ASSERT_TRUE(leveldb::DB::Open(options, "/db", &raw).ok()) << "and it says that all is well";
  db.reset(raw);
  std::string value;
  EXPECT_TRUE(db->Get({}, "a", &value).ok());
  EXPECT_TRUE(db->Get({}, "b", &value).IsNotFound());
  EXPECT_TRUE(db->Get({}, "c", &value).ok());
}

// The same story through a Database.
TEST(DatabaseTest, DoesNotLoseTheMiddleOfTheStory) {
  for (const bool syncs_each_batch : {true, false}) {
    FaultEnv disk;
    ASSERT_TRUE(disk.CreateDir("/db").ok() && disk.SyncDir("/").ok());
    DatabaseOptions options;
    options.directory = "/db";
    options.create = true;
    options.syncs_each_batch = syncs_each_batch;
    options.write_buffer_bytes = 64 << 10;
    {
      auto database = Database::Open(&disk, options);
      ASSERT_TRUE(database.ok());
      const auto put = [&](const std::string& key, size_t bytes, bool sync) {
        leveldb::WriteBatch batch;
        batch.Put(key, std::string(bytes, 'x'));
        ASSERT_TRUE((*database)->Write(&batch, sync).ok());
      };
      put("a", 1, true);
      put("b", 80 << 10, false);
      put("c", 1, true);
      disk.PowerOff();
    }
    disk.PowerOn();
    options.create = false;
    const auto database = Database::Open(&disk, options);
    ASSERT_TRUE(database.ok());
    for (const char* key : {"a", "b", "c"}) {
      EXPECT_TRUE((*database)->Get(key)->has_value()) << key << " " << syncs_each_batch;
    }
  }
}

}  // namespace
}  // namespace baton::storage
