// The quorum arithmetic against its definition, on a million random configurations: simple and
// joint, with majorities and with commit quorums of any size, with and without groups.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/raft/quorum.h"

namespace baton::raft {
namespace {

constexpr int kConfigurations = 1'000'000;
constexpr uint64_t kIdMax = 9;
constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

// What is known of the nodes, by id.
struct Facts {
  uint64_t value[kIdMax + 1] = {};
  uint64_t group[kIdMax + 1] = {};
  std::optional<bool> vote[kIdMax + 1];
};

struct Half {
  std::vector<NodeId> voters;
  uint32_t commit_quorum = 0;
};

Half RandomHalf(Random& random) {
  Half half;
  const uint64_t likely = random.Between(1, 10);
  for (uint64_t id = 1; id <= kIdMax; ++id) {
    if (random.Chance(likely, 10)) half.voters.push_back(NodeId(id));
  }
  if (!half.voters.empty() && random.Chance(1, 3)) {
    half.commit_quorum = static_cast<uint32_t>(random.Between(1, half.voters.size() + 1));
  }
  return half;
}

Facts RandomFacts(Random& random) {
  Facts facts;
  const uint64_t groups = random.Below(4);
  for (uint64_t id = 1; id <= kIdMax; ++id) {
    facts.value[id] = random.Below(6);
    facts.group[id] = groups == 0 ? 0 : random.Below(groups + 1);
    if (random.Chance(3, 4)) facts.vote[id] = random.Chance(1, 2);
  }
  return facts;
}

// The definitions, word by word. `holds(value)`: those of the half that have it.
std::vector<NodeId> Holders(const Half& half, const Facts& facts, uint64_t value) {
  std::vector<NodeId> holders;
  for (const NodeId id : half.voters) {
    if (facts.value[id.value()] >= value) holders.push_back(id);
  }
  return holders;
}

size_t GroupsOf(const std::vector<NodeId>& ids, const Facts& facts) {
  std::set<uint64_t> groups;
  for (const NodeId id : ids) {
    if (facts.group[id.value()] != 0) groups.insert(facts.group[id.value()]);
  }
  return groups.size();
}

bool IsCommitQuorum(const Half& half, size_t count) {
  if (half.voters.empty()) return true;
  return half.commit_quorum != 0 ? count >= half.commit_quorum : 2 * count > half.voters.size();
}

// A majority that has a voter in common with every commit quorum.
bool IsElectionQuorum(const Half& half, size_t count) {
  if (half.voters.empty()) return true;
  size_t smallest_commit = 1;
  while (!IsCommitQuorum(half, smallest_commit)) ++smallest_commit;
  return 2 * count > half.voters.size() && count + smallest_commit > half.voters.size();
}

bool IsReached(const Half& half, const Facts& facts, uint64_t value, bool by_groups) {
  const std::vector<NodeId> holders = Holders(half, facts, value);
  const bool groups =
      !by_groups || GroupsOf(half.voters, facts) < 2 || GroupsOf(holders, facts) >= 2;
  return IsCommitQuorum(half, holders.size()) && groups;
}

uint64_t NaiveReached(const Half& incoming, const Half& outgoing, const Facts& facts,
                      bool by_groups) {
  if (incoming.voters.empty() && outgoing.voters.empty()) return kAll;
  uint64_t value = 5;  // the largest that is drawn
  while (!IsReached(incoming, facts, value, by_groups) ||
         !IsReached(outgoing, facts, value, by_groups)) {
    --value;
  }
  return value;
}

// Won: what is granted suffices. Lost: it would not, were all that is open granted, too.
VoteResult NaiveVote(const Half& incoming, const Half& outgoing, const Facts& facts) {
  const auto quorum_with = [&](const Half& half, bool open) {
    size_t count = 0;
    for (const NodeId id : half.voters) count += facts.vote[id.value()].value_or(open) ? 1 : 0;
    return IsElectionQuorum(half, count);
  };
  if (quorum_with(incoming, false) && quorum_with(outgoing, false)) return VoteResult::kWon;
  if (!quorum_with(incoming, true) || !quorum_with(outgoing, true)) return VoteResult::kLost;
  return VoteResult::kPending;
}

TEST(QuorumMillionTest, AgreesWithTheDefinition) {
  Random random(20'261'125);
  for (int i = 0; i < kConfigurations; ++i) {
    const Half incoming = RandomHalf(random);
    const Half outgoing = random.Chance(1, 2) ? RandomHalf(random) : Half();
    const Facts facts = RandomFacts(random);
    ConfigState config;
    config.voters = incoming.voters;
    config.commit_quorum = incoming.commit_quorum;
    config.voters_outgoing = outgoing.voters;
    config.commit_quorum_outgoing = outgoing.commit_quorum;
    const auto value_of = [&](NodeId id) { return facts.value[id.value()]; };
    const auto group_of = [&](NodeId id) { return facts.group[id.value()]; };
    const auto vote_of = [&](NodeId id) { return facts.vote[id.value()]; };
    ASSERT_EQ(QuorumReached(config, value_of), NaiveReached(incoming, outgoing, facts, false)) << i;
    ASSERT_EQ(GroupQuorumReached(config, value_of, group_of),
              NaiveReached(incoming, outgoing, facts, true))
        << i;
    ASSERT_EQ(QuorumVote(config, vote_of), NaiveVote(incoming, outgoing, facts)) << i;
  }
}

}  // namespace
}  // namespace baton::raft
