// What is left of a plan, where a function of the plan says whether it fails.
#include "test/sim/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "test/sim/plan.h"

namespace baton::sim {
namespace {

constexpr char kWhy[] = "a.cc:12: R4: node 3 leads";

SeedResult Held() { return {.seed = 1, .held = true, .why = "", .report = {}}; }
SeedResult Failed(const std::string& why) {
  return {.seed = 1, .held = false, .why = why, .report = {}};
}

bool HasFault(const Plan& plan, FaultKind kind) {
  return std::any_of(plan.faults.begin(), plan.faults.end(),
                     [kind](const Fault& fault) { return fault.kind == kind; });
}

// Thirty faults, one each second, and five clients.
Plan LargePlan() {
  Plan plan;
  plan.seed = 1;
  plan.safety_ms = 30'000;
  plan.cluster.nodes = 5;
  plan.cluster.loss_percent = 20;
  plan.cruelty_percent = 10;
  for (uint64_t i = 0; i < 30; ++i) {
    plan.faults.push_back({.kind = static_cast<FaultKind>(i),
                           .at_ms = static_cast<int64_t>(i) * 1000,
                           .lasts_ms = 500,
                           .choice = i,
                           .number = i});
  }
  for (uint64_t i = 0; i < 5; ++i) {
    plan.clients.push_back({.number = i, .operations_max = 1000});
  }
  return plan;
}

TEST(ShrinkTest, WhatTheFailureDoesNotNeedIsLeftOut) {
  const auto run = [](const Plan& plan) {
    const bool asks = std::any_of(plan.clients.begin(), plan.clients.end(), [](const auto& client) {
      return client.number == 3 && client.operations_max >= 3;
    });
    const bool fails = asks && plan.safety_ms > 12'000 && plan.cluster.loss_percent > 0 &&
                       HasFault(plan, FaultKind::kPause) && HasFault(plan, FaultKind::kMute);
    // In other words each time, as a failure of an earlier moment would be.
    const std::string node = std::to_string(plan.faults.size());
    return fails ? Failed("a.cc:12: R4: node " + node + " leads") : Held();
  };
  const Shrunk shrunk = Shrink(LargePlan(), kWhy, 1000, run);
  ASSERT_EQ(shrunk.plan.faults.size(), 2u);
  EXPECT_EQ(shrunk.plan.faults[0].kind, FaultKind::kPause);
  EXPECT_EQ(shrunk.plan.faults[1].kind, FaultKind::kMute);
  ASSERT_EQ(shrunk.plan.clients.size(), 1u);
  EXPECT_EQ(shrunk.plan.clients[0].number, 3u);
  EXPECT_EQ(shrunk.plan.clients[0].operations_max, 3u);
  EXPECT_GT(shrunk.plan.safety_ms, 12'000);
  EXPECT_LT(shrunk.plan.safety_ms, 12'200);  // nothing is tried below steps of 100 ms
  EXPECT_EQ(shrunk.plan.cruelty_percent, 0u);
  EXPECT_EQ(shrunk.plan.cluster.loss_percent, 20u);
  EXPECT_EQ(shrunk.plan.cluster.nodes, 3u);
  EXPECT_EQ(shrunk.why, "a.cc:12: R4: node 2 leads");
}

TEST(ShrinkTest, AnotherFailureIsNotTakenForThisOne) {
  const auto run = [](const Plan& plan) {
    return Failed(plan.faults.size() == 30 ? kWhy : "a.cc:12: R5: node 3 differs");
  };
  const Shrunk shrunk = Shrink(LargePlan(), kWhy, 1000, run);
  EXPECT_EQ(shrunk.plan.faults.size(), 30u);
  EXPECT_EQ(shrunk.why, kWhy);
}

TEST(ShrinkTest, NoMoreRunsThanAllowed) {
  for (const uint64_t runs_max : {0, 1, 7}) {
    uint64_t runs = 0;
    const auto run = [&runs](const Plan&) {
      ++runs;
      return Failed(kWhy);
    };
    const Shrunk shrunk = Shrink(LargePlan(), kWhy, runs_max, run);
    EXPECT_EQ(runs, runs_max);
    EXPECT_EQ(shrunk.runs, runs_max);
  }
}

}  // namespace
}  // namespace baton::sim
