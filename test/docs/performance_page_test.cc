// docs/performance.md speaks of commands, metrics and stages that are there.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "test/bench/stages.h"
#include "test/docs/console.h"
#include "test/integration/process.h"

namespace baton::docs {
namespace {

std::string Text(const std::string& path) { return integration::ReadFile(PagePath(path)); }

// What the first group of the expression matches, each once.
std::set<std::string> Matches(const std::string& text, const std::string& expression) {
  std::set<std::string> found;
  const std::regex regex(expression);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    found.insert((*at)[1].str());
  }
  return found;
}

TEST(PerformancePageTest, ItsCommandsAreThere) {
  const std::set<std::string> targets = Matches("\n" + Text("Makefile"), "\n([a-z-]+): *packages ");
  const std::set<std::string> named = Matches(Text("docs/performance.md"), "`make ([a-z-]+)`");
  ASSERT_GT(named.size(), 5u);
  for (const std::string& name : named) {
    EXPECT_TRUE(targets.contains(name)) << "the Makefile has no target " << name;
  }
}

TEST(PerformancePageTest, ItsMetricsAreServed) {
  const std::set<std::string> families =
      Matches("\n" + Text("pkg/metrics/families.golden"), "\n([a-z_]+) ");
  const std::set<std::string> named = Matches(Text("docs/performance.md"), "`(baton_[a-z_]+)`");
  ASSERT_GT(named.size(), 4u);
  for (const std::string& name : named) {
    EXPECT_TRUE(families.contains(name)) << "no member serves " << name;
  }
}

TEST(PerformancePageTest, SaysWhatEachStageIs) {
  bench::PutTimes times;  // a commit that all its parts fit into
  times.commit_us = 1;
  const std::string page = Text("docs/performance.md");
  for (const bench::Stage& stage : bench::StagesOf(times)) {
    EXPECT_NE(page.find("\n| " + stage.name + " |"), std::string::npos) << stage.name;
  }
}

}  // namespace
}  // namespace baton::docs
