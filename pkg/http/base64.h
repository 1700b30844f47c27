// File: base64.h
//
// Base64 (RFC 4648): how bytes that are not text travel in JSON and in queries. Strict: one text
// for given bytes, so that two texts never mean the same key. Pure.
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

// Section 4: the standard alphabet, padded.
std::string Base64Encode(std::string_view bytes);
void AppendBase64(std::string_view bytes, std::string* out);

// The inverse. kInvalidArgument/"malformed_base64" with the offset: other characters, missing or
// wrong padding, bits beyond the last byte that are not zero.
Result<std::string> Base64Decode(std::string_view text);

// Section 5: the alphabet for URLs, unpadded. Decoding takes padding and the standard alphabet as
// well, because "+" and "/" survive percent-encoding.
std::string Base64UrlEncode(std::string_view bytes);
Result<std::string> Base64UrlDecode(std::string_view text);

}  // namespace baton::http
