// File: json.h
//
// Strict JSON: what the API reads. Bounds and rules are checked before a tree is built, so that no
// input can exhaust the stack or the memory: depth, number of values, valid UTF-8, no duplicate
// fields, numbers within 64 bits or finite, nothing after the value. Only .cc files of this room
// see nlohmann's header.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/status.h"

namespace baton::http {

inline constexpr size_t kJsonDepthMax = 64;
inline constexpr size_t kJsonValuesMax = 10'000;

// What one text may hold. `values` counts objects, arrays and their members, but not names.
struct JsonLimits {
  size_t depth_max = kJsonDepthMax;
  size_t values_max = kJsonValuesMax;
};

// kInvalidArgument/"malformed_json" with the byte offset and the rule.
Status CheckJson(std::string_view text, const JsonLimits& limits = {});
// CheckJson, then nlohmann's parser.
Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// As RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view bytes);
// The bytes of the sequence that `bytes` begins with: 1 to 4; 0 when that is not UTF-8.
size_t Utf8SequenceBytes(std::string_view bytes);

// --- what the API writes ---

// Compact, never fails: bytes that are not UTF-8 become U+FFFD.
std::string JsonText(const nlohmann::json& value);
// Sets `name` to the bytes as text or, when they are not UTF-8, `name`_b64 to their base64.
void SetBytes(nlohmann::json* object, const std::string& name, std::string_view bytes);

}  // namespace baton::http
