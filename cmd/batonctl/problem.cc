#include "cmd/batonctl/problem.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/cli/printable.h"

namespace baton::batonctl {
namespace {

std::string TextField(const nlohmann::json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Problem ParseProblem(const ApiResponse& response) {
  const nlohmann::json body = BodyOf(response);
  if (!body.is_object()) return Problem();
  return Problem{TextField(body, "code"), TextField(body, "detail"), TextField(body, "outcome")};
}

int ExitCodeOf(const ApiResponse& response) {
  return response.status == 503 || response.status == 504 ? kExitUnavailable : kExitRefused;
}

int Fail(const Arguments& arguments, const ApiResponse& response, Context* context) {
  const Problem problem = ParseProblem(response);
  if (arguments.output == OutputFormat::kJson && !problem.code.empty()) {
    *context->err << response.body << "\n";
    return ExitCodeOf(response);
  }
  std::string why = problem.detail.empty()
                        ? response.endpoint + " answered " + std::to_string(response.status)
                        : problem.detail;
  if (!problem.code.empty()) why = problem.code + ": " + why;
  if (problem.outcome == "unknown") why += " (the change may or may not have happened)";
  *context->err << "batonctl: " << cli::Printable(why) << "\n";
  return ExitCodeOf(response);
}

int Fail(const Arguments& arguments, const Status& status, Context* context) {
  if (arguments.output == OutputFormat::kJson) {
    const nlohmann::json body = {{"code", status.reason()},
                                 {"detail", status.message()},
                                 {"outcome", std::string(OutcomeName(status.outcome()))}};
    *context->err << body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    *context->err << "batonctl: " << cli::Printable(status.message()) << "\n";
  }
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitUnavailable;
}

int FailUsage(const std::string& what, Context* context) {
  *context->err << "batonctl: " << cli::Printable(what) << "\n";
  return kExitUsage;
}

}  // namespace baton::batonctl
