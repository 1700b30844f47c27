// File: lane.h
//
// The bytes under way in one direction of one connection, and when they may go on. Pure: time comes
// in as microseconds of any clock that does not go back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "pkg/base/random.h"
#include "test/chaos/proxy/link_faults.h"

namespace baton::chaos {

class Lane {
 public:
  // The sender is not read while more than this is under way.
  static constexpr size_t kBytesMax = 1 << 20;

  // What the other side gets next.
  struct Departure {
    std::string bytes;
    bool end = false;    // and then no more
    bool reset = false;  // and then a reset
  };

  void Push(std::string bytes, int64_t now_us, const LinkFaults& faults, Random* random);
  void PushEnd(int64_t now_us, const LinkFaults& faults, Random* random);
  // As the last thing: what is pushed after it does not leave.
  void PushReset(int64_t now_us, const LinkFaults& faults, Random* random);

  bool full() const { return bytes_ > kBytesMax; }
  bool empty() const { return pieces_.empty(); }

  // How long until Take has something; nothing: not before something is pushed or the faults
  // change.
  std::optional<int64_t> WaitUs(int64_t now_us, const LinkFaults& faults) const;
  // What may leave now; WaitUs must have said 0.
  Departure Take(int64_t now_us, const LinkFaults& faults);

 private:
  struct Piece {
    Departure departure;
    int64_t arrived_us = 0;
    int64_t delay_us = 0;
  };
  void PushPiece(Departure departure, int64_t now_us, const LinkFaults& faults, Random* random);

  std::deque<Piece> pieces_;
  size_t bytes_ = 0;
  int64_t free_again_us_ = 0;  // when the last departure is through, at the bandwidth it had
};

}  // namespace baton::chaos
