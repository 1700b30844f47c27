#include "test/dashboards/prometheus.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pkg/base/check.h"
#include "pkg/http/client.h"
#include "test/dashboards/dashboard.h"

namespace baton::dashboards {
namespace {

using nlohmann::json;

constexpr int64_t kStartMsMax = 30'000;
constexpr const char* kPath =
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/lib/baton/prometheus/usr/bin";

std::string HostAndPort(const std::string& url) { return url.substr(url.find("//") + 2); }

std::string ConfigOf(const integration::Cluster& cluster) {
  std::ostringstream config;
  config << "global:\n"
         << "  scrape_interval: " << Prometheus::kScrapeIntervalSeconds << "s\n"
         << "  evaluation_interval: 5s\n"
         << "rule_files: ['" << TreePath("charts/baton/files/alerts/*.yaml") << "']\n"
         << "scrape_configs:\n  - job_name: baton\n    static_configs:\n";
  for (int node = 0; node < cluster.size(); ++node) {
    config << "      - targets: ['" << HostAndPort(cluster.ops_url(node)) << "']\n"
           << "        labels: {namespace: " << Prometheus::kNamespace
           << ", cluster: " << Prometheus::kCluster << ", pod: baton-" << node << "}\n";
  }
  return config.str();
}

std::pair<double, double> PointOf(const json& point) {
  return {point.at(0).get<double>(), std::strtod(point.at(1).get<std::string>().c_str(), nullptr)};
}

Series SeriesOf(const json& from) {
  Series series;
  for (const auto& [name, value] : from.at("metric").items()) series.labels[name] = value;
  if (from.contains("value")) series.points.push_back(PointOf(from.at("value")));
  for (const json& point : from.value("values", json::array())) {
    series.points.push_back(PointOf(point));
  }
  // A quantile of nothing is not a number, and Grafana shows nothing for it.
  std::erase_if(series.points, [](const auto& point) { return std::isnan(point.second); });
  return series;
}

}  // namespace

Prometheus::Prometheus(const integration::Cluster& cluster) {
  const std::string config = directory_.path() + "/prometheus.yml";
  std::ofstream(config) << ConfigOf(cluster);
  const std::string address = "127.0.0.1:" + std::to_string(integration::FreePorts(1).front());
  url_ = "http://" + address;
  process_ =
      integration::Process::Start({"/usr/bin/env", kPath, "prometheus", "--config.file=" + config,
                                   "--storage.tsdb.path=" + directory_.path() + "/data",
                                   "--web.listen-address=" + address, "--log.level=warn"},
                                  directory_.path() + "/log");
  const bool ready = integration::WaitUntil(kStartMsMax, [this] {
    const auto answer = integration::Request(url_, "GET", "/-/ready");
    return answer.ok() && answer->status == 200;
  });
  CHECK(ready) << "Prometheus did not start; scripts/install-packages brings it. It said:\n"
               << Log();
}

std::string Prometheus::Log() const { return integration::ReadFile(directory_.path() + "/log"); }

size_t Prometheus::Rules() const {
  const auto answer = integration::Request(url_, "GET", "/api/v1/rules");
  if (!answer.ok()) return 0;
  const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  size_t rules = 0;
  for (const json& group : body.at("data").at("groups")) rules += group.at("rules").size();
  return rules;
}

Result<std::vector<Series>> Prometheus::Instant(const std::string& expression, double time) const {
  return Ask("/api/v1/query?query=" + http::PercentEncode(expression) +
             "&time=" + std::to_string(time));
}

Result<std::vector<Series>> Prometheus::Range(const std::string& expression, double start,
                                              double end, double step) const {
  return Ask("/api/v1/query_range?query=" + http::PercentEncode(expression) +
             "&start=" + std::to_string(start) + "&end=" + std::to_string(end) +
             "&step=" + std::to_string(step));
}

Result<std::vector<Series>> Prometheus::Ask(const std::string& target) const {
  const auto answer = integration::Request(url_, "GET", target);
  if (!answer.ok()) return answer.status();
  const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || body.value("status", "") != "success") {
    return Status(Code::kInvalidArgument,
                  body.is_object() ? body.value("error", "") : answer->body);
  }
  const json& data = body.at("data");
  std::vector<Series> all;
  if (data.at("resultType") == "scalar") {
    all.push_back({{}, {PointOf(data.at("result"))}});
    return all;
  }
  for (const json& series : data.at("result")) {
    Series read = SeriesOf(series);
    if (!read.points.empty()) all.push_back(std::move(read));
  }
  return all;
}

}  // namespace baton::dashboards
