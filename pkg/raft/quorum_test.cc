#include "pkg/raft/quorum.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pkg/base/random.h"

namespace baton::raft {
namespace {

constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

// Voters 1..n of the first half with these values, and a second half given by its ids.
struct Case {
  std::vector<uint64_t> voters;
  std::vector<uint64_t> outgoing;
  std::map<uint64_t, uint64_t> values;
  uint64_t expected;
};

ConfigState ConfigOf(const std::vector<uint64_t>& voters, const std::vector<uint64_t>& outgoing) {
  ConfigState config;
  for (const uint64_t id : voters) config.voters.push_back(NodeId(id));
  for (const uint64_t id : outgoing) config.voters_outgoing.push_back(NodeId(id));
  return config;
}

uint64_t Reached(const ConfigState& config, const std::map<uint64_t, uint64_t>& values) {
  return QuorumReached(config, [&](NodeId id) {
    const auto value = values.find(id.value());
    return value == values.end() ? uint64_t{0} : value->second;
  });
}

TEST(QuorumReachedTest, Table) {
  const std::vector<Case> cases = {
      // Nobody: agrees to everything.
      {{}, {}, {}, kAll},
      // One.
      {{1}, {}, {{1, 12}}, 12},
      {{1}, {}, {}, 0},
      // Two: both.
      {{1, 2}, {}, {{1, 12}, {2, 5}}, 5},
      {{1, 2}, {}, {{1, 12}}, 0},
      // Three: the middle one.
      {{1, 2, 3}, {}, {{1, 12}, {2, 5}, {3, 6}}, 6},
      {{1, 2, 3}, {}, {{1, 12}, {2, 5}}, 5},
      {{1, 2, 3}, {}, {{3, 6}}, 0},
      {{1, 2, 3}, {}, {{1, 7}, {2, 7}, {3, 7}}, 7},
      // Four: the second smallest. Five: the middle one.
      {{1, 2, 3, 4}, {}, {{1, 101}, {2, 104}, {3, 103}, {4, 102}}, 102},
      {{1, 2, 3, 4, 5}, {}, {{1, 101}, {2, 104}, {3, 103}, {4, 103}, {5, 50}}, 103},
      // Strangers do not count.
      {{1, 2, 3}, {}, {{1, 5}, {4, 99}, {5, 99}}, 0},
      // Joint: both halves; one with itself is itself; disjoint halves wait for each other.
      {{1, 2, 3}, {1, 2, 3}, {{1, 12}, {2, 5}, {3, 6}}, 6},
      {{1}, {2}, {{1, 10}, {2, 4}}, 4},
      {{1, 2, 3}, {4, 5, 6}, {{1, 9}, {2, 9}, {3, 9}, {4, 2}, {5, 3}, {6, 1}}, 2},
      {{1, 2, 3}, {4, 5, 6}, {{1, 9}, {2, 9}, {3, 9}}, 0},
      {{1, 2, 3}, {2, 3, 4}, {{1, 10}, {2, 8}, {3, 1}, {4, 9}}, 8},
      {{}, {1}, {{1, 3}}, 3},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    EXPECT_EQ(Reached(ConfigOf(c.voters, c.outgoing), c.values), c.expected) << "case " << i;
  }
}

TEST(QuorumReachedTest, WorksOnIndexesAndBeyondTheSmallBuffer) {
  ConfigState config;
  for (uint64_t id = 1; id <= 33; ++id) config.voters.push_back(NodeId(id));
  EXPECT_EQ(QuorumReached(config, [](NodeId id) { return Index(id.value()); }), 17u);
}

// Straight from the definition: the largest candidate that more than half reach.
uint64_t NaiveHalf(const std::vector<uint64_t>& voters,
                   const std::map<uint64_t, uint64_t>& values) {
  if (voters.empty()) return kAll;
  uint64_t best = 0;
  for (const auto& [unused, candidate] : values) {
    size_t count = 0;
    for (const uint64_t id : voters) {
      if (values.contains(id) && values.at(id) >= candidate) ++count;
    }
    if (2 * count > voters.size()) best = std::max(best, candidate);
  }
  return best;
}

std::vector<uint64_t> RandomVoters(Random& random) {
  std::vector<uint64_t> voters;
  for (uint64_t id = 1; id <= 9; ++id) {
    if (random.Chance(1, 2)) voters.push_back(id);
  }
  return voters;
}

TEST(QuorumReachedTest, AgreesWithTheDefinitionOnRandomConfigurations) {
  Random random(1);
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<uint64_t> voters = RandomVoters(random);
    const std::vector<uint64_t> outgoing =
        random.Chance(1, 2) ? RandomVoters(random) : std::vector<uint64_t>();
    std::map<uint64_t, uint64_t> values;
    for (uint64_t id = 1; id <= 9; ++id) {
      if (random.Chance(3, 4)) values[id] = random.Below(6);
    }
    const uint64_t reached = Reached(ConfigOf(voters, outgoing), values);
    ASSERT_EQ(reached, std::min(NaiveHalf(voters, values), NaiveHalf(outgoing, values)));
    // The halves are alike, and moving who is already beyond changes nothing.
    ASSERT_EQ(reached, Reached(ConfigOf(outgoing, voters), values));
    for (auto& [id, value] : values) {
      if (value > reached) value += random.Below(3);
    }
    ASSERT_GE(Reached(ConfigOf(voters, outgoing), values), reached);
  }
}

// "y" granted, "n" refused, "_" no answer, by ascending id from 1.
VoteResult Vote(const ConfigState& config, const std::string& votes) {
  return QuorumVote(config, [&](NodeId id) -> std::optional<bool> {
    const size_t place = id.value() - 1;
    if (place >= votes.size() || votes[place] == '_') return std::nullopt;
    return votes[place] == 'y';
  });
}

TEST(QuorumVoteTest, SimpleTable) {
  const auto three = ConfigOf({1, 2, 3}, {});
  const auto four = ConfigOf({1, 2, 3, 4}, {});
  EXPECT_EQ(Vote(ConfigOf({}, {}), ""), VoteResult::kWon);
  EXPECT_EQ(Vote(ConfigOf({1}, {}), "_"), VoteResult::kPending);
  EXPECT_EQ(Vote(ConfigOf({1}, {}), "n"), VoteResult::kLost);
  EXPECT_EQ(Vote(ConfigOf({1}, {}), "y"), VoteResult::kWon);
  EXPECT_EQ(Vote(ConfigOf({1, 2}, {}), "y_"), VoteResult::kPending);
  EXPECT_EQ(Vote(ConfigOf({1, 2}, {}), "yn"), VoteResult::kLost);
  EXPECT_EQ(Vote(three, "y__"), VoteResult::kPending);
  EXPECT_EQ(Vote(three, "yy_"), VoteResult::kWon);
  EXPECT_EQ(Vote(three, "yn_"), VoteResult::kPending);
  EXPECT_EQ(Vote(three, "nn_"), VoteResult::kLost);
  EXPECT_EQ(Vote(four, "yy__"), VoteResult::kPending);
  EXPECT_EQ(Vote(four, "yyy_"), VoteResult::kWon);
  EXPECT_EQ(Vote(four, "yynn"), VoteResult::kLost);
}

TEST(QuorumVoteTest, JointTable) {
  const auto overlapping = ConfigOf({1, 2, 3}, {3, 4, 5});
  EXPECT_EQ(Vote(overlapping, "yy___"), VoteResult::kPending);
  EXPECT_EQ(Vote(overlapping, "yyyy_"), VoteResult::kWon);
  EXPECT_EQ(Vote(overlapping, "yy_nn"), VoteResult::kLost);
  EXPECT_EQ(Vote(overlapping, "nn___"), VoteResult::kLost);
  EXPECT_EQ(Vote(overlapping, "yyynn"), VoteResult::kLost);
  EXPECT_EQ(Vote(overlapping, "__y__"), VoteResult::kPending);
  EXPECT_EQ(Vote(overlapping, "y_yy_"), VoteResult::kWon);
}

TEST(QuorumVoteTest, WonExactlyIfTheGrantedReachAQuorum) {
  Random random(2);
  for (int round = 0; round < 20'000; ++round) {
    const ConfigState config = ConfigOf(RandomVoters(random), RandomVoters(random));
    std::string votes;
    for (int i = 0; i < 9; ++i) votes += "yn_"[random.Below(3)];
    const auto reached_by = [&](const std::string& who) {
      return QuorumReached(config, [&](NodeId id) -> uint64_t {
               return who.find(votes[id.value() - 1]) != std::string::npos ? 1 : 0;
             }) >= 1;
    };
    const VoteResult expected = reached_by("y")    ? VoteResult::kWon
                                : reached_by("y_") ? VoteResult::kPending
                                                   : VoteResult::kLost;
    ASSERT_EQ(Vote(config, votes), expected) << votes;
  }
}

}  // namespace
}  // namespace baton::raft
