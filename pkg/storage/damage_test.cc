// Every kind of file of a data directory is flipped, zeroed, cut, emptied and removed. What then
// opens has everything: the log all that was acknowledged, the state what it was after one of its
// commits; or it says that something is missing, and the node gives no vote. Nothing in between.
#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"
#include "pkg/storage/wal_records.h"

namespace baton::storage {
namespace {

using Rows = std::map<std::string, std::string>;

// All rows through a snapshot, which hands an error back where Scan would stop the process.
Result<Rows> ReadRows(node::StateStore* state) {
  auto reader = state->OpenSnapshot();
  if (!reader.ok()) return reader.status();
  Rows rows;
  SnapshotDecoder decoder;
  while (!decoder.complete()) {
    const Result<std::string> chunk = (*reader)->NextChunk(1 << 20);
    if (!chunk.ok()) return chunk.status();
    BATON_RETURN_IF_ERROR(decoder.Decode(
        *chunk, [&](std::string_view key, std::string_view value) { rows.emplace(key, value); }));
  }
  return rows;
}

class DamageTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kEntries = 300;
  static constexpr int kCommits = 120;

  // A directory with several tables and a living write-ahead file in both databases.
  DamageTest() {
    Random random(5);
    std::unique_ptr<DataDir> dir = *Open();
    for (uint64_t i = 1; i <= kEntries; ++i) {
      entries_.push_back(MakeEntry(i, 1 + i / 50, std::string(random.Below(1500), 'x')));
      node::LogWrite write = VoteWrite(entries_.back().term.value(), 2, i - 1);
      write.entries = {entries_.back()};
      EXPECT_TRUE(WriteOne(&dir->log(), write).ok());
    }
    hard_state_ = dir->log().State().hard_state;
    history_.push_back({});
    Rows model;
    for (int i = 0; i < kCommits; ++i) {
      const std::string key = "key" + std::to_string(random.Below(40));
      model[key] = std::string(random.Below(4000), static_cast<char>('a' + random.Below(26)));
      dir->state().Put(key, model[key]);
      EXPECT_TRUE(dir->state().Commit().ok());
      history_.push_back(model);
    }
    dir.reset();
    image_ = disk_.TakeImage();
  }

  Result<std::unique_ptr<DataDir>> Open() {
    DataDirOptions options;
    options.env = &disk_;
    options.log.write_buffer_bytes = 64 << 10;
    options.state.write_buffer_bytes = 64 << 10;
    return DataDir::Open("/data", TestIdentity(), options);
  }

  enum class Verdict { kComplete, kRepaired };

  // Opens what is there and judges it: complete, or it says that it is not.
  Verdict OpenAndJudge(const std::string& what) {
    const auto dir = Open();
    EXPECT_TRUE(dir.ok()) << what << ": " << dir.status().ToString();
    if (!dir.ok()) return Verdict::kRepaired;
    for (const std::string& repair : (*dir)->repairs()) {
      EXPECT_NE(repair.find("/data"), std::string::npos) << repair;
    }
    JudgeLog((*dir)->log(), what);
    JudgeState(&(*dir)->state(), (*dir)->repairs(), what);
    return (*dir)->repairs().empty() ? Verdict::kComplete : Verdict::kRepaired;
  }

  // All that was acknowledged, or a part of it, term and vote never gone back, and a node that
  // gives no vote.
  void JudgeLog(const node::LogStore& log, const std::string& what) {
    const raft::HardState found = log.State().hard_state;
    const auto entries = log.Entries(log.FirstIndex(), log.LastIndex() + 1, SIZE_MAX);
    ASSERT_TRUE(entries.ok()) << what;
    if (found.memory == raft::Memory::kWhole) {
      EXPECT_EQ(found, hard_state_) << what;
      EXPECT_EQ(*entries, entries_) << what << ": the log is not complete";
      return;
    }
    ASSERT_LE(entries->size(), entries_.size()) << what;
    EXPECT_TRUE(std::equal(entries->begin(), entries->end(), entries_.begin())) << what;
    if (found.memory == raft::Memory::kLostEntries) {
      EXPECT_GT(found.term, hard_state_.term) << what;
    } else {
      EXPECT_EQ(found.memory, raft::Memory::kLost) << what;
    }
  }

  void JudgeState(node::StateStore* state, const std::vector<std::string>& repairs,
                  const std::string& what) {
    const Result<Rows> rows = ReadRows(state);
    if (!rows.ok()) return;  // said so
    EXPECT_NE(std::find(history_.begin(), history_.end(), *rows), history_.end())
        << what << ": the state is a mix";
    // A MANIFEST that was cut names fewer tables, down to none, and nothing tells: the state is an
    // earlier one, from which the log or a snapshot leads on (node/recovery.h).
    const bool may_be_new = what.starts_with("/data/state-") &&
                            what.find("/MANIFEST-") != std::string::npos &&
                            what.find(" cut by ") != std::string::npos;
    EXPECT_TRUE(!rows->empty() || !repairs.empty() || may_be_new) << what;
  }

  FaultEnv disk_;
  FaultEnv::Image image_;
  std::vector<raft::Entry> entries_;
  raft::HardState hard_state_;
  std::vector<Rows> history_;  // after each commit
};

TEST_F(DamageTest, TheImageHasAllKindsOfFiles) {
  std::map<std::string, int> kinds;
  for (const auto& [path, contents] : image_) {
    if (path.ends_with('/')) continue;
    const size_t dot = path.find_last_of('.');
    kinds[dot == std::string::npos ? path.substr(path.find_last_of('/') + 1, 8)
                                   : path.substr(dot)]++;
  }
  EXPECT_GE(kinds[".ldb"], 2);
  EXPECT_GE(kinds[".log"], 2);
  EXPECT_EQ(kinds["MANIFEST"], 2);
  EXPECT_EQ(kinds["CURRENT"], 2);
  EXPECT_EQ(kinds["IDENTITY"], 1);
  EXPECT_EQ(kinds["STATE"], 1);
  EXPECT_EQ(kinds["WATERMAR"], 1);
  EXPECT_EQ(kinds["LOG"], 1);
  EXPECT_EQ(OpenAndJudge("undamaged"), Verdict::kComplete);
}

TEST_F(DamageTest, AFlippedBitInAnyFile) {
  Random random(1);
  int repaired = 0;
  int complete = 0;
  for (const auto& [path, contents] : image_) {
    if (contents.empty()) continue;
    for (int i = 0; i < 15; ++i) {
      disk_.PutImage(image_);
      std::string bad = contents;
      const size_t at = random.Below(bad.size());
      bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 << random.Below(8)));
      disk_.SetContents(path, bad);
      const Verdict verdict = OpenAndJudge(path + " flipped at " + std::to_string(at));
      (verdict == Verdict::kComplete ? complete : repaired)++;
    }
  }
  EXPECT_GT(repaired, 60);
  EXPECT_GT(complete, 15);  // at least the state's write-ahead file is never missed
}

TEST_F(DamageTest, AnyFileCut) {
  Random random(2);
  for (const auto& [path, contents] : image_) {
    for (int i = 0; i < 10 && !contents.empty(); ++i) {
      disk_.PutImage(image_);
      // Near the end half of the time: that is where a cut hides best.
      const uint64_t lost =
          1 + random.Below(i % 2 == 0 ? contents.size() : std::min<size_t>(contents.size(), 200));
      disk_.SetContents(path, contents.substr(0, contents.size() - lost));
      OpenAndJudge(path + " cut by " + std::to_string(lost));
    }
  }
}

TEST_F(DamageTest, AnyPageOfAnyFileZeroed) {
  constexpr size_t kPageBytes = 4096;
  for (const auto& [path, contents] : image_) {
    for (size_t page = 0; page < contents.size(); page += kPageBytes) {
      disk_.PutImage(image_);
      std::string bad = contents;
      const size_t end = std::min(page + kPageBytes, bad.size());
      std::fill(bad.begin() + static_cast<ptrdiff_t>(page),
                bad.begin() + static_cast<ptrdiff_t>(end), '\0');
      disk_.SetContents(path, bad);
      OpenAndJudge(path + " zeroed at " + std::to_string(page));
    }
  }
}

TEST_F(DamageTest, AnyFileEmptiedOrRemoved) {
  for (const auto& [path, contents] : image_) {
    if (path.ends_with('/')) continue;
    disk_.PutImage(image_);
    disk_.SetContents(path, "");
    OpenAndJudge(path + " emptied");
    disk_.PutImage(image_);
    ASSERT_TRUE(disk_.RemoveFile(path).ok());
    OpenAndJudge(path + " removed");
  }
}

// LevelDB cannot tell these from a clean stop, nor could we: a log ends with zeros where it was
// filled ahead. The watermark does.
TEST_F(DamageTest, ACutTailOfTheLogIsCalledThat) {
  int tails = 0;
  for (const auto& [path, contents] : image_) {
    if (!path.starts_with("/data/log-000001/") || !path.ends_with(".log")) continue;
    const WalScan scan = ScanWal(contents);
    const std::string cut = contents.substr(0, scan.good_bytes - 40);
    const std::string gone = contents.substr(0, scan.records.back().begin);
    const auto zeros = [&](const std::string& kept) {
      return kept + std::string(contents.size() - kept.size(), '\0');
    };
    for (const std::string& damaged : {cut, zeros(cut), gone, zeros(gone)}) {
      disk_.PutImage(image_);
      disk_.SetContents(path, damaged);
      const auto dir = Open();
      ASSERT_TRUE(dir.ok() && (*dir)->repairs().size() == 1);
      const std::string& repair = (*dir)->repairs()[0];
      EXPECT_NE(repair.find("It was cut: it ends with write"), std::string::npos);
      EXPECT_NE(repair.find("up to index 300"), std::string::npos) << repair;
      EXPECT_NE(repair.find("Kept: entries 1 to 299."), std::string::npos) << repair;
      EXPECT_EQ((*dir)->log().State().hard_state.memory, raft::Memory::kLostEntries);
      ++tails;
    }
  }
  EXPECT_EQ(tails, 4);
}

// The state may be made again from the log, so damage in its write-ahead file stops nothing.
TEST_F(DamageTest, DamageInTheWriteAheadFileOfTheStateIsHealed) {
  Random random(3);
  for (const auto& [path, contents] : image_) {
    if (!path.starts_with("/data/state-") || !path.ends_with(".log")) continue;
    for (int i = 0; i < 50; ++i) {
      disk_.PutImage(image_);
      std::string bad = contents;
      const size_t at = random.Below(bad.size());
      bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 << random.Below(8)));
      disk_.SetContents(path, bad);
      EXPECT_EQ(OpenAndJudge(path), Verdict::kComplete) << at;
    }
  }
}

TEST_F(DamageTest, AnOldFormOfOneDatabaseBesideNewFilesIsFound) {
  const FaultEnv::Image old = image_;
  disk_.PutImage(image_);
  {
    auto dir = Open();
    ASSERT_TRUE(WriteOne(&(*dir)->log(), AppendWrite(MakeEntries(301, 305, 9))).ok());
  }
  FaultEnv::Image mixed = disk_.TakeImage();
  std::erase_if(mixed,
                [](const auto& file) { return file.first.starts_with("/data/log-000001/"); });
  for (const auto& [path, contents] : old) {
    if (path.starts_with("/data/log-000001/")) mixed[path] = contents;
  }
  disk_.PutImage(mixed);
  const auto dir = Open();
  ASSERT_TRUE(dir.ok() && (*dir)->repairs().size() == 1);
  EXPECT_NE((*dir)->repairs()[0].find("It was cut"), std::string::npos);
}

}  // namespace
}  // namespace baton::storage
