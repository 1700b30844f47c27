// Every kind of file of a data directory is flipped, zeroed, cut, emptied and removed. Whatever
// then opens has everything: the log all that was acknowledged, the state what it was after one of
// its commits. What does not open says so. Nothing in between.
#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

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

  // Opens what is there and judges it. True: everything is there.
  bool OpensComplete(const std::string& what) {
    const auto dir = Open();
    if (!dir.ok()) {
      EXPECT_TRUE(dir.status().code() == Code::kCorruption ||
                  dir.status().code() == Code::kInvalidArgument)
          << what << ": " << dir.status().ToString();
      EXPECT_NE(dir.status().message().find("/data"), std::string::npos) << what;
      return false;
    }
    node::LogStore& log = (*dir)->log();
    EXPECT_EQ(log.State().hard_state, hard_state_) << what;
    const auto entries = log.Entries(log.FirstIndex(), log.LastIndex() + 1, SIZE_MAX);
    EXPECT_TRUE(entries.ok() && *entries == entries_) << what << ": the log is not complete";
    const Result<Rows> rows = ReadRows(&(*dir)->state());
    if (!rows.ok()) return false;  // said so
    EXPECT_NE(std::find(history_.begin(), history_.end(), *rows), history_.end())
        << what << ": the state is a mix";
    return true;
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
  EXPECT_TRUE(OpensComplete("undamaged"));
}

TEST_F(DamageTest, AFlippedBitInAnyFile) {
  Random random(1);
  int refused = 0;
  int complete = 0;
  for (const auto& [path, contents] : image_) {
    if (contents.empty()) continue;
    for (int i = 0; i < 15; ++i) {
      disk_.PutImage(image_);
      std::string bad = contents;
      const size_t at = random.Below(bad.size());
      bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 << random.Below(8)));
      disk_.SetContents(path, bad);
      (OpensComplete(path + " flipped at " + std::to_string(at)) ? complete : refused)++;
    }
  }
  EXPECT_GT(refused, 60);
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
      OpensComplete(path + " cut by " + std::to_string(lost));
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
      OpensComplete(path + " zeroed at " + std::to_string(page));
    }
  }
}

TEST_F(DamageTest, AnyFileEmptiedOrRemoved) {
  for (const auto& [path, contents] : image_) {
    if (path.ends_with('/')) continue;
    disk_.PutImage(image_);
    disk_.SetContents(path, "");
    OpensComplete(path + " emptied");
    disk_.PutImage(image_);
    ASSERT_TRUE(disk_.RemoveFile(path).ok());
    OpensComplete(path + " removed");
  }
}

// LevelDB cannot tell this from a clean stop; the watermark does.
TEST_F(DamageTest, ACutTailOfTheLogIsCalledThat) {
  for (const auto& [path, contents] : image_) {
    if (!path.starts_with("/data/log/") || !path.ends_with(".log")) continue;
    disk_.PutImage(image_);
    disk_.SetContents(path, contents.substr(0, contents.size() - 40));
    const auto dir = Open();
    ASSERT_EQ(dir.status().code(), Code::kCorruption);
    EXPECT_NE(dir.status().message().find("It was cut: it ends with write"), std::string::npos);
    EXPECT_NE(dir.status().message().find("up to index 300"), std::string::npos)
        << dir.status().message();
  }
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
      EXPECT_TRUE(OpensComplete(path)) << at;
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
  std::erase_if(mixed, [](const auto& file) { return file.first.starts_with("/data/log/"); });
  for (const auto& [path, contents] : old) {
    if (path.starts_with("/data/log/")) mixed[path] = contents;
  }
  disk_.PutImage(mixed);
  const auto dir = Open();
  EXPECT_EQ(dir.status().code(), Code::kCorruption);
  EXPECT_NE(dir.status().message().find("It was cut"), std::string::npos);
}

}  // namespace
}  // namespace baton::storage
