// File: prometheus_text.h
//
// Reads Prometheus text back, for tests: strict about what the format (0.0.4) demands, so that what
// it accepts a Prometheus server accepts too.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::metrics {

struct ParsedSample {
  std::string name;  // with _bucket, _sum, _count of histograms
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct ParsedFamily {
  std::string help;
  std::string type;
  std::vector<ParsedSample> samples;
};

// By family name. kInvalidArgument naming the line: a sample before its TYPE, a repeated HELP or
// TYPE, a repeated series, a malformed name, label or number.
Result<std::map<std::string, ParsedFamily>> ParsePrometheusText(std::string_view text);

}  // namespace baton::metrics
