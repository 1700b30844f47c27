// File: sealed_text.h
//
// Small files that people read, too: lines of "name value", the last of them a checksum.
//
//   baton-state 1          <- what it is, and its format
//   tables state-000002
//   crc32c 5d1f03aa        <- CRC-32C of all the lines before, 8 lower-case digits
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/status.h"

namespace baton::storage {

using TextLines = std::vector<std::pair<std::string, std::string>>;  // name, value

inline constexpr size_t kSealedTextBytesMax = 4096;

// Names and values have no line breaks, names no spaces.
std::string SealText(std::string_view kind, uint32_t format, const TextLines& lines);

// The lines between the first and the checksum. `path` is for messages. kCorruption: checksum, kind
// or form are wrong. kInvalidArgument, reason "newer_format": intact, but of a later build.
Result<TextLines> UnsealText(std::string_view kind, uint32_t format, std::string_view text,
                             std::string_view path);

}  // namespace baton::storage
