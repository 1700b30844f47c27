#include "test/chaos/nemesis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace baton::chaos {
namespace {

// A fault that only says that it began and ended.
Fault Quiet(const char* what, Scene* scene) {
  scene->violations.push_back(std::string("begin ") + what);
  return {what, [what, scene] { scene->violations.push_back(std::string("end ") + what); }};
}

FaultKind Kind(const char* name, Lane lane, Fault (*begin)(Scene*)) {
  return {.name = name,
          .help = "",
          .lane = lane,
          .shortest_ms = 100,
          .longest_ms = 200,
          .begin = begin};
}

Fault BeginA(Scene* scene) { return Quiet("a", scene); }
Fault BeginB(Scene* scene) { return Quiet("b", scene); }
Fault BeginC(Scene* scene) { return Quiet("c", scene); }

std::vector<FaultKind> Kinds() {
  return {Kind("a", Lane::kNodes, BeginA), Kind("b", Lane::kNodes, BeginB),
          Kind("c", Lane::kNetwork, BeginC)};
}

// What happens within so many ms, with a step each ms.
std::vector<std::string> Happenings(uint64_t seed, int64_t ms) {
  Scene scene;
  Nemesis nemesis({.seed = seed, .kinds = Kinds(), .calm_ms_max = 50}, &scene,
                  [](const std::string&) {});
  for (int64_t now_ms = 0; now_ms < ms; ++now_ms) nemesis.Step(now_ms);
  nemesis.EndAll();
  return scene.violations;
}

TEST(NemesisTest, TheSeedDrawsTheSchedule) {
  EXPECT_EQ(Happenings(7, 5000), Happenings(7, 5000));
  EXPECT_NE(Happenings(7, 5000), Happenings(8, 5000));
}

TEST(NemesisTest, EachLaneHasOneFaultAtATimeAndEachEnds) {
  std::set<std::string> under_way;
  for (const std::string& event : Happenings(1, 20'000)) {
    const std::string name = event.substr(event.find(' ') + 1);
    if (event.starts_with("end")) {
      EXPECT_EQ(under_way.erase(name), 1u);
      continue;
    }
    EXPECT_TRUE(under_way.insert(name).second);
    EXPECT_FALSE(under_way.contains("a") && under_way.contains("b"));
  }
  EXPECT_TRUE(under_way.empty());
}

TEST(NemesisTest, NoKindComesTwiceBeforeAllCameOnce) {
  Scene scene;
  Nemesis nemesis({.seed = 3, .kinds = Kinds(), .calm_ms_max = 50}, &scene,
                  [](const std::string&) {});
  for (int64_t now_ms = 0; now_ms < 20'000; ++now_ms) {
    nemesis.Step(now_ms);
    EXPECT_LE(std::abs(nemesis.counts().at("a") - nemesis.counts().at("b")), 1);
  }
  EXPECT_GT(nemesis.counts().at("a"), 10);
  EXPECT_GT(nemesis.counts().at("c"), 10);
}

TEST(NemesisTest, WhatDidNotComeAboutDoesNotCount) {
  Scene scene;
  std::vector<std::string> log;
  const auto begin = [](Scene*) -> Fault { return {"d: no room", nullptr}; };
  Nemesis nemesis({.seed = 3,
                   .kinds = {Kind("a", Lane::kNodes, BeginA), Kind("d", Lane::kNodes, begin)},
                   .calm_ms_max = 50},
                  &scene, [&log](const std::string& what) { log.push_back(what); });
  for (int64_t now_ms = 0; now_ms < 5'000; ++now_ms) nemesis.Step(now_ms);
  nemesis.EndAll();
  EXPECT_EQ(nemesis.counts().at("d"), 0);
  EXPECT_GT(nemesis.counts().at("a"), 5);
  EXPECT_NE(std::find(log.begin(), log.end(), "not begun: d: no room"), log.end());
}

TEST(NemesisTest, NamesAreUniqueAndEveryKindCanLast) {
  std::set<std::string_view> names;
  for (const FaultKind& kind : FaultKinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_LT(kind.shortest_ms, kind.longest_ms) << kind.name;
    EXPECT_LE(kind.name.size(), 15u) << kind.name;
    EXPECT_NE(kind.begin, nullptr) << kind.name;
  }
}

}  // namespace
}  // namespace baton::chaos
