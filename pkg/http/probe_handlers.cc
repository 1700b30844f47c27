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

// ?verbose, and any number of ?exclude=CHECK.
struct ReadyzRequest {
  bool verbose = false;
  std::set<std::string> excluded;
};

// As QueryFields::Flag; here beside a parameter that may be repeated.
Result<bool> ReadVerbose(const Request& request) {
  const std::string& value = *request.Query("verbose");
  if (request.query.count("verbose") > 1) {
    return Status(Code::kInvalidArgument, "repeated_parameter",
                  "query parameter \"verbose\" is given more than once");
  }
  if (value == "false" || value == "0") return false;
  if (value.empty() || value == "true" || value == "1") return true;
  return Status(Code::kInvalidArgument, "malformed_parameter",
                "query parameter \"verbose\" is " + Quoted(value) + "; it must be true or false");
}

Result<ReadyzRequest> ReadReadyz(const Request& request) {
  static constexpr std::string_view kKnown[] = {"verbose", "exclude"};
  const std::vector<std::string_view> checks = ReadinessCheckNames();
  ReadyzRequest readyz;
  for (const auto& [name, value] : request.query) {
    if (name == "exclude") {
      if (std::find(checks.begin(), checks.end(), value) == checks.end()) {
        return Status(Code::kInvalidArgument, "malformed_parameter",
                      UnknownName("check", value, checks));
      }
      readyz.excluded.insert(value);
    } else if (name == "verbose") {
      const Result<bool> verbose = ReadVerbose(request);
      if (!verbose.ok()) return verbose.status();
      readyz.verbose = *verbose;
    } else {
      return Status(Code::kInvalidArgument, "unknown_parameter",
                    UnknownName("query parameter", name, kKnown));
    }
  }
  return readyz;
}

void Ready(const Call& call) {
  const Result<ReadyzRequest> readyz = ReadReadyz(call.request());
  if (!readyz.ok()) return call.Fail(readyz.status());
  std::string text;
  bool ready = true;
  const bool leaving = call.context->clock->MonotonicMs() < call.context->leaving_until_ms->load();
  for (const ReadinessCheck& check : CheckReadiness(*call.service().GetStatus(), leaving)) {
    const bool excluded = readyz->excluded.contains(std::string(check.name));
    const bool fine = check.trouble.empty();
    ready = ready && (fine || excluded);
    if (!readyz->verbose && (fine || excluded)) continue;
    text += (fine ? "[+]" : "[-]") + std::string(check.name) + " ";
    text += fine ? "ok" : "failed: " + check.trouble;
    text += excluded ? " (excluded)\n" : "\n";
  }
  if (readyz->verbose || !ready) text += ready ? "ready\n" : "not ready\n";
  if (text.empty()) text = "ok\n";
  Response response = Response::Text(ready ? 200 : 503, std::move(text));
  if (!ready) response.headers.emplace_back("Retry-After", "1");
  call.Answer(std::move(response));
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
