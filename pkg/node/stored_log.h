// File: stored_log.h
//
// The core's view of what is durable: the log store, and the snapshot that this node could send.
#pragma once

#include <functional>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/raft/log_reader.h"

namespace baton::node {

class StoredLog final : public raft::LogReader {
 public:
  using SnapshotPoint = std::function<Result<raft::SnapshotMeta>()>;
  using Fatal = std::function<void(const Status&)>;

  // `snapshot_point`: what a copy of the state made now would stand for; kUnavailable: for nothing.
  // `fatal` is told of errors that mean trouble with the disk.
  StoredLog(const LogStore* log, SnapshotPoint snapshot_point, Fatal fatal)
      : log_(log), snapshot_point_(std::move(snapshot_point)), fatal_(std::move(fatal)) {}

  Index FirstIndex() const override { return log_->FirstIndex(); }
  Index LastIndex() const override { return log_->LastIndex(); }
  Result<Term> TermAt(Index index) const override { return Told(log_->TermAt(index)); }
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t bytes_max) const override {
    return Told(log_->Entries(low, high, bytes_max));
  }
  Result<raft::SnapshotMeta> Snapshot() const override { return snapshot_point_(); }

 private:
  template <typename T>
  Result<T> Told(Result<T> result) const {
    const Code code = result.ok() ? Code::kOk : result.status().code();
    if (code == Code::kIo || code == Code::kCorruption) fatal_(result.status());
    return result;
  }

  const LogStore* log_;
  SnapshotPoint snapshot_point_;
  Fatal fatal_;
};

}  // namespace baton::node
