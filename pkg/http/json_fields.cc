#include "pkg/http/json_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "pkg/base/nearest_name.h"
#include "pkg/http/json.h"
#include "pkg/http/quote.h"

namespace baton::http {
namespace {

Status Wrong(std::string reason, std::string message) {
  return Status(Code::kUnprocessable, std::move(reason), std::move(message));
}

std::string Named(std::string_view name) { return "field \"" + std::string(name) + "\""; }

}  // namespace

std::string UnknownName(std::string_view what, std::string_view name,
                        std::span<const std::string_view> known) {
  std::string text = "unknown " + std::string(what) + " " + Quoted(name);
  const std::string_view nearest = NearestName(name, known);
  if (!nearest.empty()) return text + "; did you mean \"" + std::string(nearest) + "\"?";
  if (known.empty()) return text + "; none is known here";
  std::string_view separator = "; known: ";
  for (const std::string_view candidate : known) {
    text.append(separator).append(candidate);
    separator = ", ";
  }
  return text;
}

std::string FormatSessionId(SessionId id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  uint64_t rest = id.value();
  for (size_t i = text.size(); i-- > 0; rest >>= 4) text[i] = kDigits[rest & 15];
  return text;
}

Result<SessionId> ParseSessionId(std::string_view name, std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, 16);
  if (text.size() != 16 || parsed.ec != std::errc() || parsed.ptr != end || value == 0) {
    return Status(Code::kInvalidArgument, "malformed_session_id",
                  std::string(name) + " is " + Quoted(text) +
                      "; a session id is 16 hexadecimal digits and not 0");
  }
  return SessionId(value);
}

JsonFields::JsonFields(std::string_view text, std::initializer_list<std::string_view> known)
    : object_(std::make_unique<nlohmann::json>(nlohmann::json::object())) {
  if (!text.empty()) status_ = Load(text, std::vector<std::string_view>(known));
}

Status JsonFields::Load(std::string_view text, std::span<const std::string_view> known) {
  Result<nlohmann::json> parsed = ParseJson(text);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->is_object()) {
    return Wrong("wrong_type",
                 std::string("the body must be an object, not ") + parsed->type_name());
  }
  for (const auto& [name, value] : parsed->items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Wrong("unknown_field", UnknownName("field", name, known));
  }
  *object_ = *std::move(parsed);
  return Status::Ok();
}

JsonFields::~JsonFields() = default;

void JsonFields::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

bool JsonFields::Has(std::string_view name) const {
  const auto found = object_->find(name);
  return found != object_->end() && !found->is_null();
}

const nlohmann::json* JsonFields::Find(std::string_view name, bool required) {
  if (!ok()) return nullptr;
  if (Has(name)) return &*object_->find(name);
  if (required) Fail(Wrong("missing_field", Named(name) + " is missing"));
  return nullptr;
}

void JsonFields::FailType(std::string_view name, const nlohmann::json& value,
                          std::string_view wanted) {
  Fail(Wrong("wrong_type",
             Named(name) + " must be " + std::string(wanted) + ", not " + value.type_name()));
}

std::string JsonFields::String(std::string_view name) {
  const nlohmann::json* value = Find(name, true);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  FailType(name, *value, "a string");
  return "";
}

std::string JsonFields::StringOr(std::string_view name, std::string_view otherwise) {
  return Has(name) ? String(name) : std::string(otherwise);
}

bool JsonFields::BoolOr(std::string_view name, bool otherwise) {
  const nlohmann::json* value = Find(name, false);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  FailType(name, *value, "true or false");
  return otherwise;
}

bool JsonFields::IsNumber(std::string_view name) const {
  return Has(name) && object_->find(name)->is_number();
}

uint64_t JsonFields::Number(std::string_view name) {
  const nlohmann::json* value = Find(name, true);
  if (value == nullptr) return 0;
  if (!value->is_number()) {
    FailType(name, *value, "a number");
    return 0;
  }
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (value->is_number_unsigned() && value->get<uint64_t>() <= kMax) return value->get<uint64_t>();
  Fail(Wrong("out_of_range", Named(name) + " is " + value->dump() +
                                 "; it must be a whole number from 0 to 9223372036854775807"));
  return 0;
}

uint64_t JsonFields::PositiveNumber(std::string_view name) {
  const uint64_t number = Number(name);
  if (number == 0) Fail(Wrong("out_of_range", Named(name) + " must not be 0"));
  return number;
}

int64_t JsonFields::DurationMs(std::string_view name, const DurationBounds& bounds) {
  const nlohmann::json* value = Find(name, true);
  if (value == nullptr) return 0;
  int64_t duration_ms = 0;
  Status status;
  if (value->is_string()) {
    const Result<int64_t> parsed =
        ParseDurationMs(Named(name), value->get_ref<const std::string&>(), bounds);
    if (parsed.ok()) return *parsed;
    status = Wrong(parsed.status().reason(), parsed.status().message());
  } else if (value->is_number()) {
    duration_ms = static_cast<int64_t>(Number(name));
    status = CheckDurationMs(Named(name), duration_ms, bounds);
  } else {
    FailType(name, *value, "a duration (\"30s\", or milliseconds)");
  }
  if (!status.ok()) Fail(std::move(status));
  return ok() ? duration_ms : 0;
}

int64_t JsonFields::DurationMsOr(std::string_view name, int64_t otherwise,
                                 const DurationBounds& bounds) {
  return Has(name) ? DurationMs(name, bounds) : otherwise;
}

SessionId JsonFields::Session(std::string_view name) {
  const std::string text = String(name);
  if (!ok()) return SessionId();
  const Result<SessionId> id = ParseSessionId(Named(name), text);
  if (id.ok()) return *id;
  Fail(Wrong(id.status().reason(), id.status().message()));
  return SessionId();
}

}  // namespace baton::http
