// Random histories (testing/random_history.h): crashes, restarts, partitions, slow and lost disks,
// deaf, mute and lagging nodes, lost, repeated and reordered messages, compaction, snapshots from
// peers and on demand, transfers, reads, changes of membership, witnesses, priorities, early
// applying and sleep. A third of them read under leases, with clocks that drift as far as declared
// (testing/drifting_clocks.h): whoever leads an old term is asked after every step. Each stays
// safe, and comes to life when its troubles end.
//
// A third of them run once more while the core is cruel to itself (pkg/base/cruel.h).
//
// A failing seed is named; replay it alone with --seed=N, or search on with --seeds=N. In a build
// with --config=planted, --planted=NAME looks for that bug (pkg/base/planted_bugs.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/base/random.h"
#include "pkg/raft/testing/random_history.h"

namespace baton::raft {
namespace {

using testing::HistoryTotals;
using testing::RandomHistory;

constexpr uint64_t kReplayedSeeds = 10;

std::optional<uint64_t> g_only_seed;
uint64_t g_seeds = 150;
uint64_t g_seed = 0;  // the one that runs

// A broken CHECK aborts; say how to see it again.
void NameTheSeed(int) { std::fprintf(stderr, "replay with --seed=%" PRIu64 "\n", g_seed); }

// Histories in which nothing happens would prove nothing.
void ExpectEnoughHappened(const HistoryTotals& totals) {
  const uint64_t histories = totals.histories;
  if (histories < 100) return;
  std::printf("%" PRIu64 " histories: %" PRIu64 " committed, %" PRIu64 " reads, %" PRIu64
              " by lease, %" PRIu64 " elections, %" PRIu64 " rejections, %" PRIu64
              " snapshots, %" PRIu64 " without quorum, %" PRIu64 " slow disks, %" PRIu64
              " changes, %" PRIu64 " refusals by priority, %" PRIu64 " lost disks, %" PRIu64
              " steps asleep\n",
              histories, totals.committed, totals.reads, totals.lease_reads, totals.elections,
              totals.rejections, totals.snapshots, totals.without_quorum, totals.slow_disks,
              totals.changes, totals.priority_refusals, totals.disks_lost, totals.steps_asleep);
  EXPECT_GT(totals.committed, 10 * histories);
  EXPECT_GT(totals.reads, histories);
  EXPECT_GT(totals.lease_reads, histories);
  EXPECT_GT(totals.elections, histories);
  EXPECT_GT(totals.rejections, histories);
  EXPECT_GT(totals.snapshots, histories / 10);
  EXPECT_GT(totals.without_quorum, histories / 50);
  EXPECT_GT(totals.slow_disks, 0u);
  EXPECT_GT(totals.changes, histories);
  EXPECT_GT(totals.priority_refusals, histories / 10);
  EXPECT_GT(totals.disks_lost, histories / 50);
  EXPECT_GT(totals.steps_asleep, histories);
}

TEST(RaftRandomTest, StaysSafeInTroubleAndComesToLifeAfterIt) {
  HistoryTotals totals;
  const uint64_t first = g_only_seed.value_or(1);
  const uint64_t last = g_only_seed.value_or(g_seeds);
  for (g_seed = first; g_seed <= last; ++g_seed) {
    RandomHistory history(g_seed);
    history.RunSafetyPhase();
    const Status lives = history.RunLivenessPhase();
    ASSERT_TRUE(lives.ok()) << lives.message() << "\nreplay with --seed=" << g_seed;
    history.AddTo(totals);
  }
  ExpectEnoughHappened(totals);
}

std::optional<Random> g_cruelty;
std::array<uint64_t, kCruelSites.size()> g_cruel = {};  // how often, by site

// More often than in a long run, since a history is short.
bool IsCruel(size_t site) {
  const bool cruel = g_cruelty->Chance(1, std::min(kCruelSites[site].one_in, 200u));
  g_cruel[site] += cruel;
  return cruel;
}

TEST(RaftRandomTest, StaysSafeWhereItIsCruel) {
  const uint64_t first = g_only_seed.value_or(1);
  const uint64_t last = g_only_seed.value_or(g_seeds / 3);
  for (g_seed = first; g_seed <= last; ++g_seed) {
    g_cruelty.emplace(g_seed);
    RandomHistory history(g_seed);
    SetCruelHook(IsCruel);
    history.RunSafetyPhase();
    SetCruelHook(nullptr);
    const Status lives = history.RunLivenessPhase();
    ASSERT_TRUE(lives.ok()) << lives.message() << "\nreplay with --seed=" << g_seed;
  }
#ifndef BATON_RELEASE
  for (size_t site = 0; site < kCruelSites.size() && last - first > 10; ++site) {
    const std::string_view name = kCruelSites[site].name;
    if (!name.starts_with("raft.")) continue;
    EXPECT_GT(g_cruel[site], 0u) << name;
  }
#endif
}

std::string TranscriptOf(uint64_t seed) {
  RandomHistory history(seed);
  history.Record();
  history.RunSafetyPhase();
  EXPECT_TRUE(history.RunLivenessPhase().ok()) << seed;
  return history.TakeTranscript();
}

TEST(RaftRandomTest, ASeedIsReplayedByteForByte) {
  std::set<std::string> transcripts;
  size_t bytes = 0;
  for (uint64_t seed = 1; seed <= kReplayedSeeds; ++seed) {
    const std::string first = TranscriptOf(seed);
    EXPECT_TRUE(first == TranscriptOf(seed)) << seed;
    transcripts.insert(first);
    bytes += first.size();
  }
  EXPECT_EQ(transcripts.size(), kReplayedSeeds) << "other seeds tell other stories";
  EXPECT_GT(bytes, 10'000 * kReplayedSeeds);
}

}  // namespace
}  // namespace baton::raft

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto number = [&argument] {
      return std::strtoull(argument.c_str() + argument.find('=') + 1, nullptr, 10);
    };
    if (argument.starts_with("--seed=")) baton::raft::g_only_seed = number();
    if (argument.starts_with("--seeds=")) baton::raft::g_seeds = number();
    if (!argument.starts_with("--planted=")) continue;
    if (baton::PlantBug(argument.substr(argument.find('=') + 1))) continue;
    std::fprintf(stderr, "no such bug in this build: %s\n", argument.c_str());
    return 2;
  }
  std::signal(SIGABRT, baton::raft::NameTheSeed);
  return RUN_ALL_TESTS();
}
