#include "test/tidy/source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace baton::tidy {
namespace {

Source File(const std::string& path, const std::string& text = "") { return {path, text}; }

TEST(SourceTest, KnowsItsRoom) {
  EXPECT_EQ(File("pkg/raft/log.h").Room(), "pkg/raft");
  EXPECT_EQ(File("pkg/raft/testing/net.h").Room(), "pkg/raft");
  EXPECT_EQ(File("scripts/run").Room(), "");
  EXPECT_EQ(File("BUILD").Room(), "");
}

TEST(SourceTest, KnowsWhatNeverShips) {
  EXPECT_TRUE(File("pkg/a/b_test.cc").IsTest());
  EXPECT_TRUE(File("pkg/a/testing/b.cc").IsTest());
  EXPECT_TRUE(File("pkg/a/test_machine.h").IsTest());
  EXPECT_TRUE(File("test/sim/a.cc").IsTest());
  EXPECT_FALSE(File("pkg/a/b.cc").IsTest());
  EXPECT_FALSE(File("pkg/a/latest_b.cc").IsTest());
}

TEST(SourceTest, KnowsScriptsByTheirFirstLine) {
  EXPECT_TRUE(File("scripts/a", "#!/usr/bin/env bash\n").IsBash());
  EXPECT_TRUE(File("scripts/a.sh").IsBash());
  EXPECT_FALSE(File("a.md", "how to use bash\n").IsBash());
}

TEST(LinesTest, AreWithoutTheirEnds) {
  EXPECT_EQ(Lines(""), (std::vector<std::string_view>{}));
  EXPECT_EQ(Lines("a"), (std::vector<std::string_view>{"a"}));
  EXPECT_EQ(Lines("a\n\nb\n"), (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(RunCommandTest, GivesOutputAndExitCode) {
  const CommandOutcome outcome = RunCommand("echo a; echo b >&2; exit 3");
  EXPECT_EQ(outcome.output, "a\nb\n");
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST(ReadTreeTest, ListsWhatGitTracksOrWouldAdd) {
  const std::string root = std::string(std::getenv("TEST_TMPDIR")) + "/tree";
  std::filesystem::create_directories(root + "/out");
  std::ofstream(root + "/.gitignore") << "/out/\n";
  std::ofstream(root + "/tracked") << "1";
  std::ofstream(root + "/new") << "2";
  std::ofstream(root + "/gone") << "3";
  std::ofstream(root + "/image.png") << std::string("4\0", 2);
  std::ofstream(root + "/out/built") << "5";
  const CommandOutcome prepared =
      RunCommand("cd '" + root + "' && git init -q && git add tracked gone && rm gone");
  ASSERT_EQ(prepared.exit_code, 0) << prepared.output;
  std::string found;
  for (const Source& source : ReadTree(root)) found += source.path + "=" + source.text + " ";
  EXPECT_EQ(found, ".gitignore=/out/\n new=2 tracked=1 ");
}

}  // namespace
}  // namespace baton::tidy
