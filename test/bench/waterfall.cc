// Where the time of one put goes, from the client's socket and back. One client puts keys one after
// the other at the leader of three real processes; what the nodes count in their histograms
// meanwhile (/metrics), and what the client saw, give the mean of each stage (stages.h). Printed as
// a table; --output and --picture say where the JSON and the SVG go.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "test/bench/load_points.h"
#include "test/bench/metrics_text.h"
#include "test/bench/options.h"
#include "test/bench/stages.h"

namespace baton::bench {
namespace {

constexpr char kUsage[] =
    "usage: waterfall [--seconds=S] [--output=FILE] [--picture=FILE] [--quick]\n"
    "  --seconds  0.1 to 600 (10)\n"
    "  --output   where the JSON goes\n"
    "  --picture  where the SVG goes\n"
    "  --quick    short: whether it works, not how long a put takes\n";

constexpr double kSeconds = 10;
constexpr double kQuickSeconds = 0.5;
constexpr double kWarmUpShare = 0.1;

// What /metrics of all nodes said at one time.
using Texts = std::vector<std::string>;

Texts ReadAll(const integration::Cluster& cluster) {
  Texts texts;
  for (int i = 0; i < cluster.size(); ++i) texts.push_back(ReadMetrics(cluster.ops_url(i)));
  return texts;
}

// What was added to a histogram of some nodes between two times.
class Interval {
 public:
  Interval(Texts before, Texts after) : before_(std::move(before)), after_(std::move(after)) {}

  HistogramTotals Of(const std::vector<int>& nodes, const std::string& name,
                     const std::vector<std::string>& labels = {}) const {
    HistogramTotals sum;
    for (const int node : nodes) {
      const auto i = static_cast<size_t>(node);
      const HistogramTotals added =
          TotalsOfHistogram(after_[i], name, labels) - TotalsOfHistogram(before_[i], name, labels);
      sum.seconds += added.seconds;
      sum.count += added.count;
    }
    return sum;
  }

 private:
  const Texts before_, after_;
};

double MeanUs(const HistogramTotals& totals) {
  return totals.count > 0 ? totals.seconds / totals.count * 1e6 : 0;
}

PutTimes TimesOf(const LoadPoint& seen, const Interval& interval, int leader, int nodes) {
  std::vector<int> followers;
  for (int i = 0; i < nodes; ++i) {
    if (i != leader) followers.push_back(i);
  }
  const std::vector<int> only_leader = {leader};
  const std::string sync = "baton_disk_log_sync_duration_seconds";
  const auto for_each_put = [&](const std::string& name) {
    return interval.Of(only_leader, name).seconds / static_cast<double>(seen.operations) * 1e6;
  };
  PutTimes times;
  times.client_us = seen.mean_us;
  times.request_us = MeanUs(interval.Of(only_leader, "baton_http_request_duration_seconds",
                                        {"listener=\"client\"", "route=\"/v1/kv/{key...}\""}));
  times.commit_us = MeanUs(interval.Of(only_leader, "baton_server_commit_duration_seconds"));
  times.apply_us = for_each_put("baton_server_apply_duration_seconds");
  times.state_us = for_each_put("baton_disk_state_commit_duration_seconds");
  times.leader_sync_us = MeanUs(interval.Of(only_leader, sync));
  times.follower_sync_us = MeanUs(interval.Of(followers, sync));
  return times;
}

int Main(const Options& options) {
  KeyLoad puts;
  puts.clients = 1;
  puts.seconds = options.quick ? kQuickSeconds : options.seconds;
  const auto cluster = StartReadyCluster({});
  const int leader = cluster->WaitForLeader(kReadyTimeoutMs);
  CHECK_GE(leader, 0);
  const std::vector<std::string> urls = {cluster->client_url(leader)};
  KeyLoad warm_up = puts;
  warm_up.seconds = std::max(puts.seconds * kWarmUpShare, 0.1);
  CHECK(RunKeyLoad(urls, warm_up).ok());
  const Texts before = ReadAll(*cluster);
  std::fprintf(stderr, "one client puts for %.1f s\n", puts.seconds);
  const Result<LoadPoint> seen = RunKeyLoad(urls, puts);
  const Texts after = ReadAll(*cluster);
  CHECK(seen.ok()) << seen.status().ToString();
  CHECK_EQ(seen->errors, 0U) << seen->first_error;
  CHECK_EQ(cluster->WaitForLeader(kReadyTimeoutMs), leader) << "the leader has changed";
  const PutTimes times = TimesOf(*seen, Interval(before, after), leader, cluster->size());
  // Else a histogram has another name than here.
  for (const double us : {times.request_us, times.commit_us, times.apply_us, times.state_us,
                          times.leader_sync_us, times.follower_sync_us}) {
    CHECK_GT(us, 0);
  }
  const std::vector<Stage> stages = StagesOf(times);
  std::printf("%llu puts of one client, mean %.0f us, p50 %.0f us, p99 %.0f us\n\n",
              static_cast<unsigned long long>(seen->operations), seen->mean_us, seen->p50_us,
              seen->p99_us);
  std::fputs(TableOfStages(stages).c_str(), stdout);
  const std::string picture = PictureOfStages(stages, "One put, from socket to socket");
  return WriteOutputs(options, JsonOfStages(stages), picture) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  baton::bench::Options defaults;
  defaults.seconds = baton::bench::kSeconds;
  return baton::bench::RunProgram(argc, argv, {"seconds", "output", "picture", "quick"},
                                  baton::bench::kUsage, defaults, baton::bench::Main);
}
