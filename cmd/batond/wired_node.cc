#include "cmd/batond/wired_node.h"

#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "cmd/batond/process_setup.h"
#include "cmd/cli/version.h"

namespace baton::batond {
namespace {

// Of the time to stop, for the node; the rest is for sending its last answers.
constexpr int64_t kDrainSharePercent = 80;
constexpr int64_t kFlushTimeoutMs = 500;
constexpr int kExitFatal = 1;

node::NodeConfig NodeConfigOf(const Config& config) {
  node::NodeConfig node;
  node.id = config.node_id;
  node.cluster_id = config.cluster_id;
  for (const node::HelloMember& founder : config.founders) {
    node.voters.push_back(founder.id);
    node.members[founder.id] = founder.info;
  }
  for (const auto& [id, address] : config.initial_cluster) {
    node.voters.push_back(id);
    const auto url = config.client_urls.find(id);
    node.members[id].client_url = url == config.client_urls.end() ? "" : url->second;
    // A node alone may listen anywhere.
    if (address.port != 0 && !address.IsWildcard()) {
      node.members[id].peer_address = address.ToString();
    }
  }
  node.seed = DrawSeed();
  node.tick_ms = config.tick_ms;
  node.election_timeout_ticks = config.election_timeout_ticks;
  node.heartbeat_interval_ticks = config.heartbeat_interval_ticks;
  node.watches_max = config.watches_max;
  node.waits_max = config.waits_max;
  node.log_entries_max = config.log_entries_max;
  node.log_entries_kept = config.log_entries_kept;
  node.log_bytes_max = config.log_bytes_max;
  node.history_age_max_ms = config.history_age_max_ms;
  node.history_revisions_max = config.history_revisions_max;
  node.delegate_snapshots = config.snapshot_delegation;
  node.snapshots_out_max = config.snapshots_out_max;
  return node;
}

http::PeerTransportOptions TransportOptionsOf(const Config& config) {
  http::PeerTransportOptions options;
  options.cluster_id = config.cluster_id;
  options.self = config.node_id;
  options.snapshot_bytes_per_second_max = config.snapshot_bytes_per_second_max;
  for (const auto& [id, address] : config.initial_cluster) {
    if (id != config.node_id) options.peer_addresses[id] = address.ToString();
  }
  return options;
}

}  // namespace

// The threads of the transport call the runner, which ends before it.
WiredNode::~WiredNode() {
  if (greeter_ != nullptr) greeter_->Stop();
  if (transport_ != nullptr) transport_->Stop();
}

Status WiredNode::Open() {
  BATON_RETURN_IF_ERROR(OpenData());
  BATON_RETURN_IF_ERROR(MakeNode());
  MakeContext();
  metrics_ = MakeMetrics();
  greeter_ = std::make_unique<Greeter>(config_, &context_, runner_.get(), transport_.get());
  context_.hello = [this](const node::Hello& said) { return greeter_->OnHello(said); };
  Result<std::unique_ptr<Listeners>> listeners = Listeners::Open(
      config_, &context_, [this] { return RenderMetrics(metrics_); }, logger_);
  if (!listeners.ok()) return listeners.status();
  listeners_ = *std::move(listeners);
  return Status::Ok();
}

void WiredNode::Start() {
  data_->space()->Start();
  runner_->Start();
  transport_->Start();
  greeter_->Start();
  logger_->Log(LogLevel::kInfo, "started",
               {{"version", cli::kVersion},
                {"name", config_.node_name},
                {"cluster", config_.cluster_name},
                {"cluster_id", config_.cluster_id},
                {"data_dir", config_.data_dir}});
  listeners_->Start();
}

Status WiredNode::Stop(int64_t timeout_ms) {
  const int64_t begun_ms = clock_->MonotonicMs();
  data_->space()->GiveUp();  // a full disk must not hold up the end
  greeter_->BeginStop();
  const auto log_step = [&](std::string_view step) {
    logger_->Log(LogLevel::kDebug, "stopping",
                 {{"done", step}, {"after_ms", clock_->MonotonicMs() - begun_ms}});
  };
  // Both at once: the listener takes nothing new, so that the node can run dry, and the node goes
  // on working, so that what was taken is answered. Peers and probes are served until the end.
  std::thread listener([&] {
    listeners_->client().Stop(timeout_ms);
    log_step("client listener");
  });
  const Status drained = runner_->Drain(timeout_ms * kDrainSharePercent / 100);
  log_step("node");
  // Among the node's last messages are answers for those who asked it to propose something.
  const bool flushed = transport_->Flush(kFlushTimeoutMs);
  log_step("last messages");
  listener.join();
  greeter_->Stop();
  transport_->Stop();
  log_step("transport");
  listeners_->peer().Stop(0);
  listeners_->ops().Stop(0);
  log_step("all listeners");
  if (!drained.ok() || flushed) return drained;
  return Status(Code::kDeadlineExceeded, "The last messages to a peer could not be delivered");
}

Status WiredNode::OpenData() {
  storage::DataDirOptions options;
  options.must_exist = config_.restored;
  options.state.block_cache_bytes = config_.state_cache_bytes;
  options.space = {config_.disk_reserve_bytes, config_.disk_free_bytes_min};
  Result<std::unique_ptr<storage::DataDir>> data = storage::DataDir::Open(
      config_.data_dir, {.cluster_id = config_.cluster_id, .node_id = config_.node_id}, options);
  if (!data.ok()) return data.status();
  data_ = *std::move(data);
  for (const std::string& repair : data_->repairs()) {
    logger_->Log(LogLevel::kError, "damaged data repaired", {{"what", repair}});
  }
  return Status::Ok();
}

Status WiredNode::MakeNode() {
  Result<std::unique_ptr<http::PeerTransport>> transport =
      http::PeerTransport::Create(TransportOptionsOf(config_), clock_, logger_);
  if (!transport.ok()) return transport.status();
  transport_ = *std::move(transport);
  const node::NodePorts ports = {.log = &data_->log(),
                                 .state = &data_->state(),
                                 .transport = transport_.get(),
                                 .clock = clock_,
                                 .logger = logger_,
                                 .disk_space = data_->space(),
                                 .fatal = [this](const Status& why) { Die(why); }};
  Result<std::unique_ptr<node::Runner>> runner = node::Runner::Create(NodeConfigOf(config_), ports);
  if (!runner.ok()) return runner.status();
  runner_ = *std::move(runner);
  transport_->SetService(runner_.get());
  return Status::Ok();
}

void WiredNode::Die(const Status& why) {
  logger_->Log(LogLevel::kError, "fatal error, exiting", {{"why", why.ToString()}});
  _exit(kExitFatal);
}

void WiredNode::MakeContext() {
  context_.service = runner_.get();
  context_.clock = clock_;
  context_.logger = logger_;
  context_.cluster_id = config_.cluster_id;
  context_.cluster_name = config_.cluster_name;
  context_.node_name = config_.node_name;
  context_.node_id = config_.node_id;
  context_.client_urls = config_.client_urls;
  NameMembers();
  context_.seed = DrawSeed();
  context_.version = cli::kVersion;
  context_.peer_received = [this](NodeId from, uint64_t bytes) {
    transport_->CountReceived(from, bytes);
  };
  context_.snapshots_out = [this] {
    std::vector<node::SnapshotTransfer> snapshots;
    for (const http::PeerStats& peer : transport_->Stats()) {
      if (peer.snapshot_out) snapshots.push_back(*peer.snapshot_out);
    }
    return snapshots;
  };
}

void WiredNode::NameMembers() {
  const auto default_name = [](NodeId id) { return "node-" + std::to_string(id.value()); };
  const bool defaults = config_.node_name == default_name(config_.node_id);
  for (const auto& [id, address] : config_.initial_cluster) {
    if (defaults) context_.node_names[id] = default_name(id);
  }
  context_.node_names[config_.node_id] = config_.node_name;
}

metrics::MetricsSource WiredNode::MakeMetrics() {
  metrics::MetricsSource source;
  source.version = cli::kVersion;
  source.status = [this] { return runner_->GetStatus(); };
  source.node = &runner_->metrics();
  source.listeners = {{"client", [this] { return listeners_->client().Stats(); }},
                      {"peer", [this] { return listeners_->peer().Stats(); }},
                      {"ops", [this] { return listeners_->ops().Stats(); }}};
  source.peers = [this] { return transport_->Stats(); };
  source.member_name = [this](const node::StatusView& status, NodeId id) {
    return http::NodeNameOf(context_, status, id);
  };
  source.databases = {{"log", [this] { return data_->LogFacts(); }},
                      {"state", [this] { return data_->StateFacts(); }}};
  source.backups = context_.backups.get();
  source.process = metrics::ReadProcessFacts;
  source.threads = metrics::ReadThreadFacts;
  return source;
}

}  // namespace baton::batond
