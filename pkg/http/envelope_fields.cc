#include "pkg/http/envelope_fields.h"

#include <nlohmann/json.hpp>

#include "pkg/http/base64.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr int64_t kMillisecondsMax = int64_t{1} << 53;

}  // namespace

EnvelopeFields::EnvelopeFields(std::string_view what, const json& object)
    : what_(what), object_(&object) {
  if (!object.is_object()) {
    status_ = Status(Code::kInvalidArgument, "malformed_envelope", what_ + " is not an object");
  }
}

bool EnvelopeFields::Has(const char* name) const { return status_.ok() && object_->contains(name); }

const json* EnvelopeFields::Find(const char* name, const char* wanted, bool (*is)(const json&)) {
  if (!status_.ok()) return nullptr;
  const auto found = object_->find(name);
  if (found != object_->end() && is(*found)) return &*found;
  Fail(name, found == object_->end() ? "is missing" : wanted);
  return nullptr;
}

bool EnvelopeFields::Bool(const char* name) {
  const json* field =
      Find(name, "is not true or false", [](const json& value) { return value.is_boolean(); });
  return field != nullptr && field->get<bool>();
}

uint64_t EnvelopeFields::Number(const char* name) {
  const json* field = Find(name, "is not a whole number of 0 or more",
                           [](const json& value) { return value.is_number_unsigned(); });
  return field == nullptr ? 0 : field->get<uint64_t>();
}

int64_t EnvelopeFields::Milliseconds(const char* name) {
  const uint64_t number = Number(name);
  if (number <= static_cast<uint64_t>(kMillisecondsMax)) return static_cast<int64_t>(number);
  Fail(name, "is above 2^53");
  return 0;
}

std::string EnvelopeFields::Text(const char* name) {
  const json* field =
      Find(name, "is not a text", [](const json& value) { return value.is_string(); });
  return field == nullptr ? std::string() : field->get<std::string>();
}

std::string EnvelopeFields::Bytes(const char* name) {
  Result<std::string> bytes = Base64Decode(Text(name));
  if (bytes.ok()) return *std::move(bytes);
  Fail(name, bytes.status().message());
  return {};
}

std::vector<NodeId> EnvelopeFields::NodeIds(const char* name) {
  std::vector<NodeId> ids;
  for (const json& number : Array(name)) {
    if (!number.is_number_unsigned()) {
      Fail(name, "is not a list of node numbers");
      return {};
    }
    ids.push_back(NodeId(number.get<uint64_t>()));
  }
  return ids;
}

const json& EnvelopeFields::Array(const char* name) {
  static const json empty = json::array();
  const json* field =
      Find(name, "is not a list", [](const json& value) { return value.is_array(); });
  return field == nullptr ? empty : *field;
}

EnvelopeFields EnvelopeFields::Object(const char* name) {
  static const json empty = json::object();
  const json* field =
      Find(name, "is not an object", [](const json& value) { return value.is_object(); });
  return EnvelopeFields(name, field == nullptr ? empty : *field);
}

void EnvelopeFields::Fail(const char* name, std::string_view why) {
  if (!status_.ok()) return;
  status_ = Status(Code::kInvalidArgument, "malformed_envelope",
                   what_ + "." + name + " " + std::string(why));
}

void EnvelopeFields::Adopt(const EnvelopeFields& part) {
  if (status_.ok()) status_ = part.status_;
}

std::optional<Code> CodeOf(std::string_view name) {
  for (int number = static_cast<int>(Code::kOk) + 1; number <= static_cast<int>(Code::kInternal);
       ++number) {
    const auto code = static_cast<Code>(number);
    if (CodeName(code) == name) return code;
  }
  return std::nullopt;
}

std::optional<Outcome> OutcomeOf(std::string_view name) {
  for (Outcome outcome : {Outcome::kNotApplied, Outcome::kApplied, Outcome::kUnknown}) {
    if (OutcomeName(outcome) == name) return outcome;
  }
  return std::nullopt;
}

}  // namespace baton::http
