// Built twice: as it is, and with bugs (planted_active_test).
#ifdef BATON_PLANTED_BUGS
#undef BATON_RELEASE  // they exclude each other; this is a program of its own
#endif

#include "pkg/base/planted.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string_view>

namespace baton {
namespace {

bool Takes() { return PLANTED("coord.token_reused"); }
bool Skips() { return PLANTED("coord.waiter_skipped"); }

#ifdef BATON_PLANTED_BUGS

TEST(PlantedTest, OneIsActiveAtATime) {
  EXPECT_FALSE(Takes());
  EXPECT_TRUE(PlantBug("coord.token_reused"));
  EXPECT_TRUE(Takes());
  EXPECT_FALSE(Skips());
  EXPECT_TRUE(PlantBug("coord.waiter_skipped"));
  EXPECT_FALSE(Takes());
  EXPECT_TRUE(Skips());
  EXPECT_TRUE(PlantBug(""));
  EXPECT_FALSE(Takes());
  EXPECT_FALSE(Skips());
}

TEST(PlantedTest, AnUnknownOneIsRefusedAndNoneIsActive) {
  EXPECT_TRUE(PlantBug("coord.token_reused"));
  EXPECT_FALSE(PlantBug("coord.token"));
  EXPECT_FALSE(Takes());
  EXPECT_FALSE(Skips());
}

#else

TEST(PlantedTest, ThereIsNoneInAnOrdinaryBuild) {
  static_assert(!PLANTED("coord.token_reused"));
  EXPECT_FALSE(PlantBug("coord.token_reused"));
  EXPECT_FALSE(Takes());
  EXPECT_FALSE(Skips());
  EXPECT_TRUE(PlantBug("")) << "to have none is always possible";
}

#endif

TEST(PlantedTest, EachHasANameASearchAndWhatShowsIt) {
  std::set<std::string_view> names;
  std::map<std::string_view, int> searches;
  for (const PlantedBug& bug : kPlantedBugs) {
    EXPECT_TRUE(names.insert(bug.name).second) << bug.name;
    ++searches[bug.search];
    for (const std::string_view text : {bug.known, bug.what, bug.shows}) {
      EXPECT_FALSE(text.empty()) << bug.name;
    }
  }
  EXPECT_EQ(searches.size(), 4u) << "sim, histories, fault, unit";
  EXPECT_GE(searches["sim"], 40);
  EXPECT_GE(searches["histories"], 3);
  EXPECT_GE(searches["fault"], 4);
}

}  // namespace
}  // namespace baton
