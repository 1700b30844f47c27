// File: kv_json.h
//
// Keys in JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "pkg/coord/reply.h"

namespace baton::http {

enum class KvPart { kWithoutValue, kWithValue };

// {"key", "value", "create_revision", "mod_revision", "version"} and, if it has them, "session" and
// "guard_lock". What is not UTF-8 is in "key_b64" and "value_b64".
nlohmann::json KeyValueJson(const coord::KeyValue& item, KvPart part);

}  // namespace baton::http
