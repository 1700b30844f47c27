// File: json_fields.h
//
// Reads the fields of a JSON object as the types they must have. The first error stays, and reads
// after it give zero values, so that a handler checks once, at its end:
//
//   JsonFields fields(body, {"session", "wait"});
//   Acquire acquire;
//   acquire.session = fields.Session("session");
//   acquire.wait_ms = fields.DurationMsOr("wait", 0, {});
//   if (!fields.ok()) return fields.status();
//
// Errors are kUnprocessable and name the field: "unknown_field" (and the nearest known one),
// "missing_field", "wrong_type", "out_of_range"; what CheckJson refuses is "malformed_json".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/http/duration.h"

namespace baton::http {

class JsonFields {
 public:
  // `text` must be an object that has no other fields than `known`. An empty text is an empty
  // object: people leave the body out when every field is optional.
  JsonFields(std::string_view text, std::initializer_list<std::string_view> known);
  ~JsonFields();

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

  // There, and not null.
  bool Has(std::string_view name) const;

  std::string String(std::string_view name);
  std::string StringOr(std::string_view name, std::string_view otherwise);
  bool BoolOr(std::string_view name, bool otherwise);
  uint64_t Number(std::string_view name);  // a whole number, 0 to 2^63 - 1
  bool IsNumber(std::string_view name) const;
  // A duration as text, or a whole number of milliseconds.
  int64_t DurationMs(std::string_view name, const DurationBounds& bounds);
  int64_t DurationMsOr(std::string_view name, int64_t otherwise, const DurationBounds& bounds);
  SessionId Session(std::string_view name);  // 16 hexadecimal digits
  // A number greater than 0.
  template <typename Id>
  Id NumberId(std::string_view name) {
    return Id(PositiveNumber(name));
  }

  // For a rule beyond types: the first error stays.
  void Fail(Status status);

 private:
  Status Load(std::string_view text, std::span<const std::string_view> known);
  // nullptr: not there, or an error came before. `required`: then its absence is one.
  const nlohmann::json* Find(std::string_view name, bool required);
  void FailType(std::string_view name, const nlohmann::json& value, std::string_view wanted);
  uint64_t PositiveNumber(std::string_view name);

  Status status_;
  std::unique_ptr<nlohmann::json> object_;
};

// "unknown field "waiit"; did you mean "wait"?", or the list of what is known.
std::string UnknownName(std::string_view what, std::string_view name,
                        std::span<const std::string_view> known);

// 16 hexadecimal digits; also what a session is called in paths and queries.
std::string FormatSessionId(SessionId id);
// kInvalidArgument/"malformed_session_id" naming `name`.
Result<SessionId> ParseSessionId(std::string_view name, std::string_view text);

}  // namespace baton::http
