// File: log_writer.h
//
// The port behind which log writes happen: in a process a thread of its own (log_writer_thread.h),
// in the simulator a queue that completes when the simulated disk says so.
//
// Jobs are done in the order in which they were given. An error of the disk stops the node.
#pragma once

#include <cstdint>
#include <vector>

#include "pkg/node/ports.h"
#include "pkg/raft/message.h"
#include "pkg/raft/types.h"

namespace baton::node {

struct WriteJob {
  LogWrite write;
  bool must_sync = false;
  raft::LogMark mark;                   // told to Node::OnPersisted when durable
  std::vector<raft::Message> messages;  // sent when durable, before OnPersisted
};

// Nobody waits for it: the commit index may lag on the disk (raft::HardState).
inline bool OnlyMovesCommit(const WriteJob& job) {
  return !job.must_sync && job.messages.empty() && job.write.entries.empty() && !job.write.snapshot;
}

class LogWriter {
 public:
  virtual ~LogWriter() = default;
  // What only moves the commit index may wait for the next job, and be reported with it.
  virtual void Write(WriteJob job) = 0;
  // Makes the state durable (StateStore::Sync), then drops the log up to start.index; then
  // Node::OnCompacted.
  virtual void Compact(raft::SnapshotMeta start) = 0;
};

}  // namespace baton::node
