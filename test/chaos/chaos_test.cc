// Show: three nodes, ten clients, every fault at least once, and no promise is broken. The short
// form of `make chaos`.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>

#include "test/chaos/fault_kind.h"
#include "test/chaos/isolation.h"
#include "test/chaos/run.h"
#include "test/integration/process.h"

namespace baton::chaos {
namespace {

TEST(ChaosTest, EveryFaultOnceAndAllPromisesHold) {
  RunOptions options;
  options.isolation = EnterNamespaces();
  const integration::TemporaryDirectory directory;
  options.output = directory.path();
  const char* seed = std::getenv("CHAOS_SEED");
  options.seed = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  options.seconds = 24;
  options.think_ms_max = 30;
  options.fault_ms_max = 1'000;
  options.calm_ms_max = 800;

  const std::atomic<bool> stop{false};
  const Result<RunReport> report = RunChaos(options, stop, [](const Progress&) {});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const std::string& what : report->left_out) std::cout << "left out: " << what << "\n";
  for (const auto& [fault, times] : report->faults) EXPECT_GT(times, 0) << fault;
  EXPECT_EQ(report->faults.size() + report->left_out.size(), FaultKinds().size());
  for (const std::string& what : report->violations) ADD_FAILURE() << what;
  EXPECT_GT(report->acknowledged, 200u);
  std::cout << report->acknowledged << " acknowledged, " << report->leaders
            << " leaders, longest silence " << report->longest_silence_seconds << " s\n";
  if (HasFailure()) {
    std::cout << "seed " << options.seed << "\n"
              << integration::ReadFile(options.output + "/events.log");
  }
}

}  // namespace
}  // namespace baton::chaos
