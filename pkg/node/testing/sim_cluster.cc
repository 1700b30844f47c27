#include "pkg/node/testing/sim_cluster.h"

#include <algorithm>

namespace baton::node::testing {
namespace {

constexpr int kStepsMax = 100'000;  // beyond, a node goes round in circles

}  // namespace

SimCluster::SimCluster(SimOptions options) : options_(std::move(options)), random_(options_.seed) {
  std::vector<NodeId> voters;
  for (int i = 1; i <= options_.nodes; ++i) voters.push_back(NodeId(static_cast<uint64_t>(i)));
  for (const NodeId id : voters) {
    Place& place = places_[id];
    place.config = options_.config;
    place.config.id = id;
    place.config.cluster_id = "0123456789abcdef";
    place.config.voters = voters;
    place.log = std::make_unique<MemoryLogStore>();
    place.state = std::make_unique<MemoryStateStore>();
    place.used_log = place.log.get();
    place.used_state = place.state.get();
    place.metrics = std::make_unique<NodeMetrics>();
    place.transport = std::make_unique<SimTransport>(this, id);
    place.log_writer = std::make_unique<SimLogWriter>(this, id);
    place.snapshot_worker = std::make_unique<SimSnapshotWorker>(this, id);
    place.disk_space = std::make_unique<SimDiskSpace>();
    CHECK(Start(id).ok());
  }
}

SimCluster::~SimCluster() = default;

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
  place.config.seed = random_.NextU64();
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
  Result<std::unique_ptr<Node>> node = Node::Create(place.config, parts, now_us_);
  if (!node.ok()) return node.status();
  place.node = std::move(node).value();
  const auto tick_us = static_cast<uint64_t>(place.config.tick_ms) * 1000;
  AfterOn(id, static_cast<int64_t>(random_.Below(tick_us)), [this, id](Node&) { TickLater(id); });
  return Status::Ok();
}

void SimCluster::TickLater(NodeId id) {
  AfterOn(id, At(id).config.tick_ms * 1000, [this, id](Node& node) {
    node.Tick();
    TickLater(id);
  });
}

// --- events ---

void SimCluster::After(int64_t delay_us, std::function<void()> event) {
  events_.emplace(std::make_pair(now_us_ + delay_us, ++last_event_), std::move(event));
}

void SimCluster::AfterOn(NodeId id, int64_t delay_us, std::function<void(Node&)> event) {
  After(delay_us,
        [this, id, life = At(id).life, event = std::move(event)] { RunOn(id, life, event); });
}

void SimCluster::RunOn(NodeId id, uint64_t life, const std::function<void(Node&)>& event) {
  Place& place = At(id);
  if (place.life != life || place.node == nullptr) return;
  if (now_us_ < place.paused_until_us) {
    After(place.paused_until_us - now_us_, [this, id, life, event] { RunOn(id, life, event); });
    return;
  }
  Node& node = *place.node;
  node.AdvanceTo(now_us_);
  event(node);
  int steps = 0;
  while (node.Step()) CHECK_LT(++steps, kStepsMax);
  CheckInvariants(id);
}

void SimCluster::CheckInvariants(NodeId id) {
  const Node& node = *At(id).node;
  if (node.raft().role() == raft::Role::kLeader) {
    const auto [it, first] = leaders_.emplace(node.raft().term(), id);
    CHECK(first || it->second == id) << "two leaders in term " << node.raft().term();
  }
  const auto [it, first] = hashes_.emplace(node.state().applied(), node.state().hash());
  CHECK(first || it->second == node.state().hash())
      << "node " << id << " differs at entry " << node.state().applied();
}

void SimCluster::RunFor(int64_t distance_ms) {
  const int64_t end_us = now_us_ + distance_ms * 1000;
  while (!events_.empty() && events_.begin()->first.first <= end_us) {
    auto event = events_.extract(events_.begin());
    now_us_ = event.key().first;
    event.mapped()();
  }
  now_us_ = end_us;
}

bool SimCluster::RunUntil(const std::function<bool()>& condition, int64_t limit_ms) {
  const int64_t end_us = now_us_ + limit_ms * 1000;
  while (!condition()) {
    if (events_.empty() || events_.begin()->first.first > end_us) {
      now_us_ = end_us;
      return false;
    }
    auto event = events_.extract(events_.begin());
    now_us_ = event.key().first;
    event.mapped()();
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
  size_t followers = 0;
  for (const auto& [id, place] : places_) {
    if (place.node && place.node->raft().leader() == *leader) ++followers;
  }
  return followers > places_.size() / 2 ? leader : std::nullopt;
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
  place.node.reset();
  ++place.life;
  place.log_writer->jobs_.clear();
  place.log_writer->held_ = false;
  place.paused_until_us = 0;
  const size_t batches = place.state->unsynced_batches();
  const bool power_loss = kind == CrashKind::kPowerLoss;
  place.state->Crash(power_loss ? random_.Below(batches + 1) : batches);
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

void SimCluster::Cut(NodeId a, NodeId b) {
  cut_.emplace(a, b);
  cut_.emplace(b, a);
}

void SimCluster::Isolate(NodeId id) {
  for (const auto& [other, place] : places_) {
    if (other != id) Cut(id, other);
  }
}

void SimCluster::Heal() { cut_.clear(); }

void SimCluster::HoldDisk(NodeId id) { At(id).log_writer->held_ = true; }

void SimCluster::ReleaseDisk(NodeId id) {
  At(id).log_writer->held_ = false;
  for (size_t i = 0; i < At(id).log_writer->jobs_.size(); ++i) At(id).log_writer->Schedule();
}

void SimCluster::Pause(NodeId id, int64_t distance_ms) {
  At(id).paused_until_us = now_us_ + distance_ms * 1000;
}

// --- network ---

bool SimCluster::Connected(NodeId from, NodeId to) const { return !cut_.contains({from, to}); }

int64_t SimCluster::NetworkDelayUs() {
  return static_cast<int64_t>(
      random_.Between(static_cast<uint64_t>(options_.network_delay_min_us),
                      static_cast<uint64_t>(options_.network_delay_max_us) + 1));
}

void SimCluster::Deliver(const PeerEnvelope& envelope) {
  if (!Connected(envelope.from, envelope.to)) return;
  if (random_.Chance(options_.loss_percent, 100)) return;
  const int copies = random_.Chance(options_.repeat_percent, 100) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    After(NetworkDelayUs(), [this, envelope] {
      Place& to = At(envelope.to);
      if (!Connected(envelope.from, envelope.to)) return;
      if (!alive(envelope.to)) {  // nobody listens: the connection is refused
        AfterOn(envelope.from, NetworkDelayUs(),
                [dead = envelope.to](Node& node) { node.OnUnreachable(dead); });
        return;
      }
      RunOn(envelope.to, to.life, [envelope](Node& node) {
        const Status received = node.Receive(envelope);
        CHECK(received.ok()) << received.ToString();
      });
    });
  }
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

PendingPtr<AcquireResult> SimCluster::Acquire(NodeId at, coord::Command command, int64_t timeout_ms,
                                              uint64_t* number) {
  auto pending = std::make_shared<Pending<AcquireResult>>();
  const uint64_t id = ++last_number_;
  std::get<coord::Acquire>(command.body).listener = IncarnationOf(At(at).config) + id;
  if (number != nullptr) *number = id;
  Result<EncodedCommand> encoded = Encode(command);
  if (!encoded.ok()) {
    pending->result = encoded.status();
    return pending;
  }
  const auto acquire = std::get<coord::Acquire>(command.body);
  With(at, [=](Node& node) {
    node.Acquire(id, acquire, *encoded, timeout_ms, [pending](Result<AcquireResult> result) {
      CHECK(!pending->done()) << "answered twice";
      const bool refused = result.ok() && !result->refusal.ok();
      pending->result = refused ? Result<AcquireResult>(result->refusal) : std::move(result);
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
