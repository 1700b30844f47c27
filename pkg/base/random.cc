#include "pkg/base/random.h"

#include "pkg/base/check.h"

namespace baton {
namespace {

constexpr uint64_t kMultiplier = 6364136223846793005ULL;
constexpr uint64_t kIncrement = 1442695040888963407ULL;

}  // namespace

Random::Random(uint64_t seed) : state_(seed + kIncrement) { NextU32(); }

uint32_t Random::NextU32() {
  const uint64_t old = state_;
  state_ = old * kMultiplier + kIncrement;
  const auto shifted = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
  const auto rotation = static_cast<uint32_t>(old >> 59);
  return (shifted >> rotation) | (shifted << ((32 - rotation) & 31));
}

uint64_t Random::NextU64() {
  const uint64_t high = NextU32();
  return (high << 32) | NextU32();
}

uint64_t Random::Below(uint64_t bound) {
  CHECK_GT(bound, 0u);
  while (true) {
    const uint64_t value = NextU64();
    if (value >= bound) return value % bound;
    const uint64_t threshold = (0 - bound) % bound;  // 2^64 mod bound: the values to reject
    if (value >= threshold) return value;
  }
}

uint64_t Random::Between(uint64_t low, uint64_t high) {
  CHECK_LT(low, high);
  return low + Below(high - low);
}

bool Random::Chance(uint64_t numerator, uint64_t denominator) {
  return Below(denominator) < numerator;
}

}  // namespace baton
