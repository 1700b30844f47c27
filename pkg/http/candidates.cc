#include "pkg/http/candidates.h"

#include <algorithm>

namespace baton::http {
namespace {

bool Waits(node::Phase phase) {
  return phase == node::Phase::kWaiting || phase == node::Phase::kIdentityLost ||
         phase == node::Phase::kRemoved;
}

}  // namespace

void Candidates::Note(const node::Hello& hello, int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (!Waits(hello.phase)) {
    candidates_.erase(hello.id);  // it is a member now
    return;
  }
  candidates_[hello.id] = {hello, now_ms};
  if (candidates_.size() <= kCandidatesMax) return;
  candidates_.erase(std::min_element(
      candidates_.begin(), candidates_.end(),
      [](const auto& a, const auto& b) { return a.second.heard_ms < b.second.heard_ms; }));
}

std::vector<Candidate> Candidates::List(int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  std::vector<Candidate> list;
  for (const auto& [id, candidate] : candidates_) {
    if (now_ms - candidate.heard_ms <= kCandidateAgeMaxMs) list.push_back(candidate);
  }
  return list;
}

std::optional<node::Hello> Candidates::FindByName(const std::string& name, int64_t now_ms) const {
  std::optional<Candidate> latest;
  for (const Candidate& candidate : List(now_ms)) {
    if (candidate.hello.info.name != name) continue;
    if (!latest || candidate.heard_ms >= latest->heard_ms) latest = candidate;
  }
  if (!latest) return std::nullopt;
  return latest->hello;
}

std::optional<node::Hello> Candidates::FindById(NodeId id, int64_t now_ms) const {
  for (const Candidate& candidate : List(now_ms)) {
    if (candidate.hello.id == id) return candidate.hello;
  }
  return std::nullopt;
}

}  // namespace baton::http
