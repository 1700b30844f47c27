// File: envelope_fields.h
//
// Reads the fields of what peers send. As json_fields.h, but fields that are not known are ignored
// (a newer peer may say more) and binary fields are base64. The first error stays; reads after it
// give zero values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"

namespace baton::http {

class EnvelopeFields {
 public:
  // `object` must outlive the reader; `what` names it in errors ("envelope").
  EnvelopeFields(std::string_view what, const nlohmann::json& object);

  // kInvalidArgument/"malformed_envelope" naming the first field that was wrong.
  const Status& status() const { return status_; }

  bool Has(const char* name) const;
  bool Bool(const char* name);
  uint64_t Number(const char* name);
  int64_t Milliseconds(const char* name);  // 0 to 2^53
  std::string Text(const char* name);
  std::string Bytes(const char* name);  // from base64
  template <typename T>
  T Id(const char* name) {
    return T(Number(name));
  }
  std::vector<NodeId> NodeIds(const char* name);
  const nlohmann::json& Array(const char* name);  // an empty one after an error
  EnvelopeFields Object(const char* name);

  void Fail(const char* name, std::string_view why);
  // Takes over the error of a part, if there is one and none came before.
  void Adopt(const EnvelopeFields& part);

 private:
  const nlohmann::json* Find(const char* name, const char* wanted,
                             bool (*is)(const nlohmann::json&));

  std::string what_;
  const nlohmann::json* object_;
  Status status_;
};

// The inverses of CodeName and OutcomeName; nothing for other words, nor for "ok".
std::optional<Code> CodeOf(std::string_view name);
std::optional<Outcome> OutcomeOf(std::string_view name);

}  // namespace baton::http
