// File: percent.h
//
// Percent-encoding (RFC 3986 section 2.1), strict in both directions. Pure.
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

// Percent-encodes everything but unreserved characters (letters, digits, "-._~"); keep_slashes
// leaves '/' as it is.
std::string PercentEncode(std::string_view text, bool keep_slashes = false);

// kInvalidArgument/"malformed_percent_encoding" for a truncated or malformed %XX, and for %00: a
// NUL inside a name is a trick, never a wish.
Result<std::string> PercentDecode(std::string_view text);

}  // namespace baton::http
