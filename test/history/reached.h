// File: reached.h
//
// Which revision the state had certainly reached by when: what somebody saw, others who ask later
// must see too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/history/operation.h"

namespace baton::history {

// The operation's revision is that of a state that the cluster was in: of an answer that it decided
// or read. Left out are keepalives and refused acquires: theirs is that of the node that answers,
// which may be behind what it answers.
bool SaysRevision(const Operation& operation);

// It happened, and its revision is its own and nobody else's.
bool IsChange(const Operation& operation);

struct Sight {
  int64_t at_us = 0;
  uint64_t revision = 0;
  const Operation* operation = nullptr;  // or
  const Watch* watch = nullptr;
};
std::string Describe(const Sight& sight);

class Reached {
 public:
  // The history must outlive this.
  explicit Reached(const History& history);

  // The greatest revision that was seen strictly before `time_us`; nullptr: none.
  const Sight* Before(int64_t time_us) const;

 private:
  std::vector<Sight> sights_;  // ascending in time and in revision
};

}  // namespace baton::history
