#include "test/sim/plan.h"

#include <algorithm>
#include <array>
#include <set>

#include "pkg/base/check.h"
#include "pkg/base/random.h"

namespace baton::sim {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames = {
    "kill",         "power_loss",    "power_loss_of_all",
    "restart",      "upgrade",       "pause",
    "isolate",      "halves",        "bridge",
    "ring",         "one_way",       "deaf",
    "mute",         "half_open",     "loss",
    "repeats",      "delays",        "clog",
    "slow_disk",    "hung_disk",     "failed_write",
    "low_disk",     "full_disk",     "rotten_log",
    "rotten_state", "lost_names",    "new_disk",
    "clock_rate",   "clock_jump",    "transfer",
    "add_member",   "remove_member", "demote",
};

constexpr int64_t kSafetyMinMs = 10'000;
constexpr int64_t kSafetyMaxMs = 40'000;
constexpr int64_t kPauseMaxMs = 60'000;

// One of the numbers.
template <size_t kCount>
uint64_t OneOf(Random& random, const uint64_t (&numbers)[kCount]) {
  return numbers[random.Below(kCount)];
}

int64_t Between(Random& random, int64_t low, int64_t high) {
  return static_cast<int64_t>(
      random.Between(static_cast<uint64_t>(low), static_cast<uint64_t>(high)));
}

node::testing::SimOptions DrawCluster(Random& random, uint64_t seed) {
  node::testing::SimOptions options;
  options.seed = seed;
  options.nodes = static_cast<int>(OneOf(random, {3, 3, 3, 3, 5, 5, 1, 2, 4, 7}));
  options.network_delay_min_us = 200;
  options.network_delay_max_us = static_cast<int64_t>(OneOf(random, {1'000, 2'000, 20'000}));
  options.loss_percent = OneOf(random, {0, 0, 0, 1, 5});
  options.repeat_percent = OneOf(random, {0, 0, 1, 10});
  options.disk_latency_us = static_cast<int64_t>(OneOf(random, {200, 500, 5'000}));
  options.snapshot_chunk_bytes = OneOf(random, {256, 4'096});
  node::NodeConfig& config = options.config;
  config.log_entries_max = OneOf(random, {20, 60, 500, 100'000});
  config.log_entries_kept = OneOf(random, {1, 10, config.log_entries_max / 2});
  config.history_revisions_max = OneOf(random, {20, 200, 100'000});
  config.delegate_snapshots = random.Chance(3, 4);
  config.snapshots_out_max = random.Chance(1, 3) ? 1 : 2;
  if (random.Chance(1, 4)) config.command_version = 1;
  return options;
}

// Of all kinds some, so that each has its day.
std::vector<FaultKind> DrawKinds(Random& random) {
  std::set<FaultKind> kinds;
  const uint64_t count = OneOf(random, {0, 1, 2, 3, 4, 6, 9, kFaultKinds});
  for (uint64_t i = 0; i < count; ++i) {
    kinds.insert(static_cast<FaultKind>(random.Below(kFaultKinds)));
  }
  return {kinds.begin(), kinds.end()};
}

std::vector<Fault> DrawFaults(Random& random, int64_t safety_ms, int upgrades) {
  std::vector<Fault> faults;
  const std::vector<FaultKind> kinds = DrawKinds(random);
  // Who begins with old nodes has them upgraded, one after the other.
  for (int i = 0; i < upgrades; ++i) {
    Fault fault;
    fault.kind = FaultKind::kUpgrade;
    fault.at_ms = Between(random, 0, safety_ms);
    fault.lasts_ms = Between(random, 1, 3'000);
    fault.choice = random.NextU64();
    faults.push_back(fault);
  }
  const auto gap_max_ms = static_cast<int64_t>(OneOf(random, {500, 2'000, 6'000}));
  const auto lasts_max_ms = static_cast<int64_t>(OneOf(random, {500, 3'000, 10'000}));
  for (int64_t at_ms = Between(random, 0, 3'000); !kinds.empty() && at_ms < safety_ms;
       at_ms += Between(random, 1, gap_max_ms)) {
    Fault fault;
    fault.kind = kinds[random.Below(kinds.size())];
    fault.at_ms = at_ms;
    fault.lasts_ms = Between(random, 1, lasts_max_ms);
    if (fault.kind == FaultKind::kPause && random.Chance(1, 4)) {
      fault.lasts_ms = Between(random, lasts_max_ms, kPauseMaxMs);  // or until the storm ends
    }
    fault.choice = random.NextU64();
    faults.push_back(fault);
  }
  return faults;
}

std::vector<ClientPlan> DrawClients(Random& random, int nodes, int64_t safety_ms) {
  std::vector<ClientPlan> clients;
  const uint64_t count = random.Between(2, 9);
  const auto pause_max_ms =
      static_cast<int64_t>(OneOf(random, {20, 200, 200, 1'000, 1'000, 2'000, 2'000, 3'000}));
  for (uint64_t i = 0; i < count; ++i) {
    ClientPlan client;
    client.seed = random.NextU64();
    if (random.Chance(2, 3)) client.pinned = random.Between(1, static_cast<uint64_t>(nodes) + 1);
    client.pause_max_ms = pause_max_ms;
    client.operations_max = static_cast<uint64_t>(safety_ms);  // as many as there is time for
    client.timeout_ms = static_cast<int64_t>(OneOf(random, {500, 3'000, 3'000, 10'000}));
    client.watches = i > 0 && random.Chance(1, 4);
    client.in_doubt = random.Chance(1, 2);
    clients.push_back(client);
  }
  return clients;
}

}  // namespace

std::string_view NameOf(FaultKind kind) { return kNames[static_cast<size_t>(kind)]; }

Plan Draw(uint64_t seed) {
  Random random(seed * 0x9e3779b97f4a7c15 + 1);  // neighbours differ much
  Plan plan;
  plan.seed = seed;
  plan.cluster = DrawCluster(random, seed);
  plan.safety_ms = Between(random, kSafetyMinMs, kSafetyMaxMs);
  plan.keys = OneOf(random, {1, 3, 10});
  plan.lines = OneOf(random, {1, 2});
  plan.faults = DrawFaults(random, plan.safety_ms,
                           plan.cluster.config.command_version == 1 ? 2 * plan.cluster.nodes : 0);
  plan.clients = DrawClients(random, plan.cluster.nodes, plan.safety_ms);
  for (size_t i = 0; i < plan.faults.size(); ++i) plan.faults[i].number = i;
  for (size_t i = 0; i < plan.clients.size(); ++i) plan.clients[i].number = i;
  plan.cruelty_percent = OneOf(random, {0, 0, 1, 10, 40});
  return plan;
}

std::string Describe(const Plan& plan) {
  const node::testing::SimOptions& cluster = plan.cluster;
  std::string text = "seed " + std::to_string(plan.seed) + ": " + std::to_string(cluster.nodes) +
                     " nodes, " + std::to_string(plan.clients.size()) + " clients, " +
                     std::to_string(plan.keys) + " keys, " + std::to_string(plan.safety_ms) +
                     " ms\n";
  text += "  network: up to " + std::to_string(cluster.network_delay_max_us) + " us, loss " +
          std::to_string(cluster.loss_percent) + " %, repeats " +
          std::to_string(cluster.repeat_percent) + " %\n";
  text += "  disk: " + std::to_string(cluster.disk_latency_us) + " us a write; log of " +
          std::to_string(cluster.config.log_entries_max) + " entries, " +
          std::to_string(cluster.config.log_entries_kept) + " kept; history of " +
          std::to_string(cluster.config.history_revisions_max) + " revisions\n";
  if (plan.cruelty_percent > 0) {
    text += "  cruel sites: " + std::to_string(plan.cruelty_percent) + " %\n";
  }
  for (const Fault& fault : plan.faults) {
    text += "  at " + std::to_string(fault.at_ms) + " ms for " + std::to_string(fault.lasts_ms) +
            " ms: " + std::string(NameOf(fault.kind)) + "\n";
  }
  return text;
}

}  // namespace baton::sim
