// A thousand seeds, and that a seed is a promise: the same run each time.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iostream>
#include <string>

#include "pkg/base/check.h"
#include "pkg/base/cruel.h"
#include "test/history/json_lines.h"
#include "test/sim/cruelty.h"
#include "test/sim/seeds.h"

namespace baton::sim {
namespace {

constexpr uint64_t kSeeds = 1000;
constexpr int kProcesses = 2;
constexpr uint64_t kTimesMin = 20;  // that each kind of fault was met

TEST(SimTest, AThousandSeedsKeepEveryPromise) {
  std::array<uint64_t, kFaultKinds> faults{};
  std::array<uint64_t, 4> outcomes{};
  Cruelty::Hits cruel{};
  RunSeeds(1, kSeeds, kProcesses, [&](const SeedResult& result) {
    EXPECT_TRUE(result.held) << "seed " << result.seed << ": " << result.why
                             << "make sim SEED=" << result.seed << " shows it again";
    for (size_t i = 0; i < faults.size(); ++i) faults[i] += result.report.faults[i];
    for (size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += result.report.outcomes[i];
    for (size_t i = 0; i < cruel.size(); ++i) cruel[i] += result.report.cruel[i];
    return true;
  });
  for (size_t i = 0; i < faults.size(); ++i) {
    EXPECT_GE(faults[i], kTimesMin) << NameOf(static_cast<FaultKind>(i));
  }
  for (const uint64_t operations : outcomes) EXPECT_GE(operations, kSeeds);
  for (size_t i = 0; i < cruel.size(); ++i) EXPECT_GT(cruel[i], 0u) << kCruelSites[i].name;
}

// In a process of its own, and in one that has run others before.
TEST(SimTest, ASeedGivesTheSameRunEachTime) {
  int seeds = 0;
  RunSeeds(1, 20, 1, [&](const SeedResult& first) {
    const SeedResult second = RunApart(Draw(first.seed));
    EXPECT_TRUE(first.held && second.held) << first.why << second.why;
    EXPECT_EQ(first.report.trace_hash, second.report.trace_hash) << "seed " << first.seed;
    EXPECT_EQ(first.report.events, second.report.events) << "seed " << first.seed;
    ++seeds;
    return true;
  });
  EXPECT_EQ(seeds, 20);
}

// Whoever ends the process afterwards, it is there.
TEST(SimTest, WhatClientsSawIsHandedOutOfAProcessThatThenEnds) {
  const std::string path = ::testing::TempDir() + "history.jsonl";
  const SeedResult result = RunApart(Draw(1), [&path](const history::History& seen) {
    std::ofstream file(path);
    history::WriteHistory(seen, &file);
    file.close();
    CHECK(false) << "nobody has judged it";
  });
  EXPECT_FALSE(result.held);
  EXPECT_NE(result.why.find("nobody has judged it"), std::string::npos) << result.why;
  std::ifstream file(path);
  const Result<history::History> seen = history::ReadHistory(&file, history::ReadLimits());
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_GT(seen->operations.size(), 10u);
}

TEST(SimTest, AnotherSeedGivesAnotherRun) {
  const SeedResult first = RunApart(Draw(1));
  const SeedResult second = RunApart(Draw(2));
  EXPECT_NE(first.report.trace_hash, second.report.trace_hash);
}

TEST(SimTest, KindsOfFailuresAreToldApartByTheirWordsAlone) {
  EXPECT_EQ(KindOf("a.cc:12: R4: node 3 leads"), KindOf("a.cc:12: R4: node 5 leads"));
  EXPECT_NE(KindOf("a.cc:12: R4: node 3 leads"), KindOf("a.cc:12: R5: node 3 differs"));
}

}  // namespace
}  // namespace baton::sim
