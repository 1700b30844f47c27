// A disk that somebody else fills, and what the reserve makes of it.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "pkg/storage/data_dir.h"
#include "pkg/storage/files.h"
#include "pkg/storage/space_env.h"
#include "pkg/storage/space_guard.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

using node::DiskLevel;

constexpr uint64_t kMiB = 1 << 20;
constexpr SpaceOptions kOptions{.reserve_bytes = 8 * kMiB, .free_bytes_min = 4 * kMiB};

class SpaceTest : public ::testing::Test {
 protected:
  SpaceTest() {
    env_.SetCapacity(32 * kMiB);
    EXPECT_TRUE(env_.CreateDir("/data").ok());
    EXPECT_TRUE(env_.CreateDir("/other").ok());
    EXPECT_TRUE(env_.SyncDir("/").ok());
  }

  // Somebody else's file takes all but so many bytes.
  void LeaveFree(uint64_t bytes) {
    (void)env_.RemoveFile("/other/file");
    uint64_t free_bytes = 0;
    ASSERT_TRUE(env_.FreeBytes("/data", &free_bytes).ok());
    ASSERT_TRUE(env_.Resize("/other/file", free_bytes - bytes).ok());
  }
  // The guard works, nothing is free, and its reserve is gone.
  void UseUp(SpaceGuard* guard) {
    guard->Start();
    LeaveFree(0);
    while (guard->Look().reserve_bytes > 0) {
      ASSERT_TRUE(guard->MakeRoom());
      LeaveFree(0);
    }
  }
  uint64_t FreeBytes() {
    uint64_t bytes = 0;
    EXPECT_TRUE(env_.FreeBytes("/data", &bytes).ok());
    return bytes;
  }

  FaultEnv env_;
};

TEST_F(SpaceTest, LevelsFollowTheSpace) {
  SpaceGuard guard(&env_, "/data", kOptions);
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple) << "nobody has looked";
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple);
  EXPECT_EQ(guard.Look().reserve_bytes, 8 * kMiB);
  EXPECT_EQ(guard.Look().free_bytes, 24 * kMiB);

  LeaveFree(4 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple) << "at the limit";
  LeaveFree(4 * kMiB - 1);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kLow) << "below it";
  LeaveFree(4 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kLow) << "not before there is a quarter more";
  LeaveFree(5 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple);
  LeaveFree(0);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kLow) << "the reserve is whole";
}

TEST_F(SpaceTest, TheReserveGoesSliceBySliceAndComesBack) {
  SpaceGuard guard(&env_, "/data", kOptions);
  guard.Poll();
  LeaveFree(0);
  for (uint64_t taken = 1; taken <= 8; ++taken) {
    ASSERT_TRUE(guard.MakeRoom());
    EXPECT_EQ(guard.Look().reserve_bytes, (8 - taken) * kMiB);
    EXPECT_EQ(guard.Look().level, taken <= 4 ? DiskLevel::kLow : DiskLevel::kExhausted) << taken;
    LeaveFree(0);  // and somebody takes it
  }
  EXPECT_FALSE(guard.MakeRoom()) << "it was not started: nobody waits";
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kExhausted);
  LeaveFree(4 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kLow);
  EXPECT_EQ(guard.Look().reserve_bytes, 0U) << "too little for all of it";
  LeaveFree(13 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().reserve_bytes, 8 * kMiB);
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple);
}

TEST_F(SpaceTest, AReserveThatWasUsedIsKnownAfterAStart) {
  {
    SpaceGuard guard(&env_, "/data", kOptions);
    guard.Poll();
    LeaveFree(0);
    ASSERT_TRUE(guard.MakeRoom());
    LeaveFree(0);
  }
  SpaceGuard guard(&env_, "/data", kOptions);
  EXPECT_EQ(guard.Look().reserve_bytes, 7 * kMiB);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kLow);
}

TEST_F(SpaceTest, WhereNothingIsKnownNothingIsRefused) {
  env_.SetCapacity(0);
  SpaceGuard guard(&env_, "/data", kOptions);
  guard.Poll();
  EXPECT_EQ(guard.Look().level, DiskLevel::kAmple);
}

TEST_F(SpaceTest, AFileTakesItsPlaceInStepsAndGivesTheRestBack) {
  SpaceGuard guard(&env_, "/data", kOptions);
  SpaceEnv env(&env_, &guard);
  const uint64_t before = FreeBytes();
  leveldb::WritableFile* raw = nullptr;
  ASSERT_TRUE(env.NewWritableFile("/data/f", &raw).ok());
  std::unique_ptr<leveldb::WritableFile> file(raw);
  ASSERT_TRUE(file->Append("x").ok());
  EXPECT_EQ(before - FreeBytes(), SpaceEnv::kStepBytes);
  ASSERT_TRUE(file->Append(std::string(SpaceEnv::kStepBytes - 1, 'x')).ok());
  EXPECT_EQ(before - FreeBytes(), SpaceEnv::kStepBytes);
  ASSERT_TRUE(file->Append("x").ok());
  EXPECT_EQ(before - FreeBytes(), 2 * SpaceEnv::kStepBytes);
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(before - FreeBytes(), SpaceEnv::kStepBytes + 1);
}

TEST_F(SpaceTest, WritesGoOnFromTheReserve) {
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  LeaveFree(0);
  const std::string value(100'000, 'v');
  for (uint64_t i = 1; i <= 10; ++i) {
    (*dir)->state().Put("key", value);
    ASSERT_TRUE((*dir)->state().Commit().ok()) << i;
    ASSERT_TRUE(WriteOne(&(*dir)->log(), AppendWrite({MakeEntry(i, 1, value)})).ok()) << i;
  }
  const node::DiskRoom room = (*dir)->space()->Look();
  EXPECT_LT(room.reserve_bytes, 8 * kMiB);
  EXPECT_EQ(room.level, DiskLevel::kLow);
}

// Without the reserve the first of these writes would end the node for good.
TEST_F(SpaceTest, WritesWaitWhenTheReserveIsUsedUp) {
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  UseUp((*dir)->space());
  std::atomic<bool> done{false};
  Status written;
  std::thread writer([&] {
    written = WriteOne(&(*dir)->log(), AppendWrite({MakeEntry(1, 1, std::string(kMiB, 'v'))}));
    done = true;
  });
  while ((*dir)->space()->waits() == 0 && !done) std::this_thread::yield();
  EXPECT_FALSE(done);
  LeaveFree(16 * kMiB);
  writer.join();
  EXPECT_TRUE(written.ok()) << written.ToString();
  EXPECT_EQ((*dir)->log().LastIndex(), Index(1));
}

// The log's files have their place; the file beside them is written with each record, too.
TEST_F(SpaceTest, ManySmallWritesGoOnFromTheReserve) {
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  LeaveFree(0);
  for (uint64_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(WriteOne(&(*dir)->log(), AppendWrite({MakeEntry(i, 1, "small")})).ok()) << i;
  }
}

TEST_F(SpaceTest, ASnapshotThatArrivesDoesNotUseTheReserve) {
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  (*dir)->space()->Start();
  const std::string value(100'000, 'v');
  for (int i = 0; i < 20; ++i) (*dir)->state().Put("key" + std::to_string(i), value);
  ASSERT_TRUE((*dir)->state().Commit().ok());
  auto reader = (*dir)->state().OpenSnapshot();
  auto writer = (*dir)->state().BeginInstall();
  ASSERT_TRUE(reader.ok() && writer.ok());
  LeaveFree(0);
  Status appended;
  while (appended.ok()) {
    const Result<std::string> chunk = (*reader)->NextChunk(256 << 10);
    ASSERT_TRUE(chunk.ok());
    ASSERT_FALSE(chunk->empty()) << "all of it found room";
    appended = (*writer)->Append(*chunk);
  }
  EXPECT_EQ(appended.code(), Code::kStorageFull) << appended.ToString();
  writer->reset();  // and does not wait
  EXPECT_EQ((*dir)->space()->Look().reserve_bytes, 8 * kMiB);
  EXPECT_EQ((*dir)->space()->waits(), 0U);
}

TEST_F(SpaceTest, AtTheEndTheReserveIsStillUsed) {
  SpaceGuard guard(&env_, "/data", kOptions);
  guard.Start();
  LeaveFree(0);
  guard.GiveUp();
  for (int slice = 0; slice < 8; ++slice) EXPECT_TRUE(guard.MakeRoom());
  EXPECT_FALSE(guard.MakeRoom());
}

TEST_F(SpaceTest, TheReserveBecomesWhatItShouldBe) {
  SpaceGuard guard(&env_, "/data", kOptions);
  guard.Poll();
  ASSERT_TRUE(env_.RemoveFile("/data/RESERVE").ok());
  guard.Poll();
  EXPECT_EQ(guard.Look().reserve_bytes, 8 * kMiB) << "somebody had removed it";
  SpaceGuard smaller(&env_, "/data", {.reserve_bytes = 2 * kMiB, .free_bytes_min = kMiB});
  smaller.Poll();
  EXPECT_EQ(smaller.Look().reserve_bytes, 2 * kMiB) << "the setting was changed";
}

TEST_F(SpaceTest, WhoWaitsIsLetGoAtTheEnd) {
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  UseUp((*dir)->space());
  Status written;
  std::thread writer([&] {
    written = WriteOne(&(*dir)->log(), AppendWrite({MakeEntry(1, 1, std::string(kMiB, 'v'))}));
  });
  while ((*dir)->space()->waits() == 0) std::this_thread::yield();
  (*dir)->space()->GiveUp();
  writer.join();
  EXPECT_EQ(written.code(), Code::kStorageFull) << written.ToString();
}

TEST_F(SpaceTest, AStartOnAFullDiskUsesTheReserve) {
  { ASSERT_TRUE(DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_}).ok()); }
  LeaveFree(0);
  auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  EXPECT_EQ((*dir)->space()->Look().level, DiskLevel::kLow);
}

TEST_F(SpaceTest, AStartWithoutAnySpaceSaysSo) {
  { ASSERT_TRUE(DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_}).ok()); }
  ASSERT_TRUE(env_.RemoveFile("/data/RESERVE").ok());
  LeaveFree(0);
  const auto dir = DataDir::Open("/data", TestIdentity(), {.space = kOptions, .env = &env_});
  EXPECT_EQ(dir.status().code(), Code::kStorageFull) << dir.status().ToString();
}

// The real file system of the test's directory, if it can do it at all.
TEST(PosixSpaceTest, SpaceIsSetAsideAndGivenBack) {
  DurableEnv* const env = PosixEnv();
  const std::string path = ::testing::TempDir() + "/reserve";
  const leveldb::Status made = env->Resize(path, 4 * kMiB);
  if (made.IsNotSupportedError()) {  // then files are written as they always were
    SpaceGuard guard(env, ::testing::TempDir(), kOptions);
    SpaceEnv space(env, &guard);
    EXPECT_TRUE(WriteFileDurably(&space, ::testing::TempDir(), "file", "contents").ok());
    return;
  }
  ASSERT_TRUE(made.ok()) << made.ToString();
  uint64_t bytes = 0;
  ASSERT_TRUE(env->GetFileSize(path, &bytes).ok());
  EXPECT_EQ(bytes, 4 * kMiB);
  ASSERT_TRUE(env->Resize(path, kMiB).ok());
  ASSERT_TRUE(env->GetFileSize(path, &bytes).ok());
  EXPECT_EQ(bytes, kMiB);
  ASSERT_TRUE(env->Allocate(path, 3 * kMiB).ok());
  ASSERT_TRUE(env->GetFileSize(path, &bytes).ok());
  EXPECT_EQ(bytes, kMiB) << "only its place grows";
  ASSERT_TRUE(env->Trim(path).ok());
  ASSERT_TRUE(env->GetFileSize(path, &bytes).ok());
  EXPECT_EQ(bytes, kMiB);
  EXPECT_TRUE(env->FreeBytes(path, &bytes).ok());
  EXPECT_GT(bytes, 0U);
  EXPECT_TRUE(env->RemoveFile(path).ok());
}

}  // namespace
}  // namespace baton::storage
