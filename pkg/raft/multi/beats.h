// File: beats.h
//
// Liveness by beats between processes: one number per peer and interval, however many groups they
// share. The number tells one life of a process from the next.
//
//   Beats beats(timeout_ticks);
//   each tick:     for (NodeId dead : beats.Tick()) groups.OnNodeDown(dead);
//   with a batch:  if (beats.Hear(batch.from, batch.incarnation)) groups.OnNodeDown(batch.from);
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "pkg/raft/multi/liveness.h"

namespace baton::raft {

class Beats final : public Liveness {
 public:
  // A node that is not heard for timeout_ticks is dead. That must exceed the interval of beats and
  // be at most the groups' election timeout, or a dead leader is found later than by its silence.
  explicit Beats(uint32_t timeout_ticks) : timeout_ticks_(timeout_ticks) {}

  // One tick has passed. Gives the nodes that are dead since, ascending.
  std::vector<NodeId> Tick();
  // True if `node` lives and has another life than when it was last heard: whatever it led, it does
  // not lead. Who was given as dead is heard as if for the first time.
  bool Hear(NodeId node, uint64_t incarnation);

  bool Lives(NodeId node) const override;
  size_t living() const { return heard_.size(); }

 private:
  struct Heard {
    uint64_t incarnation = 0;
    uint64_t at = 0;
  };

  uint32_t timeout_ticks_;
  uint64_t now_ = 0;
  std::map<NodeId, Heard> heard_;  // who lives
};

}  // namespace baton::raft
