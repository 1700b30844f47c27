// File: waiting_service.h
//
// The node::Service of a process that has no node yet, or no more: it says what it waits for, and
// serves nothing. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "pkg/node/service.h"

namespace baton::batond {

class WaitingService final : public node::Service {
 public:
  WaitingService();

  // What it says from now on.
  void Say(node::Standing standing, const std::string& cluster_id, const std::string& detail);

  void Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) override;
  uint64_t Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) override;
  void CancelAcquire(uint64_t) override {}
  void KeepAlive(SessionId session, int64_t timeout_ms,
                 std::function<void(Result<coord::SessionInfo>)> done) override;
  void Read(node::Consistency consistency, Revision min_revision, int64_t timeout_ms,
            ReadCallback done) override;
  void OpenBackup(node::Consistency consistency, Revision min_revision, int64_t timeout_ms,
                  BackupCallback done) override;
  uint64_t Watch(coord::EventFilter filter, Revision from,
                 std::shared_ptr<node::WatchSink> sink) override;
  void CancelWatch(uint64_t) override {}
  void TransferLeadership(NodeId target, StatusCallback done) override;
  void ChangeMembers(node::MembershipRequest request, int64_t timeout_ms,
                     StatusCallback done) override;
  Status Deliver(node::PeerEnvelope envelope) override;
  void OnUnreachable(NodeId, std::vector<uint64_t>) override {}
  void OnSnapshotSent(NodeId, bool) override {}
  void OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) override;
  void GetSnapshotReach(NodeId from, uint64_t stream, ReachCallback done) override;
  std::shared_ptr<const node::StatusView> GetStatus() const override;
  const node::NodeMetrics& metrics() const override { return metrics_; }

 private:
  Status Refusal() const;

  node::NodeMetrics metrics_;
  mutable std::mutex mutex_;
  std::shared_ptr<const node::StatusView> status_;  // guarded by mutex_
};

}  // namespace baton::batond
