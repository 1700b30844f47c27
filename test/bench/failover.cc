// How long writers wait when the leader goes: by kill -9, and by SIGTERM. Real processes, default
// settings. Prints a table; the exit code says whether this holds here:
//   kill -9: the next write succeeds within 2 s in the median;  SIGTERM: no error, under 200 ms in
//   every trial.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/system_clock.h"
#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr int kTrials = 20;
constexpr int64_t kReadyTimeoutMs = 30'000;
constexpr double kKillMedianMaxMs = 2000;
constexpr double kTermMaxMs = 200;

// A writer with a connection to each follower: what it sees is what a client of a survivor sees.
class Writer {
 public:
  explicit Writer(std::vector<std::string> urls) {
    for (const std::string& url : urls) {
      auto client = http::Client::Create(url, {.connect_timeout_ms = 1000});
      CHECK(client.ok());
      clients_.push_back(std::move(*client));
    }
  }

  // One write through the next survivor; false when it was refused or broke.
  bool Write() {
    const size_t n = count_++;
    const auto answer = clients_[n % clients_.size()]->Send(
        {.method = "PUT", .target = "/v1/kv/bench", .headers = {}, .body = std::to_string(n)});
    return answer.ok() && answer->status == 200;
  }

 private:
  std::vector<std::unique_ptr<http::Client>> clients_;
  size_t count_ = 0;
};

struct Trial {
  double gap_ms = 0;  // the longest time between two successful writes around the leader's end
  int errors = 0;
};

// Writes without pause while the leader is sent `signal`, until it is over.
Trial RunTrial(Cluster& cluster, int signal) {
  const int leader = cluster.WaitForLeader(kReadyTimeoutMs);
  CHECK_GE(leader, 0);
  std::vector<std::string> survivors;
  for (int i = 0; i < cluster.size(); ++i) {
    if (i != leader) survivors.push_back(cluster.client_url(i));
  }
  Writer writer(survivors);
  for (int i = 0; i < 20; ++i) CHECK(writer.Write());

  const SystemClock clock;
  Trial trial;
  cluster.process(leader).Signal(signal);
  const int64_t start_us = clock.MonotonicUs();
  int64_t last_success_us = start_us;
  int successes = 0;
  // Long enough to see the whole change: 100 writes after the first success, and 2.5 s in any case.
  while (successes < 100 || clock.MonotonicUs() - start_us < 2'500'000) {
    CHECK_LT(clock.MonotonicUs() - start_us, 30'000'000) << "no write succeeds any more";
    if (writer.Write()) {
      const int64_t now_us = clock.MonotonicUs();
      trial.gap_ms = std::max(trial.gap_ms, static_cast<double>(now_us - last_success_us) / 1000);
      last_success_us = now_us;
      ++successes;
    } else {
      ++trial.errors;
    }
  }
  CHECK(cluster.process(leader).Wait(kReadyTimeoutMs).has_value());
  cluster.Start(leader);
  CHECK(cluster.WaitUntilReady(leader, kReadyTimeoutMs));
  return trial;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Row {
  double median_ms = 0;
  double max_ms = 0;
  int errors = 0;
};

Row Measure(Cluster& cluster, const char* name, int signal) {
  std::vector<double> gaps;
  Row row;
  for (int i = 0; i < kTrials; ++i) {
    const Trial trial = RunTrial(cluster, signal);
    gaps.push_back(trial.gap_ms);
    row.errors += trial.errors;
    std::fprintf(stderr, "%s trial %d of %d: %.0f ms, %d errors\n", name, i + 1, kTrials,
                 trial.gap_ms, trial.errors);
  }
  row.median_ms = Median(gaps);
  row.max_ms = *std::max_element(gaps.begin(), gaps.end());
  std::printf("| %-8s | %6d | %11.0f | %8.0f | %6d |\n", name, kTrials, row.median_ms, row.max_ms,
              row.errors);
  return row;
}

int Main() {
  Cluster cluster;
  cluster.StartAll();
  CHECK_GE(cluster.WaitForLeader(kReadyTimeoutMs), 0);
  std::printf("| leader's | trials | median gap  | max gap  | errors |\n");
  std::printf("| end      |        | ms          | ms       |        |\n");
  std::printf("|----------|--------|-------------|----------|--------|\n");
  const Row kill = Measure(cluster, "kill -9", SIGKILL);
  const Row term = Measure(cluster, "SIGTERM", SIGTERM);
  const bool holds =
      kill.median_ms <= kKillMedianMaxMs && term.errors == 0 && term.max_ms < kTermMaxMs;
  std::printf("%s\n", holds ? "holds" : "does not hold");
  return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::integration

int main() { return baton::integration::Main(); }
