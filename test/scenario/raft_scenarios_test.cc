// Runs every story of test/scenario/raft. BATON_REWRITE=1 with `bazel run` writes them anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "test/scenario/raft_story.h"

namespace baton::scenario {
namespace {

// The files as they lie in the checkout (not their copies among the test's data), so that rewriting
// reaches them.
std::vector<std::string> Stories() {
  const std::string folder = std::string(std::getenv("TEST_SRCDIR")) + "/" +
                             std::getenv("TEST_WORKSPACE") + "/test/scenario/raft";
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".txt") {
      paths.push_back(std::filesystem::canonical(file.path()).string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class RaftScenariosTest : public testing::TestWithParam<std::string> {};

TEST_P(RaftScenariosTest, HappensAsWritten) {
  RaftStory story;
  const bool rewrite = std::getenv("BATON_REWRITE") != nullptr;
  EXPECT_EQ(RunFile(GetParam(), rewrite, [&](const Stanza& s) { return story.Run(s); }), "");
}

std::string StoryName(const testing::TestParamInfo<std::string>& info) {
  return std::filesystem::path(info.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(Stories, RaftScenariosTest, testing::ValuesIn(Stories()), StoryName);

}  // namespace
}  // namespace baton::scenario
