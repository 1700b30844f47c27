// File: reads.h
//
// Linearizable reads without a log entry (thesis section 6.4), as commits of a counter. The leader
// numbers rounds of confirmation with a counter of its own, which starts anew with each leadership
// and is never shown to clients. A round covers all reads that were asked since the last one and
// remembers the commit index of its start. Every heartbeat carries the newest counter, every answer
// returns it, and what a quorum has returned confirms that round and all before it: reads have
// majorities, joint ones too, by the same function as commits, and neither a repeated question nor
// a late answer can confirm a read that was asked after it.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/ready.h"

namespace baton::raft {

// A read as the leader holds it.
struct Read {
  NodeId from;  // who asked: the leader itself or a peer
  uint64_t id = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

struct ConfirmedRead {
  Read read;
  Index index;
  friend bool operator==(const ConfirmedRead&, const ConfirmedRead&) = default;
};

// The reads of one leadership.
class ReadRounds {
 public:
  explicit ReadRounds(NodeId self) : self_(self) {}

  // Reads held, cancelled ones included until their round is over.
  size_t size() const { return size_; }
  // The newest round; 0 before the first.
  uint64_t counter() const { return counter_; }
  bool has_waiting() const { return !waiting_.empty(); }
  bool has_unconfirmed() const { return !rounds_.empty(); }

  void Ask(Read read);
  // Drops a read of this node.
  void Cancel(uint64_t id) { own_.erase(id); }
  // All waiting reads become a round. Requires has_waiting(), and that `commit` is current: an
  // entry of the leader's own term is committed.
  void StartRound(Index commit);
  // A quorum has returned `counter`. Appends the reads of all rounds up to it, in the order asked.
  void Confirm(uint64_t counter, std::vector<ConfirmedRead>* confirmed);
  // Leadership is lost: gives the ids of this node's own reads, ascending, and forgets all.
  std::vector<uint64_t> Abort();

 private:
  struct Round {
    uint64_t counter = 0;
    Index index;
    std::vector<Read> reads;
  };

  NodeId self_;
  uint64_t counter_ = 0;
  size_t size_ = 0;
  std::vector<Read> waiting_;
  std::deque<Round> rounds_;  // ascending counters
  std::set<uint64_t> own_;    // of this node, not cancelled
};

}  // namespace baton::raft
