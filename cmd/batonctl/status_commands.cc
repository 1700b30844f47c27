// batonctl status, batonctl version.

#include <future>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/table.h"
#include "cmd/cli/version.h"

namespace baton::batonctl {
namespace {

// Each endpoint for itself, all at once: one that hangs must not hide the others.
std::vector<Result<ApiResponse>> AskEach(const Arguments& arguments, const std::string& target,
                                         const Clock* clock) {
  std::vector<std::future<Result<ApiResponse>>> calls;
  for (const std::string& endpoint : arguments.endpoints) {
    calls.push_back(std::async(std::launch::async, [&, endpoint] {
      ApiRequest request;
      request.target = target;
      ApiClient api({endpoint}, clock);
      return api.Call(request, std::min<int64_t>(arguments.timeout_ms, 3'000));
    }));
  }
  std::vector<Result<ApiResponse>> answers;
  for (auto& call : calls) answers.push_back(call.get());
  return answers;
}

}  // namespace

int RunStatus(const Arguments& arguments, Context* context) {
  const auto answers = AskEach(arguments, "/v1/cluster", context->clock);
  nlohmann::json nodes = nlohmann::json::array();
  Table table{
      {"ENDPOINT", "NODE", "NAME", "ROLE", "LEADER", "TERM", "COMMIT", "APPLIED", "REVISION"}, {}};
  bool any = false;
  for (size_t i = 0; i < answers.size(); ++i) {
    const std::string& endpoint = arguments.endpoints[i];
    if (!answers[i].ok() || !answers[i]->ok()) {
      const std::string why = answers[i].ok() ? "answered " + std::to_string(answers[i]->status)
                                              : answers[i].status().message();
      nodes.push_back({{"endpoint", endpoint}, {"error", why}});
      table.rows.push_back({endpoint, "-", "-", "unreachable", "-", "-", "-", "-", "-"});
      continue;
    }
    any = true;
    const nlohmann::json body = BodyOf(*answers[i]);
    nodes.push_back({{"endpoint", endpoint}, {"cluster", body}});
    table.rows.push_back({endpoint, Cell(body, "node_id"), Cell(body, "node_name"),
                          Cell(body, "role"), Cell(body, "leader_id"), Cell(body, "term"),
                          Cell(body, "commit_index"), Cell(body, "applied_index"),
                          Cell(body, "revision")});
  }
  if (arguments.output == OutputFormat::kJson) {
    *context->out << nlohmann::json{{"nodes", nodes}}.dump(-1, ' ', false,
                                                           nlohmann::json::error_handler_t::replace)
                  << "\n";
  } else {
    *context->out << RenderTable(table);
  }
  return any ? kExitOk : kExitUnavailable;
}

int RunVersion(const Arguments& arguments, Context* context) {
  const auto answers = AskEach(arguments, "/version", context->clock);
  std::string server = "unreachable";
  for (const auto& answer : answers) {
    if (answer.ok() && answer->ok()) server = Cell(BodyOf(*answer), "version");
  }
  if (arguments.output == OutputFormat::kJson) {
    *context->out << nlohmann::json{{"batonctl", cli::kVersion}, {"batond", server}}.dump() << "\n";
  } else {
    *context->out << "batonctl " << cli::kVersion << "\nbatond " << server << "\n";
  }
  return kExitOk;
}

}  // namespace baton::batonctl
