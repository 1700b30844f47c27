// Snapshots end to end: read from one store, written and installed into another.
#include "pkg/storage/state_snapshot.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

using Rows = std::map<std::string, std::string>;

Rows Scanned(const coord::Tables& tables) {
  Rows rows;
  tables.Scan("", "", [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

std::vector<std::string> Chunks(node::SnapshotReader* reader, size_t bytes_max) {
  std::vector<std::string> chunks;
  while (true) {
    Result<std::string> chunk = reader->NextChunk(bytes_max);
    EXPECT_TRUE(chunk.ok()) << chunk.status().ToString();
    if (!chunk.ok() || chunk->empty()) return chunks;
    chunks.push_back(*std::move(chunk));
  }
}

Status WriteAll(node::SnapshotWriter* writer, const std::vector<std::string>& chunks) {
  for (const std::string& chunk : chunks) BATON_RETURN_IF_ERROR(writer->Append(chunk));
  return writer->Finish();
}

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() {
    options_.write_buffer_bytes = 64 << 10;
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

  // Fills the state with `count` rows that all carry `mark`.
  void Fill(int count, const std::string& mark) {
    for (int i = 0; i < count; ++i) {
      state_->Put("key" + std::to_string(i), mark + std::string(200, 'x'));
    }
    ASSERT_TRUE(state_->Commit().ok());
  }

  std::vector<std::string> Taken(size_t bytes_max) {
    auto reader = state_->OpenSnapshot();
    EXPECT_TRUE(reader.ok());
    return Chunks(reader->get(), bytes_max);
  }

  std::vector<std::string> StateDirectories() {
    std::vector<std::string> names;
    EXPECT_TRUE(env_.GetChildren("/data", &names).ok());
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("state-"); });
    return names;
  }

  FaultEnv env_;
  StateStoreOptions options_;
  std::unique_ptr<LevelStateStore> state_;
};

TEST_F(SnapshotTest, RoundTripOfManySizes) {
  for (const int rows : {0, 1, 2, 1000}) {
    for (const size_t bytes_max : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
      SCOPED_TRACE(std::to_string(rows) + " rows, chunks of " + std::to_string(bytes_max));
      for (const auto& [key, value] : Scanned(*state_)) state_->Delete(key);
      Fill(rows, "a");
      const Rows before = Scanned(*state_);
      const std::vector<std::string> chunks = Taken(bytes_max);
      ASSERT_FALSE(chunks.empty());
      for (const std::string& chunk : chunks) EXPECT_LE(chunk.size(), bytes_max + 300);

      Fill(rows + 5, "other");
      auto writer = state_->BeginInstall();
      ASSERT_TRUE(writer.ok());
      ASSERT_TRUE(WriteAll(writer->get(), chunks).ok());
      ASSERT_TRUE(state_->Install(writer->get()).ok());
      EXPECT_EQ(Scanned(*state_), before);
      Reopen();
      EXPECT_EQ(Scanned(*state_), before);
    }
  }
}

TEST_F(SnapshotTest, IsOfTheLastCommitWhateverHappensLater) {
  Fill(500, "old");
  const Rows old = Scanned(*state_);
  state_->Put("uncommitted", "x");
  auto reader = state_->OpenSnapshot();
  ASSERT_TRUE(reader.ok());
  Fill(800, "new");
  const std::vector<std::string> chunks = Chunks(reader->get(), 4096);
  EXPECT_GT(chunks.size(), 10u);
  auto writer = state_->BeginInstall();
  ASSERT_TRUE(WriteAll(writer->get(), chunks).ok());
  ASSERT_TRUE(state_->Install(writer->get()).ok());
  EXPECT_EQ(Scanned(*state_), old);
}

TEST_F(SnapshotTest, ReaderSurvivesAnInstallAndTheOldStateGoesWithIt) {
  Fill(500, "old");
  const Rows old = Scanned(*state_);
  auto reader = state_->OpenSnapshot();
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->NextChunk(1000).ok());
  for (const auto& [key, value] : Scanned(*state_)) state_->Delete(key);
  ASSERT_TRUE(state_->Commit().ok());
  auto writer = state_->BeginInstall();
  ASSERT_TRUE(WriteAll(writer->get(), Taken(1000)).ok());
  state_->Put("dropped", "with the old state");
  ASSERT_TRUE(state_->Install(writer->get()).ok());
  EXPECT_TRUE(Scanned(*state_).empty());
  EXPECT_EQ(StateDirectories().size(), 2u);
  EXPECT_FALSE(Chunks(reader->get(), 1000).empty());  // reads on, from the old one
  writer->reset();
  EXPECT_EQ(StateDirectories().size(), 2u);
  reader->reset();
  EXPECT_EQ(StateDirectories(), std::vector<std::string>{"state-000002"});
}

TEST_F(SnapshotTest, EveryDamageToTheChunksIsRefused) {
  Fill(300, "a");
  const std::vector<std::string> good = Taken(8000);
  ASSERT_GT(good.size(), 5u);
  Fill(300, "b");
  const std::vector<std::string> other = Taken(8000);
  const Rows before = Scanned(*state_);

  std::map<std::string, std::vector<std::string>> bad;
  bad["first missing"].assign(good.begin() + 1, good.end());
  bad["middle missing"] = good;
  bad["middle missing"].erase(bad["middle missing"].begin() + 2);
  bad["end missing"].assign(good.begin(), good.end() - 1);
  bad["twice"] = good;
  bad["twice"].insert(bad["twice"].begin() + 1, good[1]);
  bad["reordered"] = good;
  std::swap(bad["reordered"][1], bad["reordered"][2]);
  bad["of another snapshot"] = good;
  bad["of another snapshot"][2] = other[2];
  bad["after the end"] = good;
  bad["after the end"].push_back(good.back());
  bad["cut"] = good;
  bad["cut"][1].resize(good[1].size() - 1);
  bad["empty chunk"] = good;
  bad["empty chunk"][1].clear();
  bad["nothing"] = {};
  for (const auto& [name, chunks] : bad) {
    auto writer = state_->BeginInstall();
    ASSERT_TRUE(writer.ok());
    const Status status = WriteAll(writer->get(), chunks);
    EXPECT_EQ(status.code(), Code::kCorruption) << name;
    EXPECT_NE(status.message().find("The snapshot is not usable"), std::string::npos) << name;
  }
  EXPECT_EQ(Scanned(*state_), before);
  EXPECT_EQ(StateDirectories().size(), 1u);  // nothing is left behind
}

TEST_F(SnapshotTest, AFlippedByteAnywhereIsRefusedAndStaysRefused) {
  Fill(20, "a");
  const std::vector<std::string> good = Taken(1000);
  Random random(3);
  for (size_t chunk = 0; chunk < good.size(); ++chunk) {
    for (int i = 0; i < 20; ++i) {
      std::vector<std::string> bad = good;
      char& byte = bad[chunk][random.Below(bad[chunk].size())];
      byte = static_cast<char>(byte ^ static_cast<char>(1 << random.Below(8)));
      auto writer = state_->BeginInstall();
      EXPECT_EQ(WriteAll(writer->get(), bad).code(), Code::kCorruption);
      EXPECT_FALSE((*writer)->Append(good[chunk]).ok());
      EXPECT_FALSE((*writer)->Finish().ok());
    }
  }
}

TEST_F(SnapshotTest, ManyInstallsLeaveOneState) {
  for (int round = 0; round < 5; ++round) {
    Fill(100, "round" + std::to_string(round));
    const Rows rows = Scanned(*state_);
    auto given_up = state_->BeginInstall();
    auto writer = state_->BeginInstall();
    ASSERT_TRUE(WriteAll(writer->get(), Taken(5000)).ok());
    ASSERT_TRUE((*given_up)->Append(Taken(5000)[0]).ok());
    ASSERT_TRUE(state_->Install(writer->get()).ok());
    given_up->reset();
    EXPECT_EQ(StateDirectories().size(), 2u);  // the old state goes with the writer
    writer->reset();
    EXPECT_EQ(StateDirectories().size(), 1u);
    EXPECT_EQ(Scanned(*state_), rows);
  }
  state_->Put("writes", "go on");
  ASSERT_TRUE(state_->Commit().ok());
  Reopen();
  EXPECT_EQ(state_->Get("writes"), "go on");
}

// What stops the disk for good in the middle of an install.
enum class Stop {
  kPowerLoss,      // what was not synced is gone
  kTornPowerLoss,  // a part of it is gone
  kProcessDeath,   // what was written stays
};

// It stops at every single change of the disk that an install makes, from the first piece to the
// removal of the old state: afterwards the old state or the new one is there, whole, and never a
// mix; and the next copy can be received.
class InterruptedInstallTest : public SnapshotTest, public ::testing::WithParamInterface<Stop> {
 protected:
  InterruptedInstallTest() {
    Fill(40, "new");
    new_rows_ = Scanned(*state_);
    chunks_ = Taken(3000);
    Fill(60, "old");
    EXPECT_TRUE(state_->Sync().ok());
    old_rows_ = Scanned(*state_);
    state_.reset();
    image_ = env_.TakeImage();
  }

  // True when Install said OK. `steps`: changes of the disk before it stops.
  bool InstallUntil(uint64_t* steps) {
    env_.SetFault([steps](FaultEnv::Operation, const std::string& path) {
      if (*steps == 0) return leveldb::Status::IOError(path, "it is off");
      --*steps;
      return leveldb::Status::OK();
    });
    auto writer = state_->BeginInstall();
    const bool installed =
        writer.ok() && WriteAll(writer->get(), chunks_).ok() && state_->Install(writer->get()).ok();
    writer = Status(Code::kGone, "the copy that was not installed, or the old state, is removed");
    state_.reset();
    env_.SetFault({});
    return installed;
  }

  void StartAgain(uint64_t step) {
    Random tear(step);
    if (GetParam() == Stop::kPowerLoss) env_.PowerOn(nullptr);
    if (GetParam() == Stop::kTornPowerLoss) env_.PowerOn(&tear);
    if (GetParam() == Stop::kProcessDeath) env_.Restart();
    Reopen();
  }

  std::vector<std::string> chunks_;
  Rows old_rows_;
  Rows new_rows_;
  FaultEnv::Image image_;
};

TEST_P(InterruptedInstallTest, LeavesTheOldOrTheNewState) {
  int old_count = 0;
  int new_count = 0;
  for (uint64_t step = 0;; ++step) {
    SCOPED_TRACE("stopped at step " + std::to_string(step));
    env_.PutImage(image_);
    Reopen();
    uint64_t left = step;
    const bool installed = InstallUntil(&left);
    StartAgain(step);
    const Rows rows = Scanned(*state_);
    ASSERT_TRUE(rows == old_rows_ || rows == new_rows_);
    ASSERT_TRUE(!installed || rows == new_rows_) << "Install said OK";
    EXPECT_EQ(StateDirectories().size(), 1u) << "rubbish is removed at the start";
    (rows == old_rows_ ? old_count : new_count)++;

    uint64_t plenty = 1'000'000;
    ASSERT_TRUE(InstallUntil(&plenty));
    StartAgain(step);
    ASSERT_EQ(Scanned(*state_), new_rows_);
    state_.reset();
    if (installed && left > 0) break;
  }
  std::printf("%d stops left the old state, %d the new one\n", old_count, new_count);
  EXPECT_GT(old_count, 20);
  EXPECT_GT(new_count, 5);
}

INSTANTIATE_TEST_SUITE_P(Stops, InterruptedInstallTest,
                         ::testing::Values(Stop::kPowerLoss, Stop::kTornPowerLoss,
                                           Stop::kProcessDeath));

TEST_F(SnapshotTest, TheTotalIsGuessedFromWhatWasRead) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string value(200, ' ');
    for (char& byte : value) byte = static_cast<char>(random.NextU32());
    state_->Put("key" + std::to_string(i), value);
    if (i % 100 == 0) {
      ASSERT_TRUE(state_->Commit().ok());
    }
  }
  ASSERT_TRUE(state_->Commit().ok());
  auto reader = state_->OpenSnapshot();
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->TotalBytesAbout(), 0u) << "nothing was read";
  std::vector<uint64_t> guesses;
  uint64_t total = 0;
  for (auto chunk = (*reader)->NextChunk(50'000); !chunk->empty();
       chunk = (*reader)->NextChunk(50'000)) {
    total += chunk->size();
    guesses.push_back((*reader)->TotalBytesAbout());
  }
  ASSERT_GT(guesses.size(), 50u);
  const auto middle = static_cast<double>(guesses[guesses.size() / 2]);
  EXPECT_GT(middle, 0.5 * static_cast<double>(total));
  EXPECT_LT(middle, 2.0 * static_cast<double>(total));
  EXPECT_EQ(guesses.back(), total);
}

// The pointer may name the new state or the old one then; what is written to either may be gone
// after a restart, so that nothing may be said to be kept.
TEST_F(SnapshotTest, AfterAFailedInstallNothingIsAcknowledged) {
  Fill(20, "old ");
  const auto reader = state_->OpenSnapshot();
  const std::vector<std::string> chunks = Chunks(reader->get(), 4000);
  auto writer = *state_->BeginInstall();
  ASSERT_TRUE(WriteAll(writer.get(), chunks).ok());
  env_.SetFault([](FaultEnv::Operation operation, const std::string& path) {
    return operation == FaultEnv::Operation::kSyncDir && path == "/data"
               ? leveldb::Status::IOError(path, "Input/output error")
               : leveldb::Status::OK();
  });
  EXPECT_EQ(state_->Install(writer.get()).code(), Code::kIo);
  env_.SetFault({});
  state_->Put("key", "value");
  EXPECT_EQ(state_->Commit().code(), Code::kIo);
  EXPECT_EQ(state_->Sync().code(), Code::kIo);
}

// Losing the end of an installed copy is not like losing commits: what is left was never a state.
TEST_F(SnapshotTest, ACutCopyIsNotTakenForAState) {
  options_.write_buffer_bytes = 8 << 20;  // all of it in the write-ahead file
  Reopen();
  Fill(300, "a");
  auto writer = state_->BeginInstall();
  ASSERT_TRUE(WriteAll(writer->get(), Taken(2000)).ok());
  ASSERT_TRUE(state_->Install(writer->get()).ok());
  state_.reset();
  for (const std::string& path : env_.Files()) {
    const std::string wal = env_.Contents(path);
    if (path.starts_with("/data/state-000002/") && path.ends_with(".log")) {
      env_.SetContents(path, wal.substr(0, wal.size() - 5));
    }
  }
  const auto opened = LevelStateStore::Open(&env_, "/data", TestIdentity(), options_);
  ASSERT_EQ(opened.status().code(), Code::kCorruption);
  EXPECT_NE(opened.status().message().find("It is not complete"), std::string::npos);
}

using SnapshotDeathTest = SnapshotTest;

TEST_F(SnapshotDeathTest, OnlyAFinishedWriterCanBeInstalled) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  auto writer = state_->BeginInstall();
  EXPECT_DEATH((void)state_->Install(writer->get()), "finished writer");
  EXPECT_DEATH((void)state_->Install(nullptr), "finished writer");
}

}  // namespace
}  // namespace baton::storage
