#include "pkg/base/ids.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <type_traits>
#include <unordered_set>

namespace baton {
namespace {

static_assert(!std::is_convertible_v<uint64_t, Index>, "numbers do not become ids by accident");
static_assert(!std::is_convertible_v<Index, uint64_t>);
static_assert(!std::is_convertible_v<Index, Term>, "kinds do not mix");
static_assert(!std::is_constructible_v<Term, Index>);
static_assert(!std::is_convertible_v<Index, bool>);
static_assert(sizeof(Index) == sizeof(uint64_t));

template <typename A, typename B>
concept Comparable = requires(A a, B b) {
  a < b;
};
template <typename A, typename B>
concept Subtractable = requires(A a, B b) {
  a - b;
};
static_assert(Comparable<Index, Index>);
static_assert(!Comparable<Index, Term>);
static_assert(Subtractable<Index, Index>);
static_assert(!Subtractable<Index, Term>);

TEST(StrongNumberTest, IsZeroByDefaultAndZeroIsNone) {
  EXPECT_EQ(Index().value(), 0u);
  EXPECT_FALSE(Index());
  EXPECT_TRUE(Index(1));
}

TEST(StrongNumberTest, Compares) {
  EXPECT_EQ(Index(3), Index(3));
  EXPECT_NE(Index(3), Index(4));
  EXPECT_LT(Index(3), Index(4));
  EXPECT_GE(Index(UINT64_MAX), Index(0));
}

TEST(StrongNumberTest, Counts) {
  Index index(5);
  EXPECT_EQ(++index, Index(6));
  EXPECT_EQ(index + 4, Index(10));
  EXPECT_EQ(index - 4, Index(2));
  EXPECT_EQ(Index(10) - index, 4u);
  static_assert(std::is_same_v<decltype(index + 1), Index>);
  static_assert(std::is_same_v<decltype(index - index), uint64_t>);
}

TEST(StrongNumberTest, PrintsAndHashes) {
  std::ostringstream out;
  out << Term(42);
  EXPECT_EQ(out.str(), "42");
  std::unordered_set<NodeId> nodes = {NodeId(1), NodeId(2), NodeId(1)};
  EXPECT_EQ(nodes.size(), 2u);
  std::map<Index, int> ordered = {{Index(2), 0}, {Index(1), 0}};
  EXPECT_EQ(ordered.begin()->first, Index(1));
}

}  // namespace
}  // namespace baton
