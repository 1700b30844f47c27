// File: loop.h
//
// A whole cluster of cores in one thread, with logs in memory and messages passed at once: the loop
// of a driver with nothing around it, for measuring the core. No messages are lost and no disk is
// slow.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "pkg/raft/raft.h"

namespace baton::bench {

// A log in memory that allocates nothing in the long run: it forgets what is old.
class BoundedLog final : public raft::LogReader {
 public:
  explicit BoundedLog(raft::ConfigState config) : config_(std::move(config)) {
    entries_.reserve(2 * kKept);
  }

  Index FirstIndex() const override { return start_ + 1; }
  Index LastIndex() const override { return start_ + entries_.size(); }
  Result<Term> TermAt(Index index) const override;
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t bytes_max) const override;
  Result<raft::SnapshotMeta> Snapshot() const override;

  // Leaves them moved from.
  void Write(std::vector<raft::Entry>* entries);
  // Everything but the last kKept entries up to `applied` may go.
  void Trim(Index applied);

 private:
  static constexpr size_t kKept = 512;

  raft::ConfigState config_;
  Index start_;
  Term start_term_;
  std::vector<raft::Entry> entries_;
};

struct LoopOptions {
  uint64_t voters = 3;
  uint64_t learners = 0;
  raft::Config config = {};  // id is set for each node
};

// "1..voters" and the learners after them.
raft::ConfigState Members(uint64_t voters, uint64_t learners);

class Loop {
 public:
  explicit Loop(const LoopOptions& options);

  raft::Raft& leader() { return *nodes_.front().raft; }
  // Node 1 campaigns and wins.
  void Elect();
  // `count` commands, from the leader's proposal until every node has applied them.
  void Commit(const raft::Payload& command, size_t count);
  Index applied() const { return nodes_.front().raft->GetStatus().applied; }

 private:
  struct Node {
    std::unique_ptr<BoundedLog> log;
    std::unique_ptr<raft::Raft> raft;
    raft::Ready ready;                 // its room is used again
    std::vector<raft::Message> inbox;  // and that of these two
    std::vector<raft::Message> read;
  };

  // Steps what is in its inbox.
  void Read(Node& node);
  // Does what its next Ready says.
  void Take(Node& node);
  void RunAll();
  void Post(std::vector<raft::Message>* messages);

  std::vector<Node> nodes_;  // by id, from 1
};

}  // namespace baton::bench
