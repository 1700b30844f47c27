#include "pkg/coord/state_hash.h"

#include <bit>
#include <cstring>

namespace baton::coord {
namespace {

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;
constexpr uint64_t kPutMark = 1;
constexpr uint64_t kDeleteMark = 2;

uint64_t Step(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kMultiplier;
  return hash ^ (hash >> 32);
}

// Up to 8 bytes as a little-endian number.
uint64_t LoadWord(std::string_view bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

uint64_t MixBytes(uint64_t hash, std::string_view bytes) {
  hash = Step(hash, bytes.size());
  while (bytes.size() >= sizeof(uint64_t)) {
    hash = Step(hash, LoadWord(bytes.substr(0, sizeof(uint64_t))));
    bytes.remove_prefix(sizeof(uint64_t));
  }
  return bytes.empty() ? hash : Step(hash, LoadWord(bytes));
}

uint64_t MixPut(uint64_t hash, std::string_view key, std::string_view value) {
  return MixBytes(MixBytes(hash ^ kPutMark, key), value);
}

uint64_t MixDelete(uint64_t hash, std::string_view key) {
  return MixBytes(hash ^ kDeleteMark, key);
}

}  // namespace baton::coord
