// Built twice: as it is, and as a part of a release (cruel_release_test).
#include "pkg/base/cruel.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace baton {
namespace {

// A site's name may not be used twice in pkg/, but here.
bool Asked() { return CRUEL("raft.append_repeated"); }
bool AskedElsewhere() { return CRUEL("node.outbox_full"); }

#ifdef BATON_RELEASE

TEST(CruelTest, IsTheConstantFalseInARelease) {
  static_assert(!CRUEL("raft.append_repeated"));
  static_assert(!CRUEL("coord.list_of_one"));
  SetCruelHook([](size_t) { return true; });
  EXPECT_FALSE(Asked());
  EXPECT_FALSE(AskedElsewhere());
  SetCruelHook(nullptr);
}

#else

std::vector<size_t> g_asked;

TEST(CruelTest, IsFalseWithoutAHook) {
  EXPECT_FALSE(Asked());
  EXPECT_FALSE(AskedElsewhere());
}

TEST(CruelTest, IsWhatTheHookSaysOfTheSite) {
  g_asked.clear();
  SetCruelHook([](size_t site) {
    g_asked.push_back(site);
    return kCruelSites[site].name == "node.outbox_full";
  });
  EXPECT_FALSE(Asked());
  EXPECT_TRUE(AskedElsewhere());
  SetCruelHook(nullptr);
  EXPECT_FALSE(AskedElsewhere());
  ASSERT_EQ(g_asked.size(), 2u);
  EXPECT_EQ(kCruelSites[g_asked[0]].name, "raft.append_repeated");
  EXPECT_EQ(kCruelSites[g_asked[1]].name, "node.outbox_full");
}

#endif

TEST(CruelTest, TheSitesAreManyAndEachHasANameARateAndAMeaning) {
  EXPECT_GE(kCruelSites.size(), 50u);
  std::set<std::string_view> names;
  for (const CruelSite& site : kCruelSites) {
    EXPECT_TRUE(names.insert(site.name).second) << site.name;
    EXPECT_GE(site.one_in, 2u) << site.name;
    EXPECT_FALSE(site.what.empty()) << site.name;
  }
}

}  // namespace
}  // namespace baton
