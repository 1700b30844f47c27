// The program history_check: its exit codes, and what it prints.

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "test/history/json_lines.h"
#include "test/history/testing/scene.h"

namespace baton::history {
namespace {

struct Ran {
  int code = -1;
  std::string text;  // both outputs
};

Ran CheckFiles(const std::string& arguments) {
  Ran ran;
  FILE* pipe = popen(("test/history/history_check " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr) ran.text += buffer;
  ran.code = WEXITSTATUS(pclose(pipe));
  return ran;
}

std::string FileOf(const std::string& name, const History& history) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream file(path);
  WriteHistory(history, &file);
  return path;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(HistoryCheckTest, NothingIsWrong) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Get("k", "a", 1, 1);
  const Ran ran = CheckFiles(FileOf("right", scene.history));
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_TRUE(Has(ran.text, "2 operations, 0 watches, 0 session ends")) << ran.text;
  EXPECT_TRUE(Has(ran.text, "get ok                       1")) << ran.text;
  EXPECT_TRUE(Has(ran.text, "0 violations; 1 keys, 0 of them searched in 0 steps")) << ran.text;
}

TEST(HistoryCheckTest, APromiseIsBroken) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Get("k", "a", 1, 1);
  const Ran ran = CheckFiles(FileOf("wrong", scene.history));
  EXPECT_EQ(ran.code, 1) << ran.text;
  EXPECT_TRUE(Has(ran.text,
                  "stale_read: a read went back: get of \"k\" by client 1 at node 1 (called at "
                  "1.000040 s, answered ok at 1.000050 s, revision 1, key of revision 1) was "
                  "called after revision 2 had been seen by put of \"k\" = \"b\""))
      << ran.text;
}

TEST(HistoryCheckTest, AFileThatCannotBeRead) {
  EXPECT_EQ(CheckFiles("/nowhere").code, 2);
  EXPECT_EQ(CheckFiles("").code, 2);
  EXPECT_EQ(CheckFiles("--step=7 x").code, 2);
  EXPECT_EQ(CheckFiles("--steps=x x").code, 2);
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/mangled";
  std::ofstream(path) << "{\"record\":\"operation\"}\n";
  const Ran ran = CheckFiles(path);
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(Has(ran.text, "line 1: field \"kind\": is missing")) << ran.text;
}

TEST(HistoryCheckTest, OptionsReachTheJudge) {
  Scene scene;
  scene.Create(5, 100, 1);
  scene.now_us = 1'200'000;
  scene.End(5, true, 2);
  const std::string path = FileOf("late", scene.history);
  EXPECT_EQ(CheckFiles(path).code, 0);
  EXPECT_EQ(CheckFiles("--late-ms=50 " + path).code, 1);
  EXPECT_EQ(CheckFiles("--late-ms=100 " + path).code, 0);
}

TEST(HistoryCheckTest, JumpsOfClocksReachTheJudge) {
  Scene scene;
  scene.Create(5, 100, 1);
  scene.now_us = 1'060'000;
  scene.End(5, true, 2);
  const std::string path = FileOf("early", scene.history);
  EXPECT_EQ(CheckFiles(path).code, 1);
  EXPECT_EQ(CheckFiles("--jump-costs-ms=40 " + path).code, 1);
  EXPECT_EQ(CheckFiles("--jump-costs-ms=40 --jumps-at-us=1050000 " + path).code, 0);
  EXPECT_EQ(CheckFiles("--jump-costs-ms=20 --jumps-at-us=1050000 " + path).code, 1);
  EXPECT_EQ(CheckFiles("--jump-costs-ms=20 --jumps-at-us=1050000,7,1040000 " + path).code, 0);
  EXPECT_EQ(CheckFiles("--jump-costs-ms=20 --jumps-at-us=1050000,7,8 " + path).code, 1);
  for (const char* wrong : {"", "x", "-7", "7,", ",7", "7,,8", "7 8", "7x"}) {
    EXPECT_EQ(CheckFiles("'--jumps-at-us=" + std::string(wrong) + "' " + path).code, 2) << wrong;
  }
  EXPECT_EQ(CheckFiles("--jump-costs-ms=-1 " + path).code, 2);
}

// The example in the help is true.
TEST(HistoryCheckTest, HelpTeaches) {
  const Ran help = CheckFiles("--help");
  EXPECT_EQ(help.code, 0);
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/example";
  std::ofstream file(path);
  size_t lines = 0;
  for (size_t at = help.text.find("  {\"record\""); at != std::string::npos;
       at = help.text.find("  {\"record\"", at + 1)) {
    file << help.text.substr(at, help.text.find('\n', at) - at) << "\n";
    ++lines;
  }
  file.close();
  EXPECT_EQ(lines, 2u);
  const Ran ran = CheckFiles(path);
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(Has(ran.text, "lost_write: a write is lost: get of \"k\" by client 2")) << ran.text;
}

}  // namespace
}  // namespace baton::history
