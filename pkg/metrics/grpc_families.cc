// grpc_server_*, etcd_server_client_requests_total and the like: what etcd counts of its gRPC
// calls, of our HTTP requests. A service is a part of the API under etcd's name for it, a method
// its last word or the HTTP method.
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

struct Rpc {
  std::string type, service, method;
  auto operator<=>(const Rpc&) const = default;
};

// What is no call of etcd's, and all that is beyond the bounds of limits.h.
const Rpc kOther{"unary", "other", "other"};

// "/v1/locks/{name}/acquire" -> "locks".
std::string_view PartOf(std::string_view route) {
  constexpr std::string_view kPrefix = "/v1/";
  if (!route.starts_with(kPrefix)) return "";
  route.remove_prefix(kPrefix.size());
  return route.substr(0, route.find('/'));
}

std::string ServiceOf(std::string_view part) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kServices = {{
      {"admin", "etcdserverpb.Maintenance"},
      {"cluster", "etcdserverpb.Cluster"},
      {"elections", "v3electionpb.Election"},
      {"kv", "etcdserverpb.KV"},
      {"locks", "v3lockpb.Lock"},
      {"sessions", "etcdserverpb.Lease"},
      {"watch", "etcdserverpb.Watch"},
  }};
  for (const auto& [name, service] : kServices) {
    if (name == part) return std::string(service);
  }
  return kOther.service;
}

Rpc RpcOf(const std::string& route, const std::string& method) {
  const std::string_view part = PartOf(route);
  Rpc rpc{"unary", ServiceOf(part), method};
  if (rpc.service == kOther.service) return kOther;
  const std::string last = route.substr(route.rfind('/') + 1);
  if (last.find('{') == std::string::npos && last != part) rpc.method = last;
  if (rpc.method.size() > kLabelValueBytesMax) rpc.method = kOther.method;
  // Those that a client asks to wait: nobody is slow who answers them late.
  static constexpr std::array<std::string_view, 4> kWaiting = {"observe", "acquire", "campaign",
                                                               "snapshot"};
  if (std::find(kWaiting.begin(), kWaiting.end(), last) != kWaiting.end()) {
    rpc.type = "server_stream";
  }
  if (part == "watch") rpc.type = "bidi_stream";
  return rpc;
}

// What etcd's alerts count as failures are Unknown, FailedPrecondition, ResourceExhausted,
// Internal, Unavailable, DataLoss and DeadlineExceeded: a lost race is none of these.
std::string_view CodeOf(int http_status) {
  if (http_status < 400) return "OK";
  switch (http_status) {
    case 401:
      return "Unauthenticated";
    case 403:
      return "PermissionDenied";
    case 404:
      return "NotFound";
    case 409:
    case 412:
    case 428:
      return "Aborted";
    case 410:
      return "OutOfRange";
    case 429:
    case 507:
      return "ResourceExhausted";
    case 501:
      return "Unimplemented";
    case 503:
      return "Unavailable";
    case 504:
      return "DeadlineExceeded";
    default:
      return http_status < 500 ? "InvalidArgument" : "Internal";
  }
}

Labels LabelsOf(const Rpc& rpc) {
  return {{"grpc_type", rpc.type}, {"grpc_service", rpc.service}, {"grpc_method", rpc.method}};
}

void AddCalls(const http::ServerStats& client, FamilyList* list) {
  std::map<Rpc, uint64_t> started;
  std::map<std::pair<Rpc, std::string>, uint64_t> handled;
  for (const http::RequestCount& count : client.requests) {
    Rpc rpc = RpcOf(count.route, count.method);
    const std::string code(CodeOf(count.status));
    // The codes are few, and alerts ask for them: they stay.
    if (handled.size() >= kRequestSeriesMax && !handled.contains({rpc, code})) rpc = kOther;
    started[rpc] += count.total;
    uint64_t& total = handled[{rpc, code}];
    total += count.total;
    // A stream counts as answered when it begins; etcd's count when they end.
    if (rpc.type == "bidi_stream" && count.status == 200) {
      total -= std::min(total, client.streams_open);
    }
  }
  for (const auto& [rpc, total] : started) {
    list->Counter("grpc_server_started_total", "Calls begun; of the HTTP API.", Number(total),
                  LabelsOf(rpc));
  }
  for (const auto& [key, total] : handled) {
    Labels labels = LabelsOf(key.first);
    labels.emplace_back("grpc_code", key.second);
    list->Counter("grpc_server_handled_total", "Calls ended, by code; of the HTTP API.",
                  Number(total), std::move(labels));
  }
}

void AddDurations(const http::ServerStats& client, FamilyList* list) {
  // One route may be one method or several; a latency is known by route only.
  std::map<std::pair<std::string, std::string>, LatencyHistogram::Snapshot> by_method;
  for (const auto& [route, snapshot] : client.latency_by_route) {
    const Rpc rpc = RpcOf(route, "any");
    if (rpc.type != "unary") continue;
    std::pair<std::string, std::string> key = {rpc.service, rpc.method};
    if (by_method.size() >= kRoutesMax && !by_method.contains(key)) {
      key = {kOther.service, kOther.method};
    }
    Accumulate(snapshot, &by_method[key]);
  }
  for (const auto& [key, snapshot] : by_method) {
    list->Histogram("grpc_server_handling_seconds",
                    "Time from a complete request to its answer; of the HTTP API.",
                    SelectBuckets(snapshot, kCoarseBuckets),
                    LabelsOf({"unary", key.first, key.second}));
  }
}

}  // namespace

void AddGrpcFamilies(const http::ServerStats& client, FamilyList* list) {
  AddCalls(client, list);
  AddDurations(client, list);
  uint64_t unary = 0, stream = 0, ranges = 0;
  for (const http::RequestCount& count : client.requests) {
    const Rpc rpc = RpcOf(count.route, count.method);
    (rpc.type == "unary" ? unary : stream) += count.total;
    if (rpc.service == "etcdserverpb.KV" && count.method == "GET") ranges += count.total;
  }
  constexpr std::string_view kRequests = "etcd_server_client_requests_total";
  constexpr std::string_view kRequestsHelp = "The number of client requests by kind.";
  list->Counter(kRequests, kRequestsHelp, Number(unary),
                {{"type", "unary"}, {"client_api_version", "http"}});
  list->Counter(kRequests, kRequestsHelp, Number(stream),
                {{"type", "stream"}, {"client_api_version", "http"}});
  list->Counter("etcd_mvcc_range_total", "The number of reads seen by this member.",
                Number(ranges));
  list->Counter("etcd_network_client_grpc_received_bytes_total",
                "The number of bytes received from clients.", Number(client.received_bytes_total));
  list->Counter("etcd_network_client_grpc_sent_bytes_total", "The number of bytes sent to clients.",
                Number(client.sent_bytes_total));
}

void AddHealthFamilies(const http::ServerStats& ops, FamilyList* list) {
  uint64_t success = 0, failures = 0;
  for (const http::RequestCount& count : ops.requests) {
    if (count.route != "/readyz") continue;
    (count.status == 200 ? success : failures) += count.total;
  }
  list->Counter("etcd_server_health_success", "The number of answers of /readyz that said ready.",
                Number(success));
  list->Counter("etcd_server_health_failures", "The number of answers of /readyz that did not.",
                Number(failures));
}

}  // namespace baton::metrics
