#include "cmd/cli/did_you_mean.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::cli {
namespace {

TEST(DidYouMeanTest, NamesTheNearestOrNothing) {
  const std::vector<std::string_view> known = {"node-id", "tick-ms"};
  EXPECT_EQ(DidYouMean("tickms", known), "; did you mean \"tick-ms\"?");
  EXPECT_EQ(DidYouMean("zzzzzz", known), "");
  EXPECT_EQ(DidYouMean("tick-ms", {}), "");
}

}  // namespace
}  // namespace baton::cli
