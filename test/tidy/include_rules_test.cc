// Each rule finds what it is for, says what to do instead, and leaves good code alone.
#include <gtest/gtest.h>

#include "test/tidy/rules.h"

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
  EXPECT_FALSE(CheckArrows(File("pkg/coord/a.h", "#include \"pkg/raft/raft.h\"\n")).empty());
  EXPECT_FALSE(CheckArrows(File("pkg/storage/a.h", "#include \"pkg/http/server.h\"\n")).empty());
  EXPECT_FALSE(
      CheckArrows(File("cmd/batonctl/a.h", "#include \"pkg/metrics/metrics.h\"\n")).empty());
  EXPECT_TRUE(CheckArrows(File("pkg/node/a.cc", "#include \"pkg/raft/raft.h\"\n")).empty());
  EXPECT_TRUE(CheckArrows(File("pkg/raft/a.cc", "#include \"pkg/raft/log.h\"\n")).empty());
  EXPECT_TRUE(CheckArrows(File("test/sim/a.cc", "#include \"pkg/node/node.h\"\n")).empty());
}

TEST(ArrowsTest, ATestKeepsThemToo) {
  EXPECT_FALSE(CheckArrows(File("pkg/raft/a_test.cc", "#include \"pkg/node/node.h\"\n")).empty());
  EXPECT_TRUE(
      CheckArrows(File("pkg/raft/a_test.cc", "#include \"test/scenario/transcript.h\"\n")).empty());
}

TEST(ArrowsTest, WhatShipsIncludesNoTestCode) {
  const std::string text = "#include \"pkg/raft/testing/network.h\"\n";
  EXPECT_NE(Only(CheckArrows(File("pkg/raft/a.cc", text))).find("test code"), std::string::npos);
  EXPECT_TRUE(CheckArrows(File("pkg/raft/testing/b.cc", text)).empty());
  EXPECT_FALSE(CheckArrows(File("pkg/raft/a.h", "#include \"test/docs/console.h\"\n")).empty());
}

TEST(ArrowsTest, ANewRoomAsksForItsPlace) {
  EXPECT_NE(Only(CheckArrows(File("pkg/new/a.h", "#include \"pkg/base/status.h\"\n")))
                .find("add it to test/tidy/rooms.cc"),
            std::string::npos);
}

TEST(ArrowsTest, IncludesAreByFullPath) {
  EXPECT_FALSE(CheckArrows(File("pkg/raft/a.cc", "#include \"log.h\"\n")).empty());
}

TEST(ArrowsTest, ACommentIncludesNothing) {
  EXPECT_TRUE(CheckArrows(File("pkg/raft/a.cc", "// #include \"pkg/node/node.h\"\n")).empty());
  EXPECT_TRUE(CheckArrows(File("pkg/raft/a.cc", "/*\n#include \"pkg/node/a.h\"\n*/\n")).empty());
  EXPECT_FALSE(CheckArrows(File("pkg/raft/a.cc", " # include \"pkg/node/node.h\"\n")).empty());
}

TEST(LibrariesTest, AreKnownToTheirRoomOnly) {
  EXPECT_NE(Only(CheckLibraries(File("pkg/node/a.cc", "#include <leveldb/db.h>\n")))
                .find("use the ports of pkg/node/ports.h"),
            std::string::npos);
  for (const char* header : {"httplib.h", "asio.hpp", "asio/ip/tcp.hpp", "openssl/ssl.h",
                             "prometheus/registry.h", "nlohmann/json.hpp", "yaml-cpp/yaml.h"}) {
    const std::string text = "#include <" + std::string(header) + ">\n";
    EXPECT_EQ(CheckLibraries(File("pkg/node/a.cc", text)).size(), 1u) << header;
  }
  EXPECT_TRUE(CheckLibraries(File("pkg/storage/a.cc", "#include <leveldb/db.h>\n")).empty());
  EXPECT_TRUE(CheckLibraries(File("pkg/node/a.cc", "#include <string>\n")).empty());
}

TEST(LibrariesTest, HeavyHeadersStayInSources) {
  EXPECT_FALSE(CheckLibraries(File("pkg/http/a.h", "#include <httplib.h>\n")).empty());
  EXPECT_TRUE(CheckLibraries(File("pkg/http/a.cc", "#include <httplib.h>\n")).empty());
  EXPECT_TRUE(CheckLibraries(File("pkg/http/a.h", "#include <nlohmann/json_fwd.hpp>\n")).empty());
}

TEST(PurityTest, NamesTheReplacement) {
  EXPECT_EQ(Only(CheckPurity(File("pkg/raft/a.cc", "#include <chrono>\n"))),
            "pkg/raft/a.cc:1: no <chrono> in deterministic code: time comes in as ticks and "
            "stamps");
  EXPECT_FALSE(CheckPurity(File("pkg/coord/a.h", "#include <unordered_map>\n")).empty());
  EXPECT_FALSE(CheckPurity(File("pkg/raft/a.cc", "  auto x = getenv(\"A\");\n")).empty());
  EXPECT_FALSE(CheckPurity(File("pkg/raft/a.cc", "std::random_device d;\n")).empty());
  EXPECT_FALSE(CheckPurity(File("pkg/base/bytes.cc", "#include <mutex>\n")).empty());
}

TEST(PurityTest, WordsInCommentsAndLiteralsAreFree) {
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a.cc", "  // not getenv( here\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a.cc", "F(\"std::cout\");\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a.cc", "int brand = operand(1);\n")).empty());
}

TEST(PurityTest, EndsAtTheBorder) {
  EXPECT_TRUE(CheckPurity(File("pkg/http/a.cc", "#include <chrono>\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/raft/a_test.cc", "#include <cstdio>\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/base/system_clock.cc", "#include <ctime>\n")).empty());
  EXPECT_TRUE(CheckPurity(File("pkg/node/runner.cc", "#include <thread>\n")).empty());
  EXPECT_FALSE(CheckPurity(File("pkg/node/node.cc", "#include <thread>\n")).empty());
}

}  // namespace
}  // namespace baton::tidy
