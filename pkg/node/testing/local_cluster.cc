#include "pkg/node/testing/local_cluster.h"

#include <thread>
#include <utility>

namespace baton::node::testing {

void LocalNetwork::Connect(NodeId id, Service* service) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  services_[id] = service;
}

void LocalNetwork::Disconnect(NodeId id) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  services_.erase(id);
}

bool LocalNetwork::Call(NodeId id, const std::function<void(Service&)>& call) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  const auto it = services_.find(id);
  if (it == services_.end()) return false;
  call(*it->second);
  return true;
}

struct LocalTransport::Stream {
  NodeId to;
  uint64_t number = 0;
  uint64_t next_chunk = 0;
  raft::Message message;
  std::unique_ptr<SnapshotReader> reader;
  std::string chunk;
};

bool LocalTransport::Send(NodeId to, PeerMessage message) {
  PeerEnvelope envelope;
  envelope.cluster_id = kLocalClusterId;
  envelope.from = self_;
  envelope.to = to;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    envelope.stamp = stamp_;
  }
  envelope.messages.push_back(std::move(message));
  const auto deliver = [&envelope](Service& service) { (void)service.Deliver(envelope).ok(); };
  if (!network_->Call(to, deliver)) {
    const std::vector<uint64_t> forwards = ForwardsOf(envelope.messages);
    network_->Call(self_, [&](Service& service) { service.OnUnreachable(to, forwards); });
  }
  return true;
}

void LocalTransport::SetStamp(const EnvelopeStamp& stamp) {
  const std::lock_guard<std::mutex> lock(mutex_);
  stamp_ = stamp;
}

void LocalTransport::SendSnapshot(NodeId to, raft::Message message,
                                  std::unique_ptr<SnapshotReader> snapshot) {
  auto stream = std::make_shared<Stream>();
  stream->to = to;
  stream->number = ++last_stream_;
  stream->message = std::move(message);
  stream->reader = std::move(snapshot);
  Result<std::string> first = stream->reader->NextChunk(1024);
  CHECK(first.ok());
  stream->chunk = std::move(first).value();
  SendChunk(stream);
}

void LocalTransport::SendChunk(const std::shared_ptr<Stream>& stream) {
  Result<std::string> next = stream->reader->NextChunk(1024);
  CHECK(next.ok());
  Service::SnapshotChunk chunk;
  chunk.from = self_;
  chunk.stream = stream->number;
  chunk.number = stream->next_chunk++;
  chunk.bytes = std::exchange(stream->chunk, std::move(next).value());
  const bool last = stream->chunk.empty();
  if (last) chunk.message = stream->message;
  const auto report = [network = network_, self = self_, to = stream->to](bool delivered) {
    network->Call(self, [&](Service& service) { service.OnSnapshotSent(to, delivered); });
  };
  const auto written = [this, stream, last, report](const Status& status) {
    if (!status.ok() || last) {
      report(status.ok());
    } else {
      SendChunk(stream);
    }
  };
  const bool there = network_->Call(
      stream->to, [&](Service& service) { service.OnSnapshotChunk(std::move(chunk), written); });
  if (!there) report(false);
}

LocalCluster::LocalCluster(int nodes, NodeConfig config) {
  for (int i = 1; i <= nodes; ++i) config.voters.push_back(NodeId(static_cast<uint64_t>(i)));
  config.cluster_id = kLocalClusterId;
  for (const NodeId id : config.voters) {
    Place& place = places_[id];
    place.config = config;
    place.config.id = id;
    place.log = std::make_unique<MemoryLogStore>();
    place.state = std::make_unique<MemoryStateStore>();
    place.transport = std::make_unique<LocalTransport>(&network_, id);
  }
  for (const NodeId id : config.voters) Start(id);
}

LocalCluster::~LocalCluster() {
  for (const NodeId id : ids()) {
    if (places_.at(id).runner) Stop(id);
  }
}

std::vector<NodeId> LocalCluster::ids() const {
  std::vector<NodeId> ids;
  for (const auto& [id, place] : places_) ids.push_back(id);
  return ids;
}

void LocalCluster::Start(NodeId id) {
  Place& place = places_.at(id);
  place.config.seed = ++last_seed_;
  NodePorts ports;
  ports.log = place.log.get();
  ports.state = place.state.get();
  ports.transport = place.transport.get();
  ports.clock = &clock_;
  ports.logger = &logger_;
  ports.fatal = [this](const Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fatal_errors_.push_back(status);
  };
  Result<std::unique_ptr<Runner>> runner = Runner::Create(place.config, ports);
  CHECK(runner.ok()) << runner.status().ToString();
  place.runner = std::move(runner).value();
  network_.Connect(id, place.runner.get());
  place.runner->Start();
}

void LocalCluster::Stop(NodeId id) {
  network_.Disconnect(id);
  places_.at(id).runner->Stop();
  places_.at(id).runner.reset();
}

NodeId LocalCluster::AwaitLeader() {
  NodeId leader;
  const bool found = Eventually([&] {
    leader = NodeId();
    for (const auto& [id, place] : places_) {
      if (!place.runner) continue;
      const NodeId known = place.runner->GetStatus()->raft.leader;
      if (!known || (leader && known != leader)) return false;
      leader = known;
    }
    return leader && places_.at(leader).runner != nullptr;
  });
  CHECK(found) << "nobody was elected";
  return leader;
}

std::vector<Status> LocalCluster::fatal_errors() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return fatal_errors_;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

Result<coord::Reply> SubmitAndWait(Service& service, const coord::Command& command,
                                   int64_t timeout_ms) {
  auto answer = std::make_shared<std::promise<Result<coord::Reply>>>();
  std::future<Result<coord::Reply>> future = answer->get_future();
  service.Submit(command, timeout_ms,
                 [answer](Result<coord::Reply> reply) { answer->set_value(std::move(reply)); });
  return future.get();
}

}  // namespace baton::node::testing
