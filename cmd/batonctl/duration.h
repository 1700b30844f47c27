// File: duration.h
//
// Durations as people write them: "1500ms", "30s", "5m", "2h".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::batonctl {

// A whole number and a unit, from 0 to 24 hours. kInvalidArgument without naming an option.
Result<int64_t> ParseDurationMs(std::string_view text);
// The API's form: "1500ms".
std::string FormatDurationMs(int64_t duration_ms);

}  // namespace baton::batonctl
