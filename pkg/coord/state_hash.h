// File: state_hash.h
//
// The rolling hash of the state: two nodes that wrote the same rows in the same order have the same
// number, and nodes that drifted apart are found by comparing it at equal applied index. It covers
// every row written or deleted but pkg/node's, and of the meta row all but the hash itself.
//
//   put(key, value):  hash = bytes(bytes(hash ^ 1, key), value)
//   delete(key):      hash = bytes(hash ^ 2, key)
//
//   bytes(h, b):      h = step(h, size of b); for each 8 bytes, little-endian, the last ones
//                     filled up with zeros: h = step(h, word)
//   step(h, word):    h = (h ^ word) * 0x9E3779B97F4A7C15; h ^ (h >> 32)
//
// The odd multiplier (2^64 / golden ratio: D. E. Knuth, "The Art of Computer Programming", volume
// 3, section 6.4) makes each step a bijection of h, so that a difference never just disappears. Not
// for secrets: an adversary can make collisions.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::coord {

uint64_t MixBytes(uint64_t hash, std::string_view bytes);
uint64_t MixPut(uint64_t hash, std::string_view key, std::string_view value);
uint64_t MixDelete(uint64_t hash, std::string_view key);

}  // namespace baton::coord
