// File: test_server.h
//
// A started server on a free loopback port, for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/logger.h"
#include "pkg/http/server.h"

namespace baton::http {

class TestServer {
 public:
  using Change = std::function<void(ListenOptions*)>;

  explicit TestServer(Router router, const Change& change = nullptr) {
    ListenOptions options;
    options.name = "test";
    if (change) change(&options);
    auto server = Server::Listen(std::move(options), std::move(router), &logger_);
    CHECK(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    server_->Start();
  }

  Server* operator->() { return server_.get(); }
  uint16_t port() const { return server_->port(); }

 private:
  NullLogger logger_;
  std::unique_ptr<Server> server_;
};

}  // namespace baton::http
