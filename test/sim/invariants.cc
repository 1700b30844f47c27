#include "test/sim/invariants.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "pkg/base/crc32c.h"
#include "pkg/coord/command.h"
#include "pkg/raft/describe.h"

namespace baton::sim {
namespace {

using node::Node;
using node::testing::SimCluster;

// The leader looks once a tick.
constexpr uint64_t kHistorySlack = 100;

uint64_t HashOf(const raft::Entry& entry) {
  return (uint64_t{Crc32c(entry.data.view())} << 8) + static_cast<uint64_t>(entry.type);
}

}  // namespace

Invariants::Invariants(SimCluster* cluster, Recorder* recorder)
    : cluster_(cluster), recorder_(recorder) {}

// R6: what was durable is there again.
void Invariants::OnStart(NodeId id, const node::LogState& found) {
  Disk& disk = disks_[id];
  seen_.erase(id);
  const raft::HardState& now = found.hard_state;
  if (now.memory == raft::Memory::kWhole && disk.synced.memory == raft::Memory::kWhole) {
    CHECK_GE(now.term, disk.synced.term) << "R6: node " << id << " forgot its term";
    if (now.term == disk.synced.term && disk.synced.vote) {
      CHECK_EQ(now.vote, disk.synced.vote) << "R6: node " << id << " forgot its vote";
    }
  }
}

void Invariants::OnCrash(NodeId id) { seen_.erase(id); }

void Invariants::OnDiskLost(NodeId id) {
  Disk& disk = disks_[id];
  disk.lost = true;
  const Index last = disk.log.empty() ? disk.start : disk.log.rbegin()->first;
  disk.held = std::max(disk.held, last);
  disk.synced = cluster_->log(id).State().hard_state;
  LookAtLog(id);
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
  CHECK(disk.granted_in < term || (disk.granted_in == term && disk.granted_to == to) ||
        disk.granted_in > term)
      << "R9: node " << from << " votes twice in term " << term;
  if (disk.granted_in < term) {
    disk.granted_in = term;
    disk.granted_to = to;
  }
}

void Invariants::CheckAppendResponse(NodeId from, Term term, const raft::AppendResponse& response) {
  const Disk& disk = disks_[from];
  if (response.rejected || disk.lost) return;
  CHECK_GE(disk.synced.term, term) << "R7: node " << from << " answers in a term not on its disk";
  if (disk.synced.term > term) return;
  const Index last = disk.log.empty() ? disk.start : disk.log.rbegin()->first;
  CHECK_GE(last, response.match_index) << "R7: node " << from << " acknowledges entry "
                                       << response.match_index << " before it is on its disk";
}

// --- after each step ---

void Invariants::OnStep(NodeId id, const Node& node) {
  CHECK(!node.failed()) << "node " << id << " has failed though its disk is well";
  Seen& seen = seen_[id];
  const Term term = node.raft().term();
  CHECK_GE(term, seen.term) << "R6: the term of node " << id << " went back";
  seen.term = term;
  const bool leads = node.raft().role() == raft::Role::kLeader;
  if (leads && !seen.leads) CheckLeader(id, node);
  seen.leads = leads;
  const Index applied = node.state().applied();
  if (applied == seen.applied) return;
  NoteConfig(id, node);
  CHECK_GE(applied, seen.applied) << "R6: the applied index of node " << id << " went back";
  seen.applied = applied;
  if (applied > committed_) CheckCommitted(node);
  CheckBounds(id, node);
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

// R4: whoever leads has everything that was committed.
void Invariants::CheckLeader(NodeId id, const Node& node) {
  const raft::RaftStatus status = node.raft().GetStatus();
  CHECK_GE(status.last_index, committed_)
      << "R4: node " << id << " leads in term " << status.term << " without entry " << committed_;
  const auto& log = cluster_->log(id);
  if (committed_ < log.FirstIndex() || committed_ > log.LastIndex()) return;
  const Result<Term> term = log.TermAt(committed_);
  CHECK(term.ok() && *term == canon_.at(committed_))
      << "R4: node " << id << " leads in term " << status.term << " with another entry "
      << committed_;
}

// R5, R8, R10: what is applied first anywhere is on a quorum's disks, and is what all apply.
void Invariants::CheckCommitted(const Node& node) {
  const raft::RaftStatus status = node.raft().GetStatus();
  const Index applied = node.state().applied();
  canon_[applied] = node.state().applied_term();
  const Index from = committed_;
  committed_ = applied;
  CheckQuorum(applied, node.state().applied_term(), status);
  while (canon_.size() > 4096) canon_.erase(canon_.begin());
  NoteSessionEnds(node, from);
}

bool Invariants::Holds(const Disk& disk, Index index, Term term) const {
  if (disk.lost && index <= disk.held) return true;  // it had it, once
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
    if (disk.lost) text += ", has lost what was up to " + std::to_string(disk.held.value());
  }
  return text;
}

bool Invariants::OnQuorum(const raft::ConfigState& config, Index index, Term term) {
  for (const std::vector<NodeId>* half : {&config.voters, &config.voters_outgoing}) {
    const auto holders = std::count_if(half->begin(), half->end(),
                                       [&](NodeId id) { return Holds(disks_[id], index, term); });
    if (!half->empty() && static_cast<size_t>(holders) <= half->size() / 2) return false;
  }
  return true;
}

// Whoever leads has committed it under the newest configuration of its own log, which the one that
// applies it first need not have yet.
void Invariants::CheckQuorum(Index index, Term term, const raft::RaftStatus& status) {
  if (status.config_index > index || OnQuorum(status.config, index, term)) return;
  for (const NodeId id : cluster_->ids()) {
    if (!cluster_->alive(id)) continue;
    const raft::Raft& raft = cluster_->node(id).raft();
    if (raft.role() != raft::Role::kLeader || raft.term() < status.term) continue;
    if (OnQuorum(raft.GetStatus().config, index, term)) return;
  }
  CHECK(false) << "R8: entry " << index << " of term " << term
               << " is applied, and not on a quorum's disks:" << DescribeDisks() << "\n  "
               << raft::Describe(status);
}

// S15: what is kept in memory and on disk is bounded.
void Invariants::CheckBounds(NodeId id, const Node& node) const {
  const node::NodeConfig& config = cluster_->config(id);
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
  if (const auto* destroy = std::get_if<coord::SessionDestroy>(&body)) {
    destroys_.emplace(entry.index, destroy->id.value());
  }
}

// The entries after `from` are applied now, for the first time anywhere.
void Invariants::NoteSessionEnds(const Node& node, Index from) {
  destroys_.erase(destroys_.begin(), destroys_.lower_bound({from + 1, 0}));
  const auto destroyed = [&](uint64_t session) {
    return std::any_of(destroys_.begin(), destroys_.lower_bound({committed_ + 1, 0}),
                       [session](const auto& entry) { return entry.second == session; });
  };
  auto& live = recorder_->live();
  for (auto session = live.begin(); session != live.end();) {
    const uint64_t id = session->first;
    const bool there = node.state().Session(SessionId(id)).has_value();
    const bool ended = !there && session->second;
    session->second |= there;
    if (!ended) {
      ++session;
      continue;
    }
    history::SessionEnd end;
    end.session = id;
    end.at_us = cluster_->MonotonicUs();
    end.expired = !destroyed(id);
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
