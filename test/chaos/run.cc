#include "test/chaos/run.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "pkg/base/random.h"
#include "test/chaos/event_log.h"
#include "test/chaos/fault_kind.h"
#include "test/chaos/monitor.h"
#include "test/chaos/nemesis.h"
#include "test/chaos/nodes.h"
#include "test/chaos/verdict.h"
#include "test/chaos/workload.h"
#include "test/integration/cluster.h"

namespace baton::chaos {
namespace {

using integration::Request;
using integration::WaitUntil;

constexpr int kStepMs = 20;
constexpr int64_t kMsPerSecond = 1000;
// How long a healed cluster may take to be ready, and to agree.
constexpr int64_t kHealedMs = 60'000;
constexpr int64_t kAskMs = 2'000;
// A stream that a fault has silenced is given up after 12 s; one that has nothing to tell says so
// every 10 s.
constexpr int64_t kWatchersMs = 30'000;
// The client who reads everything back, in the history.
constexpr uint64_t kLastReader = 1'000'000;

class ChaosRun {
 public:
  ChaosRun(const RunOptions& options, const RunListener& listener, EventLog* events)
      : options_(options), listener_(listener), random_(options.seed), events_(events) {}

  Status Prepare();
  void Work(const std::atomic<bool>& stop);
  void Heal();
  RunReport Judge();

 private:
  Status ChooseFaults();
  void Watch();  // over the processes
  Progress ProgressNow(int64_t elapsed_ms);
  void WaitForWatchers();
  void AddViolation(const std::string& what);
  bool IsReady(int node);
  bool Agree();
  std::vector<std::string> Urls() const;

  const RunOptions options_;
  const RunListener listener_;
  Random random_;
  EventLog* const events_;
  RunReport report_;
  std::vector<FaultKind> kinds_;
  std::unique_ptr<Nodes> nodes_;
  Scene scene_;
  Recorder recorder_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Nemesis> nemesis_;
  uint64_t operations_before_ = 0;
  int64_t work_from_us_ = 0;
  int64_t work_until_us_ = 0;
};

Status ChaosRun::Prepare() {
  auto nodes = Nodes::Create(
      {.nodes = options_.nodes,
       .directory = options_.output,
       .isolation = options_.isolation,
       .seed = random_.NextU64(),
       .extra_flags = {"--history-revisions-max=" + std::to_string(kHistoryRevisionsMax)}});
  if (!nodes.ok()) return nodes.status();
  nodes_ = *std::move(nodes);
  BATON_RETURN_IF_ERROR(ChooseFaults());
  for (int node = 0; node < nodes_->size(); ++node) nodes_->Start(node);
  for (int node = 0; node < nodes_->size(); ++node) {
    bool ended = false;
    const bool came = WaitUntil(kHealedMs, [&] {
      ended = nodes_->WaitForEnd(node, 0).has_value();
      return ended || IsReady(node);
    });
    if (ended || !came) {
      return Status(Code::kUnavailable, "a node is not ready; look at " + nodes_->log_path(node));
    }
  }
  scene_.nodes = nodes_.get();
  scene_.random = &random_;
  std::vector<std::string> direct_urls;
  for (int node = 0; node < nodes_->size(); ++node) direct_urls.push_back(nodes_->direct_url(node));
  monitor_ = std::make_unique<Monitor>(direct_urls);
  nemesis_ =
      std::make_unique<Nemesis>(NemesisOptions{.seed = random_.NextU64(),
                                               .kinds = kinds_,
                                               .fault_ms_max = options_.fault_ms_max,
                                               .calm_ms_max = options_.calm_ms_max},
                                &scene_, [this](const std::string& what) { events_->Write(what); });
  return Status();
}

Status ChaosRun::ChooseFaults() {
  std::set<std::string> wanted(options_.faults.begin(), options_.faults.end());
  for (const FaultKind& kind : FaultKinds()) {
    if (!options_.faults.empty() && wanted.erase(std::string(kind.name)) == 0) continue;
    const std::string why_not = WhyNot(kind, *nodes_);
    if (why_not.empty()) {
      kinds_.push_back(kind);
    } else {
      report_.left_out.push_back(std::string(kind.name) + ": " + why_not);
      listener_.on_left_out(report_.left_out.back());
    }
  }
  if (wanted.empty()) return Status();
  return Status(Code::kInvalidArgument, "there is no fault \"" + *wanted.begin() + "\"");
}

std::vector<std::string> ChaosRun::Urls() const {
  std::vector<std::string> urls;
  for (int node = 0; node < nodes_->size(); ++node) urls.push_back(nodes_->client_url(node));
  return urls;
}

void ChaosRun::Work(const std::atomic<bool>& stop) {
  const int workers = options_.workers > 0 ? options_.workers : 2 * nodes_->size() + 2;
  workload_ = std::make_unique<Workload>(WorkloadOptions{.urls = Urls(),
                                                         .workers = workers,
                                                         .seed = random_.NextU64(),
                                                         .think_ms_max = options_.think_ms_max},
                                         &recorder_);
  work_from_us_ = NowUs();
  const int64_t start_ms = integration::NowMs();
  int64_t elapsed_ms = 0;
  for (int64_t told_ms = 0; elapsed_ms < options_.seconds * kMsPerSecond && !stop;
       elapsed_ms = integration::NowMs() - start_ms) {
    scene_.leader = monitor_->leader();
    nemesis_->Step(integration::NowMs());
    Watch();
    if (elapsed_ms - told_ms >= kMsPerSecond) {
      told_ms = elapsed_ms;
      listener_.on_second(ProgressNow(elapsed_ms));
    }
    poll(nullptr, 0, kStepMs);
  }
  work_until_us_ = NowUs();
  report_.seconds = static_cast<double>(work_until_us_ - work_from_us_) / 1e6;
}

Progress ChaosRun::ProgressNow(int64_t elapsed_ms) {
  Progress progress;
  progress.seconds = elapsed_ms / kMsPerSecond;
  progress.operations = recorder_.operations();
  progress.per_second = progress.operations - operations_before_;
  operations_before_ = progress.operations;
  progress.faults = nemesis_->counts();
  progress.violations = report_.violations.size();
  return progress;
}

void ChaosRun::AddViolation(const std::string& what) {
  report_.violations.push_back(what);
  events_->Write("VIOLATION: " + what);
}

// A node that nobody ended must run.
void ChaosRun::Watch() {
  for (int node = 0; node < nodes_->size(); ++node) {
    if (scene_.may_end.contains(node)) continue;
    const std::optional<int> code = nodes_->WaitForEnd(node, 0);
    if (!code) continue;
    AddViolation("node " + std::to_string(node + 1) + " ended by itself with " +
                 std::to_string(*code) + "; look at " + nodes_->log_path(node));
    nodes_->Start(node);
  }
  for (const std::string& what : std::exchange(scene_.violations, {})) AddViolation(what);
  for (const std::string& what : monitor_->TakeViolations()) AddViolation(what);
}

bool ChaosRun::IsReady(int node) {
  const auto answer = Request(nodes_->direct_url(node), "GET", "/readyz", "", {}, kAskMs);
  return answer.ok() && answer->status == 200;
}

// The same state at the same index, on all.
bool ChaosRun::Agree() {
  std::set<std::string> states;
  for (int node = 0; node < nodes_->size(); ++node) {
    const auto answer = Request(nodes_->direct_url(node), "GET", "/v1/admin/hash", "", {}, kAskMs);
    if (!answer.ok() || answer->status != 200) return false;
    states.insert(answer->body);
  }
  return states.size() == 1;
}

void ChaosRun::Heal() {
  nemesis_->EndAll();
  for (int node = 0; node < nodes_->size(); ++node) nodes_->Start(node);
  for (const std::string& what : std::exchange(scene_.violations, {})) AddViolation(what);
  events_->Write("all is healed");
  for (int node = 0; node < nodes_->size(); ++node) {
    const bool ready = WaitUntil(kHealedMs, [&] {
      Watch();
      return IsReady(node);
    });
    if (!ready) {
      AddViolation("node " + std::to_string(node + 1) + " is not ready " +
                   std::to_string(kHealedMs / kMsPerSecond) + " s after all was healed");
    }
  }
  events_->Write("all are ready");
  WaitForWatchers();
  workload_->Stop();
  if (!WaitUntil(kHealedMs, [&] { return Agree(); })) {
    AddViolation("the nodes do not have the same state " +
                 std::to_string(kHealedMs / kMsPerSecond) + " s after the last change");
  }
  Watch();
  events_->Write("all agree");
}

// While the workers go on: who watches must catch up with them.
void ChaosRun::WaitForWatchers() {
  const uint64_t newest = recorder_.newest_revision();
  const bool all_are_past = WaitUntil(kWatchersMs, [&] {
    Watch();
    return workload_->WatchersBehind(newest).empty();
  });
  if (all_are_past) return events_->Write("all watchers are past " + std::to_string(newest));
  for (const std::string& watcher : workload_->WatchersBehind(newest)) {
    AddViolation(watcher + " is behind revision " + std::to_string(newest) + " " +
                 std::to_string(kWatchersMs / kMsPerSecond) + " s after it was acknowledged");
  }
}

RunReport ChaosRun::Judge() {
  const uint64_t unread = ReadEverything(Urls(), kLastReader, &recorder_);
  if (unread > 0) {
    AddViolation(std::to_string(unread) + " of the last reads failed, though all is healed");
  }
  events_->Write("everything was read");
  Watch();
  report_.leaders = monitor_->leaders_seen();
  monitor_.reset();
  report_.faults = nemesis_->counts();
  report_.acknowledged = recorder_.acknowledged();
  report_.history_path = options_.output + "/history.jsonl";
  const history::History history = recorder_.Take();
  report_.operations = CountOperations(history);
  report_.pace = PaceBetween(history, work_from_us_, work_until_us_);
  if (const auto slow = TooSlow(report_.pace, report_.seconds, options_.least_per_second)) {
    AddViolation(*slow);
  }
  report_.longest_silence_seconds = LongestSilenceSeconds(history);
  for (const std::string& what : JudgeHistory(history, report_.history_path)) AddViolation(what);
  return std::move(report_);
}

}  // namespace

Result<RunReport> RunChaos(const RunOptions& options, const std::atomic<bool>& stop,
                           const RunListener& listener) {
  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) return Status(Code::kIo, options.output + ": " + error.message());
  const std::string events_path = options.output + "/events.log";
  if (std::filesystem::exists(events_path, error)) {
    return Status(Code::kInvalidArgument, options.output + " has a run in it already: " +
                                              events_path + " is there; take another directory");
  }
  EventLog events(events_path);
  ChaosRun run(options, listener, &events);
  BATON_RETURN_IF_ERROR(run.Prepare());
  events.Write("all are ready");
  run.Work(stop);
  run.Heal();
  return run.Judge();
}

}  // namespace baton::chaos
