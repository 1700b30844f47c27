// File: hex.h
//
// Numbers that people compare, not count: ids and hashes.
#pragma once

#include <cstdint>
#include <string>

namespace baton::batonctl {

// 16 hexadecimal digits.
std::string Hex64(uint64_t number);

}  // namespace baton::batonctl
