// That no lease ever overlaps another leader's term (lease.h). Every order in which the ticks of
// three nodes can fall within the declared drift is driven through a cluster whose leader is cut
// off, with a rival that campaigns at every chance, and after each step the leases are looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Cluster;
using testing::ClusterOptions;

constexpr uint64_t kElectionTimeout = 4;

// Node 1 leads and has just been heard by 2 and 3, who can hear it no more.
class LeaderCutOff {
 public:
  explicit LeaderCutOff(uint32_t drift) : cluster_(OptionsOf(drift)) {
    for (uint64_t tick = 0; tick < kElectionTimeout; ++tick) {
      for (uint64_t id = 1; id <= 3; ++id) cluster_.Tick(NodeId(id));
    }
    cluster_.on_the_way().clear();
    cluster_.Elect(NodeId(1));
    cluster_.raft(NodeId(1)).Ping();
    cluster_.Pump(NodeId(1));
    while (cluster_.on_the_way().front().to != NodeId(1)) cluster_.DeliverOne();
    answers_.assign(cluster_.on_the_way().begin(), cluster_.on_the_way().end());
    cluster_.on_the_way().clear();
    cluster_.Isolate(NodeId(1));
  }

  // A tick of `id`. The answers to the last heartbeats are late, or come once more; and 2 does not
  // wait for its timer.
  void Tick(NodeId id) {
    cluster_.Tick(id);
    for (const Message& answer : answers_) cluster_.Step(answer);
    cluster_.raft(NodeId(2)).Campaign();
    cluster_.Settle();
  }

  bool LeaseHolds() {
    Raft& raft = cluster_.raft(NodeId(1));
    const uint64_t before = raft.GetStatus().counters.lease_reads;
    if (!cluster_.Read(NodeId(1), ++reads_, ReadMode::kLease).ok()) return false;
    return raft.GetStatus().counters.lease_reads > before;
  }
  bool AnotherLeads() {
    return cluster_.raft(NodeId(2)).role() == Role::kLeader ||
           cluster_.raft(NodeId(3)).role() == Role::kLeader;
  }

 private:
  static ClusterOptions OptionsOf(uint32_t drift) {
    ClusterOptions options;
    options.config.election_timeout_ticks = kElectionTimeout;
    options.config.lease_reads = true;
    options.config.clock_drift_ticks = drift;
    return options;
  }

  Cluster cluster_;
  std::vector<Message> answers_;
  uint64_t reads_ = 0;
};

struct Totals {
  uint64_t orders = 0;
  uint64_t elections = 0;  // orders in which another came to lead
  uint64_t leases = 0;     // in which the lease held at some time
  uint64_t overlaps = 0;   // in which it held while another led
};

void Run(uint32_t drift, const std::string& order, Totals& totals) {
  LeaderCutOff story(drift);
  ++totals.orders;
  bool held = false;
  for (const char node : order) {
    story.Tick(NodeId(static_cast<uint64_t>(node - '0')));
    const bool holds = story.LeaseHolds();
    held |= holds;
    if (!story.AnotherLeads()) continue;
    ++totals.elections;
    totals.overlaps += holds;
    break;
  }
  totals.leases += held;
}

// All orders of ticks in which no two clocks are ever further apart than `apart`, until 2 and 3
// have both waited for an election timeout. The leader's clock goes to the tick after its lease's
// last: a lease that is over does not come back (raft_lease_test.cc).
void RunAll(uint32_t drift, uint64_t apart, std::array<uint64_t, 3> clocks, std::string& order,
            Totals& totals) {
  if (totals.overlaps > 0) return;  // one is enough
  if (std::min(clocks[1], clocks[2]) == kElectionTimeout) return Run(drift, order, totals);
  for (size_t node = 0; node < clocks.size(); ++node) {
    std::array<uint64_t, 3> next = clocks;
    ++next[node];
    if (next[0] > kElectionTimeout - 2 - drift + 1) continue;
    const auto [slowest, fastest] = std::minmax_element(next.begin(), next.end());
    if (*fastest - *slowest > apart) continue;
    order.push_back(static_cast<char>('1' + node));
    RunAll(drift, apart, next, order, totals);
    order.pop_back();
  }
}

Totals RunAll(uint32_t drift, uint64_t apart) {
  Totals totals;
  std::string order;
  RunAll(drift, apart, {0, 0, 0}, order, totals);
  return totals;
}

// Two clocks that run alike may still be a tick apart: the one has just ticked, the other is about
// to.
TEST(RaftLeaseOverlapTest, NoLeaseOverlapsAnotherLeaderWithinTheDrift) {
  for (const uint32_t drift : {0u, 1u}) {
    const Totals totals = RunAll(drift, 1 + drift);
    EXPECT_EQ(totals.overlaps, 0u) << "drift " << drift;
    EXPECT_GT(totals.orders, 400u);
    EXPECT_EQ(totals.leases, totals.orders) << "there was a lease to overlap";
    EXPECT_GT(totals.elections, totals.orders / 2) << "and somebody who could have";
  }
}

// The bound is the least that is safe: the same orders with one tick more find an overlap.
TEST(RaftLeaseOverlapTest, ClocksThatBreakTheirPromiseMakeOne) {
  EXPECT_GT(RunAll(1, 3).overlaps, 0u);
}

}  // namespace
}  // namespace baton::raft
