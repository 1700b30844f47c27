// Show: what a node with an empty disk does, by what its peers answer; and that no order of
// crashes, lost disks and late answers founds two clusters of which both could decide anything.
#include "pkg/node/founding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "pkg/base/random.h"

namespace baton::node {
namespace {

using Action = Decision::Action;
using Answers = std::map<std::string, std::optional<Hello>>;

constexpr char kClusterName[] = "baton";

Hello Fresh(uint64_t id, const std::string& name) {
  Hello hello;
  hello.id = NodeId(id);
  hello.info = {name, name + ":7401", "http://" + name + ":7400"};
  hello.cluster_name = kClusterName;
  return hello;
}

class FoundingTest : public ::testing::Test {
 protected:
  FoundingTest() {
    founder.self = Fresh(10, "baton-0");
    founder.initial = {"baton-0", "baton-1", "baton-2"};
    answers = {{"baton-1", Fresh(21, "baton-1")}, {"baton-2", Fresh(32, "baton-2")}};
  }
  FoundingRoster All() const {
    FoundingRoster roster;
    for (const Hello& hello : {founder.self, *answers.at("baton-1"), *answers.at("baton-2")}) {
      roster.push_back({.id = hello.id, .info = hello.info});
    }
    return roster;
  }
  static void Promise(const FoundingRoster& roster, Hello* hello) {
    hello->phase = Phase::kPromised;
    hello->members = roster;
  }
  void MakeMember(const std::string& name, const std::vector<Hello>& members) {
    Hello& hello = *answers.at(name);
    hello.phase = Phase::kMember;
    hello.cluster_id = "00000000000000c1";
    hello.members.clear();
    for (const Hello& member : members) {
      hello.members.push_back({.id = member.id, .info = member.info});
    }
  }
  Decision Now() const { return Decide(founder, answers); }

  Founder founder;
  Answers answers;
};

TEST_F(FoundingTest, WhenAllAreFreshItPromises) {
  const Decision decision = Now();
  EXPECT_EQ(decision.action, Action::kPromise);
  EXPECT_EQ(decision.roster, All());
  EXPECT_EQ(decision.cluster_id, ClusterIdOf(kClusterName, All()));
}

TEST_F(FoundingTest, WhoDoesNotAnswerIsWaitedForHoweverManyDo) {
  answers["baton-2"].reset();
  const Decision decision = Now();
  EXPECT_EQ(decision.action, Action::kAsk);
  EXPECT_EQ(decision.detail,
            "a new cluster is founded only when all of its first members answer; silent: baton-2");
}

TEST_F(FoundingTest, ItFoundsWhenAllHavePromisedTheSame) {
  const FoundingRoster roster = All();
  Promise(roster, &founder.self);
  Promise(roster, &*answers["baton-1"]);
  EXPECT_EQ(Now().action, Action::kAsk) << "baton-2 has not";
  Promise(roster, &*answers["baton-2"]);
  EXPECT_EQ(Now().action, Action::kFound);
  EXPECT_EQ(Now().roster, roster);
}

TEST_F(FoundingTest, OneThatHasFoundedIsEnoughForWhoHasPromised) {
  const FoundingRoster roster = All();
  Promise(roster, &founder.self);
  MakeMember("baton-1", {founder.self, *answers["baton-1"], *answers["baton-2"]});
  answers["baton-1"]->cluster_id = ClusterIdOf(kClusterName, roster);
  answers["baton-2"].reset();
  EXPECT_EQ(Now().action, Action::kFound);
}

TEST_F(FoundingTest, APromiseWithALostDiskIsWithdrawn) {
  Promise(All(), &founder.self);
  answers["baton-2"] = Fresh(99, "baton-2");
  EXPECT_EQ(Now().action, Action::kWithdraw);
  answers["baton-1"].reset();
  EXPECT_EQ(Now().action, Action::kAsk) << "baton-1 may have founded it";
}

TEST_F(FoundingTest, AnothersOldPromiseIsWaitedFor) {
  Promise({{.id = NodeId(11), .info = {"baton-0", "", ""}},
           {.id = NodeId(21), .info = {"baton-1", "", ""}},
           {.id = NodeId(32), .info = {"baton-2", "", ""}}},
          &*answers["baton-1"]);
  EXPECT_EQ(Now().action, Action::kAsk) << "it was with another disk of this node";
}

TEST_F(FoundingTest, AClusterThatAnybodyKnowsEndsTheFounding) {
  MakeMember("baton-1", {*answers["baton-1"], *answers["baton-2"]});
  EXPECT_EQ(Now().action, Action::kWait);
  EXPECT_EQ(Now().cluster_id, "00000000000000c1");
  MakeMember("baton-1", {Fresh(7, "baton-0"), *answers["baton-1"], *answers["baton-2"]});
  EXPECT_EQ(Now().action, Action::kIdentityLost);
  answers["baton-2"].reset();
  EXPECT_EQ(Now().action, Action::kIdentityLost) << "one that knows is enough";
  answers["baton-1"]->members.push_back({.id = NodeId(10), .info = founder.self.info});
  EXPECT_EQ(Now().action, Action::kJoin) << "it was added";
  answers["baton-1"]->members.clear();
  answers["baton-1"]->removed = {NodeId(10)};
  EXPECT_EQ(Now().action, Action::kRemoved);
}

TEST_F(FoundingTest, OneThatWaitsForAClusterKeepsOthersFromFoundingOne) {
  answers["baton-1"]->phase = Phase::kIdentityLost;
  answers["baton-1"]->cluster_id = "00000000000000c1";
  EXPECT_EQ(Now().action, Action::kAsk);
}

TEST_F(FoundingTest, WhoHasHeardOfAClusterFoundsNoOther) {
  founder.self.cluster_id = "00000000000000c1";
  EXPECT_EQ(Now().action, Action::kAsk);
  for (auto& [name, answer] : answers) answer.reset();
  founder.initial = {"baton-0"};
  EXPECT_EQ(Now().action, Action::kAsk) << "alone or not";
  EXPECT_NE(Now().detail.find("00000000000000c1"), std::string::npos);
}

TEST_F(FoundingTest, WhoHasPromisedTheClusterThatItHasHeardOfFoundsIt) {
  Promise(All(), &founder.self);
  founder.self.cluster_id = ClusterIdOf(founder.self.cluster_name, All());
  for (auto& [name, answer] : answers) answer.reset();
  EXPECT_EQ(Now().action, Action::kFound) << "a member has said hello: all had promised";
  EXPECT_EQ(Now().cluster_id, founder.self.cluster_id);
}

TEST_F(FoundingTest, TwoClustersAreTooMany) {
  MakeMember("baton-1", {founder.self});
  MakeMember("baton-2", {founder.self});
  answers["baton-2"]->cluster_id = "00000000000000c2";
  EXPECT_EQ(Now().action, Action::kAsk);
}

TEST_F(FoundingTest, WhoIsNotAmongTheInitialMembersNeverFounds) {
  founder.self = Fresh(43, "baton-3");
  answers["baton-0"] = Fresh(10, "baton-0");
  EXPECT_EQ(Now().action, Action::kAsk);
  MakeMember("baton-1", {*answers["baton-0"], *answers["baton-1"], *answers["baton-2"]});
  EXPECT_EQ(Now().action, Action::kWait);
}

TEST_F(FoundingTest, AWrongNameAtAnAddressIsNotTakenForTheRightOne) {
  answers["baton-2"] = Fresh(32, "baton-1");
  EXPECT_EQ(Now().action, Action::kAsk);
  answers["baton-2"] = Fresh(21, "baton-2");
  EXPECT_EQ(Now().action, Action::kAsk) << "two with one id";
}

TEST_F(FoundingTest, OneNodeFoundsByItself) {
  founder.initial = {"baton-0"};
  answers.clear();
  const Decision promise = Now();
  ASSERT_EQ(promise.action, Action::kPromise);
  Promise(promise.roster, &founder.self);
  EXPECT_EQ(Now().action, Action::kFound);
}

// --- any order of things ---

// A disk: what it has promised, and what it has founded. It never forgets.
struct Disk {
  NodeId id;
  FoundingRoster roster;
  std::string cluster_id;  // that it votes in
};

// Three pods: each has a disk and a process, which asks one peer after the other and decides upon
// what it has heard, which may be late.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (int pod = 0; pod < kPods; ++pod) ReplaceDisk(pod);
  }

  void Step(bool faults) {
    const int pod = Pod();
    const uint64_t chance = random_.Below(1'000);
    if (faults && chance < 8) {
      ReplaceDisk(pod);
    } else if (faults && chance < (down_[pod] ? 200u : 30u)) {
      down_[pod] = !down_[pod];
      rounds_[pod].clear();
    } else if (chance < 750) {
      AskOne(pod);
    } else {
      DecideUpon(pod);
    }
  }
  void HealAll() {
    for (int pod = 0; pod < kPods; ++pod) down_[pod] = false;
  }

  // Clusters of which a majority of the roster's disks vote in it, among all disks there ever were:
  // a lost disk may have voted before.
  std::set<std::string> DecidingClusters() const {
    std::map<std::string, size_t> votes;
    for (const Disk& disk : disks_) {
      if (!disk.cluster_id.empty()) ++votes[disk.cluster_id];
    }
    std::set<std::string> deciding;
    for (const auto& [cluster, count] : votes) {
      if (count >= kPods / 2 + 1) deciding.insert(cluster);
    }
    return deciding;
  }
  // Of the disks that are there now.
  bool AnyLivingOf(const std::string& cluster) const {
    return std::any_of(std::begin(place_), std::end(place_),
                       [&](size_t disk) { return disks_[disk].cluster_id == cluster; });
  }
  bool AllVoteInOne() const {
    for (int pod = 0; pod < kPods; ++pod) {
      if (DiskOf(pod).cluster_id.empty()) return false;
      if (DiskOf(pod).cluster_id != DiskOf(0).cluster_id) return false;
    }
    return true;
  }
  size_t disks() const { return disks_.size(); }

 private:
  static constexpr int kPods = 3;
  static std::string NameOf(int pod) { return "baton-" + std::to_string(pod); }

  int Pod() { return static_cast<int>(random_.Below(kPods)); }
  const Disk& DiskOf(int pod) const { return disks_[place_[pod]]; }
  Disk& DiskOf(int pod) { return disks_[place_[pod]]; }

  void ReplaceDisk(int pod) {
    place_[pod] = disks_.size();
    disks_.push_back({NodeId(++last_id_), {}, ""});
    rounds_[pod].clear();
  }
  Hello HelloOf(int pod) const {
    const Disk& disk = DiskOf(pod);
    Hello hello = Fresh(disk.id.value(), NameOf(pod));
    hello.members = disk.roster;
    hello.cluster_id = disk.cluster_id;
    if (!disk.roster.empty()) hello.phase = Phase::kPromised;
    if (!disk.cluster_id.empty()) hello.phase = Phase::kMember;
    return hello;
  }
  // The answer is taken now, and looked at when the round is decided upon.
  void AskOne(int pod) {
    const int peer = Pod();
    if (down_[pod] || peer == pod) return;
    std::optional<Hello> answer;
    if (!down_[peer] && random_.Below(10) > 0) answer = HelloOf(peer);
    rounds_[pod][NameOf(peer)] = answer;
  }
  void DecideUpon(int pod) {
    Disk& disk = DiskOf(pod);
    if (down_[pod] || !disk.cluster_id.empty()) return;
    Founder founder;
    founder.self = HelloOf(pod);
    for (int i = 0; i < kPods; ++i) founder.initial.push_back(NameOf(i));
    const Decision decision = Decide(founder, std::exchange(rounds_[pod], {}));
    if (decision.action == Action::kPromise) disk.roster = decision.roster;
    if (decision.action == Action::kFound) disk.cluster_id = decision.cluster_id;
    if (decision.action == Action::kWithdraw) ReplaceDisk(pod);
  }

  Random random_;
  uint64_t last_id_ = 0;
  std::vector<Disk> disks_;  // all there ever were
  size_t place_[kPods] = {};
  bool down_[kPods] = {};
  Answers rounds_[kPods];
};

TEST(FoundingOrderTest, NoTwoClustersDecideWhileADiskOfTheFirstIsThere) {
  int founded = 0;
  int founded_with_losses = 0;
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    World world(seed);
    std::set<std::string> decided;  // clusters that could have decided something
    for (int step = 0; step < 400; ++step) {
      world.Step(/*faults=*/true);
      for (const std::string& cluster : world.DecidingClusters()) {
        if (!decided.insert(cluster).second) continue;
        for (const std::string& other : decided) {
          ASSERT_TRUE(other == cluster || !world.AnyLivingOf(other))
              << "seed " << seed << ": " << cluster << " beside " << other;
        }
      }
    }
    founded += decided.empty() ? 0 : 1;
    founded_with_losses += !decided.empty() && world.disks() > 3 ? 1 : 0;
  }
  EXPECT_GT(founded, 1'000) << "the test has looked at nothing";
  EXPECT_GT(founded_with_losses, 500);
}

TEST(FoundingOrderTest, FreshNodesThatHearEachOtherFoundOne) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    World world(seed);
    for (int step = 0; step < 2'000 && !world.AllVoteInOne(); ++step) world.Step(false);
    EXPECT_TRUE(world.AllVoteInOne()) << "seed " << seed;
    EXPECT_EQ(world.disks(), 3u);
  }
}

}  // namespace
}  // namespace baton::node
