#include "pkg/http/event_text.h"

#include <nlohmann/json.hpp>

#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"

namespace baton::http {

std::string_view MediaTypeOf(StreamForm form) {
  return form == StreamForm::kServerSentEvents ? "text/event-stream" : "application/x-ndjson";
}

std::string_view EventTypeName(coord::EventKind kind) {
  switch (kind) {
    case coord::EventKind::kKvPut:
      return "put";
    case coord::EventKind::kKvDelete:
      return "delete";
    case coord::EventKind::kLockAcquired:
      return "acquired";
    case coord::EventKind::kLockReleased:
      return "released";
    case coord::EventKind::kLeaderElected:
      return "elected";
    case coord::EventKind::kLeaderProclaimed:
      return "proclaimed";
    case coord::EventKind::kLeaderGone:
      return "gone";
  }
  return "unknown";
}

nlohmann::json EventJson(const coord::Event& event) {
  nlohmann::json json = {{"type", EventTypeName(event.kind)}, {"revision", event.revision.value()}};
  const bool is_kv = coord::SpaceOf(event.kind) == coord::EventSpace::kKv;
  SetBytes(&json, is_kv ? "key" : "name", event.key);
  if (event.session) json["session"] = FormatSessionId(event.session);
  if (event.kind == coord::EventKind::kKvPut) {
    json["create_revision"] = event.create_revision.value();
    json["mod_revision"] = event.revision.value();
    json["version"] = event.version;
  }
  if (event.kind != coord::EventKind::kKvDelete) SetBytes(&json, "value", event.value);
  if (!is_kv) json["token"] = event.token.value();
  return json;
}

std::string StreamMessage(StreamForm form, const nlohmann::json& body, Revision id) {
  const std::string text = JsonText(body);  // one line: line ends inside strings are escaped
  if (form == StreamForm::kNdjson) return text + "\n";
  std::string message;
  if (id) message += "id: " + std::to_string(id.value()) + "\n";
  message += "event: " + body.at("type").get<std::string>() + "\n";
  return message + "data: " + text + "\n\n";
}

std::string EventMessage(StreamForm form, const coord::Event& event, bool last) {
  nlohmann::json json = EventJson(event);
  if (last) json["resume_from"] = event.revision.value() + 1;
  return StreamMessage(form, json, last ? event.revision : Revision());
}

std::string BookmarkMessage(StreamForm form, Revision revision) {
  return StreamMessage(
      form,
      {{"type", "bookmark"}, {"revision", revision.value()}, {"resume_from", revision.value() + 1}},
      revision);
}

}  // namespace baton::http
