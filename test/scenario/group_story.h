// File: group_story.h
//
// The commands of the stories about many groups in one process (test/scenario/groups/*.txt). A
// command prints the batches that went from process to process, in order, each with what it carries
// for each group; an empty one is the beat of a process. Then a line for each process: how many of
// its groups are awake, and which it leads. With batches=no batches are only counted.
//
//   processes count groups=N [beats_every=ticks] [any field of raft::Config=value]
//                            every process takes part in every group, 1 to N
//   tick [times]             time passes everywhere; after each tick all batches arrive
//   propose group command    where that group is led
//   stop process             it dies
#pragma once

#include <map>
#include <memory>
#include <string>

#include "pkg/raft/multi/testing/group_process.h"
#include "test/scenario/transcript.h"

namespace baton::scenario {

class GroupStory {
 public:
  // Carries out one stanza; gives what it prints.
  std::string Run(const Stanza& stanza);

 private:
  void Start(const Stanza& stanza);
  void Propose(raft::GroupId group, const std::string& command);
  void Settle();
  void Note(const raft::PeerBatch& batch);
  std::string ProcessLines() const;

  uint64_t groups_ = 0;
  std::map<NodeId, std::unique_ptr<raft::testing::GroupProcess>> processes_;
  // Since the last command.
  std::string batches_;
  uint64_t batch_count_ = 0;
  uint64_t message_count_ = 0;
};

}  // namespace baton::scenario
