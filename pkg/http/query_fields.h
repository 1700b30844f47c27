// File: query_fields.h
//
// Reads the query parameters of a request as the types they must have, like JsonFields: the first
// error stays, reads after it give zero values. Errors name the parameter: kInvalidArgument
// /"unknown_parameter" (and the nearest known one), /"repeated_parameter", /"malformed_parameter",
// and those of durations, base64 and session ids; kUnprocessable/"out_of_range".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/http/duration.h"
#include "pkg/http/server.h"
#include "pkg/node/service.h"

namespace baton::http {

// How long a node works on a request before it gives up: ?timeout= or the header Request-Timeout.
inline constexpr int64_t kTimeoutDefaultMs = 10'000;
inline constexpr DurationBounds kTimeoutBounds = {.min_ms = 1, .max_ms = 10 * 60 * 1000};

// JSON numbers are exact up to here, and so are the revisions of the API by contract.
inline constexpr uint64_t kRevisionMax = uint64_t{1} << 53;

// Of calls that take no parameters, not even "timeout".
Status CheckNoQuery(const Request& request);

class QueryFields {
 public:
  // `request` must outlive it. Every request may have "timeout", which is checked here, also for
  // calls that are answered at once; what else is not in `known` is refused.
  QueryFields(const Request& request, std::span<const std::string_view> known);
  QueryFields(const Request& request, std::initializer_list<std::string_view> known)
      : QueryFields(request, std::span(known.begin(), known.size())) {}

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  void Fail(Status status);

  bool Has(std::string_view name) const;
  // nullptr: not there, or an error came before.
  const std::string* Find(std::string_view name) const;
  std::string TextOr(std::string_view name, std::string_view otherwise) const;
  // "?keys_only", "=true", "=1"; absent, "=false", "=0".
  bool Flag(std::string_view name);
  uint64_t NumberOr(std::string_view name, uint64_t otherwise, uint64_t min, uint64_t max);
  int64_t DurationMsOr(std::string_view name, int64_t otherwise, const DurationBounds& bounds);
  SessionId SessionOr(std::string_view name, SessionId otherwise);
  // The bytes of `name` or, in base64url, of `name`_b64; both are too many.
  std::string BytesOr(const std::string& name, std::string_view otherwise);

  // What these parameters mean is the same everywhere.
  int64_t TimeoutMs();                  // "timeout", or the header
  node::Consistency ReadConsistency();  // "consistency"
  Revision MinRevision();               // "min_revision"

 private:
  void CheckNames(std::vector<std::string_view> known);
  void FailMalformed(std::string_view name, std::string_view wanted);

  const Request& request_;
  Status status_;
};

}  // namespace baton::http
