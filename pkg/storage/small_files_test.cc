// IDENTITY and STATE as text, and the file operations under them, on real files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "pkg/storage/files.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/sealed_text.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

namespace fs = std::filesystem;

TEST(SealedTextTest, IsReadableAndComesBack) {
  const std::string text = SealText("baton-state", 1, {{"tables", "state-000002"}});
  EXPECT_EQ(text.substr(0, text.find("crc32c")), "baton-state 1\ntables state-000002\n");
  EXPECT_EQ(*UnsealText("baton-state", 1, text, "STATE"), (TextLines{{"tables", "state-000002"}}));
}

TEST(SealedTextTest, EveryFlippedBitIsFound) {
  const std::string text = SealText("kind", 1, {{"name", "value"}});
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string bad = text;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    ASSERT_EQ(UnsealText("kind", 1, bad, "FILE").status().code(), Code::kCorruption) << bit;
  }
  for (size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(UnsealText("kind", 1, text.substr(0, size), "FILE").status().code(),
              Code::kCorruption);
  }
}

TEST(SealedTextTest, ANewerFormatIsNotCalledDamage) {
  const Status status =
      UnsealText("kind", 2, SealText("kind", 3, {{"new", "things"}}), "/data/FILE").status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.reason(), "newer_format");
  EXPECT_EQ(status.message(),
            "/data/FILE has format 3, written by a newer Baton; this build reads up to 2; start "
            "the newer Baton, or give another directory.");
  EXPECT_TRUE(UnsealText("kind", 3, SealText("kind", 2, {}), "FILE").ok());
}

TEST(SealedTextTest, OtherKindsAndFormsAreRefused) {
  EXPECT_EQ(UnsealText("kind", 1, SealText("other", 1, {}), "F").status().code(),
            Code::kCorruption);
  EXPECT_EQ(UnsealText("kind", 1, SealText("kind", 0, {}), "F").status().code(), Code::kCorruption);
  EXPECT_EQ(UnsealText("kind x", 1, SealText("kind x", 1, {}), "F").status().code(),
            Code::kCorruption);
}

TEST(IdentityTest, FileComesBackAndNothingElseIsAccepted) {
  const std::string text = EncodeIdentityFile(TestIdentity());
  EXPECT_EQ(text.substr(0, text.find("crc32c")),
            "baton-data-directory 1\ncluster cluster-a\nnode 1\n");
  EXPECT_EQ(*DecodeIdentityFile(text, "F"), TestIdentity());
  const auto decode = [](const TextLines& lines) {
    return DecodeIdentityFile(SealText("baton-data-directory", 1, lines), "F").status().code();
  };
  EXPECT_EQ(decode({{"cluster", "a"}, {"node", "1"}}), Code::kOk);
  EXPECT_EQ(decode({{"cluster", "a"}, {"node", "01"}}), Code::kCorruption);
  EXPECT_EQ(decode({{"cluster", "a"}, {"node", "0"}}), Code::kCorruption);
  EXPECT_EQ(decode({{"cluster", "a"}, {"node", "1x"}}), Code::kCorruption);
  EXPECT_EQ(decode({{"cluster", "a"}}), Code::kCorruption);
  EXPECT_EQ(decode({{"node", "1"}, {"cluster", "a"}}), Code::kCorruption);
  EXPECT_EQ(decode({{"cluster", "a"}, {"node", "1"}, {"more", "x"}}), Code::kCorruption);
}

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string pattern = ::testing::TempDir() + "/files_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  ~FilesTest() override { fs::remove_all(root_); }

  std::string root_;
};

TEST_F(FilesTest, WriteReplacesAsAWhole) {
  for (const std::string& contents :
       {std::string("one"), std::string(), std::string(200'000, 'x')}) {
    ASSERT_TRUE(WriteFileDurably(PosixEnv(), root_, "FILE", contents).ok());
    EXPECT_EQ(*ReadWholeFile(PosixEnv(), root_ + "/FILE", 200'000), contents);
  }
  EXPECT_EQ(*ListDirectory(PosixEnv(), root_), std::vector<std::string>{"FILE"});
}

TEST_F(FilesTest, ReadIsBounded) {
  ASSERT_TRUE(WriteFileDurably(PosixEnv(), root_, "FILE", std::string(1000, 'x')).ok());
  EXPECT_TRUE(ReadWholeFile(PosixEnv(), root_ + "/FILE", 1000).ok());
  EXPECT_EQ(ReadWholeFile(PosixEnv(), root_ + "/FILE", 999).status().code(), Code::kTooLarge);
  EXPECT_EQ(ReadWholeFile(PosixEnv(), root_ + "/NONE", 1).status().code(), Code::kNotFound);
  EXPECT_EQ(ReadWholeFile(PosixEnv(), root_, 1).status().code(), Code::kIo);  // a directory
}

TEST_F(FilesTest, RemoveTreeRemovesEverythingBelow) {
  fs::create_directories(root_ + "/a/b/c");
  ASSERT_TRUE(WriteFileDurably(PosixEnv(), root_ + "/a/b", "FILE", "x").ok());
  ASSERT_TRUE(RemoveTree(PosixEnv(), root_ + "/a").ok());
  EXPECT_FALSE(fs::exists(root_ + "/a"));
  EXPECT_TRUE(RemoveTree(PosixEnv(), root_ + "/a").ok());
}

TEST_F(FilesTest, TablesAreReadByPositionAndShortAtTheEnd) {
  ASSERT_TRUE(WriteFileDurably(PosixEnv(), root_, "FILE", "0123456789").ok());
  leveldb::RandomAccessFile* raw = nullptr;
  ASSERT_TRUE(PosixEnv()->NewRandomAccessFile(root_ + "/FILE", &raw).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> file(raw);
  char scratch[20];
  leveldb::Slice piece;
  ASSERT_TRUE(file->Read(3, 4, &piece, scratch).ok());
  EXPECT_EQ(piece.ToString(), "3456");
  ASSERT_TRUE(file->Read(8, 20, &piece, scratch).ok());
  EXPECT_EQ(piece.ToString(), "89");
  ASSERT_TRUE(file->Read(100, 20, &piece, scratch).ok());
  EXPECT_EQ(piece.ToString(), "");
  EXPECT_TRUE(PosixEnv()->NewRandomAccessFile(root_ + "/NONE", &raw).IsNotFound());
}

TEST_F(FilesTest, SyncOfADirectoryThatIsNoneFails) {
  EXPECT_TRUE(PosixEnv()->SyncDir(root_).ok());
  EXPECT_FALSE(PosixEnv()->SyncDir(root_ + "/none").ok());
}

TEST(FilesStatusTest, AFullDiskHasACodeOfItsOwn) {
  EXPECT_TRUE(FromLevelDb(leveldb::Status::OK(), "x").ok());
  EXPECT_EQ(FromLevelDb(leveldb::Status::IOError("f", "No space left on device"), "x").code(),
            Code::kStorageFull);
  EXPECT_EQ(FromLevelDb(leveldb::Status::IOError("f", "Input/output error"), "x").code(),
            Code::kIo);
  EXPECT_EQ(FromLevelDb(leveldb::Status::Corruption("f"), "x").code(), Code::kCorruption);
}

}  // namespace
}  // namespace baton::storage
