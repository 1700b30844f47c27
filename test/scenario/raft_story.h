// File: raft_story.h
//
// The commands of the Raft stories (test/scenario/raft/*.txt), over bare cores. A command prints
// the messages that were sent, in order, then a line for each node that changed. Node numbers come
// first.
//
//   cluster voters=(1,2,3) [learners=(4)] [joint=(1,2,4)] [pre_vote=false] [check_quorum=false]
//           [append_bytes=N] [inflight=N]
//
//   campaign N                              stand for election
//   tick N [times]                          time passes at one node
//   tick-all [times]                        time passes, all settles
//   settle                                  until nothing moves
//   pump N                                  take what the node wants
//   persist N                               its disk writes, and says so
//   deliver [count] [type=Kind] [to=N]      oldest first
//   drop [type=Kind] [to=N]                 lose what is on its way
//   propose N command                       leader only
//   read N id                               ask for a read index
//   transfer N target                       hand leadership over
//   unreachable N peer                      the driver could not deliver
//   compact N keep                          drop the log, offer a snapshot
//   cut A B, cut-one-way A B, isolate N, heal
//   crash N, restart N, hold-disk N, release-disk N
//   status                                  every node, and the leader's view of its peers
//   log N                                   the entries on its disk
//   on-the-way                              messages not delivered yet
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/raft/testing/cluster.h"
#include "test/scenario/transcript.h"

namespace baton::scenario {

class RaftStory {
 public:
  // Carries out one stanza; gives what it prints.
  std::string Run(const Stanza& stanza);

 private:
  using Command = std::string (RaftStory::*)(const Stanza&);
  static const std::map<std::string, Command>& Commands();

  std::string Start(const Stanza& stanza);
  std::string Campaign(const Stanza& stanza);
  std::string Tick(const Stanza& stanza);
  std::string TickAll(const Stanza& stanza);
  std::string Settle(const Stanza& stanza);
  std::string Pump(const Stanza& stanza);
  std::string Persist(const Stanza& stanza);
  std::string Deliver(const Stanza& stanza);
  std::string Drop(const Stanza& stanza);
  std::string Propose(const Stanza& stanza);
  std::string Read(const Stanza& stanza);
  std::string Transfer(const Stanza& stanza);
  std::string Unreachable(const Stanza& stanza);
  std::string Compact(const Stanza& stanza);
  std::string Network(const Stanza& stanza);
  std::string Process(const Stanza& stanza);
  std::string StatusOfAll(const Stanza& stanza);
  std::string Log(const Stanza& stanza);
  std::string OnTheWay(const Stanza& stanza);

  NodeId Node(const Stanza& stanza, size_t place = 0) const;
  uint64_t Number(const Stanza& stanza, size_t place, uint64_t fallback) const;
  bool Chosen(const Stanza& stanza, const raft::Message& message) const;
  // What was sent and who changed since the last time.
  std::string Account();
  std::string DescribeNode(NodeId id) const;

  std::unique_ptr<raft::testing::Cluster> cluster_;
  std::map<NodeId, std::string> last_seen_;
};

}  // namespace baton::scenario
