// File: random.h
//
// A small seeded generator (PCG-XSH-RR 64/32: M. E. O'Neill, "PCG: A Family of Simple Fast
// Space-Efficient Statistically Good Algorithms for Random Number Generation", 2014). The same seed
// gives the same numbers on every machine and library, which std::*_distribution does not promise.
// Not for secrets.
#pragma once

#include <cstdint>

namespace baton {

class Random {
 public:
  explicit Random(uint64_t seed);

  uint32_t NextU32();
  uint64_t NextU64();
  // Uniform in [0, bound); bound must be > 0. Unbiased (by rejection).
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high); requires low < high.
  uint64_t Between(uint64_t low, uint64_t high);
  // True with probability numerator / denominator.
  bool Chance(uint64_t numerator, uint64_t denominator);

 private:
  uint64_t state_ = 0;
};

}  // namespace baton
