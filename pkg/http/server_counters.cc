#include "pkg/http/server_counters.h"

#include <algorithm>

namespace baton::http {
namespace {

// A view of a constant: the methods of requests are not kept.
std::string_view KnownMethod(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods = {"GET",   "PUT",  "POST",   "DELETE",
                                                               "PATCH", "HEAD", "OPTIONS"};
  const auto* found = std::find(kMethods.begin(), kMethods.end(), method);
  return found == kMethods.end() ? "OTHER" : *found;
}

}  // namespace

void ServerCounters::CountResponse(std::string_view route, std::string_view method, int status,
                                   int64_t latency_us) {
  if (route.empty()) route = "other";
  const std::lock_guard<std::mutex> lock(mutex_);
  auto found = routes_.find(route);
  if (found == routes_.end()) found = routes_.try_emplace(std::string(route)).first;
  found->second.latency.ObserveUs(latency_us);
  ++found->second.by_method_and_status[{KnownMethod(method), status}];
}

ServerStats ServerCounters::Read() const {
  ServerStats stats;
  stats.connections_open = connections_open.load(std::memory_order_relaxed);
  stats.requests_in_flight = requests_in_flight.load(std::memory_order_relaxed);
  stats.streams_open = streams_open.load(std::memory_order_relaxed);
  stats.unsent_bytes = unsent_bytes.load(std::memory_order_relaxed);
  stats.received_bytes_total = received_bytes_total.load(std::memory_order_relaxed);
  stats.sent_bytes_total = sent_bytes_total.load(std::memory_order_relaxed);
  stats.connections_refused_total = connections_refused_total.load(std::memory_order_relaxed);
  stats.framing_errors_total = framing_errors_total.load(std::memory_order_relaxed);
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [route, counters] : routes_) {
    stats.latency_by_route.emplace_back(route, counters.latency.Read());
    for (const auto& [key, total] : counters.by_method_and_status) {
      stats.requests.push_back({route, std::string(key.first), key.second, total});
    }
  }
  return stats;
}

}  // namespace baton::http
