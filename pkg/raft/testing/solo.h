// File: solo.h
//
// One core, node 1, whose peers are played by the test. For tests.
//
//   Solo solo;                                             // a follower among voters 1, 2, 3
//   solo.Hear(2, 5, VoteRequest{.last_index = Index(0)});  // from node 2, in term 5
//   EXPECT_EQ(solo.Said(), "1->2 VoteResponse term=5 granted\n");
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pkg/raft/testing/test_node.h"

namespace baton::raft::testing {

// NodeIds from plain numbers: Ids({1, 2, 3}).
std::vector<NodeId> Ids(const std::vector<uint64_t>& numbers);
ConfigState Voters(const std::vector<uint64_t>& numbers);
// A change of one member.
MembershipChange OneChange(MemberChange::Type type, uint64_t id);

// Entries of these terms from `first` on: Entries(4, {2, 2, 3}).
std::vector<Entry> EntriesOf(uint64_t first, const std::vector<uint64_t>& terms);

// Point prev of an append: Append({3, 2}, 1, EntriesOf(4, {2})).
struct At {
  uint64_t index = 0;
  uint64_t term = 0;
};
AppendRequest Append(At prev, uint64_t commit, std::vector<Entry> entries = {});

// An append's acknowledgement.
AppendResponse Acknowledge(uint64_t match);

class Solo {
 public:
  explicit Solo(ConfigState membership = Voters({1, 2, 3}), Config config = {});

  TestNode& node() { return node_; }
  Raft& raft() { return node_.raft(); }
  RaftStatus status() { return raft().GetStatus(); }

  // What the disk holds before the start: entries of these terms from 1 on, and the term of the
  // hard state. Restarts the core.
  void StartWith(const std::vector<uint64_t>& terms, uint64_t term, uint64_t commit = 0);

  Status Hear(uint64_t from, uint64_t term, MessageBody body);
  void Tick(uint64_t count = 1);

  // What left since the last call, one per line. Everything is written to disk first.
  std::string Said();
  // The same without the disk's help: what does not wait for it.
  std::string SaidAtOnce();
  // As values.
  std::vector<Message> Sent();

  // Wins an election in the next term with the votes of all others, and forgets what it said.
  void Lead();
  // All others acknowledge everything there is; forgets what it said.
  void AcknowledgeAll();
  Proposed Propose(const std::string& command);  // must be accepted

 private:
  Config config_;
  TestNode node_;
};

// The same, leading in term 1, with everybody in sync.
class SoloLeader : public Solo {
 public:
  explicit SoloLeader(const Config& config = {}, ConfigState membership = Voters({1, 2, 3}))
      : Solo(std::move(membership), config) {
    Lead();
    AcknowledgeAll();
  }
};

}  // namespace baton::raft::testing
