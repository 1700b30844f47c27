// File: sim_network.h
//
// The wires of a simulated cluster: what becomes of a message from one node to another. Each
// direction of each pair is a link of its own. Pure: chance comes from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/random.h"

namespace baton::node::testing {

// What is wrong with one link, beside what is wrong with all.
struct LinkFault {
  bool cut = false;  // nothing arrives, and nobody is told
  uint64_t loss_percent = 0;
  uint64_t repeat_percent = 0;
  int64_t delay_max_us = 0;      // up to so much longer, each message on its own: they overtake
  int64_t clogged_until_us = 0;  // nothing arrives before; then all of it does
};

struct NetworkOptions {
  int64_t delay_min_us = 200;
  int64_t delay_max_us = 2'000;
  uint64_t loss_percent = 0;
  uint64_t repeat_percent = 0;
};

class SimNetwork {
 public:
  SimNetwork(uint64_t seed, NetworkOptions options) : random_(seed), options_(options) {}

  // The link from one to the other, to be changed.
  LinkFault& Link(NodeId from, NodeId to) { return links_[{from, to}]; }
  void Cut(NodeId from, NodeId to) { Link(from, to).cut = true; }
  // All links are well again. What is under way arrives as it was meant to.
  void Heal() { links_.clear(); }
  void SetLoss(uint64_t loss_percent) { options_.loss_percent = loss_percent; }

  bool Connected(NodeId from, NodeId to) const;
  // How long the copies of a message take that is sent now; none: it is lost.
  struct Copies {
    int count = 0;
    int64_t delays_us[2] = {};
  };
  Copies Send(NodeId from, NodeId to, int64_t now_us);
  // Of one that is neither lost nor repeated (a connection that somebody waits for).
  int64_t DelayUs(NodeId from, NodeId to, int64_t now_us);

 private:
  const LinkFault* Find(NodeId from, NodeId to) const;
  int64_t DelayUs(const LinkFault* fault, int64_t now_us);

  Random random_;
  NetworkOptions options_;
  std::map<std::pair<NodeId, NodeId>, LinkFault> links_;
};

}  // namespace baton::node::testing
