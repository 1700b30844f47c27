// File: watch_request.h
//
// What a client asks to watch, and in which form.
#pragma once

#include <cstdint>
#include <optional>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/event.h"
#include "pkg/http/event_text.h"
#include "pkg/http/query_fields.h"
#include "pkg/http/server.h"

namespace baton::http {

inline constexpr DurationBounds kPollBounds = {.min_ms = 0, .max_ms = 10 * 60 * 1000};
inline constexpr int64_t kPollDefaultMs = 30'000;

// The key or prefix: "key", "prefix" (or their _b64); neither means all keys.
coord::EventFilter ReadKeyFilter(QueryFields* query);

// The revision to begin with: Last-Event-ID, which a browser sends when it comes back, before
// "from"; 0: from now on.
Revision ReadFrom(const Request& request, QueryFields* query);

// By Accept; NDJSON when anything will do. kInvalidArgument/"not_acceptable" when neither form is
// wanted.
Result<StreamForm> ReadStreamForm(const Request& request);

}  // namespace baton::http
