// File: invariants.h
//
// What must hold of a cluster at every moment, whatever goes wrong; checked after every step of
// every node, every message and every write. A breach ends the process (CHECK) with a sentence that
// says what was promised. The names R1 ... are those of the table in the room's README.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pkg/node/testing/sim_cluster.h"
#include "test/sim/protocol_rules.h"
#include "test/sim/recorder.h"

namespace baton::sim {

struct InvariantOptions {
  bool pre_vote_always = true;  // see ProtocolRules
  // How long a session may live on after its time while its leader commits.
  int64_t overdue_max_ms = 0;
};

class Invariants final : public node::testing::SimObserver {
 public:
  // Both must outlive it.
  Invariants(node::testing::SimCluster* cluster, Recorder* recorder,
             const InvariantOptions& options);

  void OnStart(NodeId id, const node::LogState& found) override;
  void OnStarted(NodeId id) override { LookAtLog(id); }
  void OnCrash(NodeId id) override;
  void OnDiskLost(NodeId id) override;
  void OnStateLost(NodeId id) override;
  void OnStep(NodeId id, const node::Node& node) override;
  void OnSend(NodeId from, NodeId to, const node::PeerMessage& message) override;
  void OnReceive(NodeId to, const node::PeerEnvelope& envelope) override {
    protocol_.OnReceive(to, envelope);
  }
  void OnWritten(NodeId id, const node::LogWrite& write, bool synced) override;
  void OnCompacted(NodeId id, const raft::SnapshotMeta& start) override;

  // Of entries that were ever committed.
  Index committed() const { return committed_; }
  // At the end, when all agree: their rows are the same, byte for byte.
  void CheckRows() const;

 private:
  struct Disk {
    raft::HardState synced;  // survives a power failure
    Term granted_in;         // of the last vote that left this node
    NodeId granted_to;
    std::map<Index, Term> log;  // synced, from the first entry on
    Index start;                // nothing is before it
    bool lost = false;          // it has lost something, some time
    // What it had synced before: that counted for its quorum, though it is gone.
    Index had_start;
    std::set<std::pair<Index, Term>> had;
  };
  struct Seen {  // of a node's life
    Term term;
    Index applied;
    bool leads = false;
    int64_t leads_since_us = 0;  // and commits without a pause
    int64_t applied_us = 0;      // when it applied something last
  };

  void LookAtLog(NodeId id);
  void NoteCommit(const node::Node& node);
  void NoteConfig(NodeId id, const node::Node& node);
  void CheckTruncation(NodeId id, const node::LogWrite& write);
  void CheckLeader(NodeId id, const node::Node& node);
  void CheckCommitted(const node::Node& node);
  void CheckQuorum(Index index, Term term, const raft::RaftStatus& status);
  bool OnQuorum(const raft::ConfigState& config, Index index, Term term);
  std::string DescribeDisks() const;
  void CheckBounds(NodeId id, const node::Node& node);
  void CheckDue(NodeId id, const node::Node& node) const;
  void CheckOverdue(NodeId id, const node::Node& node, int64_t leads_since_us) const;
  void NoteSessionEntry(const raft::Entry& entry);
  std::set<uint64_t> DestroyedAfter(Index from, NodeId id);
  void NoteSessionEnds(const node::Node& node, Index from);
  bool Holds(const Disk& disk, Index index, Term term) const;
  void CheckVote(NodeId from, NodeId to, Term term);
  void CheckAppendResponse(NodeId from, Term term, const raft::AppendResponse& response);

  node::testing::SimCluster* const cluster_;
  Recorder* const recorder_;
  const int64_t overdue_max_ms_;
  ProtocolRules protocol_;
  std::map<NodeId, Disk> disks_;
  std::map<NodeId, Seen> seen_;
  // What an entry is: of its index and term the term before it and a hash of its bytes (R3).
  struct Content {
    uint64_t hash = 0;
  };
  std::map<std::pair<Index, Term>, Content> contents_;
  std::map<Index, Term> canon_;  // of some committed entries, the newest among them
  Index committed_;
  // The newest commit index of any leader, and the configuration that was in force at it: all up to
  // there is on a quorum of that.
  Index decided_;
  raft::ConfigState decided_by_;
  // What was the newest of them when the last of this term was; the term is that of who saw it
  // first, so no older than the leader's who committed it.
  std::map<Term, Index> committed_in_;
  int64_t cannot_forget_us_ = -1'000'000'000;  // when last an old node applied something
  struct SessionEntry {
    enum Kind { kRenews, kExpires, kDestroys } kind;
    uint64_t session = 0;
    // kExpires: void for a session that was renewed since, or whose deadline is later.
    uint64_t epoch = 0;
    int64_t stamp_ms = 0;
  };
  // What entries do to sessions that are not committed yet.
  std::map<std::pair<Index, Term>, std::vector<SessionEntry>> session_entries_;
  std::map<Index, raft::ConfigState> configs_;  // by the index at which they came into force
};

}  // namespace baton::sim
