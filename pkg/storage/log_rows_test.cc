// Rows that LevelDB believes in and that are wrong all the same: its own checksums hold, ours and
// the story that the rows tell do not.
#include "pkg/storage/log_rows.h"

#include <gtest/gtest.h>

#include <functional>

#include "pkg/base/random.h"
#include "pkg/storage/log_store.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

class LogRowsTest : public ::testing::Test {
 protected:
  LogRowsTest() {
    EXPECT_TRUE(env_.CreateDir("/data").ok() && env_.SyncDir("/").ok());
    EXPECT_TRUE(LevelLogStore::Create(&env_, "/data", TestIdentity()).ok());
    auto log = *LevelLogStore::Open(&env_, "/data", TestIdentity(), {});
    EXPECT_TRUE(WriteOne(log.get(), AppendWrite(MakeEntries(1, 5, 1))).ok());
    EXPECT_TRUE(WriteOne(log.get(), AppendWrite(MakeEntries(6, 10, 2))).ok());
    EXPECT_TRUE(log->Compact(MakeMeta(2, 1)).ok());
    log.reset();
    image_ = env_.TakeImage();
  }

  // What Open says after the rows were changed behind the store's back.
  Status OpenAfter(const std::function<void(leveldb::WriteBatch*)>& change) {
    env_.PutImage(image_);
    DatabaseOptions options;
    options.directory = "/data/log-000001";
    {
      auto database = Database::Open(&env_, options);
      EXPECT_TRUE(database.ok());
      leveldb::WriteBatch batch;
      change(&batch);
      EXPECT_TRUE((*database)->Write(&batch, true).ok());
    }
    return LevelLogStore::Open(&env_, "/data", TestIdentity(), {}).status();
  }
  void ExpectRefused(const std::string& sentence,
                     const std::function<void(leveldb::WriteBatch*)>& change) {
    const Status status = OpenAfter(change);
    EXPECT_EQ(status.code(), Code::kCorruption) << sentence;
    EXPECT_EQ(status.message().find("The log in /data/log-000001 cannot be used: " + sentence), 0u)
        << status.message();
  }

  FaultEnv env_;
  FaultEnv::Image image_;
};

TEST_F(LogRowsTest, UntouchedRowsAreFine) {
  EXPECT_TRUE(OpenAfter([](leveldb::WriteBatch*) {}).ok());
}

TEST_F(LogRowsTest, AMissingRowIsNamed) {
  for (const uint64_t index : {3, 5, 9}) {
    ExpectRefused("Index " + std::to_string(index) + " is missing; index " +
                      std::to_string(index + 1) + " follows",
                  [&](leveldb::WriteBatch* batch) { batch->Delete(EntryKey(Index(index))); });
  }
}

TEST_F(LogRowsTest, AMissingEndIsNamed) {
  ExpectRefused("It ends at index 9, but its last write left it at 10",
                [](leveldb::WriteBatch* batch) { batch->Delete(EntryKey(Index(10))); });
  ExpectRefused("It ends at index 2, but its last write left it at 10",
                [](leveldb::WriteBatch* batch) {
                  for (uint64_t i = 3; i <= 10; ++i) batch->Delete(EntryKey(Index(i)));
                });
}

TEST_F(LogRowsTest, AnEntryTooManyIsNamed) {
  ExpectRefused("It ends at index 11, but its last write left it at 10",
                [](leveldb::WriteBatch* batch) {
                  batch->Put(EntryKey(Index(11)), EncodeEntry(MakeEntry(11, 2, "")));
                });
}

TEST_F(LogRowsTest, AnyFlippedBitOfARowIsNamedByItsIndex) {
  const std::string value = EncodeEntry(MakeEntries(7, 7, 2)[0]);
  Random random(1);
  for (int i = 0; i < 60; ++i) {
    std::string bad = value;
    char& byte = bad[random.Below(bad.size())];
    byte = static_cast<char>(byte ^ static_cast<char>(1 << random.Below(8)));
    ExpectRefused("The row of index 7 has a wrong checksum",
                  [&](leveldb::WriteBatch* batch) { batch->Put(EntryKey(Index(7)), bad); });
  }
}

TEST_F(LogRowsTest, AnEntryInAnothersPlaceIsNamed) {
  ExpectRefused("The row of index 7 has a wrong checksum", [](leveldb::WriteBatch* batch) {
    batch->Put(EntryKey(Index(7)), EncodeEntry(MakeEntry(6, 2, "entry 6")));
  });
}

TEST_F(LogRowsTest, ATermThatGoesDownIsNamed) {
  ExpectRefused("The term goes down at index 8", [](leveldb::WriteBatch* batch) {
    batch->Put(EntryKey(Index(8)), EncodeEntry(MakeEntry(8, 1, "")));
  });
}

TEST_F(LogRowsTest, EveryOtherRowIsNeededAndChecked) {
  for (const std::string_view key : {kHardStateKey, kIdentityKey, kStartKey, kTailKey}) {
    const std::string row = "The row '" + std::string(key) + "' ";
    ExpectRefused(row + "is missing",
                  [&](leveldb::WriteBatch* batch) { batch->Delete(ToSlice(key)); });
    ExpectRefused(row + "has a wrong checksum", [&](leveldb::WriteBatch* batch) {
      batch->Put(ToSlice(key), "a value that nobody sealed");
    });
  }
}

TEST_F(LogRowsTest, ARowOfALaterFormatIsNotPassedOver) {
  ExpectRefused("There is a row that no build of this format writes",
                [](leveldb::WriteBatch* batch) { batch->Put("z", "news"); });
}

TEST_F(LogRowsTest, AStartBeyondTheEndIsRefused) {
  ExpectRefused("It ends at index 50, but its last write left it at 10",
                [](leveldb::WriteBatch* batch) {
                  batch->Put(ToSlice(kStartKey), EncodeStart(MakeMeta(50, 2)));
                });
}

}  // namespace
}  // namespace baton::storage
