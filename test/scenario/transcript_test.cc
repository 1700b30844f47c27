#include "test/scenario/transcript.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace baton::scenario {
namespace {

constexpr char kFile[] =
    "# A story.\n"
    "\n"
    "add voters=(1, 2,3) pre_vote=true quietly\n"
    "----\n"
    "ok\n"
    "\n"
    "# Then.\n"
    "propose 1 \\\n"
    "  size=10\n"
    "line one\n"
    "line two\n"
    "----\n"
    "----\n"
    "a\n"
    "\n"
    "b\n"
    "----\n"
    "----\n";

std::string WriteTemporary(const std::string& text) {
  const std::string path = testing::TempDir() + "/transcript.txt";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string ReadTemporary(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(TranscriptTest, ParsesCommandsArgumentsInputAndOutput) {
  const auto transcript = Parse(kFile);
  ASSERT_TRUE(transcript.ok()) << transcript.status().ToString();
  ASSERT_EQ(transcript->stanzas.size(), 2u);
  const Stanza& add = transcript->stanzas[0];
  EXPECT_EQ(add.line, 3);
  EXPECT_EQ(add.command, "add");
  EXPECT_EQ(add.Numbers("voters"), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(add.Value("pre_vote", "false"), "true");
  EXPECT_EQ(add.words, std::vector<std::string>{"quietly"});
  EXPECT_EQ(add.expected, "ok\n");
  const Stanza& propose = transcript->stanzas[1];
  EXPECT_EQ(propose.words, std::vector<std::string>{"1"});
  EXPECT_EQ(propose.Number("size", 0), 10u);
  EXPECT_EQ(propose.input, "line one\nline two\n");
  EXPECT_EQ(propose.expected, "a\n\nb\n");
}

TEST(TranscriptTest, RendersWhatItParsed) {
  const auto transcript = Parse(kFile);
  ASSERT_TRUE(transcript.ok());
  EXPECT_EQ(Render(*transcript, {"ok", "a\n\nb"}), kFile);
}

TEST(TranscriptTest, MissingSeparatorIsAnErrorWithItsLine) {
  const auto transcript = Parse("\nadd 1\n");
  ASSERT_FALSE(transcript.ok());
  EXPECT_EQ(transcript.status().message(), "line 2: no ---- after the command");
}

TEST(TranscriptTest, UnclosedPairIsAnError) {
  EXPECT_FALSE(Parse("add\n----\n----\na\n").ok());
  EXPECT_FALSE(Parse("add\n----\n----\na\n----\n").ok());
}

TEST(TranscriptTest, RepeatedKeyIsAnError) { EXPECT_FALSE(Parse("add a=1 a=2\n----\n").ok()); }

TEST(TranscriptTest, ADifferenceIsReportedWithItsLine) {
  const std::string path = WriteTemporary(kFile);
  const std::string report =
      RunFile(path, false, [](const Stanza& s) { return s.command == "add" ? "ok" : "c"; });
  EXPECT_NE(report.find(":8: propose"), std::string::npos) << report;
  EXPECT_NE(report.find("printed:\nc\n"), std::string::npos) << report;
}

TEST(TranscriptTest, RewriteReplacesOnlyTheOutputs) {
  const std::string path = WriteTemporary(kFile);
  EXPECT_EQ(RunFile(path, true, [](const Stanza&) { return "new"; }), "");
  const std::string rewritten = ReadTemporary(path);
  EXPECT_EQ(RunFile(path, false, [](const Stanza&) { return "new"; }), "");
  EXPECT_NE(rewritten.find("# Then.\n"), std::string::npos);
  EXPECT_EQ(rewritten.find("ok"), std::string::npos);
}

}  // namespace
}  // namespace baton::scenario
