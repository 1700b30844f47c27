// File: utf8.h
//
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::cli {

inline constexpr uint32_t kReplacementCharacter = 0xfffd;

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 1 to 4
  bool valid = false;
};

// The code point at the front of `text`, which must not be empty. A byte that begins none:
// kReplacementCharacter, 1 byte, not valid.
CodePoint FirstCodePoint(std::string_view text);

bool IsUtf8(std::string_view text);

}  // namespace baton::cli
