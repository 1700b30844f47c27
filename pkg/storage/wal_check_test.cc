#include "pkg/storage/wal_check.h"

#include <gtest/gtest.h>

#include "pkg/storage/database.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/wal_records.h"

namespace baton::storage {
namespace {

constexpr size_t kBlockBytes = 32768;

// ---- the record format, against what LevelDB writes ----

class WalTest : public ::testing::Test {
 protected:
  WalTest() { EXPECT_TRUE(disk_.CreateDir("/db").ok() && disk_.SyncDir("/").ok()); }

  // Writes rows 0, 1, 2, ... of these sizes, one batch each, and dies.
  void WriteRows(const std::vector<size_t>& sizes, size_t write_buffer_bytes = 8u << 20) {
    DatabaseOptions options;
    options.directory = "/db";
    options.create = true;
    options.syncs_each_batch = false;  // no zeros ahead: the tests append what they want
    options.write_buffer_bytes = write_buffer_bytes;
    auto database = Database::Open(&disk_, options);
    ASSERT_TRUE(database.ok()) << database.status().ToString();
    for (size_t i = 0; i < sizes.size(); ++i) {
      leveldb::WriteBatch batch;
      batch.Put(Key(i), std::string(sizes[i], 'x'));
      ASSERT_TRUE((*database)->Write(&batch, /*sync=*/true).ok());
    }
  }

  static std::string Key(size_t row) { return "row" + std::to_string(1000 + row); }

  std::vector<std::string> Wals() const {
    std::vector<std::string> wals = disk_.Files();
    std::erase_if(wals, [](const std::string& path) { return !path.ends_with(".log"); });
    return wals;
  }
  std::string Wal() const {
    EXPECT_EQ(Wals().size(), 1u);
    return disk_.Contents(Wals().at(0));
  }
  void SetWal(const std::string& contents) { disk_.SetContents(Wals().at(0), contents); }
  // Where row `row` begins in the only file.
  size_t Begin(size_t row) const { return ScanWal(Wal()).records.at(row).begin; }

  // The rows that a database opened with `damage` has: their number, if they are a prefix.
  Result<size_t> Open(WalDamage damage) {
    DatabaseOptions options;
    options.directory = "/db";
    options.wal_damage = damage;
    const auto database = Database::Open(&disk_, options);
    if (!database.ok()) return database.status();
    size_t rows = 0;
    const auto iterator = (*database)->NewIterator(false);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      EXPECT_EQ(iterator->key().ToString(), Key(rows)) << "a hole";
      ++rows;
    }
    EXPECT_TRUE(iterator->status().ok());
    return rows;
  }

  FaultEnv disk_;
};

TEST_F(WalTest, ReadsWhatLevelDbWrites) {
  // Every distance from the end of a block, so that headers, trailers and fragments of all kinds
  // come up; and a record over several blocks.
  std::vector<size_t> sizes = {0, 100'000, 1};
  for (size_t i = 0; i < 20; ++i) sizes.push_back(kBlockBytes / 2 - 30 + i);
  WriteRows(sizes);
  const WalScan scan = ScanWal(Wal());
  EXPECT_EQ(scan.records.size(), sizes.size());
  EXPECT_FALSE(scan.damaged);
  EXPECT_EQ(scan.good_bytes, Wal().size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_NE(scan.records[i].bytes.find(Key(i)), std::string::npos);
  }
}

TEST_F(WalTest, ACutIsFoundAtEveryByte) {
  WriteRows({40'000, 10, 300});
  const std::string wal = Wal();
  const WalScan whole = ScanWal(wal);
  for (size_t size = wal.size() - 400; size < wal.size(); ++size) {
    const WalScan scan = ScanWal(std::string_view(wal).substr(0, size));
    const size_t complete = size >= whole.records[2].begin ? 2 : size >= whole.records[1].begin;
    ASSERT_EQ(scan.records.size(), complete) << size;
    const bool at_a_record = size == whole.records[2].begin || size == whole.records[1].begin;
    ASSERT_EQ(scan.damaged, !at_a_record) << size;
    ASSERT_FALSE(RecordBeginsAfter(std::string_view(wal).substr(0, size), scan.good_bytes));
  }
}

// What was filled ahead. A record behind zeros is another thing.
TEST_F(WalTest, NothingAndZerosAreNoRecordsAndNoDamage) {
  EXPECT_FALSE(ScanWal("").damaged);
  EXPECT_FALSE(ScanWal(std::string(1, '\0')).damaged);
  EXPECT_FALSE(ScanWal(std::string(3 * kBlockBytes, '\0')).damaged);
  WriteRows({40'000, 10});
  const std::string wal = Wal();
  for (const size_t zeros : {size_t{1}, size_t{6}, size_t{7}, 3 * kBlockBytes}) {
    const WalScan scan = ScanWal(wal + std::string(zeros, '\0'));
    EXPECT_FALSE(scan.damaged) << zeros;
    EXPECT_EQ(scan.good_bytes, wal.size());
    EXPECT_EQ(scan.records.size(), 2u);
    EXPECT_TRUE(ScanWal(wal + std::string(zeros, '\0') + "x").damaged) << zeros;
    EXPECT_TRUE(ScanWal(wal + std::string(zeros, '\0') + wal).damaged) << zeros;
  }
  EXPECT_FALSE(RecordBeginsAfter(std::string(3 * kBlockBytes, '\0'), 0));
}

// ---- the check ----

TEST_F(WalTest, ZerosBehindTheLastRecordAreLeftAlone) {
  WriteRows({10, 40'000, 30});
  SetWal(Wal() + std::string(100'000, '\0'));
  const FaultEnv::Image before = disk_.TakeImage();
  for (const WalDamage damage : {WalDamage::kCutTornTail, WalDamage::kCutAll}) {
    ASSERT_TRUE(CheckWals(&disk_, "/db", damage).ok());
  }
  EXPECT_EQ(disk_.TakeImage(), before);
  const Result<size_t> rows = Open(WalDamage::kCutTornTail);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(*rows, 3u) << "LevelDB reads over them";
}

// A batch that was under way, of which a page is zeros and a later one is there.
TEST_F(WalTest, AHoleBeforeWhatIsNoRecordIsATornTail) {
  WriteRows({10, 20});
  const std::string whole = Wal();
  SetWal(whole + std::string(4096, '\0') + std::string(100, 'x') + std::string(100'000, '\0'));
  const Result<size_t> rows = Open(WalDamage::kCutTornTail);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(*rows, 2u);
  EXPECT_TRUE(disk_.FileExists("/db/damaged-wal"));
}

TEST_F(WalTest, IntactFilesAreLeftAlone) {
  WriteRows({10, 20, 30});
  const FaultEnv::Image before = disk_.TakeImage();
  ASSERT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutTornTail).ok());
  ASSERT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutAll).ok());
  EXPECT_EQ(disk_.TakeImage(), before);
}

TEST_F(WalTest, ATornLastBatchIsCutOffAndKeptAside) {
  WriteRows({10, 20, 100'000});
  const std::string torn = Wal().substr(0, Wal().size() - 5000);
  SetWal(torn);
  const auto rows = Open(WalDamage::kCutTornTail);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(*rows, 2u);
  EXPECT_EQ(disk_.Contents("/db/damaged-wal"), torn);
}

TEST_F(WalTest, ALastBatchWithoutItsFirstPageIsATornTailToo) {
  WriteRows({10, 20, 100'000});  // LevelDB alone: "error in middle of record", and no start
  std::string torn = Wal();
  const size_t begin = Begin(2);
  std::fill(torn.begin() + static_cast<ptrdiff_t>(begin),
            torn.begin() + static_cast<ptrdiff_t>(begin) + 4096, '\0');
  SetWal(torn);
  const auto rows = Open(WalDamage::kCutTornTail);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(*rows, 2u);
}

TEST_F(WalTest, DamageBeforeIntactBatchesIsRefusedOrCutAsAsked) {
  WriteRows({10, 20, 30, 40});
  const FaultEnv::Image intact = disk_.TakeImage();
  for (size_t offset = 0; offset < 30; ++offset) {
    disk_.PutImage(intact);
    std::string wal = Wal();
    wal[Begin(1) + offset] = static_cast<char>(wal[Begin(1) + offset] ^ 0x10);
    SetWal(wal);
    const FaultEnv::Image before = disk_.TakeImage();
    const auto refused = Open(WalDamage::kCutTornTail);
    ASSERT_EQ(refused.status().code(), Code::kCorruption) << offset;
    EXPECT_NE(refused.status().message().find("is damaged at byte"), std::string::npos);
    EXPECT_EQ(disk_.TakeImage(), before);
    const auto rows = Open(WalDamage::kCutAll);
    ASSERT_TRUE(rows.ok()) << rows.status().ToString();
    EXPECT_EQ(*rows, 1u);
  }
}

TEST_F(WalTest, ABlockOfZerosIsNotPassedOver) {
  WriteRows(std::vector<size_t>(40, 10'000));
  std::string wal = Wal();
  std::fill(wal.begin() + kBlockBytes, wal.begin() + 2 * kBlockBytes, '\0');
  SetWal(wal);
  EXPECT_EQ(Open(WalDamage::kCutTornTail).status().code(), Code::kCorruption);
  const auto rows = Open(WalDamage::kCutAll);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(*rows, 3u);  // those that end in the first block
}

// A record taken out as a whole leaves nothing torn; only the numbers tell.
TEST_F(WalTest, AMissingBatchIsFoundByTheNumbers) {
  WriteRows({10, 20, 30, 40});
  std::string wal = Wal();
  wal.erase(Begin(1), Begin(2) - Begin(1));
  SetWal(wal);
  const auto refused = Open(WalDamage::kCutTornTail);
  ASSERT_EQ(refused.status().code(), Code::kCorruption);
  EXPECT_NE(refused.status().message().find("lacks batches"), std::string::npos);
  EXPECT_EQ(*Open(WalDamage::kCutAll), 1u);
}

TEST_F(WalTest, AMissingFileIsNamed) {
  WriteRows({10, 20});
  ASSERT_TRUE(disk_.RemoveFile(Wals()[0]).ok());
  const auto refused = Open(WalDamage::kCutTornTail);
  ASSERT_EQ(refused.status().code(), Code::kCorruption);
  EXPECT_NE(refused.status().message().find("is missing from /db"), std::string::npos);
  EXPECT_EQ(*Open(WalDamage::kCutAll), 0u);
}

// Two write-ahead files, the newer made by hand: LevelDB reads both.
TEST_F(WalTest, ACutOlderFileMakesTheNewerWorthless) {
  WriteRows({10, 20, 30, 40});
  const std::string wal = Wal();
  const size_t second = Begin(1);
  const size_t split = Begin(2);
  const std::string newer = Wals()[0].substr(0, Wals()[0].size() - 10) + "000099.log";
  const FaultEnv::Image one_file = disk_.TakeImage();
  const auto prepare = [&](const std::string& older_contents) {
    disk_.PutImage(one_file);
    SetWal(older_contents);
    // A fragment knows nothing of its place within a block, so a tail is a file of its own.
    disk_.SetContents(newer, wal.substr(split));
  };
  prepare(wal.substr(0, split));
  EXPECT_EQ(*Open(WalDamage::kCutTornTail), 4u);
  for (const size_t size : {split - 1, second, size_t{0}}) {
    prepare(wal.substr(0, size));
    EXPECT_EQ(Open(WalDamage::kCutTornTail).status().code(), Code::kCorruption) << size;
    EXPECT_EQ(*Open(WalDamage::kCutAll), size == 0 ? 0u : 1u);
  }
}

// The last edit of MANIFEST moved the batches of a write-ahead file into a table. Without it they
// are in neither, and LevelDB alone would open on what came after.
TEST_F(WalTest, ALostEditOfTheManifestIsFound) {
  WriteRows(std::vector<size_t>(40, 4000), /*write_buffer_bytes=*/64 << 10);
  std::string manifest;
  for (const std::string& path : disk_.Files()) {
    if (path.find("MANIFEST") != std::string::npos) manifest = path;
  }
  const std::string whole = disk_.Contents(manifest);
  const WalScan scan = ScanWal(whole);
  ASSERT_GE(scan.records.size(), 3u) << "the memtable did not turn over";
  disk_.SetContents(manifest, whole.substr(0, scan.records.back().begin));
  const FaultEnv::Image cut = disk_.TakeImage();
  EXPECT_EQ(Open(WalDamage::kCutTornTail).status().code(), Code::kCorruption);
  EXPECT_EQ(disk_.TakeImage(), cut);
  const auto rows = Open(WalDamage::kCutAll);  // checks that they are a prefix
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_LT(*rows, 40u);
}

TEST_F(WalTest, ADamagedManifestIsRefused) {
  WriteRows(std::vector<size_t>(40, 4000), /*write_buffer_bytes=*/64 << 10);
  const FaultEnv::Image intact = disk_.TakeImage();
  for (const auto& [path, contents] : intact) {
    if (path.find("MANIFEST") == std::string::npos) continue;
    for (const WalRecord& record : ScanWal(contents).records) {
      if (record.begin == ScanWal(contents).records.back().begin) break;
      disk_.PutImage(intact);
      std::string bad = contents;
      bad[record.begin + 8] = static_cast<char>(bad[record.begin + 8] ^ 1);
      disk_.SetContents(path, bad);
      EXPECT_EQ(Open(WalDamage::kCutAll).status().code(), Code::kCorruption);
    }
  }
}

TEST_F(WalTest, WhatCannotBeReadIsLeftToLevelDb) {
  EXPECT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutAll).ok());  // no CURRENT
  disk_.SetContents("/db/CURRENT", "MANIFEST-000001");
  EXPECT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutAll).ok());
  disk_.SetContents("/db/CURRENT", "MANIFEST-000001\n");
  EXPECT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutAll).ok());
  disk_.SetContents("/db/MANIFEST-000001", "");
  EXPECT_TRUE(CheckWals(&disk_, "/db", WalDamage::kCutAll).ok());
}

// A disk that does not give one file.
class RefusingEnv final : public DurableEnv {
 public:
  RefusingEnv(DurableEnv* base, std::string refused)
      : DurableEnv(base), base_(base), refused_(std::move(refused)) {}
  leveldb::Status NewSequentialFile(const std::string& path,
                                    leveldb::SequentialFile** file) override {
    if (path.find(refused_) != std::string::npos) return leveldb::Status::IOError(path, "refused");
    return base_->NewSequentialFile(path, file);
  }
  leveldb::Status SyncDir(const std::string& dir) override { return base_->SyncDir(dir); }

 private:
  DurableEnv* const base_;
  const std::string refused_;
};

TEST_F(WalTest, ADiskThatRefusesIsAnErrorAndNotTheEndOfTheCheck) {
  WriteRows({10, 20});
  for (const std::string refused : {"CURRENT", "MANIFEST", ".log"}) {
    RefusingEnv env(&disk_, refused);
    EXPECT_EQ(CheckWals(&env, "/db", WalDamage::kCutAll).code(), Code::kIo) << refused;
  }
}

}  // namespace
}  // namespace baton::storage
