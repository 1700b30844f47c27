#include "pkg/http/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/connection.h"
#include "pkg/http/event_loop.h"
#include "pkg/http/listener_context.h"

namespace baton::http {
namespace {

constexpr int kAcceptsAtOnceMax = 64;
constexpr size_t kRefusedOpenMax = 64;  // connections that are being told 503; more are just closed
constexpr int64_t kDescriptorBackOffMs = 100;
constexpr int64_t kDescriptorWarningMs = 10'000;
constexpr int kShedAtOnceMax = 16;

// A descriptor kept for the day when none is left: given up for a moment, it lets a connection be
// accepted and closed, so that its client is told instead of waiting in the backlog, and so that
// the backlog does not keep the loop awake.
class ReserveDescriptor {
 public:
  ReserveDescriptor() { Refill(); }
  ~ReserveDescriptor() { Release(); }
  ReserveDescriptor(const ReserveDescriptor&) = delete;
  ReserveDescriptor& operator=(const ReserveDescriptor&) = delete;

  void Refill() {
    if (descriptor_ < 0) descriptor_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  void Release() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_ = -1;
};

int64_t SweepIntervalMs(const Limits& limits) {
  const int64_t shortest = std::min({limits.header_timeout_ms, limits.request_timeout_ms,
                                     limits.idle_timeout_ms, limits.write_timeout_ms});
  return std::clamp<int64_t>(shortest / 4, 5, 100);
}

class ServerImpl final : public Server {
 public:
  ServerImpl(std::unique_ptr<ListenerContext> context, std::unique_ptr<Acceptor> acceptor)
      : context_(std::move(context)), acceptor_(std::move(acceptor)), port_(acceptor_->port()) {}

  ~ServerImpl() override {
    Stop(0);
    // Of a server that was never started, too.
    context_->queue->Close();
  }

  void Start() override;
  uint16_t port() const override { return port_; }
  void Stop(int64_t timeout_ms) override;
  ServerStats Stats() const override {
    ServerStats stats = context_->counters.Read();
    stats.stream_unsent_bytes = context_->stream_budget->used();
    return stats;
  }

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    bool refused = false;
  };

  void AcceptAll();
  void WaitForConnections() {
    if (!context_->draining) acceptor_->WaitAcceptable([this] { AcceptAll(); });
  }
  void Shed();
  void Take(Acceptor::Accepted accepted);
  std::string WhyFull(const std::string& remote_address) const;
  void Forget(Connection* connection);
  void Sweep();
  void BeginStop(int64_t timeout_ms);
  void CloseAll();
  std::vector<std::shared_ptr<Connection>> Connections() const;

  const std::unique_ptr<ListenerContext> context_;
  const std::unique_ptr<Acceptor> acceptor_;
  const uint16_t port_;

  // Of the loop's thread.
  ReserveDescriptor reserve_;
  std::unordered_map<Connection*, Entry> connections_;
  std::unordered_map<std::string, size_t> connections_by_address_;
  size_t refused_open_ = 0;
  int64_t next_descriptor_warning_ms_ = 0;

  std::mutex stop_mutex_;
  std::thread thread_;  // protected by stop_mutex_
};

void ServerImpl::Start() {
  const std::lock_guard<std::mutex> lock(stop_mutex_);
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] {
    context_->queue->Enter();
    WaitForConnections();
    Sweep();
    context_->loop->Run();
  });
}

void ServerImpl::Stop(int64_t timeout_ms) {
  const std::lock_guard<std::mutex> lock(stop_mutex_);
  if (!thread_.joinable()) return;
  context_->loop->Post([this, timeout_ms] { BeginStop(timeout_ms); });
  thread_.join();
  context_->queue->Close();
}

void ServerImpl::BeginStop(int64_t timeout_ms) {
  acceptor_->Close();
  context_->draining = true;
  for (const auto& connection : Connections()) connection->BeginDrain();
  if (connections_.empty()) return context_->loop->Stop();
  context_->loop->After(timeout_ms, [this] { CloseAll(); });
}

void ServerImpl::CloseAll() {
  for (const auto& connection : Connections()) connection->Close();
}

std::vector<std::shared_ptr<Connection>> ServerImpl::Connections() const {
  std::vector<std::shared_ptr<Connection>> connections;
  connections.reserve(connections_.size());
  for (const auto& [key, entry] : connections_) connections.push_back(entry.connection);
  return connections;
}

void ServerImpl::AcceptAll() {
  for (int i = 0; i < kAcceptsAtOnceMax; ++i) {
    Acceptor::Accepted accepted = acceptor_->Accept();
    if (accepted.outcome == IoOutcome::kWouldBlock) break;
    if (accepted.outcome == IoOutcome::kNoDescriptors) {
      Shed();
      return context_->loop->After(kDescriptorBackOffMs, [this] { WaitForConnections(); });
    }
    // What failed before it was accepted has nobody to tell.
    if (accepted.outcome == IoOutcome::kDone) Take(std::move(accepted));
  }
  WaitForConnections();
}

void ServerImpl::Shed() {
  const int64_t now_ms = context_->clock.MonotonicMs();
  if (now_ms >= next_descriptor_warning_ms_) {
    next_descriptor_warning_ms_ = now_ms + kDescriptorWarningMs;
    context_->logger->Log(LogLevel::kWarning, "out of file descriptors: connections are refused",
                          {{"listener", context_->options.name}});
  }
  for (int i = 0; i < kShedAtOnceMax; ++i) {
    reserve_.Release();
    const Acceptor::Accepted accepted = acceptor_->Accept();
    if (accepted.outcome != IoOutcome::kDone) break;
    context_->counters.connections_refused_total.fetch_add(1, std::memory_order_relaxed);
    accepted.socket->Close();
    reserve_.Refill();
  }
  reserve_.Refill();
}

// Which bound one more connection would break; empty: none.
std::string ServerImpl::WhyFull(const std::string& remote_address) const {
  const Limits& limits = context_->options.limits;
  const auto as_many = [](size_t bound) {
    return std::to_string(bound) + " connections, as many as may be";
  };
  if (connections_.size() - refused_open_ >= limits.connections_max) {
    return "this node has " + as_many(limits.connections_max);
  }
  const auto same = connections_by_address_.find(remote_address);
  if (same == connections_by_address_.end()) return "";
  if (same->second < limits.connections_per_address_max) return "";
  return "this address has " + as_many(limits.connections_per_address_max) + " at this node";
}

void ServerImpl::Take(Acceptor::Accepted accepted) {
  const std::string why_full = WhyFull(accepted.remote_address);
  const bool refused = !why_full.empty();
  if (refused) {
    context_->counters.connections_refused_total.fetch_add(1, std::memory_order_relaxed);
    if (refused_open_ >= kRefusedOpenMax) return;
  }
  auto connection = std::make_shared<Connection>(context_.get(), std::move(accepted.socket),
                                                 accepted.remote_address,
                                                 [this](Connection* closed) { Forget(closed); });
  connections_[connection.get()] = {connection, refused};
  if (refused) {
    ++refused_open_;
    return connection->Refuse(why_full);
  }
  ++connections_by_address_[accepted.remote_address];
  context_->counters.connections_open.fetch_add(1, std::memory_order_relaxed);
  connection->Start();
}

void ServerImpl::Forget(Connection* connection) {
  const auto found = connections_.find(connection);
  CHECK(found != connections_.end());
  if (found->second.refused) {
    --refused_open_;
  } else {
    const auto same = connections_by_address_.find(connection->remote_address());
    if (--same->second == 0) connections_by_address_.erase(same);
    context_->counters.connections_open.fetch_sub(1, std::memory_order_relaxed);
  }
  connections_.erase(found);
  if (context_->draining && connections_.empty()) context_->loop->Stop();
}

void ServerImpl::Sweep() {
  const int64_t now_ms = context_->clock.MonotonicMs();
  std::vector<std::shared_ptr<Connection>> overdue;
  for (const auto& [key, entry] : connections_) {
    if (entry.connection->deadline_ms() <= now_ms) overdue.push_back(entry.connection);
  }
  for (const auto& connection : overdue) connection->CheckDeadline(now_ms);
  context_->loop->After(SweepIntervalMs(context_->options.limits), [this] { Sweep(); });
}

Status CheckLimits(const Limits& limits) {
  const auto wrong = [](const char* field, const char* rule) {
    return Status(Code::kInvalidArgument, "wrong_limit",
                  std::string("the limit ") + field + " " + rule);
  };
  if (limits.request_line_bytes_max < 64 || limits.request_line_bytes_max > 8 * 1024) {
    return wrong("request_line_bytes_max", "must be from 64 to 8192");
  }
  if (limits.connections_max == 0) return wrong("connections_max", "must not be 0");
  if (limits.connections_per_address_max == 0) {
    return wrong("connections_per_address_max", "must not be 0");
  }
  if (limits.header_timeout_ms <= 0 || limits.request_timeout_ms <= 0 ||
      limits.idle_timeout_ms <= 0 || limits.write_timeout_ms <= 0) {
    return wrong("*_timeout_ms", "must be greater than 0");
  }
  if (limits.write_bytes_per_second_min <= 0) {
    return wrong("write_bytes_per_second_min", "must be greater than 0");
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(ListenOptions options, Router router,
                                               Logger* logger) {
  BATON_RETURN_IF_ERROR(CheckLimits(options.limits));
  auto context = std::make_unique<ListenerContext>(std::move(options), std::move(router), logger);
  auto acceptor = context->loop->Listen(context->options.address, context->options.port);
  if (!acceptor.ok()) return acceptor.status();
  return std::unique_ptr<Server>(
      std::make_unique<ServerImpl>(std::move(context), *std::move(acceptor)));
}

}  // namespace baton::http
