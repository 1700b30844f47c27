// File: json.h
//
// Strict JSON: what the API reads. Bounds and rules are checked before a tree is built, so that no
// input can exhaust the stack or the memory: depth, number of values, valid UTF-8, no duplicate
// fields, finite numbers, nothing after the value. Only .cc files of this room see nlohmann's
// header.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/status.h"

namespace baton::http {

inline constexpr size_t kJsonDepthMax = 64;
inline constexpr size_t kJsonValuesMax = 10'000;

// kInvalidArgument/"malformed_json" with the byte offset and the rule.
Status CheckJson(std::string_view text);
// CheckJson, then nlohmann's parser.
Result<nlohmann::json> ParseJson(std::string_view text);

bool IsUtf8(std::string_view bytes);

}  // namespace baton::http
