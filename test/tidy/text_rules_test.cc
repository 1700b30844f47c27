// Each rule finds what it is for, says what to do instead, and leaves good code alone. Banned words
// are written in two parts, so that this file does not break the rules it tests.
#include <gtest/gtest.h>

#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

Source File(const std::string& path, const std::string& text) { return {path, text}; }

std::string Only(const std::vector<Finding>& findings) {
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? "" : Describe(findings[0]);
}

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(SizesTest, LinesAreBounded) {
  EXPECT_TRUE(CheckSizes(File("a.cc", std::string(100, 'a') + "\n")).empty());
  EXPECT_EQ(Only(CheckSizes(File("a.cc", std::string(101, 'a') + "\n"))),
            "a.cc:1: 101 columns; the limit is 100: break the line");
  EXPECT_TRUE(CheckSizes(File("a.cc", "// " + Repeat("é", 97) + "\n")).empty());
  EXPECT_TRUE(CheckSizes(File("a.md", std::string(300, 'a') + "\n")).empty());
  const std::string bash = "#!/usr/bin/env bash\n";
  EXPECT_TRUE(CheckSizes(File("scripts/a", bash + std::string(120, 'a') + "\n")).empty());
  EXPECT_FALSE(CheckSizes(File("scripts/a", bash + std::string(121, 'a') + "\n")).empty());
}

TEST(SizesTest, FilesAreBounded) {
  EXPECT_TRUE(CheckSizes(File("a.cc", Repeat("//\n", 500))).empty());
  EXPECT_EQ(Only(CheckSizes(File("a.cc", Repeat("//\n", 501)))),
            "a.cc: 501 lines; the limit is 500: give the second topic a file");
}

TEST(SizesTest, FunctionsAreBounded) {
  const std::string line = "  x();\n";
  EXPECT_TRUE(CheckSizes(File("a.cc", "void F() {\n" + Repeat(line, 68) + "}\n")).empty());
  EXPECT_EQ(Only(CheckSizes(File("a.cc", "\nvoid F() {\n" + Repeat(line, 69) + "}\n"))),
            "a.cc:2: a function of 71 lines; the limit is 70: split it by topic");
}

TEST(WordsTest, UndoneWorkIsFound) {
  const std::string to_do = std::string("TO") + "DO";
  EXPECT_EQ(Only(CheckWords(File("a.cc", "\n// " + to_do + ": later\n"))),
            "a.cc:2: " + to_do + ": do it, or file it");
  EXPECT_TRUE(CheckWords(File("a.cc", "int AU" + to_do + "_A;\n")).empty());
  EXPECT_FALSE(CheckWords(File("a.md", std::string("For n") + "ow it waits.\n")).empty());
  EXPECT_TRUE(CheckWords(File("a.md", "Stubborn, for nowhere.\n")).empty());
}

TEST(WordsTest, PathsOfAMachineAreFound) {
  EXPECT_FALSE(CheckWords(File("a.md", std::string("see /wo") + "rk/main\n")).empty());
  EXPECT_FALSE(CheckWords(File("a.sh", std::string("cd /ro") + "ot\n")).empty());
  EXPECT_TRUE(CheckWords(File("a.md", "the framework/main /workspace\n")).empty());
}

TEST(WhitespaceTest, IsPlain) {
  EXPECT_TRUE(CheckWhitespace(File("a.md", "a\n\nb\n")).empty());
  EXPECT_TRUE(CheckWhitespace(File("a.md", "")).empty());
  EXPECT_FALSE(CheckWhitespace(File("a.md", "a \n")).empty());
  EXPECT_FALSE(CheckWhitespace(File("a.md", "a\r\n")).empty());
  EXPECT_FALSE(CheckWhitespace(File("a.md", "\ta\n")).empty());
  EXPECT_TRUE(CheckWhitespace(File("Makefile", "a:\n\tb\n")).empty());
  EXPECT_TRUE(CheckWhitespace(File("a.go", "\ta()\n")).empty());
  EXPECT_FALSE(CheckWhitespace(File("a.md", "a")).empty());
  EXPECT_FALSE(CheckWhitespace(File("a.md", "a\n\n")).empty());
  EXPECT_TRUE(CheckWhitespace(File("a.golden", "a \t\n\n")).empty());
}

TEST(TestsTest, DoNotSleep) {
  const std::string nap = "  std::this_thread::sleep_for(1s);\n";
  EXPECT_NE(Only(CheckTests(File("pkg/a/b_test.cc", nap))).find("wait for the event"),
            std::string::npos);
  EXPECT_FALSE(CheckTests(File("test/a/b_test.cc", "  usleep(1);\n")).empty());
  EXPECT_TRUE(CheckTests(File("pkg/a/b.cc", nap)).empty());
  EXPECT_TRUE(CheckTests(File("pkg/a/testing/b.cc", nap)).empty());
  EXPECT_TRUE(CheckTests(File("pkg/a/b_test.cc", "  // no sleep (ever)\n")).empty());
  EXPECT_TRUE(CheckTests(File("pkg/a/b_test.cc", "  Run(\"sleep 1\");\n")).empty());
}

TEST(TestsTest, AreNotRunAgainUntilTheyPass) {
  EXPECT_FALSE(CheckTests(File("pkg/a/BUILD", "cc_test(\n    flaky = True,\n)\n")).empty());
  EXPECT_FALSE(CheckTests(File(".bazelrc", "test --flaky_test_attempts=3\n")).empty());
  EXPECT_TRUE(CheckTests(File("pkg/a/BUILD", "cc_test(name = \"a_test\")\n")).empty());
}

TEST(CppTest, BannedFunctionsNameTheirReplacement) {
  EXPECT_NE(Only(CheckCpp(File("a.cc", "  assert(a);\n"))).find("use CHECK"), std::string::npos);
  EXPECT_NE(Only(CheckCpp(File("a.cc", "  throw 1;\n"))).find("Status"), std::string::npos);
  EXPECT_FALSE(CheckCpp(File("a.cc", "std::regex r;\n")).empty());
  EXPECT_TRUE(CheckCpp(File("a.cc", "static_assert(1);  // no throw\n")).empty());
  EXPECT_TRUE(CheckCpp(File("a_test.cc", "  throw 1;\n")).empty());
  EXPECT_FALSE(CheckCpp(File("a_test.cc", "using namespace std;\n")).empty());
  EXPECT_TRUE(CheckCpp(File("a_test.cc", "using namespace std::string_literals;\n")).empty());
}

TEST(CppTest, HeadersAreReadOnce) {
  EXPECT_FALSE(CheckCpp(File("a.h", "int a;\n")).empty());
  EXPECT_TRUE(CheckCpp(File("a.h", "#pragma once\n")).empty());
}

}  // namespace
}  // namespace baton::tidy
