#include "pkg/storage/data_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

namespace fs = std::filesystem;

// On real files.
class DataDirTest : public ::testing::Test {
 protected:
  DataDirTest() {
    std::string pattern = ::testing::TempDir() + "/data_dir_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    path_ = root_ + "/data";
  }
  ~DataDirTest() override { fs::remove_all(root_); }

  Result<std::unique_ptr<DataDir>> Open() { return DataDir::Open(path_, TestIdentity()); }
  // The error, whose message must name the directory.
  Status Refused(const Identity& identity = TestIdentity()) {
    const auto dir = DataDir::Open(path_, identity);
    EXPECT_FALSE(dir.ok());
    EXPECT_NE(dir.status().message().find(path_), std::string::npos) << dir.status().ToString();
    return dir.status();
  }
  void WriteFile(const std::string& name, const std::string& contents) {
    std::ofstream(path_ + "/" + name, std::ios::binary) << contents;
  }
  std::string ReadFile(const std::string& name) {
    std::ifstream file(path_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
  std::string path_;
};

TEST_F(DataDirTest, MakesTheDirectoryAndItsParentsForTheOwnerOnly) {
  path_ = root_ + "/a/b/data";
  ASSERT_TRUE(Open().ok());
  for (const std::string directory : {"/a", "/a/b", "/a/b/data", "/a/b/data/log-000001"}) {
    struct stat info {};
    ASSERT_EQ(::stat((root_ + directory).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << directory;
  }
  EXPECT_FALSE(fs::exists(path_ + "/CREATING"));
}

TEST_F(DataDirTest, BothStoresWorkAndAreThereAgain) {
  {
    auto dir = Open();
    ASSERT_TRUE(dir.ok()) << dir.status().ToString();
    ASSERT_TRUE(WriteOne(&(*dir)->log(), AppendWrite(MakeEntries(1, 3, 1))).ok());
    (*dir)->state().Put("a", "1");
    ASSERT_TRUE((*dir)->state().Commit().ok());
    ASSERT_TRUE((*dir)->state().Sync().ok());
  }
  auto dir = Open();
  ASSERT_TRUE(dir.ok()) << dir.status().ToString();
  EXPECT_EQ((*dir)->log().LastIndex(), Index(3));
  EXPECT_EQ((*dir)->state().Get("a"), "1");
}

TEST_F(DataDirTest, LostAndFoundAndALeftLockCountAsEmpty) {
  fs::create_directories(path_ + "/lost+found");
  WriteFile("LOCK", "");
  EXPECT_TRUE(Open().ok());
}

TEST_F(DataDirTest, AFileInPlaceOfTheDirectoryIsRefused) {
  std::ofstream(path_) << "a file";
  const Status status = Refused();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.reason(), "unusable_directory");
  EXPECT_NE(status.message().find("Not a directory"), std::string::npos) << status.message();
}

TEST_F(DataDirTest, AFileInPlaceOfAParentIsRefused) {
  std::ofstream(path_) << "a file";
  path_ += "/data";
  const Status status = Refused();
  EXPECT_EQ(status.reason(), "unusable_directory");
  EXPECT_NE(status.message().find("Not a directory"), std::string::npos) << status.message();
}

TEST_F(DataDirTest, ADirectoryThatCannotBeMadeIsRefused) {
  path_ = "/proc/baton/data";
  EXPECT_EQ(Refused().reason(), "unusable_directory");
}

TEST_F(DataDirTest, AForeignDirectoryIsLeftAsItWas) {
  fs::create_directories(path_);
  WriteFile("thesis.txt", "important");
  const Status status = Refused();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.reason(), "foreign_directory");
  EXPECT_EQ(ReadFile("thesis.txt"), "important");
  EXPECT_FALSE(fs::exists(path_ + "/LOCK"));
}

TEST_F(DataDirTest, LostIdentityIsNotMistakenForANewDirectory) {
  ASSERT_TRUE(Open().ok());
  fs::remove(path_ + "/IDENTITY");
  EXPECT_EQ(Refused({.cluster_id = "cluster-b", .node_id = NodeId(1)}).reason(), "wrong_cluster");
  EXPECT_TRUE(fs::exists(path_ + "/log-000001/CURRENT"));
  EXPECT_TRUE(Open().ok()) << "the log knows whose it is";
  EXPECT_TRUE(fs::exists(path_ + "/IDENTITY"));
  fs::remove(path_ + "/IDENTITY");
  fs::remove(path_ + "/log-000001/CURRENT");
  EXPECT_EQ(Refused().code(), Code::kCorruption) << "nothing says whose it is";
}

TEST_F(DataDirTest, OneUserAtATimeInThisProcess) {
  auto first = Open();
  ASSERT_TRUE(first.ok());
  const Status status = Refused();
  EXPECT_EQ(status.code(), Code::kConflict);
  EXPECT_EQ(status.reason(), "data_dir_in_use");
  first = Status(Code::kUnavailable, "closed");
  EXPECT_TRUE(Open().ok());
}

TEST_F(DataDirTest, OneProcessAtATime) {
  ASSERT_TRUE(Open().ok());
  const std::string lock_path = path_ + "/LOCK";
  int locked[2];   // the child says that it holds the lock
  int release[2];  // closed: the child may go
  ASSERT_TRUE(::pipe(locked) == 0 && ::pipe(release) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(release[1]);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const int fd = ::open(lock_path.c_str(), O_RDWR);
    char byte = ::fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
    if (::write(locked[1], &byte, 1) == 1) (void)!::read(release[0], &byte, 1);
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(locked[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_EQ(Refused().reason(), "data_dir_in_use");
  for (const int fd : {locked[0], locked[1], release[0], release[1]}) ::close(fd);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(Open().ok());
}

TEST_F(DataDirTest, AnotherClustersDirectoryIsRefusedByName) {
  ASSERT_TRUE(Open().ok());
  const Status status = Refused({.cluster_id = "cluster-b", .node_id = NodeId(1)});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.reason(), "wrong_cluster");
  EXPECT_NE(status.message().find("cluster-a"), std::string::npos);
  EXPECT_NE(status.message().find("cluster-b"), std::string::npos);
}

TEST_F(DataDirTest, AnotherNodesDirectoryIsRefusedByName) {
  ASSERT_TRUE(Open().ok());
  const Status status = Refused({.cluster_id = "cluster-a", .node_id = NodeId(2)});
  EXPECT_EQ(status.reason(), "wrong_node");
  EXPECT_NE(status.message().find("node 1"), std::string::npos);
  EXPECT_NE(status.message().find("node 2"), std::string::npos);
}

TEST_F(DataDirTest, AnotherNodesLogInThisDirectoryIsRefused) {
  ASSERT_TRUE(Open().ok());
  const std::string mine = path_;
  path_ = root_ + "/other";
  const Identity other = {.cluster_id = "cluster-a", .node_id = NodeId(2)};
  ASSERT_TRUE(DataDir::Open(path_, other).ok());
  fs::remove_all(path_ + "/log-000001");
  fs::copy(mine + "/log-000001", path_ + "/log-000001");
  EXPECT_EQ(Refused(other).reason(), "wrong_node");
}

TEST_F(DataDirTest, BadIdentitiesAreRefused) {
  const auto open = [&](const std::string& cluster, uint64_t node) {
    return DataDir::Open(path_, {.cluster_id = cluster, .node_id = NodeId(node)}).status().code();
  };
  EXPECT_EQ(open("", 1), Code::kInvalidArgument);
  EXPECT_EQ(open("a b", 1), Code::kInvalidArgument);
  EXPECT_EQ(open("a\nb", 1), Code::kInvalidArgument);
  EXPECT_EQ(open(std::string(kClusterIdBytesMax + 1, 'a'), 1), Code::kInvalidArgument);
  EXPECT_EQ(open(std::string(100000, 'a'), 1), Code::kInvalidArgument);
  EXPECT_EQ(open("a", 0), Code::kInvalidArgument);
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(open(std::string(kClusterIdBytesMax, 'a'), 1), Code::kOk);
  EXPECT_EQ(DataDir::Open("", TestIdentity()).status().code(), Code::kInvalidArgument);
}

TEST_F(DataDirTest, MissingPartsAreReplacedAndTheNodeSaysSo) {
  for (const std::string part : {"LOG", "STATE", "WATERMARK", "log-000001", "state-000001",
                                 "log-000001/CURRENT", "state-000001/CURRENT"}) {
    SCOPED_TRACE(part);
    fs::remove_all(path_);
    ASSERT_TRUE(Open().ok());
    fs::remove_all(path_ + "/" + part);
    const auto dir = Open();
    ASSERT_TRUE(dir.ok()) << dir.status().ToString();
    const raft::Memory memory = (*dir)->log().State().hard_state.memory;
    if (part == "LOG" || part == "STATE" || part.starts_with("state")) {
      EXPECT_EQ(memory, raft::Memory::kNewborn) << "the log is whole";
    } else {
      EXPECT_EQ(memory, raft::Memory::kLost) << "a newborn that has lost something";
    }
    EXPECT_EQ((*dir)->repairs().empty(), part == "LOG" || part == "STATE");
  }
}

// In memory: what root cannot be refused on real files.
TEST(DataDirRightsTest, MissingRightsAreNamed) {
  for (const std::string denied : {"/data", "/data/LOCK"}) {
    FaultEnv env;
    env.SetFault([&](FaultEnv::Operation, const std::string& path) {
      return path == denied ? leveldb::Status::IOError(path, "Permission denied")
                            : leveldb::Status::OK();
    });
    const Status status =
        DataDir::Open("/data", TestIdentity(), {.log = {}, .state = {}, .env = &env}).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << denied;
    EXPECT_EQ(status.reason(), "unusable_directory") << denied;
    EXPECT_NE(status.message().find("Permission denied"), std::string::npos) << status.message();
  }
}

TEST(DataDirRightsTest, AFullDiskIsNotABadSetting) {
  FaultEnv env;
  env.SetFault([&](FaultEnv::Operation, const std::string& path) {
    return leveldb::Status::IOError(path, "No space left on device");
  });
  EXPECT_EQ(
      DataDir::Open("/data", TestIdentity(), {.log = {}, .state = {}, .env = &env}).status().code(),
      Code::kStorageFull);
}

// A process that is killed right after its mkdir leaves a name that only the kernel knows of.
TEST(DataDirCreationTest, TheNameThatAKilledProcessLeftIsMadeDurable) {
  for (const std::string left : {"/a", "/a/b", "/a/b/data"}) {
    SCOPED_TRACE("killed after mkdir " + left);
    FaultEnv env;
    for (const std::string path : {"/a", "/a/b", "/a/b/data"}) {
      ASSERT_TRUE(env.CreateDir(path).ok());
      if (path == left) break;
      ASSERT_TRUE(env.SyncDir(path.substr(0, path.find_last_of('/') + 1)).ok());
    }
    DataDirOptions options;
    options.env = &env;
    {
      const auto dir = DataDir::Open("/a/b/data", TestIdentity(), options);
      ASSERT_TRUE(dir.ok()) << dir.status().ToString();
      ASSERT_TRUE(WriteOne(&(*dir)->log(), VoteWrite(7, 2, 0)).ok());
      env.PowerOff();
    }
    env.PowerOn();
    const auto dir = DataDir::Open("/a/b/data", TestIdentity(), options);
    ASSERT_TRUE(dir.ok()) << dir.status().ToString();
    EXPECT_EQ((*dir)->log().State().hard_state.term, Term(7)) << "an acknowledged vote is gone";
  }
}

// In memory: power fails at every step of making a directory; the next start finishes the work.
TEST(DataDirCreationTest, PowerLossAtEveryStepIsHealedByTheNextStart) {
  uint64_t step = 0;
  for (bool finished = false; !finished; ++step) {
    FaultEnv env;
    uint64_t left = step;
    env.SetFault([&](FaultEnv::Operation, const std::string& path) {
      if (left == 0) return leveldb::Status::IOError(path, "the power is off");
      --left;
      return leveldb::Status::OK();
    });
    finished =
        DataDir::Open("/var/data", TestIdentity(), {.log = {}, .state = {}, .env = &env}).ok() &&
        left > 0;
    env.SetFault({});
    Random tear(step);
    env.PowerOn(step % 2 == 0 ? nullptr : &tear);
    const auto dir =
        DataDir::Open("/var/data", TestIdentity(), {.log = {}, .state = {}, .env = &env});
    ASSERT_TRUE(dir.ok()) << "step " << step << ": " << dir.status().ToString();
    EXPECT_EQ((*dir)->log().LastIndex(), Index(0));
  }
  EXPECT_GT(step, 50u);
}

}  // namespace
}  // namespace baton::storage
