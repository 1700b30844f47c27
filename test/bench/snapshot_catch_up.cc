// What it costs a cluster that a follower catches up by snapshot. Three real processes on loopback,
// default settings (--leader-sends: without delegation). The follower is a million entries behind,
// 300 MB of state (--entries=N: fewer); then again and again as far as it takes for another
// snapshot. Writers never pause. Alternating, in one run: writes per second while the follower is
// away, while it catches up, and while all three are well. All nodes share the cores and the disk
// of one machine, so a third node costs the leader something by being there at all; what catching
// up costs is seen against the last. The exit code says whether this holds here:
//   the leader keeps 80 % of its write rate, and its memory grows by less than 64 MiB.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/random.h"
#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr int kRounds = 3;
constexpr int kWriters = 32;
constexpr size_t kValueBytes = 280;  // and a key of 12: about 300 bytes of state an entry
constexpr int64_t kAloneMs = 15'000;
constexpr int64_t kTimeoutMs = 600'000;
constexpr int64_t kFillTimeoutMs = 3'600'000;
constexpr double kShareMin = 0.80;
constexpr double kGrowthMaxMib = 64;
constexpr double kMib = 1 << 20;

// Clients of the leader that write without pause, over the same keys again and again.
class Writers {
 public:
  Writers(const std::string& url, uint64_t keys) : url_(url), keys_(keys) {
    for (int i = 0; i < kWriters; ++i) threads_.emplace_back([this, i] { Run(i); });
  }
  ~Writers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  uint64_t written() const { return written_; }
  uint64_t failed() const { return failed_; }

 private:
  void Run(int writer) {
    auto client = http::Client::Create(url_, {.connect_timeout_ms = 1000});
    CHECK(client.ok());
    Random random(static_cast<uint64_t>(writer) + 1);
    http::ClientRequest request;
    request.method = "PUT";
    while (!stop_) {
      char key[24];
      std::snprintf(key, sizeof(key), "%08llu",
                    static_cast<unsigned long long>(next_.fetch_add(1) % keys_));
      request.target = std::string("/v1/kv/k/") + key;
      request.body.clear();  // chance does not compress
      while (request.body.size() < kValueBytes) {
        const uint64_t word = random.NextU64();
        request.body.append(reinterpret_cast<const char*>(&word), sizeof(word));
      }
      const auto answer = (*client)->Send(request);
      ++(answer.ok() && answer->status == 200 ? written_ : failed_);
    }
  }

  const std::string url_;
  const uint64_t keys_;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

nlohmann::json ClusterView(const std::string& url) {
  const auto answer = Request(url, "GET", "/v1/cluster");
  if (!answer.ok() || answer->status != 200) return nlohmann::json::object();
  return nlohmann::json::parse(answer->body);
}

double Metric(const std::string& ops_url, const std::string& name) {
  const auto answer = Request(ops_url, "GET", "/metrics");
  if (!answer.ok()) return -1;
  const std::string line = "\n" + name + " ";
  const size_t at = answer->body.find(line);
  return at == std::string::npos ? -1 : std::atof(answer->body.c_str() + at + line.size());
}

// One stretch of time with the writers at work.
struct Stretch {
  double seconds = 0;
  double writes = 0;
  double memory_max_mib = 0;  // of the leader
  double rate() const { return seconds > 0 ? writes / seconds : 0; }
  void Add(const Stretch& other) {
    seconds += other.seconds;
    writes += other.writes;
    memory_max_mib = std::max(memory_max_mib, other.memory_max_mib);
  }
};

class CatchUp {
 public:
  explicit CatchUp(bool leader_sends, uint64_t entries)
      : entries_(entries), cluster_(Options(leader_sends)) {}

  bool Run() {
    cluster_.StartAll();
    leader_ = cluster_.WaitForLeader(30'000);
    CHECK_GE(leader_, 0);
    follower_ = (leader_ + 1) % cluster_.size();
    CHECK(cluster_.WaitUntilReady(follower_, 30'000));
    cluster_.Kill(follower_);
    writers_ = std::make_unique<Writers>(cluster_.client_url(leader_), entries_);
    Fill();
    std::printf(
        "| round | follower away      || follower catches up                    | all well | of "
        "away | of well |\n");
    std::printf(
        "|       | writes/s | MiB     || writes/s | MiB     | seconds | MiB/s   | writes/s |       "
        " |         |\n");
    std::printf(
        "|-------|----------|---------||----------|---------|---------|---------|----------|-------"
        "-|---------|\n");
    for (int round = 1; round <= kRounds; ++round) Round(round);
    failed_ = writers_->failed();
    writers_.reset();
    return Verdict();
  }

 private:
  static ClusterOptions Options(bool leader_sends) {
    ClusterOptions options;
    if (leader_sends) options.extra_flags = {"--snapshot-delegation=off"};
    return options;
  }

  void Fill() {
    const int64_t begun_ms = NowMs();
    const bool filled = WaitUntil(kFillTimeoutMs, [&] {
      const uint64_t written = writers_->written();
      std::fprintf(stderr, "\rwritten: %llu of %llu", static_cast<unsigned long long>(written),
                   static_cast<unsigned long long>(entries_));
      return written >= entries_;
    });
    CHECK(filled) << cluster_.Log(leader_);
    std::fprintf(stderr, " in %.0f s, %llu failed\n",
                 static_cast<double>(NowMs() - begun_ms) / 1000,
                 static_cast<unsigned long long>(writers_->failed()));
  }

  // Until `done`.
  template <typename Done>
  Stretch Measure(const Done& done) {
    Stretch stretch;
    const int64_t begun_ms = NowMs();
    const uint64_t written = writers_->written();
    const bool came = WaitUntil(kTimeoutMs, [&] {
      const auto resident = static_cast<double>(cluster_.process(leader_).ResidentBytes());
      stretch.memory_max_mib = std::max(stretch.memory_max_mib, resident / kMib);
      return done();
    });
    CHECK(came) << cluster_.Log(follower_);
    stretch.seconds = static_cast<double>(NowMs() - begun_ms) / 1000;
    stretch.writes = static_cast<double>(writers_->written() - written);
    return stretch;
  }

  // The log no longer holds what the follower lacks.
  bool FollowerNeedsSnapshot() {
    const nlohmann::json view = ClusterView(cluster_.client_url(leader_));
    if (!view.contains("members")) return false;
    const double entries = Metric(cluster_.ops_url(leader_), "baton_raft_log_entries");
    const double first = view["last_index"].get<double>() - entries + 1;
    for (const nlohmann::json& member : view["members"]) {
      if (member["id"] != follower_ + 1) continue;
      return member["progress"]["match_index"].get<double>() + 1 < first;
    }
    return false;
  }

  bool Installed() {
    return Metric(cluster_.ops_url(follower_), "baton_snapshots_installed_total") > 0;
  }

  void Round(int round) {
    const int64_t begun_ms = NowMs();
    int64_t next_look_ms = begun_ms + kAloneMs;
    const Stretch away = Measure([&] {
      if (NowMs() < next_look_ms) return false;
      next_look_ms = NowMs() + 1'000;
      return FollowerNeedsSnapshot();
    });
    cluster_.Start(follower_);
    CHECK(WaitUntil(30'000, [&] { return Receives(); })) << cluster_.Log(follower_);
    const Stretch with = Measure([&] { return Installed(); });
    const double bytes = Metric(cluster_.ops_url(follower_), "baton_snapshot_received_bytes_total");
    CHECK(cluster_.WaitUntilReady(follower_, kTimeoutMs)) << "it never caught up with the log";
    const int64_t well_end_ms = NowMs() + kAloneMs;
    const Stretch well = Measure([&] { return NowMs() >= well_end_ms; });
    std::printf(
        "| %5d | %8.0f | %7.1f || %8.0f | %7.1f | %7.1f | %7.1f | %8.0f | %5.0f%% | %6.0f%% |\n",
        round, away.rate(), away.memory_max_mib, with.rate(), with.memory_max_mib, with.seconds,
        bytes / kMib / with.seconds, well.rate(), 100 * with.rate() / away.rate(),
        100 * with.rate() / well.rate());
    std::fflush(stdout);
    cluster_.Kill(follower_);
    away_.Add(away);
    with_.Add(with);
    well_.Add(well);
  }

  bool Receives() {
    for (const nlohmann::json& transfer :
         ClusterView(cluster_.client_url(follower_)).value("snapshots", nlohmann::json::array())) {
      if (transfer["direction"] == "in") return true;
    }
    return false;
  }

  bool Verdict() {
    const double share = with_.rate() / well_.rate();
    const double growth_mib = with_.memory_max_mib - away_.memory_max_mib;
    const bool holds = share >= kShareMin && growth_mib < kGrowthMaxMib;
    std::printf("the leader keeps %.0f %% of its write rate; its memory grows by %.1f MiB\n",
                100 * share, growth_mib);
    std::printf("(%.0f %% of the rate at which it wrote with one node less on this machine)\n",
                100 * with_.rate() / away_.rate());
    std::printf("snapshots that the leader has sent: %.0f; failed writes: %llu\n",
                Metric(cluster_.ops_url(leader_), "baton_snapshots_sent_total"),
                static_cast<unsigned long long>(failed_));
    std::printf("%s\n", holds ? "holds" : "does not hold");
    return holds;
  }

  const uint64_t entries_;
  Cluster cluster_;
  int leader_ = 0;
  int follower_ = 0;
  uint64_t failed_ = 0;
  Stretch away_;
  Stretch with_;
  Stretch well_;
  std::unique_ptr<Writers> writers_;
};

int Main(const std::vector<std::string_view>& arguments) {
  bool leader_sends = false;
  uint64_t entries = 1'000'000;
  constexpr std::string_view kEntries = "--entries=";
  for (const std::string_view argument : arguments) {
    if (argument == "--leader-sends") leader_sends = true;
    if (argument.starts_with(kEntries)) {
      entries = std::strtoull(argument.data() + kEntries.size(), nullptr, 10);
    }
  }
  CHECK_GT(entries, 0U);
  return CatchUp(leader_sends, entries).Run() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::integration

int main(int argc, char** argv) { return baton::integration::Main({argv + 1, argv + argc}); }
