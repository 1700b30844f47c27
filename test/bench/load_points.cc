#include "test/bench/load_points.h"

#include <cmath>
#include <utility>

#include "pkg/base/check.h"

namespace baton::bench {
namespace {

constexpr uint64_t kTotalDurationMs = 3'600'000;  // that a number of operations may take
// Long enough for the last of a hundred thousand to be made before the first must be kept alive.
constexpr uint64_t kKeptTtlMs = 120'000;
constexpr uint64_t kKeptDurationMs = 24 * 3'600'000;

LoadPoint PointOf(const load::Report& report, load::Measure measure) {
  const load::Histogram& latency = report.recorder.latency(measure);
  const auto us = [](double ns) { return ns / 1000; };
  LoadPoint point;
  point.rate_per_s = report.seconds > 0 ? static_cast<double>(latency.count()) / report.seconds : 0;
  point.mean_us = us(latency.mean());
  point.p50_us = us(static_cast<double>(latency.At(50)));
  point.p99_us = us(static_cast<double>(latency.At(99)));
  point.operations = latency.count();
  point.errors = report.recorder.errors_total();
  if (point.errors > 0) point.first_error = report.recorder.errors().begin()->first;
  point.generator_busy = report.busy;
  return point;
}

load::Settings SettingsOf(const std::vector<std::string>& urls) {
  load::Settings settings;
  settings.endpoints = urls;
  settings.prefix = "measured/";
  settings.keep = true;
  return settings;
}

}  // namespace

std::unique_ptr<integration::Cluster> StartReadyCluster(
    const integration::ClusterOptions& options) {
  auto cluster = std::make_unique<integration::Cluster>(options);
  cluster->StartAll();
  CHECK_GE(cluster->WaitForLeader(kReadyTimeoutMs), 0) << cluster->Log(0);
  for (int i = 0; i < cluster->size(); ++i) {
    CHECK(cluster->WaitUntilReady(i, kReadyTimeoutMs)) << cluster->Log(i);
  }
  return cluster;
}

std::vector<std::string> ClientUrls(integration::Cluster* cluster) {
  std::vector<std::string> urls;
  for (int i = 0; i < cluster->size(); ++i) urls.push_back(cluster->client_url(i));
  return urls;
}

Result<LoadPoint> RunKeyLoad(const std::vector<std::string>& urls, const KeyLoad& wanted) {
  load::Settings settings = SettingsOf(urls);
  settings.bench = wanted.bench;
  settings.keys = wanted.keys;
  settings.value_size = wanted.value_bytes;
  settings.clients = wanted.clients;
  settings.connections = wanted.clients;
  settings.total = wanted.total;
  settings.duration_ms = wanted.total > 0
                             ? kTotalDurationMs
                             : static_cast<uint64_t>(std::llround(wanted.seconds * 1000));
  const Result<load::Report> report = load::RunLoad(settings, {});
  if (!report.ok()) return report.status();
  LoadPoint point = PointOf(
      *report, wanted.bench == load::Bench::kGet ? load::Measure::kGet : load::Measure::kPut);
  point.rate_per_s = report->rate;  // without what ended after the end
  if (point.operations == 0) {
    return Status(Code::kUnavailable, "no operation succeeded: " + point.first_error);
  }
  return point;
}

Result<std::unique_ptr<KeptSessions>> KeptSessions::Start(const std::vector<std::string>& urls,
                                                          uint64_t sessions) {
  CHECK_GT(sessions, 0U);
  load::Settings settings = SettingsOf(urls);
  settings.bench = load::Bench::kSession;
  settings.clients = 1;  // which has the last of the sessions
  settings.connections = 1;
  settings.rate_per_s = 1;
  settings.idle_sessions = sessions - 1;
  settings.ttl_ms = kKeptTtlMs;
  settings.duration_ms = kKeptDurationMs;
  std::unique_ptr<KeptSessions> kept(new KeptSessions());
  kept->thread_ = std::thread([&one = *kept, settings] { one.Run(settings); });
  std::unique_lock lock(kept->mutex_);
  kept->changed_.wait(lock, [&] { return kept->begun_ || kept->ended_; });
  if (!kept->report_.ok()) return kept->report_.status();
  lock.unlock();
  return kept;
}

void KeptSessions::Run(const load::Settings& settings) {
  load::RunHooks hooks;
  hooks.interrupts = [this] { return interrupts_.load(); };
  hooks.progress = [this](const load::Progress&) {
    const std::lock_guard lock(mutex_);
    begun_ = true;
    changed_.notify_all();
  };
  Result<load::Report> report = load::RunLoad(settings, hooks);
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
  ended_ = true;
  changed_.notify_all();
}

LoadPoint KeptSessions::Stop() {
  interrupts_ = 2;  // and take nothing back
  if (thread_.joinable()) thread_.join();
  CHECK(report_.ok()) << report_.status().ToString();
  return PointOf(*report_, load::Measure::kIdleKeepalive);
}

KeptSessions::~KeptSessions() {
  interrupts_ = 2;
  if (thread_.joinable()) thread_.join();
}

}  // namespace baton::bench
