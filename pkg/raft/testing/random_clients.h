// File: random_clients.h
//
// What the users of a core ask of it in a random history: commands, reads, transfers, snapshots,
// other settings, changes of membership. Mostly of who leads, sometimes of anybody; much is refused
// for one reason or another. For tests.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "pkg/raft/testing/random_cluster.h"

namespace baton::raft::testing {

class RandomClients {
 public:
  // `world` must outlive this.
  explicit RandomClients(RandomCluster& world) : world_(world) {}

  void CallSomebody();
  // With leases: whoever leads an old term is asked for a read, and now and then who leads the
  // newest. Nothing shows sooner that a lease has outlived its leadership.
  void AskLeaders();
  // Or nobody, if that is what somebody has promised.
  void ElectSomebody();
  // Takes the answers to reads that have come since.
  void TakeAnswers();
  uint64_t reads_answered() const { return reads_answered_; }

  // One read at `id`, and all that it takes. True if it was answered.
  bool ReadIsAnswered(NodeId id);

 private:
  void Call(NodeId id);
  ReadMode AnyReadMode();
  void Prefer(NodeId id);
  void ProposeChange(NodeId id);
  std::vector<MemberChange> AnyMemberChanges();

  RandomCluster& world_;
  std::set<NodeId> witnesses_;  // that changes have added
  uint64_t calls_ = 0;
  uint64_t reads_answered_ = 0;
};

}  // namespace baton::raft::testing
