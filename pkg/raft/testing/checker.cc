#include "pkg/raft/testing/checker.h"

#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/raft/membership.h"

namespace baton::raft::testing {
namespace {

// The same entry; `without_data`: or what a witness keeps of it.
bool IsCopy(const Entry& original, const Entry& copy, bool without_data) {
  if (original == copy) return true;
  if (!without_data || original.type != EntryType::kNormal || !copy.data.empty()) return false;
  return original.index == copy.index && original.term == copy.term && original.type == copy.type;
}

}  // namespace

void Checker::OnReady(const TestNode& node, const Ready& ready) {
  NoteConfig(node);
  // Not ready.entries: what never leaves a node before it crashes may be written anew.
  for (const Message& message : ready.messages) {
    if (const auto* const append = std::get_if<AppendRequest>(&message.body)) {
      CheckEntries(message.to, append->prev_term, append->entries);
    }
  }
  CheckCommitted(node, ready.committed_entries);
  CheckReads(ready);
}

void Checker::OnWrite(const TestNode& node, const PendingWrite& write) {
  if (write.entries.empty()) return;
  const Result<Term> prev_term = node.log().TermAt(write.entries[0].index - 1);
  CHECK(prev_term.ok());
  CheckEntries(node.id(), *prev_term, write.entries);
}

void Checker::NoteConfig(const TestNode& node) {
  const RaftStatus status = node.raft().GetStatus();
  witnesses_.insert(status.config.witnesses.begin(), status.config.witnesses.end());
  if (status.role != Role::kLeader) return;
  std::vector<ConfigState>& known = configs_[status.config_index];
  if (std::ranges::find(known, status.config) == known.end()) known.push_back(status.config);
}

void Checker::CheckEntries(NodeId at, Term prev_term, const std::vector<Entry>& entries) {
  const bool may_lack_data = witnesses_.contains(at);
  for (const Entry& entry : entries) {
    const auto key = std::make_pair(entry.index, entry.term);
    const Written value{prev_term, entry};
    prev_term = entry.term;
    // A copy without data says nothing of the data, so it is never the first to be remembered.
    if (may_lack_data && !written_.contains(key)) continue;
    const Written& known = written_.emplace(key, value).first->second;
    CHECK(known.prev_term == value.prev_term && IsCopy(known.entry, entry, may_lack_data))
        << "log matching is broken at node " << at << ", index " << entry.index << ", term "
        << entry.term;
  }
}

void Checker::CheckCommitted(const TestNode& node, const std::vector<Entry>& entries) {
  const bool may_lack_data = witnesses_.contains(node.id());
  for (const Entry& entry : entries) {
    const auto written = written_.find({entry.index, entry.term});
    CHECK(!may_lack_data || written != written_.end())
        << "witness " << node.id() << " applies " << entry.index << " that nobody else has written";
    // Tests may start with logs that nobody was seen to write.
    const Entry& original = written == written_.end() ? entry : written->second.entry;
    const auto [known, is_new] = committed_.emplace(entry.index, original);
    CHECK(IsCopy(known->second, entry, may_lack_data))
        << "node " << node.id() << " applies another entry at " << entry.index << ": term "
        << entry.term << ", not " << known->second.term;
    if (!is_new) continue;
    committed_in_[entry.index] = node.raft().term();
    if (entry.type == EntryType::kConfigChange) last_committed_config_ = entry.index;
    CHECK(SomeQuorumHolds(entry)) << "node " << node.id() << " applies " << entry.index
                                  << " that no quorum holds";
  }
}

bool Checker::HoldsOrHeld(NodeId id, const Entry& entry) const {
  if (nodes_->at(id).log().Holds(entry.index, entry.term)) return true;
  const auto lost = lost_.find(id);
  return lost != lost_.end() && lost->second.contains({entry.index, entry.term});
}

bool Checker::QuorumHolds(const ConfigState& config, const std::vector<NodeId>& voters,
                          size_t commit_quorum, const Entry& entry) const {
  if (voters.empty()) return true;
  const auto holds = std::count_if(voters.begin(), voters.end(),
                                   [&](NodeId id) { return HoldsOrHeld(id, entry); });
  const bool data_is_held = std::any_of(voters.begin(), voters.end(), [&](NodeId id) {
    return !IsWitness(config, id) && HoldsOrHeld(id, entry);
  });
  if (!data_is_held) return false;
  if (commit_quorum != 0) return static_cast<size_t>(holds) >= commit_quorum;
  return 2 * static_cast<size_t>(holds) > voters.size();
}

// A quorum of a configuration that a leader followed: the last one committed up to the entry or a
// later one, since the leader may have gone on to the next when the entry is first applied.
bool Checker::SomeQuorumHolds(const Entry& entry) const {
  for (auto at = configs_.lower_bound(last_committed_config_); at != configs_.end(); ++at) {
    for (const ConfigState& config : at->second) {
      if (QuorumHolds(config, config.voters, config.commit_quorum, entry) &&
          QuorumHolds(config, config.voters_outgoing, config.commit_quorum_outgoing, entry)) {
        return true;
      }
    }
  }
  return false;
}

void Checker::OnDiskLost(NodeId id) {
  for (const Entry& entry : nodes_->at(id).log().entries()) {
    lost_[id].insert({entry.index, entry.term});
  }
}

void Checker::CheckReads(const Ready& ready) {
  for (const ReadState& read : ready.read_states) {
    const auto floor = read_floor_.find(read.id);
    CHECK(floor != read_floor_.end()) << "read " << read.id << " was never asked";
    CHECK_GE(read.index, floor->second) << "read " << read.id << " is stale";
    read_floor_.erase(floor);  // answered once
  }
}

void Checker::Check(const TestNode& node) {
  const RaftStatus status = node.raft().GetStatus();
  Seen& seen = seen_[node.id()];
  CHECK_GE(status.term, seen.term) << "node " << node.id();
  CHECK_GE(status.commit, seen.commit) << "node " << node.id();
  CHECK(status.term != seen.term || !seen.vote || status.vote == seen.vote)
      << "node " << node.id() << " votes twice in term " << status.term;
  // Vote and loss of memory may come to light in one step; after it there are no votes.
  CHECK(!status.amnesia() || status.role == Role::kFollower) << "node " << node.id();
  CHECK(!status.amnesia() || !seen.amnesia || !status.vote || status.vote == seen.vote)
      << "node " << node.id() << " has lost its disk and votes";
  CHECK_LE(status.applied, status.commit);
  CHECK_LE(status.commit, status.last_index);
  CHECK_LE(status.persisted, status.last_index);
  // A node that leads by its own vote alone says nothing before its disk has that vote, and may
  // have forgotten it after a crash.
  if (status.role == Role::kLeader && node.log().hard_state().term == status.term) {
    const auto [leader, is_new] = leaders_.emplace(status.term, node.id());
    CHECK(leader->second == node.id())
        << "two leaders in term " << status.term << ": " << leader->second << " and " << node.id();
    if (is_new) CheckNewLeader(node);
  }
  seen = Seen{status.term, status.vote, status.commit, status.amnesia()};
}

void Checker::CheckNewLeader(const TestNode& node) {
  // What it holds is on its disk, or on the way there.
  CHECK(!IsWitness(node.raft().GetStatus().config, node.id()))
      << "witness " << node.id() << " leads";
  std::map<Index, Entry> held;
  for (const Entry& entry : node.log().entries()) held[entry.index] = entry;
  Index start = node.log().start().index;
  for (const PendingWrite& write : node.writes()) {
    if (write.snapshot) {
      start = write.snapshot->index;
      held.clear();
    }
    if (!write.entries.empty()) {
      held.erase(held.lower_bound(write.entries[0].index), held.end());
    }
    for (const Entry& entry : write.entries) held[entry.index] = entry;
  }
  for (const auto& [index, entry] : committed_) {
    // Who is told late of its election leads an old term, and may lack what a later one committed.
    if (index <= start || committed_in_.at(index) > node.raft().term()) continue;
    CHECK(held.contains(index) && held.at(index) == entry)
        << "leader " << node.id() << " of term " << node.raft().term() << " lacks committed "
        << index;
  }
}

}  // namespace baton::raft::testing
