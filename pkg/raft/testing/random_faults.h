// File: random_faults.h
//
// What goes wrong in a random history: crashes, cuts, slow and lost disks, lost, late, repeated
// and reordered messages, needless elections; and the disks and the network, which only mostly do
// what they should. For tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "pkg/raft/testing/random_cluster.h"

namespace baton::raft::testing {

class RandomFaults {
 public:
  // `world` must outlive this.
  explicit RandomFaults(RandomCluster& world);

  // True if something goes wrong now; what, Strike() finds out.
  bool IsDue() { return world_.random.Chance(per_mille_, 1000); }
  void Strike();
  // Everything that can be is healed: all processes run, all disks work, everybody hears everybody.
  void EndAll();

  // Mostly in order, sometimes not, sometimes twice, sometimes never.
  void DeliverSome();
  // Some part of what waits for it.
  void UseDisk(NodeId id);

  uint64_t disks_lost() const { return disks_lost_; }

 private:
  void LoseDisk(NodeId id);  // in one of three ways
  bool OthersHaveLogs(NodeId id) const;
  void Deafen(NodeId id);
  void Mute(NodeId id);
  void HandOverAndDeafen(NodeId id);
  size_t NextToDeliver();

  RandomCluster& world_;
  std::set<NodeId> lagging_;  // what is sent to them arrives in order, and late
  uint64_t per_mille_ = 0;
  uint64_t disks_to_lose_ = 0;
  uint64_t disks_lost_ = 0;
};

}  // namespace baton::raft::testing
