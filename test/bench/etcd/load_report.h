// File: load_report.h
//
// What a load generator prints as JSON: `batonctl bench --output json`, and the driver of etcd in
// test/bench/peers/etcd, in the same fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::bench {

struct LoadReport {
  int64_t operations = 0;
  int64_t errors = 0;
  double rate_per_s = 0;
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
};

// Of the JSON object in `text`, which may have lines of other words before it, with the latency
// that is called so ("put", "hand_over"). kInvalidArgument: the field that is missing.
Result<LoadReport> ParseLoadReport(std::string_view text, const std::string& latency);

// Runs a load generator to its end. kUnavailable: it failed, with what it printed;
// kDeadlineExceeded: it did not end within timeout_ms, and was killed.
Result<LoadReport> RunLoad(const std::vector<std::string>& arguments, const std::string& latency,
                           int64_t timeout_ms);

}  // namespace baton::bench
