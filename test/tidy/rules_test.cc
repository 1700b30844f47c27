// Each rule finds what it is for, says what to do instead, and leaves good code alone.
#include "test/tidy/rules.h"

#include <gtest/gtest.h>

namespace baton::tidy {
namespace {

Source File(const std::string& path, const std::string& text) { return {path, text}; }

std::string Only(const std::vector<Finding>& findings) {
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? "" : Describe(findings[0]);
}

TEST(ArrowsTest, PointDownOnly) {
  EXPECT_EQ(
      Only(CheckArrows(File("pkg/raft/a.cc", "\n#include \"pkg/node/node.h\"\n"))),
      "pkg/raft/a.cc:2: pkg/raft must not include pkg/node: arrows point down only; declare a "
      "port in pkg/raft instead");
  EXPECT_TRUE(CheckArrows(File("pkg/node/a.cc", "#include \"pkg/raft/raft.h\"\n")).empty());
  EXPECT_TRUE(CheckArrows(File("pkg/raft/a.cc", "#include \"pkg/raft/log.h\"\n")).empty());
  EXPECT_FALSE(CheckArrows(File("pkg/coord/a.h", "#include \"pkg/raft/raft.h\"\n")).empty());
  EXPECT_FALSE(CheckArrows(File("pkg/new/a.h", "#include \"pkg/base/status.h\"\n")).empty());
}

TEST(ArrowsTest, IncludesAreByFullPath) {
  EXPECT_FALSE(CheckArrows(File("pkg/raft/a.cc", "#include \"log.h\"\n")).empty());
}

TEST(LibrariesTest, AreKnownToTheirRoomOnly) {
  EXPECT_NE(Only(CheckLibraries(File("pkg/node/a.cc", "#include <leveldb/db.h>\n")))
                .find("use the ports of pkg/node/ports.h"),
            std::string::npos);
  EXPECT_TRUE(CheckLibraries(File("pkg/storage/a.h", "#include <leveldb/db.h>\n")).empty());
}

TEST(LibrariesTest, HeavyHeadersStayInSources) {
  EXPECT_FALSE(CheckLibraries(File("pkg/http/a.h", "#include <httplib.h>\n")).empty());
  EXPECT_TRUE(CheckLibraries(File("pkg/http/a.cc", "#include <httplib.h>\n")).empty());
  EXPECT_TRUE(CheckLibraries(File("pkg/http/a.h", "#include <nlohmann/json_fwd.hpp>\n")).empty());
}

TEST(PurityTest, NamesTheReplacement) {
  EXPECT_NE(Only(CheckPurity(File("pkg/raft/a.cc", "#include <chrono>\n"))).find("ticks"),
            std::string::npos);
  EXPECT_FALSE(CheckPurity(File("pkg/coord/a.h", "#include <unordered_map>\n")).empty());
  EXPECT_FALSE(CheckPurity(File("pkg/raft/a.cc", "  auto x = getenv(\"A\");\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a.cc", "  // not getenv( here\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/node/a.cc", "#include <chrono>\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a_test.cc", "#include <cstdio>\n")).empty());
}

TEST(SizesTest, LinesFilesAndFunctionsAreBounded) {
  EXPECT_TRUE(CheckSizes(File("pkg/raft/a.cc", std::string(100, 'a') + "\n")).empty());
  EXPECT_FALSE(CheckSizes(File("pkg/raft/a.cc", std::string(101, 'a') + "\n")).empty());
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "//\n";
  EXPECT_TRUE(CheckSizes(File("pkg/raft/a.cc", lines)).empty());
  EXPECT_FALSE(CheckSizes(File("pkg/raft/a.cc", lines + "//\n")).empty());
}

TEST(SizesTest, CountsTheLinesOfAFunction) {
  std::string body;
  for (int i = 0; i < 68; ++i) body += "  x();\n";
  EXPECT_TRUE(CheckSizes(File("a.cc", "void F() {\n" + body + "}\n")).empty());
  EXPECT_NE(Only(CheckSizes(File("a.cc", "void F() {\n  x();\n" + body + "}\n"))).find("71 lines"),
            std::string::npos);
}

TEST(WordsTest, UndoneWorkAndMachinePathsAreFound) {
  EXPECT_FALSE(CheckWords(File("a.cc",
                               "// TO"
                               "DO: later\n"))
                   .empty());
  EXPECT_FALSE(CheckWords(File("a.md",
                               "see /wo"
                               "rk/main\n"))
                   .empty());
  EXPECT_TRUE(CheckWords(File("a.md", "the framework/main\n")).empty());
  EXPECT_TRUE(CheckWords(File("a.cc",
                              "int AUTO"
                              "DO_SOMETHING;\n"))
                  .empty());
}

TEST(SleepsTest, HaveNoPlaceInTests) {
  EXPECT_FALSE(
      CheckSleeps(File("pkg/a/b_test.cc", "  std::this_thread::sleep_for(1s);\n")).empty());
  EXPECT_TRUE(CheckSleeps(File("pkg/a/b.cc", "  std::this_thread::sleep_for(1s);\n")).empty());
  EXPECT_TRUE(CheckSleeps(File("pkg/a/b_test.cc", "  // no sleep (ever)\n")).empty());
}

TEST(VisibilityTest, StartsPrivate) {
  EXPECT_FALSE(CheckVisibility(File("pkg/a/BUILD", "cc_library()\n")).empty());
  EXPECT_TRUE(CheckVisibility(
                  File("pkg/a/BUILD", "package(default_visibility = [\"//visibility:private\"])\n"))
                  .empty());
}

TEST(ReadmesTest, EveryRoomHasOne) {
  EXPECT_NE(Only(CheckReadmes({File("pkg/a/b.cc", "")})).find("pkg/a: no README.md"),
            std::string::npos);
  EXPECT_TRUE(CheckReadmes({File("pkg/a/b.cc", ""), File("pkg/a/README.md", "")}).empty());
}

}  // namespace
}  // namespace baton::tidy
