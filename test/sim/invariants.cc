#include "test/sim/invariants.h"

#include <algorithm>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "pkg/base/crc32c.h"
#include "pkg/coord/command.h"
#include "pkg/raft/describe.h"
#include "test/sim/quorum.h"

namespace baton::sim {
namespace {

using node::Node;
using node::testing::SimCluster;

// The leader looks once a tick.
constexpr uint64_t kHistorySlack = 100;
constexpr int64_t kForgettingUs = 10'000'000;
constexpr uint64_t kSessionsSeen = 1'000;
constexpr int64_t kStallUs = 1'000'000;

uint64_t HashOf(const raft::Entry& entry) {
  return (uint64_t{Crc32c(entry.data.view())} << 8) + static_cast<uint64_t>(entry.type);
}

}  // namespace

Invariants::Invariants(SimCluster* cluster, Recorder* recorder, const InvariantOptions& options)
    : cluster_(cluster),
      recorder_(recorder),
      overdue_max_ms_(options.overdue_max_ms),
      protocol_(cluster, options.pre_vote_always) {}

// R6: what was durable is there again.
void Invariants::OnStart(NodeId id, const node::LogState& found) {
  Disk& disk = disks_[id];
  seen_.erase(id);
  const raft::HardState& now = found.hard_state;
  protocol_.OnStart(id, now);
  if (now.memory == raft::Memory::kWhole && disk.synced.memory == raft::Memory::kWhole) {
    CHECK_GE(now.term, disk.synced.term) << "R6: node " << id << " forgot its term";
    if (now.term == disk.synced.term && disk.synced.vote) {
      CHECK_EQ(now.vote, disk.synced.vote) << "R6: node " << id << " forgot its vote";
    }
  }
}

void Invariants::OnCrash(NodeId id) {
  seen_.erase(id);
  protocol_.OnCrash(id);
}

void Invariants::OnDiskLost(NodeId id) {
  Disk& disk = disks_[id];
  disk.lost = true;
  disk.had_start = std::max(disk.had_start, disk.start);
  disk.had.insert(disk.log.begin(), disk.log.end());
  disk.synced = cluster_->log(id).State().hard_state;
  LookAtLog(id);
}

void Invariants::OnStateLost(NodeId id) {
  if (cluster_->log(id).State().hard_state.memory == raft::Memory::kNewborn) {
    recorder_->OnNewDisk(id);
  } else {
    recorder_->OnStateLost(id, coord::StateMachine(&cluster_->state(id)).revision());
  }
}

// Where the log begins and ends may have been changed by more than writes.
void Invariants::LookAtLog(NodeId id) {
  Disk& disk = disks_[id];
  const auto& log = cluster_->log(id);
  disk.start = log.State().start.index;
  disk.log.erase(disk.log.begin(), disk.log.upper_bound(disk.start));
  disk.log.erase(disk.log.upper_bound(log.LastIndex()), disk.log.end());
}

void Invariants::OnWritten(NodeId id, const node::LogWrite& write, bool synced) {
  Disk& disk = disks_[id];
  if (write.hard_state && synced) {
    CHECK_GE(write.hard_state->term, disk.synced.term) << "R6: the term of node " << id;
    disk.synced = *write.hard_state;
  }
  if (write.snapshot) {
    disk.log.clear();
    disk.start = write.snapshot->index;
  }
  const Term term = std::max(disk.synced.term, write.hard_state ? write.hard_state->term : Term());
  CheckTruncation(id, write);
  for (const raft::Entry& entry : write.entries) {
    const auto [known, first] =
        contents_.try_emplace({entry.index, entry.term}, Content{HashOf(entry)});
    if (first) NoteSessionEntry(entry);
    CHECK(first || known->second.hash == HashOf(entry))
        << "R3: entry " << entry.index << " of term " << entry.term << " differs on node " << id;
    const auto canon = canon_.find(entry.index);
    const auto had = disk.log.find(entry.index);
    CHECK(had == disk.log.end() || had->second == entry.term || had->second < term)
        << "R2: node " << id << " replaces entry " << entry.index << " of its own term " << term;
    CHECK(canon == canon_.end() || had == disk.log.end() || had->second != canon->second ||
          canon->second == entry.term)
        << "R4: node " << id << " replaces the committed entry " << entry.index << " of term "
        << canon->second << " by one of term " << entry.term;
    disk.log.erase(disk.log.lower_bound(entry.index), disk.log.end());
    if (synced) disk.log[entry.index] = entry.term;
  }
}

// R4: what the disk had of the committed log is still there after the write.
void Invariants::CheckTruncation(NodeId id, const node::LogWrite& write) {
  if (write.entries.empty()) return;
  const Disk& disk = disks_[id];
  const Index last = write.entries.back().index;
  for (auto had = disk.log.upper_bound(last); had != disk.log.end(); ++had) {
    const auto canon = canon_.find(had->first);
    CHECK(canon == canon_.end() || canon->second != had->second)
        << "R4: node " << id << " drops the committed entry " << had->first;
  }
}

void Invariants::OnCompacted(NodeId id, const raft::SnapshotMeta& start) {
  Disk& disk = disks_[id];
  disk.log.erase(disk.log.begin(), disk.log.upper_bound(start.index));
  disk.start = start.index;
}

// --- R7, R9: nothing is said before it is durable, and no vote twice ---

void Invariants::OnSend(NodeId from, NodeId to, const node::PeerMessage& message) {
  protocol_.OnSend(from, to, message);
  const auto* raft_message = std::get_if<raft::Message>(&message);
  if (raft_message == nullptr) return;
  if (const auto* vote = std::get_if<raft::VoteResponse>(&raft_message->body)) {
    if (vote->granted && !vote->pre_vote) CheckVote(from, to, raft_message->term);
  } else if (const auto* request = std::get_if<raft::VoteRequest>(&raft_message->body)) {
    if (!request->pre_vote) CheckVote(from, from, raft_message->term);
  } else if (const auto* append = std::get_if<raft::AppendResponse>(&raft_message->body)) {
    CheckAppendResponse(from, raft_message->term, *append);
  }
}

void Invariants::CheckVote(NodeId from, NodeId to, Term term) {
  Disk& disk = disks_[from];
  CHECK(disk.synced.term > term || (disk.synced.term == term && disk.synced.vote == to))
      << "R7: node " << from << " votes for " << to << " in term " << term
      << " before that is on its disk";
  // Who came back with an empty disk, and is cruelly let stand without a pre-vote, knows no better;
  // nobody who has anything votes for it (raft/amnesia.h), so its own vote decides nothing.
  const bool empty = cluster_->log(from).State().hard_state.memory == raft::Memory::kNewborn;
  CHECK(disk.granted_in != term || disk.granted_to == to || (empty && to == from))
      << "R9: node " << from << " votes twice in term " << term;
  if (disk.granted_in < term) {
    disk.granted_in = term;
    disk.granted_to = to;
  }
}

void Invariants::CheckAppendResponse(NodeId from, Term term, const raft::AppendResponse& response) {
  const Disk& disk = disks_[from];
  if (response.rejected || response.amnesia) return;  // who has lost its memory is not counted
  CHECK_GE(disk.synced.term, term) << "R7: node " << from << " answers in a term not on its disk";
  if (disk.synced.term > term) return;
  const Index last = disk.log.empty() ? disk.start : disk.log.rbegin()->first;
  CHECK_GE(last, response.match_index) << "R7: node " << from << " acknowledges entry "
                                       << response.match_index << " before it is on its disk";
}

// --- after each step ---

void Invariants::OnStep(NodeId id, const Node& node) {
  CHECK(!node.failed()) << "node " << id << " has failed though its disk is well";
  protocol_.OnStep(id, node);
  Seen& seen = seen_[id];
  const Term term = node.raft().term();
  CHECK_GE(term, seen.term) << "R6: the term of node " << id << " went back";
  seen.term = term;
  const bool leads = node.raft().role() == raft::Role::kLeader;
  if (leads && !seen.leads) {
    CheckLeader(id, node);
    seen.leads_since_us = cluster_->MonotonicUs();
  }
  if (leads || seen.leads) NoteCommit(node);
  seen.leads = leads;
  const Index applied = node.state().applied();
  if (applied == seen.applied) return;
  NoteConfig(id, node);
  CHECK_GE(applied, seen.applied) << "R6: the applied index of node " << id << " went back";
  // Who has committed nothing for a second may have been unable to.
  const int64_t now_us = cluster_->MonotonicUs();
  if (now_us > seen.applied_us + kStallUs) seen.leads_since_us = now_us;
  seen.applied_us = now_us;
  if (cluster_->log(id).State().start.index > seen.applied) CheckDue(id, node);
  seen.applied = applied;
  if (applied > committed_) CheckCommitted(node);
  if (leads) CheckOverdue(id, node, std::max(seen.leads_since_us, cluster_->resumed_us(id)));
  CheckBounds(id, node);
}

// S9: what is due is found, also by who got it with a snapshot.
void Invariants::CheckDue(NodeId id, const Node& node) const {
  int64_t earliest_ms = std::numeric_limits<int64_t>::max();
  for (const coord::SessionInfo& session : node.state().Sessions(SessionId(), kSessionsSeen)) {
    earliest_ms = std::min(earliest_ms, session.deadline_ms);
  }
  if (earliest_ms == std::numeric_limits<int64_t>::max()) return;
  CHECK(!node.state().DueSessions(earliest_ms).items.empty())
      << "S9: node " << id << " does not find the session whose time ends at " << earliest_ms;
}

// S9: who leads, and commits, ends sessions soon after their time.
void Invariants::CheckOverdue(NodeId id, const Node& node, int64_t leads_since_us) const {
  if (!node.cluster_time().leading()) return;
  if (cluster_->MonotonicUs() < leads_since_us + overdue_max_ms_ * 1000) return;
  const int64_t now_ms = node.cluster_time().NowMs();
  CHECK(node.state().DueSessions(now_ms - overdue_max_ms_).items.empty())
      << "S9: node " << id << " leads, and at " << now_ms << " a session is overdue by more than "
      << overdue_max_ms_ << " ms";
}

// Of who leads, or did until this step.
void Invariants::NoteCommit(const Node& node) {
  if (node.raft().commit() <= decided_) return;
  decided_ = node.raft().commit();
  decided_by_ = node.raft().membership();
}

// R10: a configuration is known by the index of its entry, and is the same everywhere once it is
// committed.
void Invariants::NoteConfig(NodeId id, const Node& node) {
  const raft::RaftStatus status = node.raft().GetStatus();
  if (!status.config_index || status.config_index > status.commit) return;
  const auto [known, first] = configs_.try_emplace(status.config_index, status.config);
  CHECK(first || known->second == status.config)
      << "R10: node " << id << " has another configuration of entry " << status.config_index;
}

// R4: whoever leads has everything that was committed in the terms before. (A late vote may make a
// leader of an old term, while a newer one has committed more.)
void Invariants::CheckLeader(NodeId id, const Node& node) {
  const raft::RaftStatus status = node.raft().GetStatus();
  auto before = committed_in_.lower_bound(status.term);
  if (before == committed_in_.begin()) return;
  const Index committed = (--before)->second;
  CHECK_GE(status.last_index, committed)
      << "R4: node " << id << " leads in term " << status.term << " without entry " << committed;
  const auto& log = cluster_->log(id);
  if (committed < log.FirstIndex() || committed > log.LastIndex()) return;
  const Result<Term> term = log.TermAt(committed);
  const auto canon = canon_.find(committed);
  CHECK(canon == canon_.end() || (term.ok() && *term == canon->second))
      << "R4: node " << id << " leads in term " << status.term << " with another entry "
      << committed;
}

// R5, R8, R10: what is applied first anywhere is on a quorum's disks, and is what all apply.
void Invariants::CheckCommitted(const Node& node) {
  const raft::RaftStatus status = node.raft().GetStatus();
  const Index applied = node.state().applied();
  canon_[applied] = node.state().applied_term();
  const Index from = committed_;
  committed_ = applied;
  committed_in_[status.term] = applied;
  CheckQuorum(applied, node.state().applied_term(), status);
  while (canon_.size() > 4096) canon_.erase(canon_.begin());
  NoteSessionEnds(node, from);
}

bool Invariants::Holds(const Disk& disk, Index index, Term term) const {
  if (disk.lost && (index <= disk.had_start || disk.had.contains({index, term}))) return true;
  if (index <= disk.start) return true;
  const auto entry = disk.log.find(index);
  return entry != disk.log.end() && entry->second == term;
}

std::string Invariants::DescribeDisks() const {
  std::string text;
  for (const auto& [id, disk] : disks_) {
    text += "\n  node " + std::to_string(id.value()) + ": ";
    text += disk.log.empty() ? "ends at " + std::to_string(disk.start.value())
                             : "ends with " + std::to_string(disk.log.rbegin()->first.value()) +
                                   " of term " + std::to_string(disk.log.rbegin()->second.value());
    if (disk.lost) text += ", has lost " + std::to_string(disk.had.size()) + " entries, once";
  }
  return text;
}

bool Invariants::OnQuorum(const raft::ConfigState& config, Index index, Term term) {
  return QuorumIs(config, [&](NodeId id) { return Holds(disks_[id], index, term); });
}

// A leader has committed it under the newest configuration of its own log, which the one that
// applies it first need not have yet.
void Invariants::CheckQuorum(Index index, Term term, const raft::RaftStatus& status) {
  if (status.config_index > index || OnQuorum(status.config, index, term)) return;
  if (index <= decided_ && OnQuorum(decided_by_, index, term)) return;
  CHECK(false) << "R8: entry " << index << " of term " << term
               << " is applied, and not on a quorum's disks:" << DescribeDisks() << "\n  "
               << raft::Describe(status);
}

// S15: what is kept in memory and on disk is bounded.
void Invariants::CheckBounds(NodeId id, const Node& node) {
  const node::NodeConfig& config = cluster_->config(id);
  // Old nodes cannot be told to forget; new ones need a moment for what they have kept till then.
  if (node.state().command_version() < 2) {
    cannot_forget_us_ = cluster_->MonotonicUs();
    return;
  }
  if (cluster_->MonotonicUs() < cannot_forget_us_ + kForgettingUs) return;
  CHECK_LE(node.state().revision() - node.state().compact_revision(),
           config.history_revisions_max + config.history_revisions_max / 10 + kHistorySlack)
      << "S15: the history of node " << id;
}

// What the log says of sessions, so that their ends can be told from each other.
void Invariants::NoteSessionEntry(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return;
  const Result<coord::StampedCommand> stamped = coord::DecodeEntry(entry.data.view());
  if (!stamped.ok()) return;
  const coord::CommandBody& body = stamped->command.body;
  std::vector<SessionEntry> here;
  if (const auto* destroy = std::get_if<coord::SessionDestroy>(&body)) {
    here.push_back({SessionEntry::kDestroys, destroy->id.value()});
  } else if (const auto* expire = std::get_if<coord::SessionExpire>(&body)) {
    for (const auto& item : expire->items) {
      here.push_back(
          {SessionEntry::kExpires, item.id.value(), item.renewal_epoch, stamped->stamp_ms});
    }
  } else if (const auto* renew = std::get_if<coord::SessionRenew>(&body)) {
    for (const SessionId id : renew->ids) here.push_back({SessionEntry::kRenews, id.value()});
  }
  if (!here.empty()) session_entries_[{entry.index, entry.term}] = std::move(here);
}

// The sessions that the entries after `from`, which are applied now for the first time anywhere,
// destroy while they live.
std::set<uint64_t> Invariants::DestroyedAfter(Index from, NodeId id) {
  session_entries_.erase(session_entries_.begin(),
                         session_entries_.lower_bound({from + 1, Term()}));
  std::map<uint64_t, Recorder::Life> lives = recorder_->live();
  std::set<uint64_t> expired;
  std::set<uint64_t> destroyed;
  for (const auto& [point, entries] : session_entries_) {
    if (point.first > committed_) break;
    const Result<Term> term = cluster_->log(id).TermAt(point.first);
    if (term.ok() && *term != point.second) continue;  // another entry took its place
    for (const SessionEntry& entry : entries) {
      Recorder::Life& life = lives[entry.session];
      if (entry.kind == SessionEntry::kRenews) ++life.renewal_epoch;
      if (entry.kind == SessionEntry::kExpires && entry.epoch == life.renewal_epoch &&
          life.deadline_ms <= entry.stamp_ms) {
        expired.insert(entry.session);
      }
      if (entry.kind == SessionEntry::kDestroys && !expired.contains(entry.session)) {
        destroyed.insert(entry.session);
      }
    }
  }
  return destroyed;
}

void Invariants::NoteSessionEnds(const Node& node, Index from) {
  const std::set<uint64_t> destroyed = DestroyedAfter(from, node.raft().GetStatus().id);
  auto& live = recorder_->live();
  for (auto session = live.begin(); session != live.end();) {
    const uint64_t id = session->first;
    const std::optional<coord::SessionInfo> there = node.state().Session(SessionId(id));
    const bool ended = !there && session->second.renewal_epoch != 0;
    if (there) session->second = {there->renewal_epoch, there->deadline_ms};
    if (!ended) {
      ++session;
      continue;
    }
    history::SessionEnd end;
    end.session = id;
    end.at_us = cluster_->MonotonicUs();
    end.expired = !destroyed.contains(id);
    recorder_->OnSessionEnd(end);
    session = live.erase(session);
  }
}

// R11, S13.
void Invariants::CheckRows() const {
  using Rows = std::vector<std::pair<std::string, std::string>>;
  std::map<Index, Rows> rows_at;
  for (const NodeId id : cluster_->ids()) {
    if (!cluster_->alive(id)) continue;
    Rows rows;
    cluster_->state(id).Scan("", "", [&rows](std::string_view key, std::string_view value) {
      if (!key.starts_with(coord::kNodeTablePrefix)) rows.emplace_back(key, value);
      return true;
    });
    const auto [known, first] = rows_at.try_emplace(cluster_->node(id).state().applied(), rows);
    if (!first) CHECK(known->second == rows) << "S13: the rows of node " << id << " differ";
  }
}

}  // namespace baton::sim
