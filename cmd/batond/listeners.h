// File: listeners.h
//
// The three listeners of a process: clients, peers, probes. Open takes the ports; Start serves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cmd/batond/config.h"
#include "pkg/base/logger.h"
#include "pkg/http/api.h"
#include "pkg/http/server.h"

namespace baton::batond {

class Listeners {
 public:
  // Context and logger must outlive them. A failed Status is one sentence that names the setting.
  static Result<std::unique_ptr<Listeners>> Open(const Config& config, http::ApiContext* context,
                                                 http::MetricsText metrics, Logger* logger);

  // Peers and probes first, clients last.
  void Start();
  // All at once; what is under way may take timeout_ms.
  void Stop(int64_t timeout_ms);

  http::Server& client() { return *client_; }
  http::Server& peer() { return *peer_; }
  http::Server& ops() { return *ops_; }

 private:
  Listeners(const Config& config, http::ApiContext* context, Logger* logger)
      : config_(config), context_(context), logger_(logger) {}
  Status Listen(const std::string& name, const Address& address, const http::Limits& limits,
                http::Router router, std::unique_ptr<http::Server>* server);
  void Log(std::string_view name, const Address& address, const http::Server& server);

  const Config config_;
  http::ApiContext* const context_;
  Logger* const logger_;
  std::unique_ptr<http::Server> client_;
  std::unique_ptr<http::Server> peer_;
  std::unique_ptr<http::Server> ops_;
};

}  // namespace baton::batond
