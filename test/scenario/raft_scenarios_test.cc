// Runs every story of test/scenario/raft and test/scenario/groups, and holds the README's tables
// against the folders.
// `bazel run //test/scenario:raft_scenarios_test -- --rewrite` writes the stories anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "test/scenario/group_story.h"
#include "test/scenario/raft_story.h"

namespace baton::scenario {
namespace {

bool g_rewrite = false;

std::string Folder() {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") +
         "/test/scenario/";
}

// The files as they lie in the checkout (not their copies among the test's data), so that rewriting
// reaches them.
std::vector<std::string> Stories() {
  std::vector<std::string> paths;
  for (const std::string folder : {"raft", "groups"}) {
    for (const auto& file : std::filesystem::directory_iterator(Folder() + folder)) {
      if (file.path().extension() == ".txt") {
        paths.push_back(std::filesystem::canonical(file.path()).string());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class RaftScenariosTest : public testing::TestWithParam<std::string> {};

TEST_P(RaftScenariosTest, HappensAsWritten) {
  RaftStory one_group;
  GroupStory many_groups;
  const bool many = std::filesystem::path(GetParam()).parent_path().filename() == "groups";
  const auto run = [&](const Stanza& s) { return many ? many_groups.Run(s) : one_group.Run(s); };
  EXPECT_EQ(RunFile(GetParam(), g_rewrite, run), "");
}

std::string StoryName(const testing::TestParamInfo<std::string>& info) {
  return std::filesystem::path(info.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(Stories, RaftScenariosTest, testing::ValuesIn(Stories()), StoryName);

// --- the README's tables ---

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The stories that a line links to, by name.
std::set<std::string> Links(const std::string& line) {
  static const std::regex link(R"(\]\((?:raft|groups)/([a-z_]+)\.txt\))");
  std::set<std::string> names;
  for (std::sregex_iterator at(line.begin(), line.end(), link), end; at != end; ++at) {
    names.insert((*at)[1].str());
  }
  return names;
}

// From the rows "| 7 | what went wrong | [story](raft/story.txt) |".
std::map<int, std::set<std::string>> BugRows() {
  static const std::regex row(R"(\| (\d+) \| [^|]+ \| ([^|]+) \|)");
  std::map<int, std::set<std::string>> rows;
  std::istringstream text(Contents(Folder() + "README.md"));
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_match(line, match, row)) rows[std::stoi(match[1])] = Links(match[2]);
  }
  return rows;
}

std::set<std::string> StoryNames() {
  std::set<std::string> names;
  for (const std::string& path : Stories()) {
    names.insert(std::filesystem::path(path).stem().string());
  }
  return names;
}

// The comment that a story begins with, on one line.
std::string OpeningComment(const std::string& name) {
  const std::string groups = Folder() + "groups/" + name + ".txt";
  const bool many = std::filesystem::exists(groups);
  std::istringstream text(Contents(many ? groups : Folder() + "raft/" + name + ".txt"));
  std::string comment;
  for (std::string line; std::getline(text, line) && line.starts_with("# ");) {
    comment += line.substr(1);
  }
  return comment;
}

TEST(StoriesTest, ThereAreEnoughAndEachSaysWhatToLookAt) {
  EXPECT_GE(StoryNames().size(), 60u);
  for (const std::string& name : StoryNames()) {
    EXPECT_GE(OpeningComment(name).size(), 40u) << name << ": begin with what it shows";
  }
}

TEST(StoriesTest, EveryKnownBugHasAStoryThatNamesIt) {
  const std::map<int, std::set<std::string>> rows = BugRows();
  EXPECT_EQ(rows.size(), 28u);
  for (int bug = 1; bug <= 28; ++bug) {
    ASSERT_TRUE(rows.contains(bug)) << "no row for bug " << bug;
    EXPECT_FALSE(rows.at(bug).empty()) << "no story for bug " << bug;
    for (const std::string& name : rows.at(bug)) {
      const std::regex number("Bug " + std::to_string(bug) + "\\b");
      EXPECT_TRUE(std::regex_search(OpeningComment(name), number)) << name << ": Bug " << bug;
    }
  }
}

TEST(StoriesTest, TheReadmeMentionsEveryStoryAndNoOther) {
  EXPECT_EQ(Links(Contents(Folder() + "README.md")), StoryNames());
}

}  // namespace

int Main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rewrite") g_rewrite = true;
  }
  return RUN_ALL_TESTS();
}

}  // namespace baton::scenario

int main(int argc, char** argv) { return baton::scenario::Main(argc, argv); }
