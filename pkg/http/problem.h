// File: problem.h
//
// Errors on the wire: RFC 9457 problem JSON. The one table from a Status to HTTP stands in
// problem.cc; api.h has what other rooms call.
//
//   {"type":"/v1/problems/lock_held","title":"The lock is held","status":409,"detail":"...",
//    "code":"lock_held","request_id":"...","outcome":"not_applied","retryable":true,
//    "retry_after_ms":250,"leader":"pod-2","revision":812}
//
// `code` is stable. `retryable`: the same request may succeed later; whether repeating it is safe
// is what `outcome` says. retry_after_ms is null when it is not retryable, leader while none is
// known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/status.h"
#include "pkg/http/api.h"

namespace baton::http {

// What is known of a kind of error, whatever its sentence.
struct ProblemKind {
  std::string_view reason;
  std::string_view title;
  int http_status = 0;          // 0 in the table: by the code
  int64_t retry_after_ms = -1;  // -1: not retryable

  bool retryable() const { return retry_after_ms >= 0; }
};

// By the status's reason, or else by its code.
ProblemKind KindOf(const Status& status);
// All reasons with a line of their own, in the order of the table.
const std::vector<ProblemKind>& KnownProblems();

// ProblemResponse with more members than every problem has (the holder of a lock, ...). `status`
// must not be OK.
Response MakeProblem(const Status& status, const std::string& request_id, const ApiContext* context,
                     const nlohmann::json& members);

}  // namespace baton::http
