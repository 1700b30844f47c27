// File: session_json.h
//
// Sessions in JSON.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "pkg/coord/reply.h"

namespace baton::http {

// What is left of it at the cluster time `now_ms`; never below 0 nor above the TTL.
int64_t RemainingMs(const coord::SessionInfo& session, int64_t now_ms);

// {"id", "name", "meta", "ttl_ms", "remaining_ms"}.
nlohmann::json SessionJson(const coord::SessionInfo& session, int64_t now_ms);
// The same as text.
std::string SessionText(const coord::SessionInfo& session, int64_t now_ms);

}  // namespace baton::http
