// File: fault_kind.h
//
// What can go wrong in a chaos run, as a table: a line there is all that a new kind needs.
//
// Faults come in two lanes, and each lane has at most one at a time: what happens to nodes and
// their disks, and what happens between nodes. All on the thread that owns the nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/random.h"
#include "test/chaos/nodes.h"

namespace baton::chaos {

// Where faults happen.
struct Scene {
  Nodes* nodes = nullptr;
  Random* random = nullptr;
  int leader = -1;        // as last seen; -1: nobody
  std::set<int> may_end;  // nodes that may end by themselves now
  // Each a sentence: what happened though it never may.
  std::vector<std::string> violations;

  int AnyNode() { return static_cast<int>(random->Below(static_cast<uint64_t>(nodes->size()))); }
  // The leader, half of the time.
  int Victim() { return leader >= 0 && random->Chance(1, 2) ? leader : AnyNode(); }
};

// A fault under way.
struct Fault {
  std::string what;  // "kill: node 2"
  // Nothing: it did not come about, `what` says why, and it does not count.
  std::function<void()> end;
};

enum class Lane { kNodes, kNetwork };

// What the machine must allow.
enum class Needs { kNothing, kSmallDisks, kNetwork, kFilters };

struct FaultKind {
  std::string_view name;
  std::string_view help;
  Lane lane = Lane::kNodes;
  Needs needs = Needs::kNothing;
  int64_t shortest_ms = 0;
  int64_t longest_ms = 0;
  Fault (*begin)(Scene* scene) = nullptr;
};

// All of them; the names are unique.
const std::vector<FaultKind>& FaultKinds();
// The lines of that table, by lane.
std::vector<FaultKind> NodeFaultKinds();
std::vector<FaultKind> NetworkFaultKinds();

// Why this machine cannot have it; empty: it can.
std::string WhyNot(const FaultKind& kind, const Nodes& nodes);

}  // namespace baton::chaos
