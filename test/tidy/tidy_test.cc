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

TEST(TidyTest, TheTreeKeepsTheRules) {
  const std::vector<Source> tree = ReadTree(Root());
  ASSERT_GT(tree.size(), 50u) << "this is not the tree: " << Root();
  for (const Finding& finding : CheckTree(tree)) ADD_FAILURE() << Describe(finding);
}

}  // namespace
}  // namespace baton::tidy
