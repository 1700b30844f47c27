#include "pkg/node/applied_metrics.h"

#include <algorithm>
#include <optional>

namespace baton::node {
namespace {

constexpr int64_t kUsPerMs = 1000;

}  // namespace

void AppliedCounts::Count(std::string_view entry, const coord::Applied& applied, int64_t now_ms) {
  if (const std::optional<size_t> kind = coord::CommandKindOf(entry)) {
    CountReply(*kind, applied.reply);
  }
  for (const coord::Event& event : applied.events) CountEvent(event, now_ms);
}

void AppliedCounts::CountReply(size_t kind, const coord::Reply& reply) {
  AppliedMetrics::Command& command = metrics_->commands[kind];
  if (reply.replayed) {
    command.replayed.Add();
    return;
  }
  (reply.status.ok() ? command.done : command.refused).Add();
  if (const auto* renewed = std::get_if<coord::RenewReply>(&reply.body)) {
    const auto lives = [](const coord::SessionInfo& session) { return session.ttl_ms > 0; };
    const auto count = std::count_if(renewed->sessions.begin(), renewed->sessions.end(), lives);
    metrics_->sessions_renewed.Add(static_cast<uint64_t>(count));
  }
  if (reply.status.ok()) return;
  const auto* reason =
      std::find(kRefusalReasons.begin(), kRefusalReasons.end(), reply.status.reason());
  metrics_->refusals[static_cast<size_t>(reason - kRefusalReasons.begin())].Add();
}

void AppliedCounts::CountEvent(const coord::Event& event, int64_t now_ms) {
  const auto kind = static_cast<size_t>(event.kind);
  if (kind < metrics_->events.size()) metrics_->events[kind].Add();
  const coord::EventSpace space = coord::SpaceOf(event.kind);
  if (space == coord::EventSpace::kKv) return;
  const bool lock = space == coord::EventSpace::kLock;
  const std::string holder = (lock ? "l" : "e") + event.key;
  switch (event.kind) {
    case coord::EventKind::kLockAcquired:
    case coord::EventKind::kLeaderElected:
      EndHold(holder, lock ? &metrics_->lock_hold : &metrics_->election_hold, now_ms);
      if (held_since_ms_.size() < kHoldersMax) held_since_ms_[holder] = now_ms;
      return;
    case coord::EventKind::kLockReleased:
    case coord::EventKind::kLeaderGone:
      EndHold(holder, lock ? &metrics_->lock_hold : &metrics_->election_hold, now_ms);
      return;
    default:
      return;
  }
}

void AppliedCounts::EndHold(const std::string& holder, WaitHistogram* histogram, int64_t now_ms) {
  const auto since = held_since_ms_.find(holder);
  if (since == held_since_ms_.end()) return;
  histogram->ObserveUs((now_ms - since->second) * kUsPerMs);
  held_since_ms_.erase(since);
}

}  // namespace baton::node
