// File: cluster.h
//
// Several TestNodes and the network between them, driven by the test step by step, deterministic to
// the last message. For tests.
//
//   Cluster cluster(3);
//   cluster.Elect(NodeId(1));
//   cluster.Propose(NodeId(1), "x");
//   cluster.Settle();                          // until nothing moves any more
//   cluster.Isolate(NodeId(1));  cluster.TickAll(20);
//
// After every step the Checker looks at what moved.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/raft/testing/checker.h"
#include "pkg/raft/testing/solo.h"

namespace baton::raft::testing {

struct ClusterOptions {
  ConfigState membership = Voters({1, 2, 3});
  Config config;  // id is set for each node
};

class Cluster {
 public:
  explicit Cluster(uint64_t voters);
  explicit Cluster(ClusterOptions options);
  Cluster(const Cluster&) = delete;  // the checker watches the nodes in place
  Cluster& operator=(const Cluster&) = delete;

  // A node that knows nobody and that nobody knows: it becomes a member by a change.
  void AddNode(NodeId id);

  TestNode& node(NodeId id) { return nodes_.at(id); }
  Raft& raft(NodeId id) { return nodes_.at(id).raft(); }
  Nodes& nodes() { return nodes_; }
  const Nodes& nodes() const { return nodes_; }
  Checker& checker() { return checker_; }
  const Checker& checker() const { return checker_; }

  // --- one step at a time ---
  // Takes the node's Readys and puts its messages on the way.
  void Pump(NodeId id);
  // The oldest (or the chosen) message arrives, if the network lets it. True if there was one.
  bool DeliverOne(size_t place = 0);
  // Messages on the way, oldest first. The test may drop, repeat or reorder them.
  std::deque<Message>& on_the_way() { return on_the_way_; }
  void Step(const Message& message);  // arrives at message.to, now

  // --- until nothing moves ---
  // Delivers and persists everything, but for disks that are held.
  void Settle();
  void Tick(NodeId id);              // time that passes while it sleeps is added when it wakes
  void TickAll(uint64_t ticks = 1);  // all running nodes, settling after each tick

  // --- trouble ---
  void Cut(NodeId a, NodeId b);  // both directions
  void CutOneWay(NodeId from, NodeId to) { cut_.insert({from, to}); }
  void Isolate(NodeId id);
  void Heal() { cut_.clear(); }
  bool Connected(NodeId from, NodeId to) const { return !cut_.contains({from, to}); }
  void HoldDisk(NodeId id) { held_disks_.insert(id); }
  void ReleaseDisk(NodeId id) { held_disks_.erase(id); }
  bool DiskHeld(NodeId id) const { return held_disks_.contains(id); }
  void Crash(NodeId id);
  void Restart(NodeId id);
  // As a driver does before it hands anything to a node that may sleep: its leader lives if that
  // process runs.
  void Wake(NodeId id);
  // Loses its disk and starts again; `memory` as in TestNode.
  void LoseDisk(NodeId id, Memory memory = Memory::kWhole);
  // Loses the end of its log and starts again.
  void LoseTail(NodeId id, Index last);
  // Messages for which it is true are lost. Empty: none.
  void DropWhere(std::function<bool(const Message&)> drop) { drop_ = std::move(drop); }

  // --- short for what tests do all the time ---
  // Lets `id` win an election; it must be able to.
  void Elect(NodeId id);
  // Ticks until there is a leader that a quorum follows, at most `ticks_max`; 0 if there is none.
  NodeId WaitForLeader(uint64_t ticks_max);
  // The leader of the highest term; 0: none.
  NodeId Leader() const;
  Proposed Propose(NodeId leader, const std::string& command);  // must be accepted
  Status Read(NodeId id, uint64_t read, ReadMode mode = ReadMode::kQuorum);
  // The commands applied at `id` since its start, "a b c"; empty entries are left out.
  std::string Applied(NodeId id) const;
  // Proposes the change.
  Result<Proposed> TryChange(NodeId leader, const MembershipChange& change);
  // The same, which must be accepted, and settles.
  Proposed Change(NodeId leader, const MembershipChange& change);
  // From now on, messages that are sent are described, one per line.
  void Record() { recording_ = true; }
  std::string TakeTranscript();
  // Of all nodes, with Config::trace.
  const std::vector<TraceEvent>& trace() const { return trace_; }

 private:
  bool Lost(const Message& message) const;
  void Make(NodeId id, const ConfigState& membership);

  Config config_;
  Nodes nodes_;
  Checker checker_{&nodes_};
  std::deque<Message> on_the_way_;
  std::set<std::pair<NodeId, NodeId>> cut_;
  std::set<NodeId> held_disks_;
  std::map<NodeId, uint64_t> slept_;  // ticks since each fell asleep
  std::function<bool(const Message&)> drop_;
  bool recording_ = false;
  std::string transcript_;
  std::vector<TraceEvent> trace_;
};

}  // namespace baton::raft::testing
