// /livez, /readyz, /startupz, /version: on the client port and on the ops port.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/query_fields.h"
#include "pkg/http/quote.h"
#include "pkg/http/readiness.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

// Local only: the loop answers. A node without a quorum must not be restarted for it. The process
// listens after its data was read, so it has started as well.
void Live(const Call& call) {
  const Status query = CheckNoQuery(call.request());
  query.ok() ? call.Answer(Response::Text(200, "ok\n")) : call.Fail(query);
}

// ?verbose, ?linearizable, and any number of ?exclude=CHECK.
struct ReadyzRequest {
  bool verbose = false;
  bool linearizable = false;
  std::set<std::string> excluded;
};

// As QueryFields::Flag; here beside a parameter that may be repeated.
Result<bool> ReadFlag(const Request& request, const std::string& name) {
  const std::string& value = *request.Query(name);
  const std::string named = "query parameter " + Quoted(name);
  if (request.query.count(name) > 1) {
    return Status(Code::kInvalidArgument, "repeated_parameter", named + " is given more than once");
  }
  if (value == "false" || value == "0") return false;
  if (value.empty() || value == "true" || value == "1") return true;
  return Status(Code::kInvalidArgument, "malformed_parameter",
                named + " is " + Quoted(value) + "; it must be true or false");
}

Result<ReadyzRequest> ReadReadyz(const Request& request) {
  static constexpr std::string_view kKnown[] = {"verbose", "exclude", "linearizable"};
  const std::vector<std::string_view> checks = ReadinessCheckNames();
  ReadyzRequest readyz;
  for (const auto& [name, value] : request.query) {
    if (name == "exclude") {
      if (std::find(checks.begin(), checks.end(), value) == checks.end()) {
        return Status(Code::kInvalidArgument, "malformed_parameter",
                      UnknownName("check", value, checks));
      }
      readyz.excluded.insert(value);
    } else if (name == "verbose" || name == "linearizable") {
      const Result<bool> flag = ReadFlag(request, name);
      if (!flag.ok()) return flag.status();
      (name == "verbose" ? readyz.verbose : readyz.linearizable) = *flag;
    } else {
      return Status(Code::kInvalidArgument, "unknown_parameter",
                    UnknownName("query parameter", name, kKnown));
    }
  }
  return readyz;
}

void AnswerReadyz(const Call& call, const ReadyzRequest& readyz,
                  const std::vector<ReadinessCheck>& checks) {
  std::string text;
  bool ready = true;
  for (const ReadinessCheck& check : checks) {
    const bool excluded = readyz.excluded.contains(std::string(check.name));
    const bool fine = check.trouble.empty();
    ready = ready && (fine || excluded);
    if (!readyz.verbose && (fine || excluded)) continue;
    text += (fine ? "[+]" : "[-]") + std::string(check.name) + " ";
    text += fine ? "ok" : "failed: " + check.trouble;
    text += excluded ? " (excluded)\n" : "\n";
  }
  if (readyz.verbose || !ready) text += ready ? "ready\n" : "not ready\n";
  if (text.empty()) text = "ok\n";
  Response response = Response::Text(ready ? 200 : 503, std::move(text));
  if (!ready) response.headers.emplace_back("Retry-After", "1");
  call.Answer(std::move(response));
}

std::vector<ReadinessCheck> CheckHere(const Call& call) {
  const bool leaving = call.context->clock->MonotonicMs() < call.context->leaving_until_ms->load();
  return CheckReadiness(*call.service().GetStatus(), leaving);
}

void Ready(const Call& call) {
  const Result<ReadyzRequest> readyz = ReadReadyz(call.request());
  if (!readyz.ok()) return call.Fail(readyz.status());
  if (!readyz->linearizable) return AnswerReadyz(call, *readyz, CheckHere(call));
  // A read of nothing: it needs no room of the read_budget. The other checks are made when it is
  // answered, so that all of them are of one moment.
  const auto answer = [call, readyz = *readyz](const Status& confirmed) {
    std::vector<ReadinessCheck> checks = CheckHere(call);
    checks.push_back(LinearizableCheck(confirmed));
    AnswerReadyz(call, readyz, checks);
  };
  call.service().Read(node::Consistency::kLinearizable, Revision(), kReadyConfirmMsMax,
                      [call, answer](const Result<node::ReadView>& view) {
                        const Status confirmed = view.ok() ? Status::Ok() : view.status();
                        call.exchange->Post([answer, confirmed] { answer(confirmed); });
                      });
}

void Version(const Call& call) {
  const Status query = CheckNoQuery(call.request());
  if (!query.ok()) return call.Fail(query);
  call.Answer(Response::Json(
      200, JsonText({{"name", "baton"}, {"version", call.context->version}, {"api", "v1"}})));
}

}  // namespace

void AddProbeRoutes(RouteTable* table) {
  table->Add("GET", "/livez", Live);
  table->Add("GET", "/startupz", Live);
  table->Add("GET", "/readyz", Ready);
  table->Add("GET", "/version", Version);
}

}  // namespace baton::http
