#include "cmd/batond/listeners.h"

#include <utility>

namespace baton::batond {
namespace {

// Bodies of peers: a batch of messages (4 MiB) or a piece of a snapshot, in base64 and JSON.
constexpr size_t kPeerBodyBytesMax = 16 << 20;
constexpr size_t kOpsBodyBytesMax = 4096;
constexpr size_t kOpsConnectionsMax = 256;

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

}  // namespace

Result<std::unique_ptr<Listeners>> Listeners::Open(const Config& config, http::ApiContext* context,
                                                   http::MetricsText metrics, Logger* logger) {
  std::unique_ptr<Listeners> all(new Listeners(config, context, logger));
  BATON_RETURN_IF_ERROR(all->Listen("client", config.client_listen, ClientLimits(config),
                                    http::MakeClientRouter(context), &all->client_));
  BATON_RETURN_IF_ERROR(all->Listen("peer", config.peer_listen, PeerLimits(),
                                    http::MakePeerRouter(context), &all->peer_));
  BATON_RETURN_IF_ERROR(all->Listen("ops", config.ops_listen, OpsLimits(),
                                    http::MakeOpsRouter(context, std::move(metrics)), &all->ops_));
  return all;
}

Status Listeners::Listen(const std::string& name, const Address& address,
                         const http::Limits& limits, http::Router router,
                         std::unique_ptr<http::Server>* server) {
  http::ListenOptions options;
  options.name = name;
  options.address = address.host;
  options.port = address.port;
  options.limits = limits;
  options.decorate = [context = context_](const http::Request& request, http::Response* response) {
    http::DecorateResponse(*context, request, response);
  };
  options.on_error = [context = context_](const Status& status, int http_status,
                                          const std::string& request_id) {
    http::Response response = http::ProblemResponse(status, request_id, context);
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

void Listeners::Start() {
  peer_->Start();
  ops_->Start();
  client_->Start();
  Log("client", config_.client_listen, *client_);
  Log("peer", config_.peer_listen, *peer_);
  Log("ops", config_.ops_listen, *ops_);
}

void Listeners::Stop(int64_t timeout_ms) {
  client_->Stop(timeout_ms);
  peer_->Stop(0);
  ops_->Stop(0);
}

void Listeners::Log(std::string_view name, const Address& address, const http::Server& server) {
  logger_->Log(LogLevel::kInfo, "listening",
               {{"listener", name}, {"address", Address{address.host, server.port()}.ToString()}});
}

}  // namespace baton::batond
