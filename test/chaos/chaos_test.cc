// Show: three nodes, eight clients, every fault and every kind of operation at least once, and no
// promise is broken. The short form of `make chaos`.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "test/chaos/fault_kind.h"
#include "test/chaos/isolation.h"
#include "test/chaos/run.h"
#include "test/history/operation.h"
#include "test/integration/process.h"

namespace baton::chaos {
namespace {

// Where Bazel keeps what a test leaves behind.
std::string OutputIn(const integration::TemporaryDirectory& otherwise) {
  const char* kept = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  return kept != nullptr ? std::string(kept) + "/chaos" : otherwise.path();
}

RunListener Listener() {
  return {[](const std::string& what) { std::cout << "left out: " << what << std::endl; },
          [](const Progress&) {}};
}

// An operation that never succeeded was not tried under any fault. The workers do all that a
// history has words for.
void ExpectEveryKindDone(const RunReport& report) {
  for (int number = 0; number <= static_cast<int>(history::Kind::kCompact); ++number) {
    const std::string kind = history::KindName(static_cast<history::Kind>(number));
    EXPECT_TRUE(report.operations.contains({kind, "ok"})) << "no " << kind << " was ok";
  }
}

TEST(ChaosTest, EveryFaultOnceAndAllPromisesHold) {
  const integration::TemporaryDirectory directory;
  RunOptions options;
  options.isolation = EnterNamespaces();
  options.output = OutputIn(directory);
  const char* seed = std::getenv("CHAOS_SEED");
  options.seed = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  options.seconds = 110;
  options.think_ms_max = 30;
  options.fault_ms_max = 800;
  options.calm_ms_max = 500;

  const std::atomic<bool> stop{false};
  const Result<RunReport> report = RunChaos(options, stop, Listener());
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const auto& [fault, times] : report->faults) EXPECT_GT(times, 0) << fault;
  EXPECT_EQ(report->faults.size() + report->left_out.size(), FaultKinds().size());
  for (const std::string& what : report->violations) ADD_FAILURE() << what;
  EXPECT_GT(report->acknowledged, 200u);
  ExpectEveryKindDone(*report);
  std::cout << report->acknowledged << " acknowledged, " << report->leaders
            << " leaders, longest silence " << report->longest_silence_seconds << " s" << std::endl;
  if (!HasFailure()) {
    std::filesystem::remove_all(options.output);
    return;
  }
  std::cout << "seed " << options.seed << "; history and logs are in " << options.output
            << ", or in outputs.zip beside this log" << std::endl
            << integration::ReadFile(options.output + "/events.log");
}

// Where nothing of that is allowed: on loopback, with what is left.
TEST(ChaosTest, WithoutNamespacesTheRestHappens) {
  const integration::TemporaryDirectory directory;
  RunOptions options;
  options.isolation = {.no_mounts = "not allowed", .no_network = "not allowed"};
  options.output = directory.path();
  options.faults = {"kill", "slow-sync", "lost-answers", "cut", "disk-full"};
  options.seconds = 4;
  options.think_ms_max = 30;
  options.fault_ms_max = 600;
  options.calm_ms_max = 300;
  const std::atomic<bool> stop{false};
  const Result<RunReport> report = RunChaos(options, stop, Listener());
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->left_out,
            (std::vector<std::string>{"disk-full: not allowed", "cut: not allowed"}));
  EXPECT_EQ(report->faults.size(), 3u);
  for (const auto& [fault, times] : report->faults) EXPECT_GT(times, 0) << fault;
  for (const std::string& what : report->violations) ADD_FAILURE() << what;
  EXPECT_GT(report->acknowledged, 50u);
}

TEST(ChaosTest, WhatCannotBeIsSaid) {
  RunOptions options;
  options.output = "/proc/nowhere";
  const std::atomic<bool> stop{false};
  EXPECT_EQ(RunChaos(options, stop, Listener()).status().code(), Code::kIo);
}

TEST(ChaosTest, ARunIsNotMixedWithAnother) {
  const integration::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/events.log") << "of another run\n";
  RunOptions options;
  options.output = directory.path();
  const std::atomic<bool> stop{false};
  const Status refused = RunChaos(options, stop, Listener()).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_NE(refused.message().find("has a run in it already"), std::string::npos);
  EXPECT_EQ(integration::ReadFile(directory.path() + "/events.log"), "of another run\n");
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/node-1.faults"));
}

}  // namespace
}  // namespace baton::chaos
