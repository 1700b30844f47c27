// File: json_bytes.h
//
// Bytes of users in JSON that batonctl itself makes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"

namespace baton::batonctl {

// Adds FIELD: the text; or FIELD_b64, when the bytes are no UTF-8.
void PutBytes(const std::string& field, std::string_view bytes, nlohmann::json* object);

// As the API writes the ids of sessions: 16 hexadecimal digits.
std::string SessionText(SessionId id);

}  // namespace baton::batonctl
