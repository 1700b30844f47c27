// batonctl kv get, put, del, list.

#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/table.h"

namespace baton::batonctl {
namespace {

// What the server takes at most, and one more byte to be refused for.
constexpr size_t kValueBytesMax = (1 << 20) + 1;

std::string KeyPath(const std::string& key) { return "/v1/kv/" + http::PercentEncode(key, true); }

// Appends "name=value" with the right separator.
void AddQuery(std::string_view name, std::string_view value, std::string* target) {
  *target += target->find('?') == std::string::npos ? '?' : '&';
  *target += std::string(name) + "=" + http::PercentEncode(value);
}

// The guard and the precondition, which put and del share. False: a wrong option, said.
bool AddConditions(const Arguments& arguments, ApiRequest* request, Context* context) {
  if (arguments.Has("lock") != arguments.Has("token")) {
    FailUsage("--lock and --token go together", context);
    return false;
  }
  for (const std::string_view option : {"if-revision", "token"}) {
    const Result<uint64_t> number = NumberOption(arguments, option, 0);
    if (number.ok()) continue;
    FailUsage(number.status().message(), context);
    return false;
  }
  if (arguments.Has("lock")) {
    AddQuery("lock", arguments.Text("lock"), &request->target);
    AddQuery("token", arguments.Text("token"), &request->target);
  }
  if (arguments.Has("if-revision")) {
    request->headers["If-Match"] = "\"" + arguments.Text("if-revision") + "\"";
  }
  return true;
}

std::string ReadValue(const std::string& argument, Context* context) {
  if (argument != "-") return argument;
  std::string value(kValueBytesMax, '\0');
  context->in->read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<size_t>(context->in->gcount()));
  return value;
}

int PrintChange(const Arguments& arguments, const ApiRequest& request, Context* context) {
  int exit_code = kExitOk;
  const auto response = Ask(arguments, request, context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    *context->out << "revision " << response->Header("x-revision") << "\n";
  }
  return kExitOk;
}

}  // namespace

int RunKvGet(const Arguments& arguments, Context* context) {
  ApiRequest request;
  request.target = KeyPath(arguments.positionals[0]);
  if (arguments.Has("stale")) AddQuery("consistency", "stale", &request.target);
  if (arguments.output == OutputFormat::kJson) request.headers["Accept"] = "application/json";
  int exit_code = kExitOk;
  const auto response = Ask(arguments, request, context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    context->out->write(response->body.data(), static_cast<std::streamsize>(response->body.size()));
  }
  return kExitOk;
}

int RunKvPut(const Arguments& arguments, Context* context) {
  if (arguments.Has("if-absent") && arguments.Has("if-revision")) {
    return FailUsage("--if-absent and --if-revision contradict each other", context);
  }
  ApiRequest request;
  request.method = "PUT";
  request.target = KeyPath(arguments.positionals[0]);
  request.headers["Content-Type"] = "application/octet-stream";
  if (!AddConditions(arguments, &request, context)) return kExitUsage;
  if (arguments.Has("if-absent")) request.headers["If-None-Match"] = "*";
  if (arguments.Has("session")) AddQuery("session", arguments.Text("session"), &request.target);
  request.body = ReadValue(arguments.positionals[1], context);
  return PrintChange(arguments, request, context);
}

int RunKvDelete(const Arguments& arguments, Context* context) {
  ApiRequest request;
  request.method = "DELETE";
  request.target = KeyPath(arguments.positionals[0]);
  if (!AddConditions(arguments, &request, context)) return kExitUsage;
  return PrintChange(arguments, request, context);
}

int RunKvList(const Arguments& arguments, Context* context) {
  const Result<uint64_t> limit = NumberOption(arguments, "limit", kListItemsDefault);
  if (!limit.ok()) return FailUsage(limit.status().message(), context);
  if (*limit == 0) return FailUsage("--limit must be at least 1", context);
  std::string target = "/v1/kv";
  AddQuery("prefix", arguments.positionals.empty() ? "" : arguments.positionals[0], &target);
  if (arguments.Has("stale")) AddQuery("consistency", "stale", &target);
  int exit_code = kExitOk;
  const auto items = AskForList(arguments, target, "items", *limit, context, &exit_code);
  if (!items) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    *context->out << nlohmann::json{{"items", *items}}.dump() << "\n";
    return kExitOk;
  }
  Table table{{"KEY", "REVISION", "VERSION", "VALUE"}, {}};
  for (const nlohmann::json& item : *items) {
    table.rows.push_back({BytesCell(item, "key"), Cell(item, "mod_revision"), Cell(item, "version"),
                          BytesCell(item, "value")});
  }
  *context->out << RenderTable(table);
  return kExitOk;
}

}  // namespace baton::batonctl
