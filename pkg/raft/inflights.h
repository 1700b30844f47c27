// File: inflights.h
//
// The appends that a leader has sent to one follower and that are not acknowledged: a window
// bounded by messages and by bytes. A ring that grows to what is used, then allocates no more.
#pragma once

#include <cstddef>
#include <vector>

#include "pkg/base/ids.h"

namespace baton::raft {

class Inflights {
 public:
  Inflights(size_t messages_max, size_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  // Takes effect with the next message. A messages_max of 0: nothing may be sent.
  void SetLimits(size_t messages_max, size_t bytes_max) {
    messages_max_ = messages_max;
    bytes_max_ = bytes_max;
  }

  // One message is always allowed, however large it is.
  bool Full() const {
    return messages_max_ == 0 || (count_ > 0 && (count_ >= messages_max_ || bytes_ >= bytes_max_));
  }
  size_t count() const { return count_; }
  size_t bytes() const { return bytes_; }

  // A message whose last entry is `last` was sent. Requires !Full() and ascending `last`.
  void Add(Index last, size_t bytes);
  // Everything up to `index` is acknowledged.
  void FreeThrough(Index index);
  void Clear();

 private:
  struct Sent {
    Index last;
    size_t bytes = 0;
  };

  // Requires a place before two rounds. Without a division, which takes longer than all the rest.
  size_t Wrapped(size_t place) const { return place < ring_.size() ? place : place - ring_.size(); }
  Sent& At(size_t place) { return ring_[Wrapped(start_ + place)]; }
  void Grow();

  size_t messages_max_;
  size_t bytes_max_;
  std::vector<Sent> ring_;
  size_t start_ = 0;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace baton::raft
