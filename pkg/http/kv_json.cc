#include "pkg/http/kv_json.h"

#include <nlohmann/json.hpp>

#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"

namespace baton::http {

nlohmann::json KeyValueJson(const coord::KeyValue& item, KvPart part) {
  nlohmann::json json = {{"create_revision", item.create_revision.value()},
                         {"mod_revision", item.mod_revision.value()},
                         {"version", item.version}};
  SetBytes(&json, "key", item.key);
  if (part == KvPart::kWithValue) SetBytes(&json, "value", item.value);
  if (item.session) json["session"] = FormatSessionId(item.session);
  if (!item.guard_lock.empty()) SetBytes(&json, "guard_lock", item.guard_lock);
  return json;
}

}  // namespace baton::http
