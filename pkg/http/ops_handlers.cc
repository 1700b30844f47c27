#include "pkg/http/ops_handlers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/api_call.h"

namespace baton::http {
namespace {

// A node that is further behind is still catching up, after a start or a partition.
constexpr uint64_t kBehindEntriesMax = 1'000;
// A write that takes longer means a disk that hangs.
constexpr int64_t kWriteAgeMaxMs = 2'000;

bool IsExcluded(const Request& request, const std::string& name) {
  const auto [begin, end] = request.query.equal_range("exclude");
  return std::any_of(begin, end, [&](const auto& item) { return item.second == name; });
}

// "[+]leader ok", as people know it from Kubernetes.
std::string DescribeChecks(const Request& request, const std::vector<Check>& checks, bool passed) {
  std::string text;
  for (const Check& check : checks) {
    if (IsExcluded(request, check.name)) {
      text += "[+]" + check.name + " excluded: ok\n";
    } else if (check.failure.empty()) {
      text += "[+]" + check.name + " ok\n";
    } else {
      text += "[-]" + check.name + " failed: " + check.failure + "\n";
    }
  }
  return text + (passed ? "readyz check passed\n" : "readyz check failed\n");
}

Status CheckExcludes(const Request& request, const std::vector<Check>& checks) {
  for (const auto& [name, value] : request.query) {
    if (name == "verbose") continue;
    if (name != "exclude") {
      return Status(Code::kInvalidArgument, "unknown_parameter",
                    "unknown parameter; known are verbose and exclude");
    }
    const bool known = std::any_of(checks.begin(), checks.end(),
                                   [&](const Check& check) { return check.name == value; });
    if (!known) {
      return Status(Code::kInvalidArgument, "unknown_check",
                    "exclude names no check; there are leader, caught_up, disk and draining");
    }
  }
  return Status::Ok();
}

void GetReadiness(const Call& call) {
  const std::vector<Check> checks = ReadinessChecks(*call.service().GetStatus());
  if (const Status known = CheckExcludes(call.request(), checks); !known.ok()) {
    return call.Fail(known);
  }
  const bool passed = std::all_of(checks.begin(), checks.end(), [&](const Check& check) {
    return check.failure.empty() || IsExcluded(call.request(), check.name);
  });
  const bool verbose = !passed || call.request().Query("verbose") != nullptr;
  call.Answer(Response::Text(passed ? 200 : 503,
                             verbose ? DescribeChecks(call.request(), checks, passed) : "ok\n"));
}

void GetLiveness(const Call& call) { call.Answer(Response::Text(200, "ok\n")); }

// Started: it has taken part in a term, so its data was read and its peers were heard.
void GetStartup(const Call& call) {
  const bool started = static_cast<bool>(call.service().GetStatus()->raft.term);
  call.Answer(Response::Text(started ? 200 : 503, started ? "ok\n" : "no term yet\n"));
}

void GetVersion(const Call& call) {
  const nlohmann::json body = {{"version", call.context->version},
                               {"name", call.context->node_name}};
  call.Answer(JsonAnswer(200, body, call.service().GetStatus()->revision));
}

void Handle(ApiContext* context, Router* router, const char* pattern, void (*run)(const Call&)) {
  router->Handle("GET", pattern, [context, run](std::shared_ptr<Exchange> exchange) {
    run(Call{context, std::move(exchange)});
  });
}

}  // namespace

std::vector<Check> ReadinessChecks(const node::StatusView& status) {
  const raft::RaftStatus& raft = status.raft;
  std::vector<Check> checks = {{"leader", ""}, {"caught_up", ""}, {"disk", ""}, {"draining", ""}};
  if (!raft.leader) checks[0].failure = "no leader is known";
  const uint64_t behind = raft.commit > raft.applied ? raft.commit - raft.applied : 0;
  if (behind > kBehindEntriesMax) {
    checks[1].failure = std::to_string(behind) + " committed entries are not applied yet";
  }
  if (status.oldest_write_age_ms > kWriteAgeMaxMs) {
    checks[2].failure =
        "a write of the log takes " + std::to_string(status.oldest_write_age_ms) + " ms by now";
  }
  if (status.draining) checks[3].failure = "shutting down";
  return checks;
}

void AddProbeRoutes(ApiContext* context, Router* router) {
  Handle(context, router, "/livez", GetLiveness);
  Handle(context, router, "/readyz", GetReadiness);
  Handle(context, router, "/startupz", GetStartup);
  Handle(context, router, "/version", GetVersion);
}

Router MakeOpsRouter(ApiContext* context, MetricsText metrics) {
  Router router;
  AddProbeRoutes(context, &router);
  router.Handle("GET", "/metrics",
                [metrics = std::move(metrics)](const std::shared_ptr<Exchange>& exchange) {
                  Response response = Response::Text(200, metrics());
                  response.headers = {{"Content-Type", "text/plain; version=0.0.4"}};
                  exchange->Respond(std::move(response));
                });
  return router;
}

}  // namespace baton::http
