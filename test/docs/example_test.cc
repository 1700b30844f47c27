// The program in the Raft library's README is the one that is built and run.
#include <gtest/gtest.h>

#include <algorithm>

#include "test/docs/console.h"
#include "test/integration/process.h"

namespace baton::docs {
namespace {

TEST(ExampleTest, TheReadmeShowsTheProgramThatIsRun) {
  const std::string program = integration::ReadFile(PagePath("test/docs/three_nodes.cc"));
  const std::string readme = integration::ReadFile(PagePath("pkg/raft/README.md"));
  ASSERT_FALSE(program.empty());
  EXPECT_NE(readme.find("```cpp\n" + program + "```\n"), std::string::npos)
      << "copy test/docs/three_nodes.cc into pkg/raft/README.md";
  EXPECT_LT(std::count(program.begin(), program.end(), '\n'), 120);
}

}  // namespace
}  // namespace baton::docs
