// File: plan.h
//
// What one seed stands for: how large the cluster is and how it is set, what goes wrong and when,
// and who asks what of it. Drawn whole from the seed before anything runs (swarm testing: Groce et
// al., "Swarm Testing", ISSTA 2012: each seed uses only some of the kinds of fault, and those
// harder), so that a failure can be shrunk by leaving parts of the plan out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/node/testing/sim_cluster.h"

namespace baton::sim {

enum class FaultKind {
  // Life.
  kKill,            // of one process; it starts again at the end
  kPowerLoss,       // of one machine: what was not synced is gone, or a part of it
  kPowerLossOfAll,  // all at once
  kRestart,         // asked for: it drains first
  kUpgrade,         // a restart with the newest commands; where nodes began with older ones
  kPause,           // the process gets no time
  // Network.
  kIsolate,   // one node hears nobody and nobody hears it
  kHalves,    // two camps, one of them a majority or none
  kBridge,    // two camps that share one node
  kRing,      // everybody hears only two neighbours
  kOneWay,    // one node does not hear another
  kDeaf,      // one node hears nobody
  kMute,      // nobody hears one node
  kHalfOpen,  // connections of one node lead nowhere; at the end both sides find out
  kLoss,      // of messages on the links of one node
  kRepeats,   // of messages
  kDelays,    // messages overtake each other
  kClog,      // nothing arrives on the links of one node, then all of it
  // Disk.
  kSlowDisk,
  kHungDisk,
  kFailedWrite,  // the process ends; it starts again at the end
  kLowDisk,      // hardly any room
  kFullDisk,     // none
  kRottenLog,    // the log has lost its end, and knows it
  kRottenState,  // the state is lost
  kLostNames,    // the state is the one from before the last snapshot again
  kNewDisk,      // an empty one in its place
  // Clock.
  kClockRate,  // one node's clock is too fast or too slow
  kClockJump,  // it leaps forward, up to an hour
  // Membership.
  kTransfer,   // leadership is handed to a node
  kAddMember,  // as a learner; promoted when it has caught up
  kRemoveMember,
  kDemote,  // a voter becomes a learner, and is promoted again
};
inline constexpr int kFaultKinds = static_cast<int>(FaultKind::kDemote) + 1;
std::string_view NameOf(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kKill;
  int64_t at_ms = 0;
  int64_t lasts_ms = 0;
  uint64_t choice = 0;  // of the nodes, and of how bad it is
  uint64_t number = 0;  // its place among those that were drawn
};

struct ClientPlan {
  uint64_t number = 0;  // its place among those that were drawn
  uint64_t seed = 0;
  uint64_t pinned = 0;       // the node it asks; 0: another one each time
  int64_t pause_max_ms = 0;  // between its operations
  uint64_t operations_max = 0;
  int64_t timeout_ms = 0;  // of one attempt
  bool watches = false;    // it watches, and does nothing else
  bool in_doubt = false;   // it loses answers now and then, and asks again
};

struct Plan {
  uint64_t seed = 0;
  node::testing::SimOptions cluster;
  int64_t safety_ms = 0;  // how long things go wrong
  uint64_t keys = 0;      // that the clients share
  uint64_t lines = 0;     // locks, and as many elections
  std::vector<Fault> faults;
  std::vector<ClientPlan> clients;
  uint64_t cruelty_percent = 0;  // how often a cruel site is cruel; 0: never
};

// The same for the same seed, on every machine.
Plan Draw(uint64_t seed);

// Some lines for people.
std::string Describe(const Plan& plan);

}  // namespace baton::sim
