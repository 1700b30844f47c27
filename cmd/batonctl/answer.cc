#include "cmd/batonctl/answer.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/problem.h"

namespace baton::batonctl {

std::optional<ApiResponse> Ask(const Arguments& arguments, const ApiRequest& request,
                               Context* context, int* exit_code) {
  ApiClient api(arguments.endpoints, context->clock);
  Result<ApiResponse> response = api.Call(request, arguments.timeout_ms);
  if (!response.ok()) {
    *exit_code = Fail(arguments, response.status(), context);
    return std::nullopt;
  }
  if (!response->ok()) {
    *exit_code = Fail(arguments, *response, context);
    return std::nullopt;
  }
  return *std::move(response);
}

ApiRequest JsonRequest(std::string method, std::string target, const nlohmann::json& body) {
  ApiRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers["Content-Type"] = "application/json";
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return request;
}

void PrintJson(const ApiResponse& response, Context* context) {
  const std::string_view body = response.body.empty() ? "{}" : std::string_view(response.body);
  *context->out << body << (body.ends_with('\n') ? "" : "\n");
}

nlohmann::json BodyOf(const ApiResponse& response) {
  nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  return body.is_discarded() ? nlohmann::json() : body;
}

std::string Cell(const nlohmann::json& object, std::string_view field) {
  if (!object.is_object()) return "-";
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return "-";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace baton::batonctl
