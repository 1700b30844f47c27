#include "pkg/load/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "pkg/load/api.h"
#include "pkg/load/endpoint.h"
#include "pkg/load/load.h"
#include "pkg/load/monotonic.h"
#include "pkg/load/settle.h"
#include "pkg/load/watch_load.h"
#include "pkg/load/worker.h"

namespace baton::load {
namespace {

constexpr auto kPollPeriod = std::chrono::milliseconds(50);
constexpr int64_t kProgressNs = 1'000'000'000;
constexpr int64_t kSecondNs = 1'000'000'000;
// Time for all threads to be there when the run begins.
constexpr int64_t kLeadNs = 5'000'000;
constexpr uint64_t kDescriptorsBeside = 64;

double Seconds(int64_t ns) { return static_cast<double>(ns) / static_cast<double>(kSecondNs); }

// Allows the process as many descriptors as it may have.
Status MakeRoomForConnections(uint64_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return Status::Ok();
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= connections + kDescriptorsBeside) return Status::Ok();
  return Status(Code::kResourceExhausted, "too_few_descriptors",
                "this process may open " + std::to_string(limit.rlim_max) + " files, too few for " +
                    std::to_string(connections) + " connections (ulimit -n)");
}

// The connections of all loads together, at most.
uint64_t ConnectionsOf(const Settings& settings) {
  if (settings.bench == Bench::kWatch) return settings.watchers + 1;
  if (settings.bench == Bench::kSession && settings.idle_sessions > 0) {
    return settings.connections + std::min<uint64_t>(settings.idle_sessions, 512);
  }
  return std::max(settings.connections, settings.bench == Bench::kLock ? settings.clients : 0);
}

class LoadRun {
 public:
  LoadRun(const Settings& settings, const RunHooks& hooks) : settings_(settings), hooks_(hooks) {}

  Result<Report> Run() {
    BATON_RETURN_IF_ERROR(CheckSettings(settings_));
    BATON_RETURN_IF_ERROR(MakeRoomForConnections(ConnectionsOf(settings_)));
    BATON_RETURN_IF_ERROR(FindEndpoints());
    api_ = Api::Create(settings_);
    MakeLoads();
    OnEach([](Load* load) { load->Setup(); }, {});
    Status prepared = Prepared();
    if (prepared.ok() && !interrupted()) DoRun();
    OnEach([](Load* load) { load->Undo(); }, {});
    for (const auto& load : loads_) report_.left_behind += load->LeftBehind();
    report_.interrupted = interrupted();
    if (prepared.ok() || interrupted()) return std::move(report_);
    return prepared;
  }

 private:
  bool interrupted() const { return interrupts_ > 0; }

  Status FindEndpoints() {
    Status last = Status::Ok();
    for (const std::string& url : settings_.endpoints) {
      Result<Endpoint> found = FindEndpoint(url, static_cast<int64_t>(settings_.timeout_ms));
      if (found.ok()) {
        endpoints_.push_back(*std::move(found));
        continue;
      }
      last = found.status();
      if (last.code() == Code::kInvalidArgument) return last;
      report_.unreachable.push_back(last.message());
    }
    return endpoints_.empty() ? last : Status::Ok();
  }

  void MakeLoads() {
    if (settings_.bench == Bench::kWatch) {
      loads_.push_back(std::make_unique<WatchLoad>(settings_, api_.get(), &endpoints_));
      return;
    }
    for (uint64_t i = 0; i < settings_.threads; ++i) {
      loads_.push_back(std::make_unique<Worker>(settings_, api_.get(), &endpoints_, i));
    }
  }

  Status Prepared() const {
    for (const auto& load : loads_) {
      const std::string problem = load->SetupProblem();
      if (!problem.empty()) return Status(Code::kUnavailable, "not_prepared", problem);
    }
    const bool reads_stale =
        settings_.stale && (settings_.bench == Bench::kGet ||
                            (settings_.bench == Bench::kMixed && settings_.read_percent > 0));
    if (!reads_stale || interrupted()) return Status::Ok();
    return Settle(*api_, endpoints_, static_cast<int64_t>(settings_.timeout_ms),
                  [this] { return hooks_.interrupts && hooks_.interrupts() > 0; });
  }

  // Runs one phase, each load on a thread of its own, and calls `meanwhile` now and then.
  void OnEach(const std::function<void(Load*)>& phase, const std::function<void()>& meanwhile) {
    std::vector<std::future<void>> threads;
    for (const auto& load : loads_) {
      threads.push_back(std::async(std::launch::async, phase, load.get()));
    }
    for (std::future<void>& thread : threads) {
      while (thread.wait_for(kPollPeriod) == std::future_status::timeout) {
        Poll();
        if (meanwhile) meanwhile();
      }
      thread.get();
    }
  }

  void Poll() {
    if (hooks_.interrupts) interrupts_ = hooks_.interrupts();
    for (const auto& load : loads_) {
      if (interrupts_ >= 1) load->Stop();
      if (interrupts_ >= 2) load->AbandonUndo();
    }
  }

  void DoRun() {
    start_ns_ = NowNs() + kLeadNs;
    told_ns_ = start_ns_;
    OnEach([this](Load* load) { load->Run(start_ns_); }, [this] { TellProgress(); });
    int64_t finished_ns = start_ns_;
    double cpu_seconds = 0;
    for (const auto& load : loads_) {
      report_.recorder.Merge(load->recorder());
      report_.not_started += load->NotStarted();
      finished_ns = std::max(finished_ns, load->finished_ns());
      cpu_seconds += load->cpu_seconds();
    }
    const double wall_seconds = Seconds(std::max<int64_t>(NowNs() - start_ns_, 1));
    report_.busy = cpu_seconds / wall_seconds / static_cast<double>(loads_.size());
    // A number of operations is over with its last answer, a time with its end.
    const int64_t end_ns = start_ns_ + static_cast<int64_t>(settings_.duration_ms) * 1'000'000;
    const bool to_the_end = settings_.total == 0 && !interrupted();
    report_.seconds = Seconds((to_the_end ? end_ns : std::min(end_ns, finished_ns)) - start_ns_);
    if (report_.seconds <= 0) return;
    report_.rate = static_cast<double>(report_.recorder.operations_in_time()) / report_.seconds;
  }

  void TellProgress() {
    const int64_t now_ns = NowNs();
    if (!hooks_.progress || now_ns < told_ns_ + kProgressNs) return;
    Progress progress;
    progress.seconds = Seconds(now_ns - start_ns_);
    progress.period_seconds = Seconds(now_ns - told_ns_);
    told_ns_ = now_ns;
    for (const auto& load : loads_) load->TakeNews(&progress.recorder);
    hooks_.progress(progress);
  }

  const Settings settings_;
  const RunHooks hooks_;
  std::vector<Endpoint> endpoints_;
  std::unique_ptr<Api> api_;
  std::vector<std::unique_ptr<Load>> loads_;
  Report report_;
  int interrupts_ = 0;
  int64_t start_ns_ = 0;
  int64_t told_ns_ = 0;
};

}  // namespace

Result<Report> RunLoad(const Settings& settings, const RunHooks& hooks) {
  return LoadRun(settings, hooks).Run();
}

}  // namespace baton::load
