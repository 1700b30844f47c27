#include "pkg/node/expiry.h"

#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/coord/command.h"

namespace baton::node {
namespace {

constexpr int64_t kEarlyMs = 60'000;

}  // namespace

void Expiry::Run(bool leads) {
  const int64_t now_ms = cluster_time_->NowMs();
  const bool look = std::exchange(look_, false);
  if (!leads) {
    if (look) KeepPlace(now_ms);
    return;
  }
  if (!proposals_->CanPropose() || CRUEL("node.expiry_late")) return;
  if (look && !sessions_.under_way) {
    const int64_t early_ms = CRUEL("node.expiry_early") ? kEarlyMs : 0;  // void when applied
    coord::SessionExpire due = state_->DueSessions(now_ms + early_ms);
    if (!due.items.empty()) Propose(&sessions_, std::move(due));
  }
  if (look && !waits_.under_way) {
    coord::WaitExpire due = state_->DueWaits(now_ms);
    if (!due.items.empty()) Propose(&waits_, std::move(due));
  }
  if (!compactions_.under_way) {
    auto due = history_->Due(state_->revision(), state_->compact_revision(), now_ms);
    const bool can = state_->revision() > state_->compact_revision();
    if (can && CRUEL("node.history_compacted_at_once")) due = state_->revision();
    if (due) Propose(&compactions_, coord::CompactHistory{*due});
  }
}

void Expiry::KeepPlace(int64_t now_ms) const {
  (void)state_->DueSessions(now_ms);
  (void)state_->DueWaits(now_ms);
}

void Expiry::Propose(Kind* kind, coord::CommandBody body) {
  const std::string command = coord::EncodeCommand(coord::Command{"", "", std::move(body)});
  const uint64_t round = ++kind->round;
  const Status proposed = proposals_->Propose(command, [this, kind, round](const ProposalResult&) {
    if (kind->round != round) return;
    kind->under_way = false;
    look_ = true;
  });
  kind->under_way = proposed.ok();  // refused: with the next tick
}

void Expiry::OnLeaderChange() {
  if (PLANTED("node.expiry_stuck")) {
    for (Kind* kind : {&sessions_, &waits_}) ++kind->round;  // nobody hears of what is under way
    return;
  }
  sessions_ = Kind{false, sessions_.round + 1};
  waits_ = Kind{false, waits_.round + 1};
  compactions_ = Kind{false, compactions_.round + 1};
}

}  // namespace baton::node
