#include "cmd/batond/node_process.h"

#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "cmd/batond/process_setup.h"
#include "cmd/cli/version.h"
#include "pkg/http/api.h"
#include "pkg/http/peer_transport.h"
#include "pkg/http/server.h"
#include "pkg/metrics/metrics.h"
#include "pkg/node/runner.h"
#include "pkg/storage/data_dir.h"

namespace baton::batond {
namespace {

// Of the time to stop, for the node; the rest is for sending its last answers.
constexpr int64_t kDrainSharePercent = 80;
constexpr int64_t kFlushTimeoutMs = 500;
constexpr int kExitFatal = 1;
// Bodies of peers: a batch of messages (4 MiB) or a piece of a snapshot, in base64 and JSON.
constexpr size_t kPeerBodyBytesMax = 16 << 20;
constexpr size_t kOpsBodyBytesMax = 4096;
constexpr size_t kOpsConnectionsMax = 256;

node::NodeConfig NodeConfigOf(const Config& config) {
  node::NodeConfig node;
  node.id = config.node_id;
  node.cluster_id = config.cluster_id;
  for (const auto& [id, address] : config.initial_cluster) node.voters.push_back(id);
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
    if (id != config.node_id) options.peer_urls[id] = "http://" + address.ToString();
  }
  return options;
}

http::Limits ClientLimits(const Config& config) {
  http::Limits limits;
  limits.connections_max = config.client_connections_max;
  limits.connections_per_address_max = config.client_connections_per_address_max;
  limits.requests_in_flight_max = config.client_requests_in_flight_max;
  limits.body_bytes_max = config.client_body_bytes_max;
  limits.header_timeout_ms = config.client_header_timeout_ms;
  limits.request_timeout_ms = config.client_request_timeout_ms;
  limits.idle_timeout_ms = config.client_idle_timeout_ms;
  return limits;
}

http::Limits PeerLimits() {
  http::Limits limits;
  limits.body_bytes_max = kPeerBodyBytesMax;
  return limits;
}

http::Limits OpsLimits() {
  http::Limits limits;
  limits.body_bytes_max = kOpsBodyBytesMax;
  limits.connections_max = kOpsConnectionsMax;
  limits.connections_per_address_max = kOpsConnectionsMax;
  return limits;
}

class WiredNode final : public NodeProcess {
 public:
  WiredNode(const Config& config, Clock* clock, Logger* logger)
      : config_(config), clock_(clock), logger_(logger) {}

  Status Open() {
    BATON_RETURN_IF_ERROR(OpenData());
    BATON_RETURN_IF_ERROR(MakeNode());
    MakeContext();
    metrics_ = MakeMetrics();
    BATON_RETURN_IF_ERROR(Listen("client", config_.client_listen, ClientLimits(config_),
                                 http::MakeClientRouter(&context_), &client_server_));
    BATON_RETURN_IF_ERROR(Listen("peer", config_.peer_listen, PeerLimits(),
                                 http::MakePeerRouter(&context_), &peer_server_));
    return Listen("ops", config_.ops_listen, OpsLimits(),
                  http::MakeOpsRouter(&context_, [this] { return RenderMetrics(metrics_); }),
                  &ops_server_);
  }

  void Start() override {
    data_->space()->Start();
    runner_->Start();
    transport_->Start();
    peer_server_->Start();
    ops_server_->Start();
    client_server_->Start();
    logger_->Log(LogLevel::kInfo, "started",
                 {{"version", cli::kVersion},
                  {"name", config_.node_name},
                  {"cluster", config_.cluster_name},
                  {"cluster_id", config_.cluster_id},
                  {"members", config_.initial_cluster.size()},
                  {"data_dir", config_.data_dir}});
    LogListener("client", config_.client_listen, *client_server_);
    LogListener("peer", config_.peer_listen, *peer_server_);
    LogListener("ops", config_.ops_listen, *ops_server_);
  }

  Status Stop(int64_t timeout_ms) override {
    const int64_t begun_ms = clock_->MonotonicMs();
    data_->space()->GiveUp();  // a full disk must not hold up the end
    const auto log_step = [&](std::string_view step) {
      logger_->Log(LogLevel::kDebug, "stopping",
                   {{"done", step}, {"after_ms", clock_->MonotonicMs() - begun_ms}});
    };
    // Both at once: the listener takes nothing new, so that the node can run dry, and the node goes
    // on working, so that what was taken is answered. Peers and probes are served until the end.
    std::thread listener([&] {
      client_server_->Stop(timeout_ms);
      log_step("client listener");
    });
    const Status drained = runner_->Drain(timeout_ms * kDrainSharePercent / 100);
    log_step("node");
    // Among the node's last messages are answers for those who asked it to propose something.
    const bool flushed = transport_->Flush(kFlushTimeoutMs);
    log_step("last messages");
    listener.join();
    transport_->Stop();
    log_step("transport");
    peer_server_->Stop(0);
    ops_server_->Stop(0);
    log_step("all listeners");
    if (!drained.ok() || flushed) return drained;
    return Status(Code::kDeadlineExceeded, "The last messages to a peer could not be delivered");
  }

 private:
  Status OpenData() {
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

  Status MakeNode() {
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
    Result<std::unique_ptr<node::Runner>> runner =
        node::Runner::Create(NodeConfigOf(config_), ports);
    if (!runner.ok()) return runner.status();
    runner_ = *std::move(runner);
    transport_->SetService(runner_.get());
    return Status::Ok();
  }

  // After a disk that lied nothing in memory may be trusted to agree with it: no destructor, no
  // answer. Kubernetes starts the process again.
  [[noreturn]] void Die(const Status& why) {
    logger_->Log(LogLevel::kError, "fatal error, exiting", {{"why", why.ToString()}});
    _exit(kExitFatal);
  }

  void MakeContext() {
    context_.service = runner_.get();
    context_.clock = clock_;
    context_.logger = logger_;
    context_.cluster_id = config_.cluster_id;
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

  // A node knows its own name. When that is the default, so are the others', as far as anybody told
  // it; else they are known by their numbers.
  void NameMembers() {
    const auto default_name = [](NodeId id) { return "node-" + std::to_string(id.value()); };
    const bool defaults = config_.node_name == default_name(config_.node_id);
    for (const auto& [id, address] : config_.initial_cluster) {
      if (defaults) context_.node_names[id] = default_name(id);
    }
    context_.node_names[config_.node_id] = config_.node_name;
  }

  metrics::MetricsSource MakeMetrics() {
    metrics::MetricsSource source;
    source.version = cli::kVersion;
    source.status = [this] { return runner_->GetStatus(); };
    source.node = &runner_->metrics();
    source.listeners = {{"client", [this] { return client_server_->Stats(); }},
                        {"peer", [this] { return peer_server_->Stats(); }},
                        {"ops", [this] { return ops_server_->Stats(); }}};
    source.peers = [this] { return transport_->Stats(); };
    source.databases = {{"log", [this] { return data_->LogFacts(); }},
                        {"state", [this] { return data_->StateFacts(); }}};
    source.backups = context_.backups.get();
    source.process = metrics::ReadProcessFacts;
    source.threads = metrics::ReadThreadFacts;
    return source;
  }

  Status Listen(const std::string& name, const Address& address, const http::Limits& limits,
                http::Router router, std::unique_ptr<http::Server>* server) {
    http::ListenOptions options;
    options.name = name;
    options.address = address.host;
    options.port = address.port;
    options.limits = limits;
    options.decorate = [this](const http::Request& request, http::Response* response) {
      http::DecorateResponse(context_, request, response);
    };
    options.on_error = [this](const Status& status, int http_status,
                              const std::string& request_id) {
      http::Response response = http::ProblemResponse(status, request_id, &context_);
      response.status = http_status;
      return response;
    };
    Result<std::unique_ptr<http::Server>> listening =
        http::Server::Listen(std::move(options), std::move(router), logger_);
    if (!listening.ok()) {
      return Status(listening.status().code(), name + "-listen: " + listening.status().message());
    }
    *server = *std::move(listening);
    return Status::Ok();
  }

  void LogListener(std::string_view name, const Address& address, const http::Server& server) {
    logger_->Log(
        LogLevel::kInfo, "listening",
        {{"listener", name}, {"address", Address{address.host, server.port()}.ToString()}});
  }

  const Config config_;
  Clock* const clock_;
  Logger* const logger_;

  // Each needs the ones above it; they end in the opposite order.
  std::unique_ptr<storage::DataDir> data_;
  std::unique_ptr<http::PeerTransport> transport_;
  std::unique_ptr<node::Runner> runner_;
  http::ApiContext context_;
  metrics::MetricsSource metrics_;
  std::unique_ptr<http::Server> client_server_;
  std::unique_ptr<http::Server> peer_server_;
  std::unique_ptr<http::Server> ops_server_;
};

}  // namespace

Result<std::unique_ptr<NodeProcess>> NodeProcess::Open(const Config& config, Clock* clock,
                                                       Logger* logger) {
  auto process = std::make_unique<WiredNode>(config, clock, logger);
  BATON_RETURN_IF_ERROR(process->Open());
  return std::unique_ptr<NodeProcess>(std::move(process));
}

}  // namespace baton::batond
