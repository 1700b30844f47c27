// Nodes that are cruel to themselves (pkg/base/cruel.h) keep what they promise: writes happen once
// and stay, or not at all where the answer says so; watches leave nothing out, reads are fresh,
// sessions live their time.
//
// A failing seed is named; --seed=N runs it alone, --seeds=N all up to N, and --planted=NAME with a
// bug (pkg/base/planted.h; in a build with --config=planted).
#include "pkg/base/cruel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "pkg/base/planted.h"
#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

constexpr int kSteps = 400;
constexpr int64_t kTtlMs = 3'000;

uint64_t g_first_seed = 1;
uint64_t g_last_seed = 40;
uint64_t g_seed = 0;  // the one that runs

// A broken CHECK aborts; say how to see it again.
void NameTheSeed(int) { std::fprintf(stderr, "replay with --seed=%" PRIu64 "\n", g_seed); }

std::optional<Random> g_cruelty;
std::array<uint64_t, kCruelSites.size()> g_cruel = {};  // how often, by site

// More often than in a long run, since a run is short.
bool IsCruel(size_t site) {
  const bool cruel = g_cruelty->Chance(1, std::min(kCruelSites[site].one_in, 100u));
  g_cruel[site] += cruel;
  return cruel;
}

// One run; what it learned is compared at its end.
class CruelRun {
 public:
  explicit CruelRun(uint64_t seed) : random_(seed), cluster_(Options(seed)) {}

  void Go() {
    cluster_.AwaitLeader();
    NewSession();
    for (int step = 0; step < kSteps; ++step) {
      OneStep();
      cluster_.RunFor(static_cast<int64_t>(random_.Below(40)));
      Look();
    }
  }

  void Compare() {
    for (const NodeId id : cluster_.ids()) {
      if (!cluster_.alive(id)) cluster_.Restart(id);
    }
    cluster_.SetLoss(0);
    cluster_.Heal();
    cluster_.AwaitLeader();
    // Before it was applied nobody need know what is committed.
    const auto last = cluster_.Submit(NodeId(1), Put("last", "v", "last"), 20'000);
    ASSERT_TRUE(cluster_.RunUntil([&] { return last->ok(); }, 20'000));
    ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 20'000));
    const coord::StateMachine& state = cluster_.node(NodeId(1)).state();
    for (const Write& write : writes_) {
      const auto found = state.Get(write.key);
      EXPECT_TRUE(found || !Acknowledged(write)) << write.key;
      EXPECT_TRUE(!found || found->version == 1) << write.key << " was written twice";
      EXPECT_TRUE(!found || !DeclaredFailed(write)) << write.key;
    }
    CompareWatches();
  }

 private:
  struct Write {
    std::string key;
    PendingPtr<coord::Reply> answer;
  };
  struct Watch {
    Revision from;
    std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
  };

  struct Keepalive {
    int64_t asked_ms = 0;
    bool certain = false;  // asked when the session was known to be there
    PendingPtr<coord::SessionInfo> answer;
  };

  static SimOptions Options(uint64_t seed) {
    SimOptions options{.seed = seed, .loss_percent = 1, .repeat_percent = 5};
    options.config.log_entries_max = 60;
    options.config.log_entries_kept = 20;
    return options;
  }

  NodeId AnyNode() {
    const NodeId id(random_.Between(1, 4));
    return cluster_.alive(id) ? id : AnyNode();
  }

  void OneStep() {
    const uint64_t dice = random_.Below(100);
    if (dice < 50) {
      const std::string key = "k" + std::to_string(writes_.size());
      const std::string request = random_.Chance(1, 2) ? "of " + key : "";
      writes_.push_back({key, cluster_.Submit(AnyNode(), Put(key, "v", request), 3'000)});
    } else if (dice < 60) {
      const std::string tested = NewestAcknowledged();
      if (tested.empty()) return;
      const auto look = [tested](const coord::StateMachine& state) {
        coord::KvPage page = state.List("k", "", 100);
        while (page.more && page.items.back().key < tested) {
          page = state.List("k", page.items.back().key, 100);
        }
        const std::string found = ValueOf(tested)(state);
        return page.items.empty() || page.items.back().key < tested ? "unlisted" : found;
      };
      reads_.push_back(
          cluster_.Read(AnyNode(), Consistency::kLinearizable, Revision(), 5'000, look));
    } else if (dice < 70) {
      Watch watch{Revision(1 + random_.Below(writes_.size() + 1)),
                  std::make_shared<RecordingSink>()};
      cluster_.Watch(AnyNode(), {coord::EventSpace::kKv, "k", false}, watch.from, watch.sink);
      watches_.push_back(watch);
    } else if (dice < 80) {
      keepalives_.push_back({cluster_.MonotonicMs(), renewed_ms_.has_value(),
                             cluster_.KeepAlive(AnyNode(), SessionId(session_), 2'000)});
    } else if (dice < 90) {
      const uint64_t waiter = 8 + random_.Below(3);
      (void)cluster_.Submit(AnyNode(), CreateSession(waiter, 1'000), 2'000);
      (void)cluster_.Acquire(AnyNode(), Lock("l", waiter, 300), 2'000);
    } else if (dice < 92) {
      const NodeId id(random_.Between(1, 4));
      if (cluster_.alive(id)) cluster_.Crash(id, SimCluster::CrashKind::kPowerLoss);
    } else if (dice < 94) {
      cluster_.Isolate(AnyNode());
    } else if (dice < 98) {
      cluster_.Heal();
      for (const NodeId id : cluster_.ids()) {
        if (!cluster_.alive(id)) cluster_.Restart(id);
      }
    }
    const std::vector<NodeId> ids = cluster_.ids();
    const auto lives = [this](NodeId id) { return cluster_.alive(id); };
    if (std::none_of(ids.begin(), ids.end(), lives)) cluster_.Restart(ids.front());
  }

  static bool Acknowledged(const Write& write) {
    return write.answer->ok() && (*write.answer->result)->status.ok();
  }
  static bool DeclaredFailed(const Write& write) {
    return write.answer->done() && !write.answer->ok() &&
           write.answer->result->status().outcome() == Outcome::kNotApplied;
  }

  std::string NewestAcknowledged() {
    const Write* newest = nullptr;
    Revision revision;
    for (const Write& write : writes_) {
      if (!Acknowledged(write) || (*write.answer->result)->revision < revision) continue;
      revision = (*write.answer->result)->revision;
      newest = &write;
    }
    return newest == nullptr ? "" : newest->key;
  }

  // Its life begins when its first keepalive is acknowledged.
  void NewSession() {
    (void)cluster_.Submit(AnyNode(), CreateSession(++session_, kTtlMs), 2'000);
    keepalives_.clear();
    renewed_ms_.reset();
  }

  void LookAtSession() {
    const int64_t now_ms = cluster_.MonotonicMs();
    for (const auto& [asked_ms, certain, answer] : keepalives_) {
      if (answer->ok()) renewed_ms_ = std::max(renewed_ms_.value_or(0), asked_ms);
    }
    // An answer from before its creation proves nothing.
    const bool ended =
        std::any_of(keepalives_.begin(), keepalives_.end(), [this](const Keepalive& one) {
          return (one.certain || !renewed_ms_) && one.answer->done() && !one.answer->ok() &&
                 one.answer->result->status().code() == Code::kNotFound;
        });
    std::erase_if(keepalives_, [](const Keepalive& one) { return one.answer->done(); });
    if (!ended) return;
    EXPECT_TRUE(!renewed_ms_ || now_ms >= *renewed_ms_ + kTtlMs)
        << "a session ended before its time";
    NewSession();
  }

  void Look() {
    LookAtSession();
    for (const auto& read : reads_) {
      EXPECT_TRUE(!read->ok() || **read->result == "v");
    }
    std::erase_if(reads_, [](const auto& read) { return read->done(); });
  }

  // Every watch that has come up to a revision has all events until there, once and in order.
  void CompareWatches() {
    std::map<Revision, std::string> all;
    for (const Watch& watch : watches_) {
      for (const coord::Event& event : watch.sink->events) all[event.revision] = event.key;
    }
    for (const Watch& watch : watches_) {
      std::map<Revision, std::string> seen;
      for (const coord::Event& event : watch.sink->events) {
        EXPECT_TRUE(seen.empty() || event.revision > seen.rbegin()->first) << event.revision;
        seen[event.revision] = event.key;
      }
      std::map<Revision, std::string> expected;
      for (const auto& [revision, key] : all) {
        if (revision >= watch.from && revision <= watch.sink->through) expected[revision] = key;
      }
      EXPECT_EQ(seen, expected) << "from " << watch.from << " through " << watch.sink->through;
    }
  }

  Random random_;
  SimCluster cluster_;
  uint64_t session_ = 100;
  std::vector<Keepalive> keepalives_;
  std::optional<int64_t> renewed_ms_;  // when the newest acknowledged keepalive was asked
  std::vector<Write> writes_;          // each of a key of its own
  std::vector<PendingPtr<std::string>> reads_;
  std::vector<Watch> watches_;
};

TEST(CruelTest, NodesThatAreCruelToThemselvesKeepTheirPromises) {
  for (g_seed = g_first_seed; g_seed <= g_last_seed; ++g_seed) {
    g_cruelty.emplace(g_seed);
    SetCruelHook(IsCruel);
    CruelRun run(g_seed);
    run.Go();
    SetCruelHook(nullptr);
    run.Compare();
    ASSERT_FALSE(HasFailure()) << "replay with --seed=" << g_seed;
  }
#ifndef BATON_RELEASE
  for (size_t site = 0; site < kCruelSites.size() && g_last_seed >= g_first_seed + 10; ++site) {
    EXPECT_GT(g_cruel[site], 0u) << kCruelSites[site].name;
  }
#endif
}

}  // namespace
}  // namespace baton::node::testing

int main(int argc, char** argv) {
  using namespace baton::node::testing;
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string value = argument.substr(argument.find('=') + 1);
    const bool one = argument.starts_with("--seed=");
    if (one || argument.starts_with("--seeds=")) {
      g_last_seed = std::strtoull(value.c_str(), nullptr, 10);
      if (one) g_first_seed = g_last_seed;
    } else if (!argument.starts_with("--planted=") || !baton::PlantBug(value)) {
      std::fprintf(stderr, "neither --seed=N, --seeds=N nor a bug of this build: %s\n", argv[i]);
      return 2;
    }
  }
  std::signal(SIGABRT, NameTheSeed);
  return RUN_ALL_TESTS();
}
