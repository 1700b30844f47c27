#include "pkg/raft/testing/checker.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::raft::testing {
namespace {

// Counted anew and naively: the code under test has its own.
bool MajorityHolds(const Nodes& nodes, const std::vector<NodeId>& voters, const Entry& entry) {
  const auto holds = std::count_if(voters.begin(), voters.end(), [&](NodeId id) {
    return nodes.at(id).log().Holds(entry.index, entry.term);
  });
  return voters.empty() || 2 * static_cast<size_t>(holds) > voters.size();
}

}  // namespace

void Checker::OnReady(const TestNode& node, const Ready& ready) {
  CheckEntries(node, ready.entries);
  CheckCommitted(node, ready.committed_entries);
  CheckReads(ready);
}

void Checker::Check() {
  for (const auto& [id, node] : *nodes_) {
    if (node.running()) CheckNode(node);
  }
}

void Checker::CheckEntries(const TestNode& node, const std::vector<Entry>& entries) {
  for (size_t i = 1; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    CHECK_EQ(entry.index, entries[i - 1].index + 1);
    const auto value = std::make_pair(entries[i - 1].term, entry);
    const auto known = written_.emplace(std::make_pair(entry.index, entry.term), value).first;
    CHECK(known->second == value) << "log matching is broken at node " << node.id() << ", index "
                                  << entry.index << ", term " << entry.term;
  }
  if (entries.empty()) return;
  // The first one's predecessor is not at hand; its content is.
  const auto known = written_.find(std::make_pair(entries[0].index, entries[0].term));
  CHECK(known == written_.end() || known->second.second == entries[0])
      << "log matching is broken at node " << node.id() << ", index " << entries[0].index;
}

void Checker::CheckCommitted(const TestNode& node, const std::vector<Entry>& entries) {
  const ConfigState& config = node.log().start().config;
  for (const Entry& entry : entries) {
    const auto [known, is_new] = committed_.emplace(entry.index, entry);
    CHECK(known->second == entry) << "node " << node.id() << " applies another entry at "
                                  << entry.index << ": term " << entry.term << ", not "
                                  << known->second.term;
    if (!is_new) continue;
    CHECK(MajorityHolds(*nodes_, config.voters, entry) &&
          MajorityHolds(*nodes_, config.voters_outgoing, entry))
        << "node " << node.id() << " applies " << entry.index << " that no quorum holds";
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

void Checker::CheckNode(const TestNode& node) {
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
