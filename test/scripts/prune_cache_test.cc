// The disk cache stays below its limit by losing what was not read for longest.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "test/integration/process.h"
#include "test/scripts/script.h"

namespace baton::scripts {
namespace {

constexpr size_t kMib = 1 << 20;

class PruneCacheTest : public testing::Test {
 protected:
  // A file of `bytes` that was read at `read_at` (seconds of the epoch).
  void File(const std::string& name, size_t bytes, time_t read_at) {
    const std::string path = directory_.path() + "/" + name;
    WriteFile(path, std::string(bytes, 'x'));
    const timespec times[2] = {{.tv_sec = read_at, .tv_nsec = 0}, {.tv_sec = 0, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  bool Exists(const std::string& name) const {
    return std::filesystem::exists(directory_.path() + "/" + name);
  }

  void Prune(int mib_max) {
    const Outcome outcome =
        RunScript("prune-cache", {std::to_string(mib_max), directory_.path()}, directory_.path());
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, "");
  }

  const integration::TemporaryDirectory directory_;
};

TEST_F(PruneCacheTest, AtTheLimitNothingGoes) {
  File("old", kMib, 100);
  File("new", kMib, 200);
  Prune(2);
  EXPECT_TRUE(Exists("old"));
  EXPECT_TRUE(Exists("new"));
}

TEST_F(PruneCacheTest, OneByteAboveTheLimitTheLeastRecentlyReadGoes) {
  File("old", kMib + 1, 100);
  File("new", kMib, 200);
  Prune(2);
  EXPECT_FALSE(Exists("old"));
  EXPECT_TRUE(Exists("new"));
}

TEST_F(PruneCacheTest, FarAboveTheLimitAllThatIsTooMuchGoes) {
  for (int i = 0; i < 8; ++i) File("file " + std::to_string(i), kMib, 100 + i);
  Prune(1);
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(Exists("file " + std::to_string(i))) << i;
  EXPECT_TRUE(Exists("file 7"));
}

TEST_F(PruneCacheTest, NoCacheIsNoError) {
  const Outcome outcome =
      RunScript("prune-cache", {"1", directory_.path() + "/none"}, directory_.path());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "");
}

}  // namespace
}  // namespace baton::scripts
