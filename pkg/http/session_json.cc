#include "pkg/http/session_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/json_writer.h"

namespace baton::http {

int64_t RemainingMs(const coord::SessionInfo& session, int64_t now_ms) {
  return std::clamp<int64_t>(session.deadline_ms - now_ms, 0, session.ttl_ms);
}

std::string SessionText(const coord::SessionInfo& session, int64_t now_ms) {
  JsonWriter json;
  json.Text("id", FormatSessionId(session.id));
  json.Bytes("meta", session.metadata);
  json.Bytes("name", session.name);
  json.SignedNumber("remaining_ms", RemainingMs(session, now_ms));
  json.SignedNumber("ttl_ms", session.ttl_ms);
  return json.Take();
}

nlohmann::json SessionJson(const coord::SessionInfo& session, int64_t now_ms) {
  nlohmann::json json = {{"id", FormatSessionId(session.id)},
                         {"ttl_ms", session.ttl_ms},
                         {"remaining_ms", RemainingMs(session, now_ms)}};
  SetBytes(&json, "name", session.name);
  SetBytes(&json, "meta", session.metadata);
  return json;
}

}  // namespace baton::http
