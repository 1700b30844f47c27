#include "test/docs/console.h"

#include <gtest/gtest.h>

#include "test/integration/process.h"

namespace baton::docs {
namespace {

TEST(ConsoleTest, FindsCommandsAndWhatTheyPrint) {
  const auto steps = ParseConsole(
      "# Page\n\n```sh\n$ not me\n```\n\n```console\n$ echo a\na\n$ echo b \\\n    c\nb c\n```\n");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].command, "echo a");
  EXPECT_EQ(steps[0].line, 8);
  EXPECT_EQ(steps[0].expected, std::vector<std::string>{"a"});
  EXPECT_EQ(steps[1].command, "echo b \\\n    c");
  EXPECT_EQ(steps[1].expected, std::vector<std::string>{"b c"});
}

TEST(ConsoleTest, DotsStandForAnything) {
  EXPECT_TRUE(OutputMatches({"{\"id\":\"...\",\"ttl\":5}"}, "{\"id\":\"77\",\"ttl\":5}\n"));
  EXPECT_TRUE(OutputMatches({"a", "...", "z"}, "a\nb\nc\nz\n"));
  EXPECT_TRUE(OutputMatches({"a", "...", "z"}, "a\nz\n"));
  EXPECT_TRUE(OutputMatches({}, "\n"));
}

TEST(ConsoleTest, TellsADifference) {
  EXPECT_FALSE(OutputMatches({"a"}, "b\n"));
  EXPECT_FALSE(OutputMatches({"a"}, ""));
  EXPECT_FALSE(OutputMatches({}, "a\n"));
  EXPECT_FALSE(OutputMatches({"a", "..."}, "b\n"));
  EXPECT_FALSE(OutputMatches({"{\"id\":\"...\",\"ttl\":5}"}, "{\"id\":\"77\",\"ttl\":6}\n"));
}

TEST(ConsoleTest, StepsShareOneShell) {
  const integration::TemporaryDirectory directory;
  const auto outputs = RunConsole(ParseConsole("```console\n$ X=1; echo one\n$ echo $X\n$ false\n"
                                               "$ echo err >&2\n```\n"),
                                  directory.path());
  EXPECT_EQ(outputs, (std::vector<std::string>{"one\n", "1\n", "", "err\n"}));
}

}  // namespace
}  // namespace baton::docs
