#include "pkg/node/expiry.h"

#include <utility>

#include "pkg/coord/command.h"

namespace baton::node {

void Expiry::Run() {
  if (!proposals_->CanPropose()) return;
  const int64_t now_ms = cluster_time_->NowMs();
  if (!sessions_.under_way) {
    coord::SessionExpire due = state_->DueSessions(now_ms);
    if (!due.items.empty()) Propose(&sessions_, std::move(due));
  }
  if (!waits_.under_way) {
    coord::WaitExpire due = state_->DueWaits(now_ms);
    if (!due.items.empty()) Propose(&waits_, std::move(due));
  }
  if (!compactions_.under_way) {
    const auto due = history_->Due(state_->revision(), state_->compact_revision(), now_ms);
    if (due) Propose(&compactions_, coord::CompactHistory{*due});
  }
}

void Expiry::Propose(Kind* kind, coord::CommandBody body) {
  const std::string command = coord::EncodeCommand(coord::Command{"", "", std::move(body)});
  const uint64_t round = ++kind->round;
  const Status proposed = proposals_->Propose(command, [kind, round](const ProposalResult&) {
    if (kind->round == round) kind->under_way = false;
  });
  kind->under_way = proposed.ok();  // refused: with the next tick
}

void Expiry::OnLeaderChange() {
  sessions_ = Kind{false, sessions_.round + 1};
  waits_ = Kind{false, waits_.round + 1};
  compactions_ = Kind{false, compactions_.round + 1};
}

}  // namespace baton::node
