// File: checker.h
//
// Watches a whole cluster from outside and aborts, saying which, when a safety property of the
// paper (figure 3) is broken. It keeps its own books and asks the cores as little as possible.
//
//   election safety       one leader per term
//   log matching          one (index, term) has one predecessor and one content, on all disks and
//                         in all messages
//   leader completeness   who becomes leader holds everything that was committed before its term
//   state machine safety  one entry per index is ever applied, in order, everywhere
//   durability            an entry is applied only when a quorum of disks holds it
//   monotony              terms and commit indexes do not go back while a process lives, nor do
//                         votes change within a term
//   witnesses             hold no data and never lead; some other voter holds what is committed
//   amnesia               who lost its disk neither stands for election nor votes
//   reads                 a read index covers all that was committed anywhere when it was asked
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "pkg/raft/testing/test_node.h"

namespace baton::raft::testing {

using Nodes = std::map<NodeId, TestNode>;

class Checker {
 public:
  explicit Checker(const Nodes* nodes) : nodes_(nodes) {}

  // Called for each Ready before it is carried out.
  void OnReady(const TestNode& node, const Ready& ready);
  // Called for each write when it is on the disk.
  void OnWrite(const TestNode& node, const PendingWrite& write);
  // After each step of a node.
  void Check(const TestNode& node);
  void OnRestart(NodeId id) { seen_.erase(id); }
  // Called while the disk is still there. A leader that does not know of it goes on counting what
  // was acknowledged.
  void OnDiskLost(NodeId id);
  // A leader has taken a change just now. It follows it at once, and may have given it up with the
  // leadership when it is next looked at.
  void OnChange(const TestNode& leader) { NoteConfig(leader); }
  // The read was asked now.
  void OnRead(uint64_t id) { read_floor_[id] = last_committed(); }

  // Everything that was ever committed, by index.
  const std::map<Index, Entry>& committed() const { return committed_; }
  Index last_committed() const { return committed_.empty() ? Index() : committed_.rbegin()->first; }

 private:
  struct Seen {
    Term term;
    NodeId vote;
    Index commit;
    bool amnesia = false;
  };

  // `at`: whose disk they are on, or who they are sent to.
  void CheckEntries(NodeId at, Term prev_term, const std::vector<Entry>& entries);
  void NoteConfig(const TestNode& node);
  void CheckCommitted(const TestNode& node, const std::vector<Entry>& entries);
  bool SomeQuorumHolds(const Entry& entry) const;
  // Counted anew and naively: the code under test has its own.
  bool QuorumHolds(const ConfigState& config, const std::vector<NodeId>& voters,
                   size_t commit_quorum, const Entry& entry) const;
  bool HoldsOrHeld(NodeId id, const Entry& entry) const;
  void CheckReads(const Ready& ready);
  void CheckNewLeader(const TestNode& node);

  const Nodes* nodes_;
  std::map<Term, NodeId> leaders_;
  std::map<NodeId, Seen> seen_;
  struct Written {
    Term prev_term;
    Entry entry;  // with its data
  };
  std::map<std::pair<Index, Term>, Written> written_;
  std::map<Index, Entry> committed_;
  // The term of whoever was first seen to apply it: that of the leader that committed it, or later.
  std::map<Index, Term> committed_in_;
  // All configurations that leaders followed, by the index that they come from.
  std::map<Index, std::vector<ConfigState>> configs_;
  Index last_committed_config_;
  std::set<NodeId> witnesses_;  // of any configuration: who was one once is nothing else later
  std::map<NodeId, std::set<std::pair<Index, Term>>> lost_;  // with a disk
  std::map<uint64_t, Index> read_floor_;
};

}  // namespace baton::raft::testing
