// File: json_lines.h
//
// A history as text: one record a line, each a JSON object. README.md describes every field; what
// is 0, empty or false is left out. Bytes that are not UTF-8 stand in hexadecimal digits under the
// field's name with _hex behind it.
//
//   std::ofstream file(path);
//   WriteHistory(history, &file);
//   ...
//   Result<History> history = ReadHistory(&input, ReadLimits());
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "test/history/operation.h"

namespace baton::history {

struct ReadLimits {
  size_t line_bytes_max = 256 << 20;
  size_t records_max = 20'000'000;
  size_t events_max = 10'000'000;  // and deliveries, of one watch
};
inline constexpr int kNestingMax = 8;  // of JSON in one line

// Without the newline.
std::string ToLine(const Record& record);

// kInvalidArgument: the sentence names the field. kTooLarge: over a limit, which it names.
Result<Record> FromLine(std::string_view line, const ReadLimits& limits = ReadLimits());

// Empty lines are passed over. Errors as FromLine, with the number of the line; kIo.
Result<History> ReadHistory(std::istream* input, const ReadLimits& limits);

// The operations by their calls, then the watches, then the ends: the caller looks after errors of
// the stream.
void WriteHistory(const History& history, std::ostream* output);

}  // namespace baton::history
