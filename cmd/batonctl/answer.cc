#include "cmd/batonctl/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/problem.h"

namespace baton::batonctl {
namespace {

constexpr uint64_t kPageItems = 500;  // of one answer; values may be large

}  // namespace

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

std::string BytesCell(const nlohmann::json& object, const std::string& field) {
  const std::string encoded = Cell(object, field + "_b64");
  return encoded == "-" ? Cell(object, field) : "base64:" + encoded;
}

std::optional<nlohmann::json> AskForList(const Arguments& arguments, const std::string& target,
                                         const std::string& field, uint64_t limit, Context* context,
                                         int* exit_code) {
  nlohmann::json items = nlohmann::json::array();
  std::string cursor;
  do {
    ApiRequest request;
    request.target = target + (target.find('?') == std::string::npos ? "?" : "&") +
                     "limit=" + std::to_string(std::min(limit - items.size(), kPageItems));
    if (!cursor.empty()) request.target += "&cursor=" + http::PercentEncode(cursor);
    const auto response = Ask(arguments, request, context, exit_code);
    if (!response) return std::nullopt;
    const nlohmann::json page = BodyOf(*response);
    if (!page.is_object() || !page.contains(field) || !page[field].is_array()) {
      *exit_code = Fail(arguments,
                        Status(Code::kUnavailable, "malformed_answer",
                               response->endpoint + " gave a list without \"" + field + "\""),
                        context);
      return std::nullopt;
    }
    for (const nlohmann::json& item : page[field]) items.push_back(item);
    cursor = Cell(page, "cursor");
    if (page[field].empty()) break;
  } while (cursor != "-" && items.size() < limit);
  if (cursor != "-" && limit == kListItemsDefault) {
    *context->err << "batonctl: there are more than " << limit << "; see --limit\n";
  }
  return items;
}

}  // namespace baton::batonctl
