// File: problem.h
//
// From answers that are not 2xx, and from calls that had no answer, to a sentence on standard error
// and an exit code: one rule for all commands.
#pragma once

#include <string>

#include "cmd/batonctl/api_client.h"
#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"

namespace baton::batonctl {

// What a problem body (RFC 9457) says; empty fields when the body is none.
struct Problem {
  std::string code;
  std::string detail;
  std::string outcome;
};
Problem ParseProblem(const ApiResponse& response);

// kExitUnavailable for 503 and 504, else kExitRefused.
int ExitCodeOf(const ApiResponse& response);

// Says on context->err why there is no result, and gives the exit code. With --output json the
// problem body itself.
int Fail(const Arguments& arguments, const ApiResponse& response, Context* context);
int Fail(const Arguments& arguments, const Status& status, Context* context);

// A wrong command line found after parsing.
int FailUsage(const std::string& what, Context* context);

}  // namespace baton::batonctl
