// The tree as it is keeps the rules.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

// The checkout that the test was built from: where the README among its data files really lies.
std::string Root() {
  const std::string readme =
      std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") + "/README.md";
  return std::filesystem::canonical(readme).parent_path();
}

const std::vector<Source>& Tree() {
  static const std::vector<Source> tree = ReadTree(Root());
  return tree;
}

std::string DescribeAll(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& finding : findings) all += Describe(finding) + "\n";
  return all;
}

class TidyTest : public testing::TestWithParam<Rule> {};

TEST_P(TidyTest, TheTreeKeepsTheRule) {
  ASSERT_GT(Tree().size(), 50u) << "this is not the tree: " << Root();
  const std::vector<Finding> findings = GetParam().check(Tree());
  EXPECT_TRUE(findings.empty()) << DescribeAll(findings);
}

INSTANTIATE_TEST_SUITE_P(Rules, TidyTest, testing::ValuesIn(AllRules()),
                         [](const auto& rule) { return rule.param.name; });

TEST(LayoutTest, TheTreeIsLaidOut) { EXPECT_EQ(DescribeAll(CheckLayout(Root(), Tree())), ""); }

}  // namespace
}  // namespace baton::tidy
