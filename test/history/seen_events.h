// File: seen_events.h
//
// What all watches together prove: the events of each revision, and who saw each first.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "test/history/operation.h"

namespace baton::history {

struct SeenEvent {
  const WatchedEvent* event = nullptr;
  int64_t at_us = 0;  // of the first delivery
  const Watch* watch = nullptr;
};

// Events of one revision, each once: two are the same when kind and key are. They stand in the
// order in which the watch that saw most of them saw them.
using EventsByRevision = std::map<uint64_t, std::vector<SeenEvent>>;

struct SeenEvents {
  std::array<EventsByRevision, 3> by_space;  // by Space
  const EventsByRevision& of(Space space) const { return by_space[static_cast<size_t>(space)]; }
};

// The history must outlive what is returned.
SeenEvents CollectEvents(const History& history);

// Whether the watch asked for this event.
bool Matches(const Watch& watch, const WatchedEvent& event);

// The first revision from which on everything was delivered, and the last: what the watch's
// progress vouches for. first > last: nothing.
struct Vouched {
  uint64_t first = 1;
  uint64_t last = 0;
};
Vouched VouchedBy(const Watch& watch);

}  // namespace baton::history
