#include "pkg/load/worker.h"

#include <algorithm>

#include "pkg/load/kv_client.h"
#include "pkg/load/mixed_client.h"
#include "pkg/load/monotonic.h"
#include "pkg/load/session_client.h"

namespace baton::load {
namespace {

constexpr uint64_t kSessionsPerKeeper = 100;
constexpr uint64_t kKeepersMax = 256;
// Sessions are kept alive every third of their time to live.
constexpr uint64_t kKeepsPerTtl = 3;

// What the worker-th of `workers` gets of `all`.
uint64_t ShareOf(uint64_t all, uint64_t worker, uint64_t workers) {
  return all / workers + (worker < all % workers ? 1 : 0);
}

}  // namespace

Worker::Worker(const Settings& settings, const Api* api, const std::vector<Endpoint>* endpoints,
               uint64_t worker)
    : settings_(settings),
      api_(api),
      endpoints_(endpoints),
      worker_(worker),
      idle_sessions_(settings.bench == Bench::kSession
                         ? ShareOf(settings.idle_sessions, worker, settings.threads)
                         : 0),
      keys_(settings, worker, settings.threads),
      locks_(settings.locks) {
  std::vector<std::unique_ptr<Client>> clients = MakeClients();
  // Who waits for a lock keeps a connection from all others, from the holder's release as well.
  const size_t connections = settings.bench == Bench::kLock
                                 ? clients.size()
                                 : ShareOf(settings.connections, worker, settings.threads);
  AddClients(std::move(clients), connections, false);
  std::vector<std::unique_ptr<Client>> keepers = MakeKeepers();
  const size_t count = keepers.size();
  if (count > 0) AddClients(std::move(keepers), count, true);
}

void Worker::AddClients(std::vector<std::unique_ptr<Client>> clients, size_t connections,
                        bool keepers) {
  GroupOptions options;
  options.api = api_;
  options.endpoints = endpoints_;
  options.endpoint_first = worker_ + (keepers ? 1 : 0);
  options.connections = connections;
  options.timeout_ns = static_cast<int64_t>(settings_.timeout_ms) * 1'000'000;
  groups_.push_back(std::make_unique<Group>(&poller_, options, std::move(clients)));
}

// Client i is of worker i mod threads. Those that share a lock are of one worker, so that what they
// share needs no other thread: client i wants lock i mod locks, and is of worker (i mod locks) mod
// threads.
std::vector<std::unique_ptr<Client>> Worker::MakeClients() {
  std::vector<std::unique_ptr<Client>> clients;
  for (uint64_t i = 0; i < settings_.clients; ++i) {
    const uint64_t group = settings_.locks > 0 ? i % settings_.locks : i;
    if (group % settings_.threads != worker_) continue;
    switch (settings_.bench) {
      case Bench::kPut:
      case Bench::kGet:
      case Bench::kWatch:
        clients.push_back(std::make_unique<KvClient>(api_, &keys_, settings_, i));
        break;
      case Bench::kLock:
        clients.push_back(std::make_unique<LockClient>(
            api_, settings_, group, settings_.locks > 0 ? &locks_[group] : nullptr));
        break;
      case Bench::kSession:
        clients.push_back(std::make_unique<SessionClient>(api_, settings_));
        break;
      case Bench::kMixed:
        clients.push_back(std::make_unique<MixedClient>(api_, &keys_, settings_, i));
        break;
    }
  }
  return clients;
}

std::vector<std::unique_ptr<Client>> Worker::MakeKeepers() {
  std::vector<std::unique_ptr<Client>> keepers;
  const uint64_t wanted = (idle_sessions_ + kSessionsPerKeeper - 1) / kSessionsPerKeeper;
  const uint64_t count = std::min(wanted, std::max<uint64_t>(kKeepersMax / settings_.threads, 1));
  for (uint64_t i = 0; i < count; ++i) {
    keepers.push_back(std::make_unique<SessionKeeper>(api_, ShareOf(idle_sessions_, i, count)));
  }
  return keepers;
}

Schedule Worker::MakeSchedule(const Group* group, int64_t start_ns) const {
  ScheduleOptions options;
  options.start_ns = start_ns;
  options.end_ns = start_ns + static_cast<int64_t>(settings_.duration_ms) * 1'000'000;
  if (group != groups_.front().get()) {
    options.rate_per_s =
        std::max<uint64_t>(idle_sessions_ * kKeepsPerTtl * 1000 / settings_.ttl_ms, 1);
    return Schedule(options);
  }
  options.rate_per_s = settings_.rate_per_s;
  options.operations_max = settings_.total;
  options.worker = worker_;
  options.workers = settings_.threads;
  return Schedule(options);
}

void Worker::Begin(Phase phase, int64_t start_ns) {
  phase_ = phase;
  stop_seen_ = false;
  for (const auto& group : groups_) {
    const Schedule schedule =
        phase == Phase::kRun ? MakeSchedule(group.get(), start_ns) : Schedule();
    group->Begin(phase, schedule, NowNs(), &news_);
  }
}

void Worker::Setup() {
  Begin(Phase::kSetup, 0);
  Loop();
  news_.Clear();
}

void Worker::Run(int64_t start_ns) {
  WakeOnTime();
  const double before = ThreadCpuSeconds();
  Begin(Phase::kRun, start_ns);
  Loop();
  cpu_seconds_ = ThreadCpuSeconds() - before;
  Publish();
}

void Worker::Undo() {
  Begin(Phase::kUndo, 0);
  Loop();
  news_.Clear();
}

bool Worker::Done() const {
  return std::all_of(groups_.begin(), groups_.end(),
                     [](const auto& group) { return group->Done(); });
}

void Worker::Loop() {
  int64_t beat_ns = NowNs() + Group::kSweepNs;
  publish_ns_ = NowNs() + kPublishNs;
  for (const auto& group : groups_) group->Start(NowNs());
  while (!Done()) {
    int64_t now_ns = NowNs();
    int64_t next_ns = beat_ns;
    for (const auto& group : groups_) next_ns = std::min(next_ns, group->NextNs(now_ns));
    for (const epoll_event& event : poller_.Wait(next_ns - now_ns)) {
      Group::OnEvent(static_cast<Group::Lane*>(event.data.ptr), event.events, scratch_);
    }
    now_ns = NowNs();
    for (const auto& group : groups_) group->Start(now_ns);
    if (now_ns < beat_ns) continue;
    beat_ns = now_ns + Group::kSweepNs;
    Beat(now_ns);
  }
}

void Worker::Beat(int64_t now_ns) {
  const bool stop = phase_ == Phase::kUndo ? undo_abandoned() : stopped();
  for (const auto& group : groups_) {
    group->Sweep(now_ns);
    if (stop && !stop_seen_) group->EndAt(now_ns);
    // Keepers have no end of their own before the clients'.
    if (phase_ == Phase::kRun && groups_.front()->Done()) group->EndAt(now_ns);
  }
  stop_seen_ = stop;
  if (phase_ != Phase::kRun || now_ns < publish_ns_) return;
  publish_ns_ = now_ns + kPublishNs;
  Publish();
}

std::string Worker::SetupProblem() const {
  for (const auto& group : groups_) {
    if (!group->gave_up()) continue;
    const std::string why = group->last_error().empty() ? "timed_out" : group->last_error();
    if (group->unconnected() > 0) {
      return "only " + std::to_string(group->connections() - group->unconnected()) + " of " +
             std::to_string(group->connections()) + " connections could be made: " + why;
    }
    return "what the run needs could not be prepared: " + why;
  }
  return "";
}

int64_t Worker::finished_ns() const { return groups_.front()->finished_ns(); }

uint64_t Worker::NotStarted() const { return groups_.front()->NotStarted(); }

uint64_t Worker::LeftBehind() const {
  uint64_t left = settings_.keep ? 0 : keys_.LeftBehind();
  for (const auto& group : groups_) left += group->LeftBehind();
  return left;
}

}  // namespace baton::load
