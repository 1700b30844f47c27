#include "pkg/raft/testing/checker.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::raft::testing {
namespace {

// Counted anew and naively: the code under test has its own.
bool QuorumHolds(const Nodes& nodes, const std::vector<NodeId>& voters, size_t commit_quorum,
                 const Entry& entry) {
  const auto holds = std::count_if(voters.begin(), voters.end(), [&](NodeId id) {
    return nodes.at(id).log().Holds(entry.index, entry.term);
  });
  if (commit_quorum != 0) return static_cast<size_t>(holds) >= commit_quorum;
  return voters.empty() || 2 * static_cast<size_t>(holds) > voters.size();
}

// A witness is sent commands without their data, and applies them so.
bool SameButForData(const Entry& a, const Entry& b) {
  return a.index == b.index && a.term == b.term && a.type == b.type &&
         a.type == EntryType::kNormal && (a.data.empty() || b.data.empty());
}

}  // namespace

bool Checker::Same(const Entry& a, const Entry& b) const {
  if (a == b) return true;
  const bool witnesses = std::any_of(nodes_->begin(), nodes_->end(), [](const auto& node) {
    return node.second.running() && !node.second.raft().GetStatus().config.witnesses.empty();
  });
  return witnesses && SameButForData(a, b);
}

void Checker::OnReady(const TestNode& node, const Ready& ready) {
  // Not ready.entries: what never leaves a node before it crashes may be written anew.
  for (const Message& message : ready.messages) {
    if (const auto* const append = std::get_if<AppendRequest>(&message.body)) {
      CheckEntries(node.id(), append->prev_term, append->entries);
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

void Checker::CheckEntries(NodeId writer, Term prev_term, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    const auto value = std::make_pair(prev_term, entry);
    const auto known = written_.emplace(std::make_pair(entry.index, entry.term), value).first;
    CHECK(known->second.first == prev_term && Same(known->second.second, entry))
        << "log matching is broken at node " << writer << ", index " << entry.index << ", term "
        << entry.term;
    prev_term = entry.term;
  }
}

void Checker::CheckCommitted(const TestNode& node, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    const auto [known, is_new] = committed_.emplace(entry.index, entry);
    CHECK(Same(known->second, entry))
        << "node " << node.id() << " applies another entry at " << entry.index << ": term "
        << entry.term << ", not " << known->second.term;
    if (!is_new) continue;
    CHECK(SomeQuorumHolds(entry)) << "node " << node.id() << " applies " << entry.index
                                  << " that no quorum holds";
  }
}

// A quorum of a configuration that a running node follows: the leader's is among them.
bool Checker::SomeQuorumHolds(const Entry& entry) const {
  return std::any_of(nodes_->begin(), nodes_->end(), [&](const auto& node) {
    if (!node.second.running()) return false;
    const ConfigState config = node.second.raft().GetStatus().config;
    return QuorumHolds(*nodes_, config.voters, config.commit_quorum, entry) &&
           QuorumHolds(*nodes_, config.voters_outgoing, config.commit_quorum_outgoing, entry);
  });
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
  CHECK_LE(status.applied, status.commit);
  CHECK_LE(status.commit, status.last_index);
  CHECK_LE(status.persisted, status.last_index);
  if (status.role == Role::kLeader) {
    const auto [leader, is_new] = leaders_.emplace(status.term, node.id());
    CHECK(leader->second == node.id())
        << "two leaders in term " << status.term << ": " << leader->second << " and " << node.id();
    if (is_new) CheckNewLeader(node);
  }
  seen = Seen{status.term, status.vote, status.commit, status.role};
}

void Checker::CheckNewLeader(const TestNode& node) {
  // What it holds is on its disk, or on the way there.
  std::map<Index, Term> terms;
  for (const Entry& entry : node.log().entries()) terms[entry.index] = entry.term;
  Index start = node.log().start().index;
  for (const PendingWrite& write : node.writes()) {
    if (write.snapshot) {
      start = write.snapshot->index;
      terms.clear();
    }
    if (!write.entries.empty()) {
      terms.erase(terms.lower_bound(write.entries[0].index), terms.end());
    }
    for (const Entry& entry : write.entries) terms[entry.index] = entry.term;
  }
  for (const auto& [index, entry] : committed_) {
    if (index <= start) continue;
    CHECK(terms.contains(index) && terms.at(index) == entry.term)
        << "leader " << node.id() << " of term " << node.raft().term() << " lacks committed "
        << index;
  }
}

}  // namespace baton::raft::testing
