#include "test/sim/simulation.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/base/crc32c.h"
#include "pkg/raft/describe.h"
#include "test/history/check.h"
#include "test/history/json_lines.h"
#include "test/sim/client.h"
#include "test/sim/invariants.h"
#include "test/sim/nemesis.h"
#include "test/sim/watcher.h"

namespace baton::sim {
namespace {

using node::testing::SimCluster;

constexpr int64_t kAnswerMaxMs = 5'000;
constexpr int kReadTries = 3;
// The longest time to live, two election timeouts, and a tick.
constexpr int64_t kSessionsEndMaxMs = 8'000 + 4'000 + 100;
constexpr int64_t kElectionTimeoutUs = 1'000'000;  // what a leap of a clock adds at most
constexpr int64_t kClockDriftPercent = 12;         // 10 % one way, and a little for rounding

// Of the client that looks after the storm.
ClientPlan AuditorPlan(const Plan& plan) {
  ClientPlan auditor;
  auditor.seed = plan.seed;
  auditor.timeout_ms = 3'000;
  return auditor;
}

// A session's end is one write: a few seconds at most, unless something makes writes slow.
int64_t OverdueMaxMs(const Plan& plan) {
  const auto slows = [](const Fault& fault) {
    return fault.kind == FaultKind::kLoss || fault.kind == FaultKind::kDelays ||
           fault.kind == FaultKind::kClog || fault.kind == FaultKind::kClockJump ||
           (fault.kind >= FaultKind::kSlowDisk && fault.kind <= FaultKind::kFullDisk);
  };
  const bool slow =
      plan.cruelty_percent > 0 || std::any_of(plan.faults.begin(), plan.faults.end(), slows);
  return slow ? 25'000 : 3'000;
}

class Simulation {
 public:
  Simulation(const Plan& plan, std::function<void(const std::string&)> trace)
      : plan_(plan),
        cruelty_(plan.seed, plan.cruelty_percent),
        cluster_(plan.cluster),
        invariants_(&cluster_, &recorder_,
                    {!cruelty_.takes_part("raft.no_pre_vote"), OverdueMaxMs(plan)}),
        nemesis_(plan_, &cluster_) {
    cluster_.SetTrace(std::move(trace));
    cluster_.SetObserver(&invariants_);
    for (const NodeId id : cluster_.ids()) invariants_.OnStarted(id);
    uint64_t id = 0;
    auditor_.emplace(plan_.clients.size() + 1, AuditorPlan(plan_), plan_, &cluster_, &recorder_);
    auditor_->Stop();
    for (const ClientPlan& client : plan_.clients) {
      ++id;
      if (client.watches) {
        watchers_.emplace_back(id, client, plan_, &cluster_, &recorder_);
      } else {
        clients_.emplace_back(id, client, plan_, &cluster_, &recorder_);
      }
    }
  }

  Report Run(const HistoryCallback& history) {
    for (Client& client : clients_) client.Start();
    for (Watcher& watcher : watchers_) watcher.Start();
    nemesis_.Start();
    cluster_.RunFor(plan_.safety_ms);
    Converge();
    ReadAll();
    EndSessions();
    CHECK(cluster_.RunUntil([&] { return MembersAgree(); }, kAnswerMaxMs)) << DescribeNodes();
    invariants_.CheckRows();
    const history::History seen = recorder_.Take();
    if (history != nullptr) history(seen);
    Judge(seen);
    return MakeReport(seen);
  }

 private:
  // --- the second phase ---

  void Converge() {
    const int64_t began_ms = cluster_.MonotonicMs();
    CheckLists();
    cruelty_.Stop();
    nemesis_.End();
    for (Client& client : clients_) client.Stop();
    for (Watcher& watcher : watchers_) watcher.Settle();
    const auto left_ms = [&] { return began_ms + kConvergenceMaxMs - cluster_.MonotonicMs(); };
    const auto await = [&](const char* what, const std::function<bool()>& condition) {
      if (cluster_.RunUntil(condition, left_ms())) return;
      CHECK(false) << "S14: " << what << " within " << kConvergenceMaxMs
                   << " ms of the last fault:" << DescribeNodes();
    };
    await("no leader", [&] { return cluster_.Leader().has_value(); });
    StopStrangers();
    await("a client waits", [&] {
      return std::all_of(clients_.begin(), clients_.end(),
                         [](const Client& c) { return c.idle(); });
    });
    await("not all nodes are whole", [&] { return AllAreWhole(); });
    for (const NodeId id : LivingMembers()) {
      while (!WriteThrough(id)) {
        CHECK_GT(left_ms(), 0) << "S14: no write goes through node " << id << DescribeNodes();
      }
    }
    await("not all members agree", [&] { return AllAreWhole() && MembersAgree(); });
    await("a watch lags", [&] { return WatchesHaveSeenAll(); });
    convergence_ms_ = cluster_.MonotonicMs() - began_ms;
  }

  // Machines whose addition was never committed, or who were removed: an administrator ends them.
  // All others run.
  void StopStrangers() {
    const raft::ConfigState config = cluster_.node(*cluster_.Leader()).raft().GetStatus().config;
    const std::vector<NodeId> members = LivingMembers();
    CHECK_EQ(members.size(), config.voters.size() + config.learners.size()) << DescribeNodes();
    for (const NodeId id : cluster_.ids()) {
      const bool member = std::count(members.begin(), members.end(), id) > 0;
      if (!member && cluster_.alive(id)) cluster_.Crash(id);
    }
  }

  std::vector<NodeId> LivingMembers() {
    const std::optional<NodeId> leader = cluster_.Leader();
    std::vector<NodeId> members;
    if (!leader) return members;
    const raft::ConfigState config = cluster_.node(*leader).raft().GetStatus().config;
    for (const std::vector<NodeId>* list : {&config.voters, &config.learners}) {
      for (const NodeId id : *list) {
        if (cluster_.alive(id)) members.push_back(id);
      }
    }
    return members;
  }

  bool AllAreWhole() {
    const std::vector<NodeId> members = LivingMembers();
    return !members.empty() && std::all_of(members.begin(), members.end(), [&](NodeId id) {
      const node::StatusView view = cluster_.node(id).MakeStatus();
      return !view.rebuilding && view.raft.memory != raft::Memory::kLost &&
             view.raft.memory != raft::Memory::kLostEntries && view.raft.leader;
    });
  }

  bool MembersAgree() {
    const std::vector<NodeId> members = LivingMembers();
    return std::all_of(members.begin(), members.end(), [&](NodeId id) {
      const coord::StateMachine& first = cluster_.node(members.front()).state();
      const coord::StateMachine& state = cluster_.node(id).state();
      return state.applied() == first.applied() && state.hash() == first.hash();
    });
  }

  bool WriteThrough(NodeId id) {
    auditor_->Put(id, "after");
    return cluster_.RunUntil([&] { return auditor_->idle(); }, kAnswerMaxMs) &&
           auditor_->last_was_ok();
  }

  // The network that is left may lose one message in twenty: of many reads one is lost each time
  // that its node asks the leader.
  bool ReadThrough(NodeId id, const std::string& key) {
    for (int tries = 0; tries < kReadTries; ++tries) {
      auditor_->Get(id, key);
      if (!cluster_.RunUntil([&] { return auditor_->idle(); }, kAnswerMaxMs)) return false;
      if (auditor_->last_was_ok()) return true;
    }
    return false;
  }

  bool WatchesHaveSeenAll() {
    const std::optional<NodeId> leader = cluster_.Leader();
    if (!leader) return false;
    const uint64_t revision = cluster_.node(*leader).state().revision().value();
    return std::all_of(watchers_.begin(), watchers_.end(),
                       [&](const Watcher& w) { return w.through() >= revision; });
  }

  std::string DescribeNodes() {
    std::string text;
    for (const NodeId id : cluster_.ids()) {
      text += "\n  node " + std::to_string(id.value()) + ": ";
      if (!cluster_.alive(id)) {
        text += "down";
        continue;
      }
      const node::StatusView view = cluster_.node(id).MakeStatus();
      text += raft::Describe(view.raft) + " state at " + std::to_string(view.state_index.value()) +
              (view.rebuilding ? ", rebuilding" : "");
    }
    return text;
  }

  // What is there now is part of the history: a write that was lost shows in these reads.
  void ReadAll() {
    for (const NodeId id : LivingMembers()) {
      for (const std::string& key : Keys()) {
        CHECK(ReadThrough(id, key)) << "S14: no read goes through node " << id;
      }
    }
    CheckLists();
  }

  // All that is ever written.
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys = {"after"};
    for (uint64_t i = 0; i < plan_.keys; ++i) keys.push_back("key" + std::to_string(i));
    for (uint64_t i = 0; i < plan_.lines; ++i) keys.push_back("guarded-line" + std::to_string(i));
    return keys;
  }

  // Of every node, at any time: also while cruel sites make the pages short.
  void CheckLists() {
    for (const NodeId id : cluster_.ids()) {
      if (cluster_.alive(id)) CheckList(cluster_.node(id).state(), Keys());
    }
  }

  // A list, page by page, has each key that is there, once and in order, however short the pages.
  static void CheckList(const coord::StateMachine& state, std::vector<std::string> keys) {
    std::erase_if(keys, [&](const std::string& key) { return !state.Get(key); });
    std::sort(keys.begin(), keys.end());
    std::vector<std::string> listed;
    for (bool more = true; more;) {
      const coord::KvPage page = state.List("", listed.empty() ? "" : listed.back(), 1'000);
      for (const coord::KeyValue& item : page.items) listed.push_back(item.key);
      more = page.more;
    }
    CHECK(listed == keys) << "a list has " << listed.size() << " keys of " << keys.size();
  }

  std::string DescribeSessions() {
    std::string text;
    for (const NodeId id : LivingMembers()) {
      const node::Node& node = cluster_.node(id);
      text += "\n  node " + std::to_string(id.value()) + ", cluster time " +
              std::to_string(node.MakeStatus().cluster_time_ms) + ":";
      for (const coord::SessionInfo& session : node.state().Sessions(SessionId(), 10)) {
        text += " " + std::to_string(session.id.value()) + " until " +
                std::to_string(session.deadline_ms);
      }
    }
    return text;
  }

  // How long it is until nothing of the storm is under way any more.
  int64_t HeldLeftMs() const {
    int64_t last_ms = cluster_.MonotonicMs();
    for (const Fault& fault : plan_.faults) {
      if (fault.kind == FaultKind::kClog) last_ms = std::max(last_ms, fault.at_ms + fault.lasts_ms);
      if (fault.kind != FaultKind::kDelays) continue;
      last_ms = std::max(last_ms, plan_.safety_ms + Nemesis::kLongestDelayMs);
    }
    return last_ms - cluster_.MonotonicMs();
  }

  // S9: nobody renews them any more, but for a forwarded renewal that is still under way.
  void EndSessions() {
    const auto ended = [&] {
      const std::optional<NodeId> leader = cluster_.Leader();
      return leader && cluster_.node(*leader).state().Sessions(SessionId(), 1).empty();
    };
    CHECK(cluster_.RunUntil(ended, HeldLeftMs() + kSessionsEndMaxMs))
        << "S9: a session outlives its time" << DescribeSessions();
  }

  // --- the verdict ---

  void Judge(const history::History& seen) {
    history::Options options;
    options.clock_drift_percent = kClockDriftPercent;
    options.clock_jumps_at_us = nemesis_.clock_jumps_at_us();
    options.clock_jump_costs_us = kElectionTimeoutUs;
    if (!cruelty_.takes_part("node.history_compacted_at_once")) {
      options.history_revisions_kept = plan_.cluster.config.history_revisions_max;
    }
    options.session_ends_complete = true;
    const history::Verdict verdict = history::Check(seen, options);
    std::string text;
    for (const history::Violation& violation : verdict.violations) {
      text += "\n  " + violation.sentence;
    }
    CHECK(verdict.ok()) << "what clients saw cannot be:" << text;
  }

  // What clients were told is part of what must be the same each time.
  static uint64_t HashOf(const history::History& seen) {
    uint64_t hash = 0;
    const auto add = [&hash](const history::Record& record) {
      hash = hash * 0x9e3779b97f4a7c15 + Crc32c(history::ToLine(record));
    };
    for (const history::Operation& operation : seen.operations) add(operation);
    for (const history::Watch& watch : seen.watches) add(watch);
    return hash;
  }

  Report MakeReport(const history::History& seen) {
    Report report;
    report.trace_hash = cluster_.trace_hash() ^ HashOf(seen);
    report.events = cluster_.events();
    report.simulated_ms = cluster_.MonotonicMs();
    report.convergence_ms = convergence_ms_;
    report.faults = nemesis_.done();
    report.cruel = cruelty_.hits();
    for (const history::Operation& operation : seen.operations) {
      ++report.outcomes[static_cast<size_t>(operation.outcome)];
    }
    for (const history::Watch& watch : seen.watches) {
      for (const history::Delivery& delivery : watch.deliveries) {
        report.watched_events += delivery.events.size();
      }
    }
    return report;
  }

  const Plan plan_;
  Cruelty cruelty_;
  Recorder recorder_;
  std::deque<Client> clients_;
  std::deque<Watcher> watchers_;
  SimCluster cluster_;  // after those who have callbacks in it
  Invariants invariants_;
  Nemesis nemesis_;
  int64_t convergence_ms_ = 0;
  std::optional<Client> auditor_;  // looks after the storm
};

}  // namespace

Report Run(const Plan& plan, std::function<void(const std::string&)> trace,
           const HistoryCallback& history) {
  return Simulation(plan, std::move(trace)).Run(history);
}

}  // namespace baton::sim
