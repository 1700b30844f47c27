// File: raft_story.h
//
// The commands of the Raft stories (test/scenario/raft/*.txt), over bare cores. A command prints
// the messages that were sent, in order, then what the node's driver was told, then a line for each
// node that changed. Node numbers come first. With messages=no a command only counts its messages.
//
//   cluster voters=(1,2,3) [joint=() learners=() learners_next=() witnesses=() auto_leave=true
//           commit_quorum=N] [any field of raft::Config=value]
//   reconfigure N field=value ...           settings of a running node
//   add-node N                              a node that knows nobody yet
//
// Time and the network:
//   elect N                                 campaign and settle, messages=no
//   tick N [times]                          time passes at one node
//   tick-all [times]                        time passes, all settles
//   settle                                  until nothing moves
//   deliver [count] [filter]                oldest first
//   drop, delay, repeat [count] [filter]    lost; kept until `arrive`; once more, behind the others
//   arrive                                  what was delayed is on its way again
//     filter: type=Kind from=N to=N
//   on-the-way                              messages not delivered yet
//   cut A B, cut-one-way A B, isolate N, heal
//
// The driver's side of one node:
//   pump N                                  take what the node wants
//   persist N                               its disk writes, and says so
//   write N                                 the oldest write reaches the disk; nothing is said
//   report N term last_index                OnPersisted of that mark
//   hold-disk N, release-disk N, crash N, restart N
//   lose-disk N [memory=newborn|lost]       crashed: it comes back empty
//   lose-tail N INDEX                       crashed: it comes back with its log up to INDEX
//   fail-disk N                             every read of its log is an error from now on
//   hold-apply N, apply N                   the state machine waits; takes one page
//   compact N keep                          drop the log, offer a snapshot
//   no-snapshot N                           none can be made at the moment
//   fetch-later N, entries-fetched N peer   its log is read in the background
//   unreachable N peer, snapshot-sent N peer delivered=true, cancel-snapshot N peer
//
// The core's API, see raft.h:
//   campaign N, ping N, forget-leader N, request-snapshot N, transfer N target, wake N
//   propose N command [expected_term=T]
//   forward N command
//   change N [implicit|explicit] [add_voter=() add_learner=() add_witness=() remove=()
//          commit_quorum=N expected_config_index=I]
//   leave-joint N
//   read N id ... [mode=lease], cancel-read N id
//   set-peer-window N peer messages bytes
//   set-commit-groups N 1=group 2=group ...
//
//   status                                  every node, and the leader's view of its peers
//   log N                                   the entries on its disk
//   members N                               the configuration that it follows
//   trace                                   with trace=true: the events since the last time, as
//                                           NDJSON
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
  using Commands = std::map<std::string, Command>;
  static const Commands& Stage();   // raft_story.cc: time, network, processes, disks
  static const Commands& Driver();  // story_driver.cc: what a driver does and calls

  std::string Start(const Stanza& stanza);
  std::string Reconfigure(const Stanza& stanza);
  std::string AddNode(const Stanza& stanza);
  std::string Elect(const Stanza& stanza);
  std::string Tick(const Stanza& stanza);
  std::string TickAll(const Stanza& stanza);
  std::string Settle(const Stanza& stanza);
  std::string Deliver(const Stanza& stanza);
  std::string Drop(const Stanza& stanza);
  std::string Delay(const Stanza& stanza);
  std::string Repeat(const Stanza& stanza);
  std::string Arrive(const Stanza& stanza);
  std::string OnTheWay(const Stanza& stanza);
  std::string Network(const Stanza& stanza);
  std::string Process(const Stanza& stanza);
  std::string StatusOfAll(const Stanza& stanza);
  std::string Log(const Stanza& stanza);
  std::string MembersOf(const Stanza& stanza);
  std::string Trace(const Stanza& stanza);

  std::string Pump(const Stanza& stanza);
  std::string Persist(const Stanza& stanza);
  std::string Write(const Stanza& stanza);
  std::string Report(const Stanza& stanza);
  std::string Apply(const Stanza& stanza);
  std::string Storage(const Stanza& stanza);
  std::string Peer(const Stanza& stanza);
  std::string Ask(const Stanza& stanza);
  std::string Transfer(const Stanza& stanza);
  std::string Propose(const Stanza& stanza);
  std::string Forward(const Stanza& stanza);
  std::string Change(const Stanza& stanza);
  std::string Read(const Stanza& stanza);
  std::string CancelRead(const Stanza& stanza);
  std::string SetPeerWindow(const Stanza& stanza);
  std::string SetCommitGroups(const Stanza& stanza);

  NodeId Node(const Stanza& stanza, size_t place = 0) const;
  uint64_t Number(const Stanza& stanza, size_t place, uint64_t fallback) const;
  bool Chosen(const Stanza& stanza, const raft::Message& message) const;
  // Takes the first `count` (all without a number) of the chosen messages off the way.
  std::vector<raft::Message> Take(const Stanza& stanza);
  // Takes what the node wants; gives the refusal, if it is one.
  std::string Done(NodeId id, const Status& status);
  std::string Done(NodeId id, const Result<raft::Proposed>& proposed);
  // What was sent, what drivers were told and who changed since the last time.
  std::string Account(bool count_messages);

  std::unique_ptr<raft::testing::Cluster> cluster_;
  std::map<NodeId, raft::Config> configs_;
  std::vector<raft::Message> delayed_;
  std::map<NodeId, std::string> last_seen_;
  size_t events_seen_ = 0;
};

}  // namespace baton::scenario
