#include "pkg/raft/testing/random_options.h"

#include <limits>

namespace baton::raft::testing {

namespace {

void DrawLeases(Config& config, Random& random) {
  config.lease_reads = random.Chance(1, 3);
  if (!config.lease_reads) return;
  config.check_quorum = true;  // leases need it
  config.election_timeout_ticks = static_cast<uint32_t>(random.Between(5, 10));
  config.clock_drift_ticks = static_cast<uint32_t>(random.Below(3));
}

}  // namespace

ClusterOptions RandomOptions(uint64_t seed, Random& random) {
  ClusterOptions options;
  switch (random.Below(8)) {
    case 0:
      options.membership = Voters({1});
      options.membership.learners = Ids({2});
      break;
    case 1:
      options.membership = Voters({1, 2, 3, 4, 5});
      break;
    case 2:
      options.membership = Voters({1, 2, 3});
      options.membership.learners = Ids({4});
      break;
    case 3:  // in the middle of a change, with one who will become a learner
      options.membership = Voters({1, 2, 3});
      options.membership.voters_outgoing = Ids({2, 3, 4});
      options.membership.learners_next = Ids({4});
      break;
    case 4:
      options.membership = Voters({1, 2});
      break;
    case 5:
      options.membership = Voters({1, 2, 3, 4});
      break;
    case 6:
      options.membership = Voters({1, 2, 3});
      options.membership.witnesses = Ids({3});
      break;
    case 7:
      options.membership = Voters({1, 2, 3, 4, 5});
      options.membership.commit_quorum = 2;
      break;
    default:
      break;
  }
  options.config.seed = seed;
  options.config.pre_vote = random.Chance(3, 4);
  options.config.check_quorum = random.Chance(3, 4);
  options.config.append_bytes_max = random.Chance(1, 2) ? 1 : 200;
  options.config.inflight_messages_max = random.Chance(1, 3) ? 2 : 256;
  options.config.committed_bytes_max = random.Chance(1, 2) ? 60 : 4096;
  options.config.uncommitted_bytes_max = random.Chance(1, 4) ? 40 : 1 << 20;
  options.config.apply_unpersisted_entries_max =
      random.Chance(1, 2) ? random.Below(4) : std::numeric_limits<uint64_t>::max();
  options.config.delegate_snapshots = random.Chance(1, 2);
  options.config.commit_news = random.Chance(3, 4);
  options.config.hibernate_after_ticks = random.Chance(1, 2) ? 3 : 0;
  DrawLeases(options.config, random);
  return options;
}

}  // namespace baton::raft::testing
