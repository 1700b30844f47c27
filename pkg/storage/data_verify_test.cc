// A directory on the real disk, whole and damaged in each of its parts. Whatever is found, nothing
// is changed: names, sizes, contents and times are compared after each look.
#include "pkg/storage/data_verify.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "pkg/storage/data_dir.h"
#include "pkg/storage/sealed_text.h"
#include "pkg/storage/testing/fixtures.h"
#include "pkg/storage/wal_records.h"

namespace baton::storage {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

struct FileFacts {
  std::string contents;
  fs::file_time_type time;
  fs::perms permissions;
  bool operator==(const FileFacts&) const = default;
};

std::map<std::string, FileFacts> Facts(const fs::path& directory) {
  std::map<std::string, FileFacts> facts;
  facts["."] = {"", fs::last_write_time(directory), fs::status(directory).permissions()};
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    facts[entry.path()] = {entry.is_regular_file() ? ReadFile(entry.path()) : "",
                           entry.last_write_time(), entry.status().permissions()};
  }
  return facts;
}

class DataVerifyTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kEntries = 200;

  DataVerifyTest()
      : path_(fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(path_);
    const auto dir = Open();
    EXPECT_TRUE(WriteOne(&dir->log(), VoteWrite(3, 2, 0)).ok());
    for (uint64_t i = 1; i <= kEntries; ++i) {
      node::LogWrite write = VoteWrite(3, 2, i - 1);
      write.entries = {MakeEntry(i, 3, std::string(1000, 'x'))};
      EXPECT_TRUE(WriteOne(&dir->log(), write).ok());
      dir->state().Put("key" + std::to_string(i), std::string(1000, 'y'));
      EXPECT_TRUE(dir->state().Commit().ok());
    }
    EXPECT_TRUE(dir->state().Sync().ok());
    EXPECT_TRUE(dir->log().Compact(MakeMeta(20, 3)).ok());
  }
  ~DataVerifyTest() override { fs::remove_all(path_); }

  std::unique_ptr<DataDir> Open() {
    DataDirOptions options;
    options.log.write_buffer_bytes = options.state.write_buffer_bytes = 64 << 10;
    auto dir = DataDir::Open(path_, TestIdentity(), options);
    EXPECT_TRUE(dir.ok()) << dir.status().ToString();
    return *std::move(dir);
  }

  VerifyReport Verify() {
    const auto before = Facts(path_);
    VerifyReport report;
    {
      const auto reader = DataReader::Open(path_);
      EXPECT_TRUE(reader.ok()) << reader.status().ToString();
      ContentChecks checks;
      checks.applied = [](std::string_view key, std::string_view) {
        return key == "key200" ? std::optional(Index(200)) : std::nullopt;
      };
      report = VerifyDataDir(reader->get(), checks);
    }
    EXPECT_EQ(Facts(path_), before) << "the look left a trace";
    return report;
  }

  // The finding of this part, which alone is damaged.
  Finding OnlyDamage(const std::string& part) {
    const VerifyReport report = Verify();
    Finding damage;
    for (const Finding& finding : report.findings) {
      EXPECT_EQ(finding.damaged, finding.part == part) << finding.part << ": " << finding.found;
      EXPECT_EQ(finding.damaged, !finding.meaning.empty());
      EXPECT_EQ(finding.damaged, !finding.advice.empty());
      if (finding.part == part) damage = finding;
    }
    return damage;
  }

  fs::path LargestFile(const std::string& directory, const std::string& extension) {
    fs::path largest;
    for (const auto& entry : fs::directory_iterator(path_ / directory)) {
      if (entry.path().extension() != extension) continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    EXPECT_FALSE(largest.empty()) << directory << " has no file " << extension;
    return largest;
  }

  void Flip(const fs::path& path, size_t at) {
    std::string bytes = ReadFile(path);
    ASSERT_LT(at, bytes.size()) << path;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    WriteFile(path, bytes);
  }

  // Changes the log behind the back of the store, with good checksums.
  void WithLog(const std::function<void(leveldb::WriteBatch*)>& change) {
    DatabaseOptions options;
    options.directory = path_ / "log-000001";
    auto log = Database::Open(PosixEnv(), options);
    ASSERT_TRUE(log.ok());
    leveldb::WriteBatch batch;
    change(&batch);
    ASSERT_TRUE((*log)->Write(&batch, /*sync=*/true).ok());
  }

  const fs::path path_;
};

TEST_F(DataVerifyTest, AWholeDirectory) {
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.damaged());
  ASSERT_TRUE(report.identity.has_value());
  EXPECT_EQ(*report.identity, TestIdentity());
  std::string all;
  for (const Finding& finding : report.findings) all += finding.part + ": " + finding.found + "\n";
  const std::string path = path_;
  EXPECT_EQ(all,
            "identity: node 1 of the cluster cluster-a\n"
            "watermark: write 203 was acknowledged, up to index 200 in term 3\n"
            "log pointer: the live log is log-000001\n"
            "log files: the write-ahead files of " +
                path +
                "/log-000001 are whole\n"
                "log: 180 entries, 21 to 200; term 3, commit index 199\n"
                "state pointer: the live state is state-000001\n"
                "state files: the write-ahead files of " +
                path +
                "/state-000001 are whole\n"
                "state: 200 rows of 201092 bytes, applied up to index 200\n"
                "leftovers: none\n");
}

TEST_F(DataVerifyTest, ALogWithoutEntries) {
  fs::remove_all(path_);
  Open();
  EXPECT_EQ(Verify().findings[4].found,
            "no entries after index 0; term 0, commit index 0; newborn: it has never written for a "
            "cluster");
}

TEST_F(DataVerifyTest, ALookHindersNoStartAfterIt) {
  Verify();
  const auto dir = Open();
  EXPECT_EQ(dir->log().LastIndex(), Index(kEntries));
}

TEST_F(DataVerifyTest, TheSmallFiles) {
  Flip(path_ / "IDENTITY", 3);
  EXPECT_NE(OnlyDamage("identity").found.find("has a wrong checksum"), std::string::npos);
  Flip(path_ / "IDENTITY", 3);
  WriteFile(path_ / "WATERMARK", "");
  EXPECT_NE(OnlyDamage("watermark").found.find("has no intact record"), std::string::npos);
}

TEST_F(DataVerifyTest, ThePointersToTheLiveDatabases) {
  Flip(path_ / "STATE", 3);
  EXPECT_NE(OnlyDamage("state pointer").found.find("has a wrong checksum"), std::string::npos);
  Flip(path_ / "STATE", 3);
  Flip(path_ / "LOG", 3);
  const Finding damage = OnlyDamage("log pointer");
  EXPECT_NE(damage.found.find("has a wrong checksum"), std::string::npos);
  EXPECT_NE(damage.meaning.find("looked at here is log-000001"), std::string::npos);
}

TEST_F(DataVerifyTest, AStateThatTheNodeItselfFoundDamaged) {
  WriteFile(path_ / "STATE-DAMAGED", "a row");
  EXPECT_NE(OnlyDamage("state").found.find("the node itself found it wrong"), std::string::npos);
}

TEST_F(DataVerifyTest, ARepairedLogSaysWhatItLacksAndWhereTheDamagedOneIs) {
  Flip(LargestFile("log-000001", ".log"), 100);
  EXPECT_FALSE(Open()->repairs().empty());
  const Finding loss = OnlyDamage("log");
  EXPECT_NE(loss.meaning.find("was repaired and lacks entries"), std::string::npos);
  const VerifyReport report = Verify();
  EXPECT_EQ(report.findings[2].found, "the live log is log-000002");
  EXPECT_EQ(report.findings.back().found,
            "log-000001 (damaged, and set aside): not in use, and no harm");
}

TEST_F(DataVerifyTest, AWriteAheadFileOfTheLogInItsMiddle) {
  Flip(LargestFile("log-000001", ".log"), 100);
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.findings[3].damaged);
  EXPECT_NE(report.findings[3].found.find("is damaged at byte"), std::string::npos)
      << report.findings[3].found;
  EXPECT_TRUE(report.findings[4].damaged) << "what is left of the log is looked at all the same";
  EXPECT_NE(report.findings[4].found.find("It was cut"), std::string::npos);
}

TEST_F(DataVerifyTest, ALogWhoseEndWasCutOff) {
  const fs::path wal = LargestFile("log-000001", ".log");
  fs::resize_file(wal, ScanWal(ReadFile(wal)).good_bytes - 40);
  EXPECT_NE(OnlyDamage("log").found.find("had been acknowledged"), std::string::npos);
}

TEST_F(DataVerifyTest, ATableOfTheLogAndOneOfTheState) {
  Flip(LargestFile("log-000001", ".ldb"), 1000);
  EXPECT_NE(OnlyDamage("log").found.find("checksum mismatch"), std::string::npos);
  Flip(LargestFile("log-000001", ".ldb"), 1000);
  Flip(LargestFile("state-000001", ".ldb"), 1000);
  EXPECT_NE(OnlyDamage("state").found.find("checksum mismatch"), std::string::npos);
}

TEST_F(DataVerifyTest, AHoleAStrangeTermAndAStrangersRowAreAllNamed) {
  WithLog([](leveldb::WriteBatch* batch) {
    batch->Delete(EntryKey(Index(50)));
    batch->Delete(EntryKey(Index(60)));
    batch->Delete(EntryKey(Index(61)));
    batch->Put(EntryKey(Index(70)), EncodeEntry(MakeEntry(70, 2, "old")));
    batch->Put(EntryKey(Index(80)), EncodeEntry(MakeEntry(81, 3, "of another place")));
    batch->Put(ToSlice(kIdentityKey),
               EncodeIdentity({.cluster_id = "cluster-b", .node_id = NodeId(1)}));
  });
  EXPECT_EQ(
      OnlyDamage("log").found,
      "It belongs to node 1 of the cluster cluster-b; Index 50 is missing; The indexes 60 to "
      "61 are missing; The term goes down at index 70; The row of index 80 has a wrong checksum");
}

TEST_F(DataVerifyTest, ManyPlacesAreCounted) {
  WithLog([](leveldb::WriteBatch* batch) {
    for (uint64_t i = 30; i < 100; i += 2) batch->Delete(EntryKey(Index(i)));
  });
  const std::string found = OnlyDamage("log").found;
  EXPECT_NE(found.find("Index 38 is missing; and 30 places more"), std::string::npos) << found;
}

TEST_F(DataVerifyTest, AStateThatEndsBeforeTheLogBegins) {
  const fs::path wal = LargestFile("state-000001", ".log");
  fs::resize_file(wal, 0);  // cut back, as damage in it is
  ContentChecks checks;
  const auto reader = DataReader::Open(path_);
  const VerifyReport report = VerifyDataDir(reader->get(), checks);  // nobody knows what is applied
  ASSERT_EQ(report.findings.size(), 9u);
  EXPECT_NE(report.findings[7].found.find("before the log, which begins after 20"),
            std::string::npos)
      << report.findings[7].found;
}

TEST_F(DataVerifyTest, DamageInTheWriteAheadFileOfTheStateHeals) {
  Flip(LargestFile("state-000001", ".log"), 100);
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.findings[6].damaged);
  EXPECT_NE(report.findings[6].found.find("the next start cuts it off"), std::string::npos);
}

TEST_F(DataVerifyTest, WhatAnInstallLeftIsNamed) {
  fs::create_directory(path_ / "state-000007");
  WriteFile(path_ / "notes.txt", "mine");
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.damaged());
  EXPECT_EQ(report.findings.back().found, "notes.txt, state-000007: not in use, and no harm");
}

TEST_F(DataVerifyTest, WhatIsNotLookedAt) {
  EXPECT_EQ(DataReader::Open(path_ / "nowhere").status().code(), Code::kNotFound);
  EXPECT_EQ(DataReader::Open(path_ / "IDENTITY").status().reason(), "foreign_directory");
  EXPECT_EQ(DataReader::Open(path_ / "log-000001").status().reason(), "foreign_directory");
  WriteFile(path_ / "IDENTITY", SealText("baton-data-directory", 2, {{"cluster", "cluster-a"}}));
  const Status newer = DataReader::Open(path_).status();
  EXPECT_EQ(newer.reason(), "newer_format");
  EXPECT_NE(newer.message().find("written by a newer Baton"), std::string::npos);
  fs::remove(path_ / "IDENTITY");
  WriteFile(path_ / "CREATING", "");
  EXPECT_NE(DataReader::Open(path_).status().message().find("never completed"), std::string::npos);
  WriteFile(path_ / "RESTORING", "");
  EXPECT_NE(DataReader::Open(path_).status().message().find("interrupted restore"),
            std::string::npos);
}

// Or else it would be called damaged.
TEST_F(DataVerifyTest, APointerOfANewerBatonIsNotLookedAt) {
  for (const std::string name : {"log", "state"}) {
    const fs::path pointer = path_ / (name == "log" ? "LOG" : "STATE");
    const std::string before = ReadFile(pointer);
    WriteFile(pointer, SealText("baton-" + name, 2, {{"live", name + "-000001"}}));
    const Status newer = DataReader::Open(path_).status();
    EXPECT_EQ(newer.reason(), "newer_format");
    EXPECT_NE(newer.message().find("written by a newer Baton"), std::string::npos);
    WriteFile(pointer, before);
  }
  EXPECT_TRUE(DataReader::Open(path_).ok());
}

}  // namespace
}  // namespace baton::storage
