// A thousand seeds, and that a seed is a promise: the same run each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "test/sim/seeds.h"
#include "test/sim/shrink.h"

namespace baton::sim {
namespace {

constexpr uint64_t kSeeds = 1000;
constexpr int kProcesses = 2;
constexpr uint64_t kTimesMin = 20;  // that each kind of fault was met

TEST(SimTest, AThousandSeedsKeepEveryPromise) {
  std::array<uint64_t, kFaultKinds> faults{};
  std::array<uint64_t, 4> outcomes{};
  uint64_t cruel = 0;
  RunSeeds(1, kSeeds, kProcesses, [&](const SeedResult& result) {
    EXPECT_TRUE(result.held) << "seed " << result.seed << ": " << result.why
                             << "make sim SEED=" << result.seed << " shows it again";
    for (size_t i = 0; i < faults.size(); ++i) faults[i] += result.report.faults[i];
    for (size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += result.report.outcomes[i];
    cruel +=
        static_cast<uint64_t>(std::count_if(result.report.cruel.begin(), result.report.cruel.end(),
                                            [](uint32_t hits) { return hits > 0; }));
    return true;
  });
  for (size_t i = 0; i < faults.size(); ++i) {
    EXPECT_GE(faults[i], kTimesMin) << NameOf(static_cast<FaultKind>(i));
  }
  for (const uint64_t operations : outcomes) EXPECT_GE(operations, kSeeds);
  EXPECT_GE(cruel, kSeeds) << "cruel sites were hardly met";
}

TEST(SimTest, ASeedGivesTheSameRunEachTime) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const SeedResult first = RunApart(Draw(seed));
    const SeedResult second = RunApart(Draw(seed));
    ASSERT_TRUE(first.held && second.held) << first.why << second.why;
    EXPECT_EQ(first.report.trace_hash, second.report.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.report.events, second.report.events) << "seed " << seed;
  }
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
