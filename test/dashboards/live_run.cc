#include "test/dashboards/live_run.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "pkg/base/check.h"
#include "test/dashboards/load.h"
#include "test/dashboards/picture.h"
#include "test/dashboards/prometheus.h"
#include "test/dashboards/survey.h"
#include "test/integration/cluster.h"

namespace baton::dashboards {
namespace {

constexpr int64_t kReadyMsMax = 30'000;
constexpr int kPointsOfPicture = 60;

double WallSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void Wait(int64_t ms) { poll(nullptr, 0, static_cast<int>(ms)); }

// Somebody else leads from the middle on, and one member misses a moment: so that there is
// something to see.
void LiveALittle(integration::Cluster* cluster, int seconds) {
  const int64_t quarter_ms = seconds * 1000 / 4;
  Wait(quarter_ms);
  const int leader = cluster->WaitForLeader(kReadyMsMax);
  CHECK_GE(leader, 0);
  (void)integration::Request(cluster->client_url(leader), "POST", "/v1/cluster/leader/transfer");
  Wait(quarter_ms);
  const int follower = (cluster->WaitForLeader(kReadyMsMax) + 1) % cluster->size();
  cluster->Kill(follower);
  Wait(quarter_ms / 4);
  cluster->Start(follower);
  Wait(2 * quarter_ms - quarter_ms / 4);
}

// A histogram is there by its buckets.
bool WasScraped(const Prometheus& prometheus, const std::string& family, const Window& window) {
  const auto range = std::to_string(static_cast<int64_t>(window.end - window.start) + 1) + "s";
  for (const std::string& name : {family, family + "_bucket"}) {
    const auto series =
        prometheus.Instant("count(last_over_time(" + name + "[" + range + "]))", window.end);
    if (series.ok() && !series->empty()) return true;
  }
  return false;
}

void Save(const std::string& directory, const Survey& survey, const Window& window) {
  const std::string path = directory + "/" + survey.dashboard.name + ".svg";
  std::ofstream file(path);
  file << DrawDashboard(survey, window);
  CHECK(file.good()) << path;
}

}  // namespace

LiveOutcome RunLive(const LiveOptions& options) {
  integration::Cluster cluster;
  cluster.StartAll();
  for (int node = 0; node < cluster.size(); ++node) {
    CHECK(cluster.WaitUntilReady(node, kReadyMsMax)) << cluster.Log(node);
  }
  const Prometheus prometheus(cluster);
  Load load(cluster);
  Window window;
  window.start = WallSeconds();
  LiveALittle(&cluster, options.seconds);
  window.end = WallSeconds();
  window.step = std::max(1.0, (window.end - window.start) / kPointsOfPicture);

  LiveOutcome outcome;
  outcome.rules = prometheus.Rules();
  for (const std::string& metric : options.metrics) {
    if (!WasScraped(prometheus, metric, window)) {
      outcome.troubles.push_back("no series of " + metric + " was scraped");
    }
  }
  if (load.rounds() == 0) outcome.troubles.push_back("the clients did nothing");
  for (const char* name : kDashboards) {
    const Survey survey = AskAll(prometheus, ReadDashboard(name), window);
    for (const PanelAnswer& panel : survey.panels) outcome.queries += panel.by_query.size();
    outcome.troubles.insert(outcome.troubles.end(), survey.troubles.begin(), survey.troubles.end());
    if (!options.pictures.empty()) Save(options.pictures, survey, window);
  }
  return outcome;
}

}  // namespace baton::dashboards
