// File: rotting_cluster.h
//
// A cluster of three real nodes in one thread (pkg/node/testing/sim_cluster.h) with real data
// directories, one of them on a disk that rots (pkg/storage/testing/fault_env.h), and something
// that starts that node again when it dies, as Kubernetes would. Everything from one seed, but for
// when LevelDB's background threads run.
//
// Checked after every write and at every look: nothing acknowledged is lost, no read is wrong, and
// what SimCluster checks (one leader per term, one state per entry).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "pkg/base/random.h"
#include "pkg/node/testing/sim_cluster.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::fault {

class RottingCluster {
 public:
  static constexpr NodeId kVictim = NodeId(3);

  explicit RottingCluster(uint64_t seed);
  ~RottingCluster();

  // --- the disk ---
  // Changes one byte, or cuts off an end, of a file chosen by kind first (so that small files are
  // hit as often as large ones). Gives what it did, "WATERMARK flipped at 7".
  std::string FlipByte();
  std::string CutFile();
  uint64_t kinds_hit() const { return hits_.size(); }
  // What the victim had to repair at its starts, and how often its disk ended it.
  uint64_t repairs() const { return repairs_; }
  uint64_t deaths() const { return deaths_; }

  // --- the victim's process ---
  void Stop(bool kill);
  // Starts it, and again whenever it dies, until it is as good as before; at most limit_ms of
  // simulated time. Empty, or why not.
  std::string ServesAgain(int64_t limit_ms);
  // A new, empty disk for it.
  void ReplaceDisk();

  // --- the others ---
  // Commits with the victim's help only, then takes away the one who has it too: until that one is
  // back nobody may lead who lacks it.
  void LeaveTheVictimAlone();
  void BringBack();

  // --- clients ---
  void WriteSome(int count);
  // Every node that is up answers linearizable reads, with what was last acknowledged.
  void CheckReads();
  void RunFor(int64_t distance_ms);

  uint64_t acknowledged() const { return model_.size(); }

 private:
  // Does something during which the victim may die, and notices.
  void Guarded(const std::function<void()>& work);
  Status Start(NodeId id);
  void StopNode(NodeId id, bool kill);
  bool Runs(NodeId id) { return cluster_.alive(id) && !cluster_.node(id).failed(); }
  bool IsWell();
  std::string Describe();
  std::string PickFile();
  std::string DamageFile(const std::function<void(std::string* bytes)>& change);
  bool Put(NodeId at, const std::string& key, const std::string& value);

  struct Machine {
    storage::FaultEnv disk;
    std::unique_ptr<storage::DataDir> dir;
  };

  storage::FaultEnv& disk() { return machines_[kVictim].disk; }

  Random random_;
  std::map<NodeId, Machine> machines_;
  node::testing::SimCluster cluster_;
  std::map<std::string, std::string> model_;  // acknowledged
  std::map<std::string, uint64_t> hits_;      // by kind of file
  uint64_t writes_ = 0;
  uint64_t repairs_ = 0;
  uint64_t deaths_ = 0;
};

}  // namespace baton::fault
