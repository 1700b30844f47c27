// File: link_faults.h
//
// What a link does to those who speak through it. A link is one direction of calling: node 1's
// connections to node 2 are one link, node 2's to node 1 another; bytes travel both ways on each.
// The default is a good cable.
#pragma once

#include <cstdint>

namespace baton::chaos {

struct LinkFaults {
  // Each piece of bytes waits so long, in both directions; the order within a connection is kept.
  int64_t delay_min_ms = 0;
  int64_t delay_max_ms = 0;
  // Of each connection, in each direction. 0: as fast as it goes.
  int64_t bytes_per_second = 0;
  // Nothing leaves until this ends; then everything does.
  bool clogged = false;
  // Bytes in this direction are thrown away. A connection that lost some is never used again: it
  // is reset when the fault ends.
  bool drops_to_target = false;
  bool drops_to_source = false;
  // New connections are accepted, and then there is silence.
  bool half_open = false;

  // Of whole requests, how many in a thousand ...
  uint32_t resets_per_mille = 0;  // ... are cut in the middle by a reset of both sides
  uint32_t lost_answers_per_mille =
      0;                              // ... arrive, and the connection is reset instead of answered
  uint32_t duplicates_per_mille = 0;  // ... arrive again, a little later, on another connection
  // ... are held back: the sender sees a reset, and the request arrives after the next one.
  uint32_t late_per_mille = 0;

  friend bool operator==(const LinkFaults&, const LinkFaults&) = default;
};

// What a link has done since it was made.
struct LinkCounts {
  uint64_t connections = 0;
  uint64_t requests = 0;  // whole ones, towards the target
  uint64_t bytes_to_target = 0;
  uint64_t bytes_to_source = 0;
  uint64_t bytes_dropped = 0;
  uint64_t silent_connections = 0;  // half-open ones, and those whose target was taken away
  uint64_t resets = 0;
  uint64_t lost_answers = 0;
  uint64_t duplicates = 0;
  uint64_t late = 0;
};

}  // namespace baton::chaos
