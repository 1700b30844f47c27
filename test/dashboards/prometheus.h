// File: prometheus.h
//
// A real Prometheus (Debian's) as a child process: it scrapes the ops ports of a cluster under the
// labels that the chart gives, knows the alerts of the chart, and answers queries.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::dashboards {

struct Series {
  std::map<std::string, std::string> labels;
  std::vector<std::pair<double, double>> points;  // time in seconds, value; in order
};

class Prometheus {
 public:
  static constexpr int kScrapeIntervalSeconds = 1;

  // Starts it and waits until it is ready (CHECKed). `cluster` must outlive it.
  explicit Prometheus(const integration::Cluster& cluster);

  // The labels that all series of the cluster have: namespace, cluster; pods are baton-0, ...
  static constexpr const char* kNamespace = "default";
  static constexpr const char* kCluster = "baton";

  // kUnavailable, or kInvalidArgument with Prometheus's own words.
  Result<std::vector<Series>> Instant(const std::string& expression, double time) const;
  Result<std::vector<Series>> Range(const std::string& expression, double start, double end,
                                    double step) const;
  // How many rules it has loaded.
  size_t Rules() const;
  std::string Log() const;

 private:
  Result<std::vector<Series>> Ask(const std::string& target) const;

  integration::TemporaryDirectory directory_;
  std::string url_;
  integration::Process process_;
};

}  // namespace baton::dashboards
