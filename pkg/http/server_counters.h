// File: server_counters.h
//
// What a server counts. Written on the loop's thread, read on any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "pkg/base/histogram.h"
#include "pkg/http/server.h"

namespace baton::http {

class ServerCounters {
 public:
  // `route` is a template, or empty for none.
  void CountResponse(std::string_view route, std::string_view method, int status,
                     int64_t latency_us);
  ServerStats Read() const;

  std::atomic<uint64_t> connections_open{0};
  std::atomic<uint64_t> requests_in_flight{0};
  std::atomic<uint64_t> streams_open{0};
  std::atomic<uint64_t> unsent_bytes{0};
  std::atomic<uint64_t> received_bytes_total{0};
  std::atomic<uint64_t> sent_bytes_total{0};
  std::atomic<uint64_t> connections_refused_total{0};
  std::atomic<uint64_t> framing_errors_total{0};

 private:
  struct RouteCounters {
    LatencyHistogram latency;
    std::map<std::pair<std::string_view, int>, uint64_t> by_method_and_status;
  };

  mutable std::mutex mutex_;
  std::map<std::string, RouteCounters, std::less<>> routes_;  // protected by mutex_
};

}  // namespace baton::http
