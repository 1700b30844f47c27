#include "pkg/node/testing/sim_cluster.h"

#include <algorithm>
#include <cstdio>

#include "pkg/node/testing/sim_trace.h"

namespace baton::node::testing {
namespace {

constexpr int kStepsMax = 100'000;  // beyond, a node goes round in circles
constexpr std::string_view kClusterId = "0123456789abcdef";

// Of numbers that differ little, numbers that differ much (the finalizer of SplitMix64: Steele, Lea
// and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
uint64_t Mix(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

NetworkOptions OptionsOfNetwork(const SimOptions& options) {
  return {options.network_delay_min_us, options.network_delay_max_us, options.loss_percent,
          options.repeat_percent};
}

}  // namespace

SimCluster::SimCluster(SimOptions options)
    : options_(std::move(options)),
      disk_random_(Mix(options_.seed ^ 0xd15c)),
      network_(Mix(options_.seed ^ 0x7e7), OptionsOfNetwork(options_)) {
  std::vector<NodeId> voters;
  for (int i = 1; i <= options_.nodes; ++i) voters.push_back(NodeId(static_cast<uint64_t>(i)));
  NodeConfig config = options_.config;
  config.voters = voters;
  for (const NodeId id : voters) CHECK_EQ(id, AddPlace(config));
  for (const NodeId id : voters) CHECK(Start(id).ok());
}

SimCluster::~SimCluster() = default;

NodeId SimCluster::AddPlace(NodeConfig config) {
  const NodeId id(places_.size() + 1);
  Place& place = places_[id];
  place.config = std::move(config);
  place.config.id = id;
  place.config.cluster_id = kClusterId;
  place.log = std::make_unique<MemoryLogStore>();
  place.state = std::make_unique<MemoryStateStore>();
  place.used_log = place.log.get();
  place.used_state = place.state.get();
  place.metrics = std::make_unique<NodeMetrics>();
  place.transport = std::make_unique<SimTransport>(this, id);
  place.log_writer = std::make_unique<SimLogWriter>(this, id);
  place.snapshot_worker = std::make_unique<SimSnapshotWorker>(this, id);
  place.disk_space = std::make_unique<SimDiskSpace>();
  return id;
}

NodeId SimCluster::AddMachine(NodeConfig config) {
  const NodeId id = AddPlace(std::move(config));
  At(id).log->Lose(raft::Memory::kNewborn);
  return id;
}

std::vector<NodeId> SimCluster::ids() const {
  std::vector<NodeId> ids;
  for (const auto& [id, place] : places_) ids.push_back(id);
  return ids;
}

Node& SimCluster::node(NodeId id) {
  CHECK(alive(id)) << "node " << id << " is down";
  return *At(id).node;
}

Status SimCluster::Start(NodeId id) {
  Place& place = At(id);
  ++place.life;
  place.fail_next_write = false;
  place.due_us.reset();
  place.config.seed = Mix(options_.seed ^ (id.value() << 32) ^ place.life);
  NodeParts parts;
  parts.log = place.used_log;
  parts.state = place.used_state;
  parts.transport = place.transport.get();
  parts.log_writer = place.log_writer.get();
  parts.snapshot_worker = place.snapshot_worker.get();
  parts.disk_space = place.disk_space.get();
  parts.logger = &logger_;
  parts.metrics = place.metrics.get();
  parts.stopwatch = this;
  parts.fatal = [](const Status&) {};
  if (observer_ != nullptr) observer_->OnStart(id, place.used_log->State());
  Result<std::unique_ptr<Node>> node = Node::Create(place.config, parts, place.ClockUs(now_us_));
  if (!node.ok()) return node.status();
  place.node = std::move(node).value();
  if (observer_ != nullptr) observer_->OnStarted(id);
  const auto tick_us = static_cast<uint64_t>(place.config.tick_ms) * 1000;
  AfterOn(id, static_cast<int64_t>(Mix(place.config.seed) % tick_us),
          [this, id](Node&) { TickLater(id); });
  return Status::Ok();
}

void SimCluster::TickLater(NodeId id) {
  const Place& place = At(id);
  AfterOn(id, place.config.tick_ms * 1'000'000'000 / place.clock_rate_ppm, [this, id](Node& node) {
    node.Tick();
    TickLater(id);
  });
}

// --- events ---

void SimCluster::After(int64_t delay_us, std::function<void()> event) {
  events_.Add(now_us_ + delay_us, std::move(event));
}

void SimCluster::AfterOn(NodeId id, int64_t delay_us, std::function<void(Node&)> event) {
  After(delay_us,
        [this, id, life = At(id).life, event = std::move(event)] { RunOn(id, life, event); });
}

void SimCluster::RunOn(NodeId id, uint64_t life, const std::function<void(Node&)>& event) {
  Place& place = At(id);
  if (place.life != life || place.node == nullptr) return;
  if (now_us_ < place.paused_until_us || !place.waiting.empty()) {
    place.waiting.push_back(event);
    return;
  }
  RunNow(id, event);
}

void SimCluster::RunNow(NodeId id, const std::function<void(Node&)>& event) {
  Place& place = At(id);
  Node& node = *place.node;
  node.AdvanceTo(place.ClockUs(now_us_));
  event(node);
  int steps = 0;
  while (node.Step()) CHECK_LT(++steps, kStepsMax);
  StepWhenDue(id);
  CheckInvariants(id);
  if (observer_ != nullptr) observer_->OnStep(id, node);
}

void SimCluster::StepWhenDue(NodeId id) {
  Place& place = At(id);
  const std::optional<int64_t> due_us = place.node->due_us();
  if (!due_us || place.due_us == due_us) return;
  place.due_us = due_us;
  const int64_t wait_us = std::max<int64_t>(0, *due_us - place.ClockUs(now_us_));
  AfterOn(id, wait_us * 1'000'000 / place.clock_rate_ppm + 1,
          [&place](Node&) { place.due_us.reset(); });
}

void SimCluster::MixIntoTrace(uint64_t number) { trace_hash_ = Mix(trace_hash_ ^ number); }

void SimCluster::Trace(const std::string& line) {
  if (trace_ == nullptr) return;
  char time[32];
  const int64_t ms = now_us_ / 1000;
  std::snprintf(time, sizeof(time), "%6lld.%03lld ", static_cast<long long>(ms / 1000),
                static_cast<long long>(ms % 1000));
  trace_(time + line);
}

void SimCluster::CheckInvariants(NodeId id) {
  const Node& node = *At(id).node;
  const Term term = node.raft().term();
  const Index applied = node.state().applied();
  MixIntoTrace(static_cast<uint64_t>(now_us_) ^ (id.value() << 56) ^ term.value());
  auto& [checked_term, checked_applied] = checked_[id];
  if (node.raft().role() == raft::Role::kLeader && checked_term != term) {
    const auto [it, first] = leaders_.emplace(term, id);
    CHECK(first || it->second == id) << "two leaders in term " << term;
    checked_term = term;
  }
  if (checked_applied == applied) return;
  checked_applied = applied;
  MixIntoTrace(node.state().hash());
  const auto [it, first] = hashes_.emplace(applied, node.state().hash());
  CHECK(first || it->second == node.state().hash())
      << "node " << id << " differs at entry " << applied;
}

void SimCluster::RunFor(int64_t distance_ms) {
  const int64_t end_us = now_us_ + distance_ms * 1000;
  while (!events_.empty() && events_.next_us() <= end_us) {
    now_us_ = events_.next_us();
    events_.Take()();
  }
  now_us_ = end_us;
}

bool SimCluster::RunUntil(const std::function<bool()>& condition, int64_t limit_ms) {
  const int64_t end_us = now_us_ + limit_ms * 1000;
  while (!condition()) {
    if (events_.empty() || events_.next_us() > end_us) {
      now_us_ = end_us;
      return false;
    }
    now_us_ = events_.next_us();
    events_.Take()();
  }
  return true;
}

// --- who leads ---

std::optional<NodeId> SimCluster::Leader() {
  std::optional<NodeId> leader;
  Term term;
  for (const auto& [id, place] : places_) {
    if (!place.node || place.node->raft().role() != raft::Role::kLeader) continue;
    if (place.node->raft().term() > term) {
      leader = id;
      term = place.node->raft().term();
    }
  }
  if (!leader) return leader;
  const std::vector<NodeId> voters = node(*leader).raft().GetStatus().config.voters;
  const auto followers = std::count_if(voters.begin(), voters.end(), [&](NodeId id) {
    const Place& place = At(id);
    return place.node && place.node->raft().leader() == *leader;
  });
  return static_cast<size_t>(followers) > voters.size() / 2 ? leader : std::nullopt;
}

NodeId SimCluster::AwaitLeader(int64_t limit_ms) {
  CHECK(RunUntil([this] { return Leader().has_value(); }, limit_ms)) << "nobody was elected";
  return *Leader();
}

NodeId SimCluster::AFollower() {
  const NodeId leader = AwaitLeader();
  for (const auto& [id, place] : places_) {
    if (place.node && id != leader) return id;
  }
  CHECK(false) << "nobody follows";
  return NodeId();
}

bool SimCluster::Converged() {
  std::optional<std::pair<Index, uint64_t>> point;
  for (const auto& [id, place] : places_) {
    if (!place.node) continue;
    const std::pair<Index, uint64_t> here(place.node->state().applied(),
                                          place.node->state().hash());
    if (point && *point != here) return false;
    point = here;
  }
  return true;
}

// --- faults ---

void SimCluster::Crash(NodeId id, CrashKind kind) {
  Place& place = At(id);
  CHECK(place.node != nullptr);
  Trace("node " + std::to_string(id.value()) +
        (kind == CrashKind::kKill ? " is killed" : " loses power"));
  place.node.reset();
  ++place.life;
  place.log_writer->Crash(disk_random_.Chance(1, 2));
  place.paused_until_us = 0;
  place.waiting.clear();
  checked_.erase(id);
  if (kind == CrashKind::kPowerLoss) {
    place.log->Crash(disk_random_.Below(place.log->unsynced_writes() + 1));
    place.state->Crash(disk_random_.Below(place.state->unsynced_batches() + 1));
  } else {
    place.state->Crash(place.state->unsynced_batches());
  }
  if (observer_ != nullptr) observer_->OnCrash(id);
}

void SimCluster::Restart(NodeId id) {
  const Status started = TryRestart(id);
  CHECK(started.ok()) << started.ToString();
}

Status SimCluster::TryRestart(NodeId id) {
  CHECK(!alive(id));
  return Start(id);
}

void SimCluster::UseDisk(NodeId id, LogStore* log, StateStore* state) {
  Place& place = At(id);
  CHECK(!alive(id));
  place.used_log = log != nullptr ? log : place.log.get();
  place.used_state = state != nullptr ? state : place.state.get();
}

void SimCluster::ReplaceDisk(NodeId id) {
  LoseLog(id, raft::Memory::kNewborn);
  LoseState(id);
  ++At(id).disks;
}

void SimCluster::LoseLog(NodeId id, raft::Memory memory, Index last) {
  CHECK(!alive(id));
  At(id).log->Lose(memory, last);
  if (observer_ != nullptr) observer_->OnDiskLost(id);
}

void SimCluster::LoseState(NodeId id) {
  CHECK(!alive(id));
  if (observer_ != nullptr) observer_->OnStateLost(id);
  At(id).state->StartOver();
}

bool SimCluster::RevertState(NodeId id) {
  CHECK(!alive(id));
  if (!At(id).state->has_replaced()) return false;
  if (observer_ != nullptr) observer_->OnStateLost(id);
  At(id).state->Revert();
  return true;
}

void SimCluster::Cut(NodeId a, NodeId b) {
  network_.Cut(a, b);
  network_.Cut(b, a);
}

void SimCluster::Isolate(NodeId id) {
  for (const auto& [other, place] : places_) {
    if (other != id) Cut(id, other);
  }
}

void SimCluster::Heal() { network_.Heal(); }

void SimCluster::HoldDisk(NodeId id) { At(id).log_writer->held_ = true; }

void SimCluster::ReleaseDisk(NodeId id) {
  At(id).log_writer->held_ = false;
  At(id).log_writer->StartSync();
}

void SimCluster::SetClockRate(NodeId id, int64_t rate_ppm) {
  Place& place = At(id);
  place.clock_at_set_us = place.ClockUs(now_us_);
  place.clock_set_us = now_us_;
  place.clock_rate_ppm = rate_ppm;
}

void SimCluster::JumpClock(NodeId id, int64_t distance_ms) {
  At(id).clock_at_set_us += distance_ms * 1000;
}

void SimCluster::Pause(NodeId id, int64_t distance_ms) {
  At(id).paused_until_us = now_us_ + distance_ms * 1000;
  After(distance_ms * 1000, [this, id, life = At(id).life] { Resume(id, life); });
}

// Everything that has waited happens now, in its order.
void SimCluster::Resume(NodeId id, uint64_t life) {
  Place& place = At(id);
  if (place.life != life || now_us_ < place.paused_until_us) return;
  while (place.life == life && !place.waiting.empty()) {
    const std::function<void(Node&)> event = std::move(place.waiting.front());
    RunNow(id, event);
    if (place.life == life) place.waiting.pop_front();
  }
}

// --- network ---

void SimCluster::Deliver(PeerEnvelope envelope) {
  if (observer_ != nullptr) {
    for (const PeerMessage& message : envelope.messages) {
      observer_->OnSend(envelope.from, envelope.to, message);
    }
  }
  const SimNetwork::Copies copies = network_.Send(envelope.from, envelope.to, now_us_);
  MixIntoTrace((envelope.from.value() << 48) ^ (envelope.to.value() << 32) ^
               (envelope.messages.size() << 8) ^ static_cast<uint64_t>(copies.count));
  if (copies.count == 0) return;
  const auto shared = std::make_shared<const PeerEnvelope>(std::move(envelope));
  for (int i = 0; i < copies.count; ++i) {
    After(copies.delays_us[i], [this, shared, only = copies.count == 1] { Arrive(shared, only); });
  }
}

void SimCluster::Arrive(const std::shared_ptr<const PeerEnvelope>& envelope, bool only_copy) {
  const NodeId from = envelope->from;
  const NodeId to = envelope->to;
  if (!Connected(from, to)) return;
  if (!alive(to)) {  // nobody listens: the connection is refused
    std::vector<uint64_t> undelivered;
    if (only_copy) undelivered = ForwardsOf(envelope->messages);
    AfterOn(from, network_.DelayUs(to, from, now_us_),
            [to, undelivered](Node& node) { node.OnUnreachable(to, undelivered); });
    return;
  }
  RunOn(to, At(to).life, [this, envelope](Node& node) {
    if (tracing()) Trace(Describe(*envelope));
    if (observer_ != nullptr) observer_->OnReceive(envelope->to, *envelope);
    const Status received = node.Receive(*envelope);
    CHECK(received.ok()) << received.ToString();
  });
}

// --- clients ---

void SimCluster::With(NodeId at, const std::function<void(Node&)>& input) {
  RunOn(at, At(at).life, input);
}

PendingPtr<coord::Reply> SimCluster::Submit(NodeId at, const coord::Command& command,
                                            int64_t timeout_ms) {
  auto pending = std::make_shared<Pending<coord::Reply>>();
  Result<EncodedCommand> encoded = Encode(command);
  if (!encoded.ok()) {
    pending->result = encoded.status();
    return pending;
  }
  With(at, [=](Node& node) {
    node.Submit(*encoded, timeout_ms, [pending](Result<coord::Reply> reply) {
      CHECK(!pending->done()) << "answered twice";
      pending->result = std::move(reply);
    });
  });
  return pending;
}

Result<PreparedAcquire> SimCluster::Prepare(NodeId at, coord::Command command) {
  PreparedAcquire prepared;
  prepared.number = ++last_number_;
  auto& acquire = std::get<coord::Acquire>(command.body);
  acquire.listener = IncarnationOf(At(at).config) + prepared.number;
  prepared.acquire = acquire;
  Result<EncodedCommand> encoded = Encode(command);
  if (!encoded.ok()) return encoded.status();
  prepared.command = *std::move(encoded);
  return prepared;
}

PendingPtr<AcquireResult> SimCluster::Acquire(NodeId at, coord::Command command, int64_t timeout_ms,
                                              uint64_t* number) {
  auto pending = std::make_shared<Pending<AcquireResult>>();
  const Result<PreparedAcquire> prepared = Prepare(at, std::move(command));
  if (!prepared.ok()) {
    pending->result = prepared.status();
    return pending;
  }
  if (number != nullptr) *number = prepared->number;
  With(at, [=, prepared = *prepared](Node& node) {
    node.Acquire(prepared.number, prepared.acquire, prepared.command, timeout_ms,
                 [pending](Result<AcquireResult> result) {
                   CHECK(!pending->done()) << "answered twice";
                   const bool refused = result.ok() && !result->refusal.ok();
                   pending->result =
                       refused ? Result<AcquireResult>(result->refusal) : std::move(result);
                 });
  });
  return pending;
}

PendingPtr<coord::SessionInfo> SimCluster::KeepAlive(NodeId at, SessionId session,
                                                     int64_t timeout_ms) {
  auto pending = std::make_shared<Pending<coord::SessionInfo>>();
  With(at, [=](Node& node) {
    node.KeepAlive(session, timeout_ms, [pending](Result<coord::SessionInfo> info) {
      CHECK(!pending->done()) << "answered twice";
      pending->result = std::move(info);
    });
  });
  return pending;
}

PendingPtr<std::string> SimCluster::Read(
    NodeId at, Consistency consistency, Revision min_revision, int64_t timeout_ms,
    std::function<std::string(const coord::StateMachine&)> look) {
  auto pending = std::make_shared<Pending<std::string>>();
  With(at, [=](Node& node) {
    node.Read(consistency, min_revision, timeout_ms, [pending, look](const Result<ReadView>& view) {
      CHECK(!pending->done()) << "answered twice";
      if (view.ok()) {
        pending->result = look(view->state);
      } else {
        pending->result = view.status();
      }
    });
  });
  return pending;
}

uint64_t SimCluster::Watch(NodeId at, coord::EventFilter filter, Revision from,
                           std::shared_ptr<WatchSink> sink) {
  const uint64_t id = ++last_number_;
  With(at, [=](Node& node) { node.Watch(id, filter, from, sink); });
  return id;
}

}  // namespace baton::node::testing
