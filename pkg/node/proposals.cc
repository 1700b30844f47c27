#include "pkg/node/proposals.h"

#include <algorithm>
#include <utility>

#include "pkg/base/planted.h"
#include "pkg/coord/command.h"
#include "pkg/coord/command_version.h"
#include "pkg/node/membership_plan.h"

namespace baton::node {

Status Proposals::Propose(std::string_view command, Callback done) {
  if (!CanPropose()) return Status(Code::kUnavailable, "not_leader", "This node does not lead");
  const Result<raft::Proposed> at = Append(command);
  if (!at.ok()) return at.status();
  const bool added =
      pending_.emplace(Key{at->index, at->term}, Pending{time_->now_us, std::move(done)}).second;
  CHECK(added) << "one proposal per index and term: " << at->index << "/" << at->term;
  return Status::Ok();
}

Result<raft::Proposed> Proposals::Append(std::string_view command) {
  if (IsMembershipRequest(command)) return change_members_(command);
  if (coord::VersionOfEncoded(command) > state_->command_version()) {
    return Status(Code::kUnimplemented, "upgrade_unfinished",
                  "Not all members of the cluster run a Baton that knows this command; finish the "
                  "upgrade, then retry");
  }
  BATON_RETURN_IF_ERROR(full_disk_->Admit(command));
  return raft_->Propose(raft::Payload(coord::EncodeEntry(cluster_time_->NowMs(), command)));
}

void Proposals::OnApplied(Index index, Term term, const coord::Reply* reply) {
  auto own = pending_.extract(Key{index, term});
  if (PLANTED("node.reply_by_index_only") && own.empty() && reply != nullptr) {
    const auto first = pending_.lower_bound(Key{index, Term()});
    if (first != pending_.end() && first->first.index == index) own = pending_.extract(first);
  }
  std::vector<Pending> lost = TakeThrough(index);  // another entry took their place
  if (term > applied_term_) {  // only then can what lies beyond have become impossible
    applied_term_ = term;
    for (Pending& pending : TakeLost(index, term)) lost.push_back(std::move(pending));
  }
  if (own) {
    CHECK(reply != nullptr) << "what is proposed has an answer";
    const Pending& pending = own.mapped();
    pending.done({Fate::kApplied, index, reply, pending.proposed_us});
  }
  for (const Pending& pending : lost) pending.done({Fate::kLost, Index(), nullptr, 0});
}

void Proposals::OnSnapshotInstalled(Index index, Term term) {
  const std::vector<Pending> unknown = TakeThrough(index);
  applied_term_ = std::max(applied_term_, term);
  const std::vector<Pending> lost = TakeLost(index, term);
  const Fate hidden = PLANTED("node.snapshot_means_lost") ? Fate::kLost : Fate::kUnknown;
  for (const Pending& pending : unknown) pending.done({hidden, Index(), nullptr, 0});
  for (const Pending& pending : lost) pending.done({Fate::kLost, Index(), nullptr, 0});
}

std::vector<Proposals::Pending> Proposals::TakeThrough(Index index) {
  std::vector<Pending> taken;
  while (!pending_.empty() && pending_.begin()->first.index <= index) {
    taken.push_back(std::move(pending_.begin()->second));
    pending_.erase(pending_.begin());
  }
  return taken;
}

std::vector<Proposals::Pending> Proposals::TakeLost(Index from, Term term) {
  std::vector<Pending> lost;
  for (auto it = pending_.lower_bound(Key{from, Term()}); it != pending_.end();) {
    if (it->first.term < term) {
      lost.push_back(std::move(it->second));
      it = pending_.erase(it);
    } else {
      ++it;
    }
  }
  return lost;
}

}  // namespace baton::node
