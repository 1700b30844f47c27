#include "pkg/node/transfer.h"

#include <algorithm>
#include <utility>

namespace baton::node {
namespace {

// How many waits for a transfer lie between two.
constexpr int64_t kHandOverPauseWaits = 5;

}  // namespace

NodeId BestSuccessor(const raft::RaftStatus& status) {
  NodeId best;
  Index best_match;
  for (const NodeId voter : status.config.voters) {
    const auto peer = status.peers.find(voter);
    if (voter == status.id || peer == status.peers.end()) continue;
    if (!peer->second.recently_active || peer->second.amnesia) continue;
    if (best && peer->second.match <= best_match) continue;
    best = voter;
    best_match = peer->second.match;
  }
  return best;
}

NodeId ReadySuccessor(const raft::RaftStatus& status, const std::set<NodeId>& unfit) {
  raft::RaftStatus ready = status;
  std::erase_if(ready.peers, [&](const auto& entry) {
    const auto& [id, peer] = entry;
    return unfit.contains(id) || peer.state != raft::ReplicationState::kReplicate ||
           peer.match + kHandOverLagMax < status.last_index;
  });
  return BestSuccessor(ready);
}

void Transfer::Start(NodeId target, Service::StatusCallback done) {
  if (request_) {
    done(Status(Code::kConflict, "transfer_under_way", "Leadership is being handed over already"));
    return;
  }
  if (raft_->role() != raft::Role::kLeader) {
    done(Status(Code::kUnavailable, "not_leader", "This node does not lead"));
    return;
  }
  if (!target) target = BestSuccessor(raft_->GetStatus());
  if (!target) {
    done(Status(Code::kUnavailable, "no_successor", "No other voter was heard from lately"));
    return;
  }
  if (Status started = raft_->TransferLeadership(target); !started.ok()) {
    done(std::move(started));
    return;
  }
  request_ = Request{time_->now_us + wait_us_, std::move(done)};
}

void Transfer::Drain() {
  if (raft_->role() != raft::Role::kLeader) return;
  const raft::RaftStatus status = raft_->GetStatus();
  if (status.transfer_target) return;
  const NodeId target = BestSuccessor(status);
  if (target) (void)raft_->TransferLeadership(target).ok();  // refused: with the next tick
}

void Transfer::HandOver(const std::set<NodeId>& unfit) {
  if (raft_->role() != raft::Role::kLeader || time_->now_us < next_hand_over_us_) return;
  const NodeId target = ReadySuccessor(raft_->GetStatus(), unfit);
  if (!target || !raft_->TransferLeadership(target).ok()) return;
  next_hand_over_us_ = time_->now_us + kHandOverPauseWaits * wait_us_;
}

void Transfer::OnLeaderChange() {
  const bool leads = raft_->role() == raft::Role::kLeader;
  if (leads_ && !leads) stepped_down_us_ = time_->now_us;
  leads_ = leads;
  if (request_ && raft_->role() != raft::Role::kLeader && raft_->leader()) Finish(Status::Ok());
}

void Transfer::OnTick() {
  if (!request_ || time_->now_us < request_->deadline_us) return;
  Finish(Status(Code::kDeadlineExceeded, "Nobody took the leadership in time"));
}

void Transfer::Finish(const Status& status) {
  const Service::StatusCallback done = std::move(request_->done);
  request_.reset();
  done(status);
}

void Transfer::Close(const Status& why) {
  if (request_) Finish(why);
}

bool Transfer::drained() const {
  if (raft_->role() == raft::Role::kLeader) return !BestSuccessor(raft_->GetStatus());
  return !stepped_down_us_ || time_->now_us - *stepped_down_us_ >= linger_us_;
}

}  // namespace baton::node
