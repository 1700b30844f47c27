#include "pkg/storage/overlay_env.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/storage/files.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {
namespace {

class OverlayEnvTest : public ::testing::Test {
 protected:
  OverlayEnvTest() {
    EXPECT_TRUE(below_.CreateDir("/data").ok());
    below_.SetContents("/data/a", "below");
    before_ = below_.TakeImage();
  }
  ~OverlayEnvTest() override { EXPECT_EQ(below_.TakeImage(), before_) << "the disk was changed"; }

  std::string Read(const std::string& path) {
    const Result<std::string> bytes = ReadWholeFile(&env_, path, 1000);
    return bytes.ok() ? *bytes : "none";
  }
  leveldb::Status Append(const std::string& path, const std::string& bytes) {
    leveldb::WritableFile* raw = nullptr;
    const leveldb::Status status = env_.NewAppendableFile(path, &raw);
    const std::unique_ptr<leveldb::WritableFile> file(raw);
    return status.ok() ? file->Append(bytes) : status;
  }
  std::vector<std::string> Names() { return *ListDirectory(&env_, "/data"); }

  FaultEnv below_;
  FaultEnv::Image before_;
  OverlayEnv env_{&below_, 100};
};

TEST_F(OverlayEnvTest, ReadsWhatIsBelow) {
  EXPECT_EQ(Read("/data/a"), "below");
  EXPECT_EQ(Read("/data/b"), "none");
  EXPECT_TRUE(env_.FileExists("/data/a"));
  EXPECT_FALSE(env_.Wrote("/data/a"));
  uint64_t bytes = 0;
  EXPECT_TRUE(env_.GetFileSize("/data/a", &bytes).ok());
  EXPECT_EQ(bytes, 5u);
}

TEST_F(OverlayEnvTest, KeepsEveryChangeToItself) {
  EXPECT_TRUE(WriteFileDurably(&env_, "/data", "b", "new").ok());
  EXPECT_TRUE(Append("/data/a", " and above").ok());
  EXPECT_EQ(Read("/data/a"), "below and above");
  EXPECT_EQ(Read("/data/b"), "new");
  EXPECT_EQ(Names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(env_.Wrote("/data/b"));
  uint64_t bytes = 0;
  EXPECT_TRUE(env_.GetFileSize("/data/b", &bytes).ok());
  EXPECT_EQ(bytes, 3u);

  EXPECT_TRUE(env_.RemoveFile("/data/b").ok());
  EXPECT_TRUE(env_.RenameFile("/data/a", "/data/c").ok());
  EXPECT_EQ(Read("/data/c"), "below and above");
  EXPECT_EQ(Read("/data/a"), "none");
  EXPECT_FALSE(env_.FileExists("/data/a"));
  EXPECT_TRUE(env_.RemoveFile("/data/a").IsNotFound());
  EXPECT_TRUE(env_.GetFileSize("/data/a", &bytes).IsNotFound());
  EXPECT_EQ(Names(), std::vector<std::string>{"c"});
}

TEST_F(OverlayEnvTest, LocksAndDirectoriesAreNotTouched) {
  leveldb::FileLock* lock = nullptr;
  EXPECT_TRUE(env_.LockFile("/data/LOCK", &lock).ok());
  EXPECT_TRUE(env_.UnlockFile(lock).ok());
  EXPECT_FALSE(env_.CreateDir("/data/directory").ok());
  EXPECT_FALSE(env_.RemoveDir("/data").ok());
  EXPECT_TRUE(env_.SyncDir("/data").ok());
}

TEST_F(OverlayEnvTest, HoldsSoManyBytesAndNoMore) {
  EXPECT_TRUE(Append("/data/b", std::string(100, 'x')).ok());
  EXPECT_FALSE(Append("/data/b", "y").ok());
  EXPECT_FALSE(Append("/data/b", std::string(1 << 20, 'y')).ok());
  EXPECT_EQ(Read("/data/b"), std::string(100, 'x'));
}

TEST_F(OverlayEnvTest, WritesNothingWhileItIsFrozen) {
  EXPECT_TRUE(Append("/data/b", "x").ok());
  env_.Freeze();
  EXPECT_FALSE(Append("/data/b", "y").ok());
  EXPECT_FALSE(env_.RemoveFile("/data/b").ok());
  EXPECT_FALSE(env_.RenameFile("/data/b", "/data/c").ok());
  EXPECT_EQ(Read("/data/b"), "x");
  env_.Thaw();
  EXPECT_TRUE(Append("/data/b", "y").ok());
}

}  // namespace
}  // namespace baton::storage
