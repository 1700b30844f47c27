// batonctl session ...

#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/duration.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/table.h"

namespace baton::batonctl {
namespace {

constexpr int64_t kTtlDefaultMs = 15'000;

std::string SessionPath(const Arguments& arguments) {
  return "/v1/sessions/" + http::PercentEncode(arguments.positionals[0]);
}

Table SessionTable() { return Table{{"ID", "NAME", "TTL_MS", "REMAINING_MS"}, {}}; }

void AddSession(const nlohmann::json& session, Table* table) {
  table->rows.push_back({Cell(session, "id"), BytesCell(session, "name"), Cell(session, "ttl_ms"),
                         Cell(session, "remaining_ms")});
}

int PrintSession(const Arguments& arguments, const ApiRequest& request, Context* context) {
  int exit_code = kExitOk;
  const auto response = Ask(arguments, request, context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
    return kExitOk;
  }
  Table table = SessionTable();
  AddSession(BodyOf(*response), &table);
  *context->out << RenderTable(table);
  return kExitOk;
}

}  // namespace

int RunSessionCreate(const Arguments& arguments, Context* context) {
  const Result<int64_t> ttl = DurationOption(arguments, "ttl", kTtlDefaultMs);
  if (!ttl.ok()) return FailUsage(ttl.status().message(), context);
  nlohmann::json body = {{"ttl", FormatDurationMs(*ttl)}};
  if (arguments.Has("name")) body["name"] = arguments.Text("name");
  int exit_code = kExitOk;
  const auto response =
      Ask(arguments, JsonRequest("POST", "/v1/sessions", body), context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    *context->out << Cell(BodyOf(*response), "id") << "\n";  // for id=$(batonctl session create)
  }
  return kExitOk;
}

int RunSessionList(const Arguments& arguments, Context* context) {
  const Result<uint64_t> limit = NumberOption(arguments, "limit", kListItemsDefault);
  if (!limit.ok()) return FailUsage(limit.status().message(), context);
  if (*limit == 0) return FailUsage("--limit must be at least 1", context);
  int exit_code = kExitOk;
  const auto sessions =
      AskForList(arguments, "/v1/sessions", "sessions", *limit, context, &exit_code);
  if (!sessions) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    *context->out << nlohmann::json{{"sessions", *sessions}}.dump() << "\n";
    return kExitOk;
  }
  Table table = SessionTable();
  for (const nlohmann::json& session : *sessions) AddSession(session, &table);
  *context->out << RenderTable(table);
  return kExitOk;
}

int RunSessionGet(const Arguments& arguments, Context* context) {
  ApiRequest request;
  request.target = SessionPath(arguments);
  return PrintSession(arguments, request, context);
}

int RunSessionKeepAlive(const Arguments& arguments, Context* context) {
  ApiRequest request =
      JsonRequest("POST", SessionPath(arguments) + "/keepalive", nlohmann::json::object());
  request.idempotency_key = false;
  return PrintSession(arguments, request, context);
}

int RunSessionDestroy(const Arguments& arguments, Context* context) {
  ApiRequest request;
  request.method = "DELETE";
  request.target = SessionPath(arguments);
  int exit_code = kExitOk;
  const auto response = Ask(arguments, request, context, &exit_code);
  if (response && arguments.output == OutputFormat::kJson) PrintJson(*response, context);
  return exit_code;
}

}  // namespace baton::batonctl
