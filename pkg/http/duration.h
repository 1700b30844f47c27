// File: duration.h
//
// Durations as the API takes them: "1500ms", "30s", "5m", "2h", or a whole number of milliseconds.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

struct DurationBounds {
  int64_t min_ms = 0;
  int64_t max_ms = 24 * 3600 * 1000;
};

// In milliseconds. `name` is what the error calls it. kInvalidArgument/"malformed_duration" for
// what is no duration, kUnprocessable/"out_of_range" with the bounds for one beyond them.
Result<int64_t> ParseDurationMs(std::string_view name, std::string_view text,
                                const DurationBounds& bounds);
// The second half of it.
Status CheckDurationMs(std::string_view name, int64_t duration_ms, const DurationBounds& bounds);

}  // namespace baton::http
