#include "pkg/node/divergence.h"

#include <algorithm>
#include <bit>

namespace baton::node {

void Divergence::OnApplied(Index index, uint64_t hash) {
  if (index.value() % kEvery != 0) return;
  if (own_.size() == kKept) own_.pop_front();
  own_.push_back({index, hash});
}

void Divergence::Reset() {
  own_.clear();
  reports_.clear();
}

std::optional<StateCheckpoint> Divergence::TakeReport() {
  std::optional<StateCheckpoint> best;
  for (auto at = own_.rbegin(); at != own_.rend() && at->index > reported_; ++at) {
    if (!best || std::countr_zero(at->index.value()) > std::countr_zero(best->index.value())) {
      best = *at;
    }
  }
  if (best) reported_ = own_.back().index;
  return best;
}

std::optional<uint64_t> Divergence::HashAt(Index index) const {
  const auto at = std::lower_bound(
      own_.begin(), own_.end(), index,
      [](const StateCheckpoint& point, Index wanted) { return point.index < wanted; });
  if (at == own_.end() || at->index != index) return std::nullopt;
  return at->hash;
}

void Divergence::OnReport(NodeId peer, const StateCheckpoint& report) {
  reports_[report.index][peer] = report.hash;
  if (reports_.size() > kReportedKept) reports_.erase(reports_.begin());
}

std::vector<Divergence::Finding> Divergence::Judge(NodeId self, const std::vector<NodeId>& voters) {
  std::vector<Finding> findings;
  std::map<NodeId, Index> wrong;
  for (const auto& [index, reported] : reports_) {
    const std::optional<uint64_t> own = HashAt(index);
    if (!own) continue;
    std::map<NodeId, uint64_t> all = reported;
    all[self] = *own;
    std::map<uint64_t, size_t> votes;
    for (const NodeId voter : voters) {
      if (all.contains(voter)) ++votes[all[voter]];
    }
    const auto right = std::find_if(votes.begin(), votes.end(), [&](const auto& vote) {
      return vote.second > voters.size() / 2;
    });
    if (right == votes.end()) continue;
    for (const auto& [node, hash] : all) {
      if (hash != right->first) wrong.emplace(node, index);
    }
  }
  for (const auto& [node, index] : wrong) {
    findings.push_back({node, index});
    for (auto& [at, reported] : reports_) reported.erase(node);
  }
  return findings;
}

}  // namespace baton::node
