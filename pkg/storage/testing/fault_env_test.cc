// The disk of the tests keeps, loses and fails what it says.
#include "pkg/storage/testing/fault_env.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace baton::storage {
namespace {

using Moment = FaultEnv::Moment;
using Operation = FaultEnv::Operation;

std::unique_ptr<leveldb::WritableFile> Create(FaultEnv* env, const std::string& path) {
  leveldb::WritableFile* file = nullptr;
  EXPECT_TRUE(env->NewWritableFile(path, &file).ok());
  return std::unique_ptr<leveldb::WritableFile>(file);
}

leveldb::Status BadDisk() { return leveldb::Status::IOError("disk", "Input/output error"); }

TEST(FaultEnvTest, AnObserverSeesTheDiskAtEachMomentOfAChange) {
  FaultEnv env;
  std::vector<std::string> seen;
  const auto file = Create(&env, "/file");
  env.SetObserver([&](Moment moment, Operation operation, const std::string& path) {
    EXPECT_EQ(path, "/file");
    seen.push_back(std::to_string(static_cast<int>(operation)) + " " +
                   std::to_string(static_cast<int>(moment)) + " " + env.Contents("/file"));
  });
  ASSERT_TRUE(file->Append("abcd").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"1 0 ", "1 1 ab", "1 2 abcd", "2 0 abcd", "2 2 abcd"}));
}

TEST(FaultEnvTest, ACopyOfADiskKnowsWhatIsSynced) {
  FaultEnv env;
  const auto file = Create(&env, "/file");
  ASSERT_TRUE(file->Append("synced").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(env.SyncDir("/").ok());
  ASSERT_TRUE(file->Append(" and not").ok());
  ASSERT_TRUE(env.RenameFile("/file", "/renamed").ok());
  const auto disk = env.TakeDisk();
  ASSERT_TRUE(file->Append(", later").ok());

  FaultEnv killed;
  killed.PutDisk(*disk);
  killed.Restart();
  EXPECT_EQ(killed.Files(), std::vector<std::string>{"/renamed"});
  EXPECT_EQ(killed.Contents("/renamed"), "synced and not");
  FaultEnv without_power;
  without_power.PutDisk(*disk);
  without_power.PowerOn();
  EXPECT_EQ(without_power.Files(), std::vector<std::string>{"/file"});
  EXPECT_EQ(without_power.Contents("/file"), "synced");
  EXPECT_EQ(env.Contents("/renamed"), "synced and not, later") << "the copy is of its own";
}

TEST(FaultEnvTest, ACleanFailureChangesNothing) {
  FaultEnv env;
  const auto file = Create(&env, "/file");
  ASSERT_TRUE(env.SyncDir("/").ok());
  ASSERT_TRUE(file->Append("first ").ok());
  env.SetFault([](Operation, const std::string&) { return BadDisk(); });
  EXPECT_FALSE(file->Append("second").ok());
  EXPECT_FALSE(file->Sync().ok());
  env.SetFault({});
  EXPECT_EQ(env.Contents("/file"), "first ");
  ASSERT_TRUE(file->Sync().ok());
  env.PowerOn();
  EXPECT_EQ(env.Contents("/file"), "first ");
}

TEST(FaultEnvTest, ADirtyFailureLeavesHalfAnAppendAndLosesWhatItDidNotSync) {
  FaultEnv env;
  env.SetDirtyFailures(true);
  const auto file = Create(&env, "/file");
  ASSERT_TRUE(env.SyncDir("/").ok());
  ASSERT_TRUE(file->Append("kept ").ok());
  ASSERT_TRUE(file->Sync().ok());
  env.SetFault([](Operation, const std::string&) { return BadDisk(); });
  EXPECT_FALSE(file->Append("torn").ok());
  EXPECT_FALSE(file->Sync().ok());
  env.SetFault({});
  EXPECT_EQ(env.Contents("/file"), "kept to");
  ASSERT_TRUE(file->Append("!").ok());
  ASSERT_TRUE(file->Sync().ok()) << "as systems do";
  env.Restart();
  EXPECT_EQ(env.Contents("/file"), "kept to!") << "a killed process loses nothing";
  env.PowerOn();
  EXPECT_EQ(env.Contents("/file"), std::string("kept \0\0!", 8));
}

TEST(FaultEnvTest, EveryKindOfLookCanFail) {
  FaultEnv env;
  env.SetContents("/file", "contents");
  leveldb::SequentialFile* raw = nullptr;
  ASSERT_TRUE(env.NewSequentialFile("/file", &raw).ok());
  const std::unique_ptr<leveldb::SequentialFile> open(raw);
  std::vector<FaultEnv::Look> failed;
  env.SetLookFault([&](FaultEnv::Look look, const std::string&) {
    failed.push_back(look);
    return BadDisk();
  });
  char scratch[8];
  leveldb::Slice piece;
  EXPECT_FALSE(open->Read(sizeof(scratch), &piece, scratch).ok());
  EXPECT_FALSE(env.NewSequentialFile("/file", &raw).ok());
  leveldb::RandomAccessFile* random_access = nullptr;
  EXPECT_FALSE(env.NewRandomAccessFile("/file", &random_access).ok());
  leveldb::WritableFile* append = nullptr;
  EXPECT_FALSE(env.NewAppendableFile("/file", &append).ok());
  std::vector<std::string> names;
  EXPECT_FALSE(env.GetChildren("/", &names).ok());
  uint64_t bytes = 0;
  EXPECT_FALSE(env.GetFileSize("/file", &bytes).ok());
  leveldb::FileLock* lock = nullptr;
  EXPECT_FALSE(env.LockFile("/file", &lock).ok());
  using enum FaultEnv::Look;
  EXPECT_EQ(failed, (std::vector{kRead, kOpen, kOpen, kOpen, kList, kSize, kLock}));
  EXPECT_EQ(env.looks(), 8u);
  env.SetLookFault({});
  ASSERT_TRUE(open->Read(sizeof(scratch), &piece, scratch).ok());
  EXPECT_EQ(piece.ToString(), "contents");
}

TEST(FaultEnvTest, ADelayHoldsUpItsCallerOnly) {
  FaultEnv env;
  const auto slow = Create(&env, "/slow");
  const auto fast = Create(&env, "/fast");
  constexpr std::chrono::milliseconds kDelay(20);
  env.SetDelay([&](Operation, const std::string& path) {
    if (path != "/slow") return std::chrono::microseconds(0);
    EXPECT_TRUE(fast->Append("meanwhile").ok()) << "the disk is not held while somebody waits";
    return std::chrono::microseconds(kDelay);
  });
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(slow->Append("late").ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kDelay);
  EXPECT_EQ(env.Contents("/fast"), "meanwhile");
  EXPECT_EQ(env.Contents("/slow"), "late");
}

}  // namespace
}  // namespace baton::storage
