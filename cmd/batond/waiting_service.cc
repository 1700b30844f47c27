#include "cmd/batond/waiting_service.h"

#include <utility>

namespace baton::batond {

WaitingService::WaitingService() { Say(node::Standing::kForming, "", ""); }

void WaitingService::Say(node::Standing standing, const std::string& cluster_id,
                         const std::string& detail) {
  auto status = std::make_shared<node::StatusView>();
  status->standing = standing;
  status->cluster_id = cluster_id;
  status->standing_detail = detail;
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

std::shared_ptr<const node::StatusView> WaitingService::GetStatus() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Status WaitingService::Refusal() const {
  const auto status = GetStatus();
  const bool removed = status->standing == node::Standing::kRemoved;
  std::string what = "This node is no member of a cluster";
  if (!status->standing_detail.empty()) what += ": " + status->standing_detail;
  return Status(Code::kUnavailable, removed ? "member_removed" : "not_a_member", what);
}

void WaitingService::Submit(coord::Command, int64_t, ReplyCallback done) { done(Refusal()); }

uint64_t WaitingService::Acquire(coord::Command, int64_t, AcquireCallback done) {
  done(Refusal());
  return 0;
}

void WaitingService::KeepAlive(SessionId, int64_t,
                               std::function<void(Result<coord::SessionInfo>)> done) {
  done(Refusal());
}

void WaitingService::Read(node::Consistency, Revision, int64_t, ReadCallback done) {
  done(Refusal());
}

void WaitingService::OpenBackup(node::Consistency, Revision, int64_t, BackupCallback done) {
  done(Refusal());
}

uint64_t WaitingService::Watch(coord::EventFilter, Revision,
                               std::shared_ptr<node::WatchSink> sink) {
  sink->OnEnd(Refusal());
  return 0;
}

void WaitingService::TransferLeadership(NodeId, StatusCallback done) {
  done(Status(Code::kUnavailable, "not_leader", "This node is no member of a cluster"));
}

void WaitingService::ChangeMembers(node::MembershipRequest, int64_t, StatusCallback done) {
  done(Refusal());
}

Status WaitingService::Deliver(node::PeerEnvelope) { return Refusal(); }

void WaitingService::OnSnapshotChunk(SnapshotChunk, StatusCallback done) { done(Refusal()); }

void WaitingService::GetSnapshotReach(NodeId, uint64_t, ReachCallback done) { done(Refusal()); }

}  // namespace baton::batond
