// YAML as values, as Kubernetes reads it.
#include "test/charts/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ObjectsTest, QuotedIsText) {
  std::vector<std::string> problems;
  const auto objects = ParseObjects("a: \"1\"\nb: 1\nc: true\nd: \"true\"\ne: 1Gi\n", &problems);
  EXPECT_EQ(objects.at(0), (json{{"a", "1"}, {"b", 1}, {"c", true}, {"d", "true"}, {"e", "1Gi"}}));
  EXPECT_THAT(problems, IsEmpty());
}

TEST(ObjectsTest, EachDocumentIsOne) {
  std::vector<std::string> problems;
  EXPECT_EQ(ParseObjects("---\na: 1\n---\n# nothing\n---\nb: 2\n", &problems).size(), 2u);
}

TEST(ObjectsTest, WordsThatSomeReadersTakeForTrueAreTold) {
  std::vector<std::string> problems;
  ParseObjects("a: n\nb: \"n\"\nc: off\n", &problems);
  EXPECT_THAT(problems, ElementsAre("an unquoted n", "an unquoted off"));
}

TEST(ObjectsTest, AKeyThatComesTwiceIsTold) {
  std::vector<std::string> problems;
  ParseObjects("a: {b: 1, b: 2}\n", &problems);
  EXPECT_THAT(problems, ElementsAre("the key b twice in one map"));
}

}  // namespace
}  // namespace baton::charts
