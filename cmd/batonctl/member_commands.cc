// batonctl member ...

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/table.h"

namespace baton::batonctl {
namespace {

constexpr char kMembers[] = "/v1/cluster/members";
constexpr int64_t kWaitDefaultMs = 600'000;
constexpr int64_t kPauseMs = 500;

std::string PathOf(const std::string& member) {
  return std::string(kMembers) + "/" + http::PercentEncode(member);
}

// Not with a key: what was done is seen in the list of members.
ApiRequest MemberRequest(const std::string& method, const std::string& target,
                         const nlohmann::json& body) {
  ApiRequest request = JsonRequest(method, target, body);
  request.idempotency_key = false;
  return request;
}

std::string RoleOf(const nlohmann::json& member) {
  if (member.value("leader", false)) return "leader";
  return member.value("voter", false) ? "voter" : "learner";
}

void AddRows(const nlohmann::json& body, Table* table) {
  for (const nlohmann::json& member : body.value("members", nlohmann::json::array())) {
    table->rows.push_back({Cell(member, "id"), Cell(member, "name"), RoleOf(member),
                           Cell(member, "peer_address"), Cell(member, "client_url")});
  }
  for (const nlohmann::json& node : body.value("waiting", nlohmann::json::array())) {
    table->rows.push_back({Cell(node, "id"), Cell(node, "name"), Cell(node, "standing"),
                           Cell(node, "peer_address"), Cell(node, "client_url")});
  }
}

// Whether a promotion that was refused may be granted a little later: the learner catches up, or
// the asked node has not heard of it yet.
bool MayPassLater(const ApiResponse& response) {
  const std::string code = ParseProblem(response).code;
  return code == "learner_behind" || code == "change_in_progress" || code == "unknown_member" ||
         response.status == 503;
}

// For wait_ms a node that has not said yet that it waits is asked for again. nullopt: it failed.
std::optional<ApiResponse> Add(const Arguments& arguments, const nlohmann::json& body,
                               int64_t wait_ms, Context* context, int* exit_code) {
  ApiClient api(arguments.endpoints, context->clock);
  const ApiRequest request = MemberRequest("POST", kMembers, body);
  const int64_t end_ms = context->clock->MonotonicMs() + wait_ms;
  while (true) {
    Result<ApiResponse> response = api.Call(request, arguments.timeout_ms);
    if (response.ok() && response->ok()) return *std::move(response);
    const bool later = response.ok() && ParseProblem(*response).code == "unknown_member";
    if (!later || context->clock->MonotonicMs() + kPauseMs >= end_ms) {
      *exit_code = response.ok() ? Fail(arguments, *response, context)
                                 : Fail(arguments, response.status(), context);
      return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
  }
}

// For wait_ms what may pass later is asked again.
int Promote(const Arguments& arguments, const std::string& member, int64_t wait_ms,
            Context* context) {
  ApiClient api(arguments.endpoints, context->clock);
  const ApiRequest request =
      MemberRequest("POST", PathOf(member) + "/promote", nlohmann::json::object());
  const int64_t end_ms = context->clock->MonotonicMs() + wait_ms;
  while (true) {
    const Result<ApiResponse> response = api.Call(request, arguments.timeout_ms);
    const bool later = !response.ok() || (!response->ok() && MayPassLater(*response));
    if (later && context->clock->MonotonicMs() + kPauseMs < end_ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
      continue;
    }
    if (!response.ok()) return Fail(arguments, response.status(), context);
    if (!response->ok()) return Fail(arguments, *response, context);
    if (arguments.output == OutputFormat::kJson) {
      PrintJson(*response, context);
    } else {
      *context->out << member << " is a voter\n";
    }
    return kExitOk;
  }
}

// Where the leader is asked itself: no node passes a transfer on.
std::vector<std::string> LeaderFirst(const Arguments& arguments, Context* context) {
  std::vector<std::string> endpoints = arguments.endpoints;
  ApiClient api(endpoints, context->clock);
  ApiRequest request;
  request.target = kMembers;
  const Result<ApiResponse> response = api.Call(request, arguments.timeout_ms);
  if (!response.ok() || !response->ok()) return endpoints;
  const nlohmann::json body = BodyOf(*response);
  for (const nlohmann::json& member : body.value("members", nlohmann::json::array())) {
    if (member.value("leader", false) && member["client_url"].is_string()) {
      endpoints.insert(endpoints.begin(), member["client_url"].get<std::string>());
    }
  }
  return endpoints;
}

// A number is one, a name is a name.
nlohmann::json TargetOf(const std::string& member) {
  if (member.find_first_not_of("0123456789") != std::string::npos) return member;
  return nlohmann::json::parse(member, nullptr, false);
}

std::optional<ApiResponse> HandOver(const Arguments& arguments, const nlohmann::json& body,
                                    Context* context, int* exit_code) {
  Arguments asked = arguments;
  asked.endpoints = LeaderFirst(arguments, context);
  return Ask(asked, MemberRequest("POST", "/v1/cluster/leader/transfer", body), context, exit_code);
}

}  // namespace

int RunMemberList(const Arguments& arguments, Context* context) {
  ApiRequest request;
  request.target = kMembers;
  int exit_code = kExitOk;
  const auto response = Ask(arguments, request, context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
    return kExitOk;
  }
  Table table{{"ID", "NAME", "ROLE", "PEER_ADDRESS", "CLIENT_URL"}, {}};
  AddRows(BodyOf(*response), &table);
  *context->out << RenderTable(table);
  return kExitOk;
}

int RunMemberAdd(const Arguments& arguments, Context* context) {
  const Result<int64_t> wait_ms = DurationOption(arguments, "wait", kWaitDefaultMs);
  if (!wait_ms.ok()) return FailUsage(wait_ms.status().message(), context);
  nlohmann::json body = {{"name", arguments.positionals[0]}};
  if (arguments.Has("id")) {
    const Result<uint64_t> id = NumberOption(arguments, "id", 0);
    if (!id.ok()) return FailUsage(id.status().message(), context);
    body["id"] = *id;
  }
  if (arguments.Has("address")) body["peer_address"] = arguments.Text("address");
  if (arguments.Has("client-url")) body["client_url"] = arguments.Text("client-url");
  const bool promote = arguments.Has("promote");
  // A node that has just started is known within a second or two.
  const int64_t patience_ms = promote || arguments.Has("wait") ? *wait_ms : 0;
  int exit_code = kExitOk;
  const auto response = Add(arguments, body, patience_ms, context, &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kTable) {
    *context->out << arguments.positionals[0] << " is a learner, member "
                  << Cell(BodyOf(*response), "id") << "\n";
  } else if (!promote) {
    PrintJson(*response, context);
  }
  return promote ? Promote(arguments, arguments.positionals[0], *wait_ms, context) : kExitOk;
}

int RunMemberPromote(const Arguments& arguments, Context* context) {
  const Result<int64_t> wait_ms = DurationOption(arguments, "wait", 0);
  if (!wait_ms.ok()) return FailUsage(wait_ms.status().message(), context);
  return Promote(arguments, arguments.positionals[0], *wait_ms, context);
}

int RunMemberRemove(const Arguments& arguments, Context* context) {
  const std::string& member = arguments.positionals[0];
  ApiClient api(arguments.endpoints, context->clock);
  const ApiRequest request = MemberRequest("DELETE", PathOf(member), nlohmann::json::object());
  Result<ApiResponse> response = api.Call(request, arguments.timeout_ms);
  if (response.ok() && ParseProblem(*response).code == "member_leads") {
    int exit_code = kExitOk;
    if (!HandOver(arguments, nlohmann::json::object(), context, &exit_code)) return exit_code;
    response = api.Call(request, arguments.timeout_ms);
  }
  if (!response.ok()) return Fail(arguments, response.status(), context);
  if (!response->ok()) return Fail(arguments, *response, context);
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    *context->out << member << " is removed\n";
  }
  return kExitOk;
}

int RunMemberTransfer(const Arguments& arguments, Context* context) {
  nlohmann::json body = nlohmann::json::object();
  if (!arguments.positionals.empty()) body["target"] = TargetOf(arguments.positionals[0]);
  const Result<int64_t> pause_ms = DurationOption(arguments, "pause", 0);
  if (!pause_ms.ok()) return FailUsage(pause_ms.status().message(), context);
  if (arguments.Has("pause") && !arguments.Has("drain")) {
    return FailUsage("--pause goes with --drain", context);
  }
  int exit_code = kExitOk;
  std::optional<ApiResponse> response;
  if (arguments.Has("drain")) {
    response = Ask(arguments, MemberRequest("POST", "/v1/cluster/leader/transfer?drain=1", body),
                   context, &exit_code);
    std::this_thread::sleep_for(std::chrono::milliseconds(*pause_ms));
  } else {
    response = HandOver(arguments, body, context, &exit_code);
  }
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    *context->out << Cell(BodyOf(*response), "leader_name") << " leads\n";
  }
  return kExitOk;
}

}  // namespace baton::batonctl
