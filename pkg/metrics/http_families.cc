#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

constexpr std::string_view kOther = "other";

// A method comes from the client: anything but the known ones is one value (a client that invents
// methods must not invent series).
std::string MethodLabel(const std::string& method) {
  constexpr std::array<std::string_view, 7> kKnown = {"GET",    "HEAD",  "PUT",    "POST",
                                                      "DELETE", "PATCH", "OPTIONS"};
  const bool known = std::find(kKnown.begin(), kKnown.end(), method) != kKnown.end();
  return known ? method : std::string(kOther);
}

// The route's template, or "unmatched" for requests that matched none.
std::string RouteLabel(const std::string& route) {
  if (route.empty()) return "unmatched";
  return route.size() <= kLabelValueBytesMax ? route : std::string(kOther);
}

std::string CodeLabel(int status) {
  return status >= 100 && status <= 599 ? std::to_string(status) : std::string(kOther);
}

void AddRequests(const std::string& listener, const http::ServerStats& stats, FamilyList* list) {
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> totals;
  uint64_t beyond_bound = 0;
  for (const http::RequestCount& count : stats.requests) {
    auto key = std::make_tuple(RouteLabel(count.route), MethodLabel(count.method),
                               CodeLabel(count.status));
    if (totals.size() >= kRequestSeriesMax && !totals.contains(key)) {
      beyond_bound += count.total;
      continue;
    }
    totals[std::move(key)] += count.total;
  }
  const std::string other(kOther);
  if (beyond_bound > 0) totals[{other, other, other}] += beyond_bound;
  for (const auto& [key, total] : totals) {
    const auto& [route, method, code] = key;
    list->Counter("baton_http_requests_total",
                  "Requests answered, by route template, method and status code.",
                  static_cast<double>(total),
                  {{"listener", listener}, {"route", route}, {"method", method}, {"code", code}});
  }
}

void AddLatencies(const std::string& listener, const http::ServerStats& stats, FamilyList* list) {
  std::map<std::string, LatencyHistogram::Snapshot> by_route;
  for (const auto& [route, snapshot] : stats.latency_by_route) {
    if (snapshot.total == 0) continue;
    std::string label = RouteLabel(route);
    if (by_route.size() >= kRoutesMax && !by_route.contains(label)) label = kOther;
    Accumulate(snapshot, &by_route[label]);
  }
  for (const auto& [route, snapshot] : by_route) {
    list->Histogram("baton_http_request_duration_seconds",
                    "Time from a complete request to its answer, by route template.",
                    SelectBuckets(snapshot, kCoarseBuckets),
                    {{"listener", listener}, {"route", route}});
  }
}

}  // namespace

void AddListenerFamilies(const std::string& listener, const http::ServerStats& stats,
                         FamilyList* list) {
  AddRequests(listener, stats, list);
  AddLatencies(listener, stats, list);
  const Labels labels = {{"listener", listener}};
  list->Gauge("baton_http_connections_open", "Open connections.",
              static_cast<double>(stats.connections_open), labels);
  list->Gauge("baton_http_requests_in_flight", "Requests that wait for their answer.",
              static_cast<double>(stats.requests_in_flight), labels);
  list->Gauge("baton_http_streams_open", "Streamed responses under way.",
              static_cast<double>(stats.streams_open), labels);
  list->Gauge("baton_http_unsent_bytes", "Bytes of answers that clients have not taken yet.",
              static_cast<double>(stats.unsent_bytes), labels);
  list->Gauge("baton_http_stream_unsent_bytes",
              "Bytes of streams that clients have not taken yet; what they share counts once.",
              static_cast<double>(stats.stream_unsent_bytes), labels);
  list->Counter("baton_http_received_bytes_total", "Bytes received.",
                static_cast<double>(stats.received_bytes_total), labels);
  list->Counter("baton_http_sent_bytes_total", "Bytes sent.",
                static_cast<double>(stats.sent_bytes_total), labels);
  list->Counter("baton_http_connections_refused_total", "Connections over a bound, refused.",
                static_cast<double>(stats.connections_refused_total), labels);
  list->Counter("baton_http_framing_errors_total",
                "Requests whose bytes broke a framing rule or a bound.",
                static_cast<double>(stats.framing_errors_total), labels);
}

}  // namespace baton::metrics
