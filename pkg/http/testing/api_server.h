// File: api_server.h
//
// The API of a node on a real listener, over a FakeService, and a client for it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/logger.h"
#include "pkg/base/system_clock.h"
#include "pkg/http/api.h"
#include "pkg/http/client.h"
#include "pkg/http/testing/fake_service.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {

using Headers = std::map<std::string, std::string>;

class ApiServer {
 public:
  enum class Kind { kClient, kPeer, kOps };

  // Node 1 of three, "pod-1"; the client URLs of the others lead nowhere.
  explicit ApiServer(Kind kind = Kind::kClient, const TestServer::Change& change = nullptr);
  ~ApiServer();

  FakeService& service() { return service_; }
  ApiContext& context() { return context_; }
  uint16_t port() const { return server_->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  ServerStats Stats() const { return (*server_)->Stats(); }
  void StopServer();

  // One request on a connection of its own; fails the test when there is no answer.
  ClientResponse Send(const std::string& method, const std::string& target,
                      const std::string& body = "", const Headers& headers = {}) const;
  // The same with a JSON answer, whose status must be as expected.
  nlohmann::json SendJson(int status, const std::string& method, const std::string& target,
                          const std::string& body = "", const Headers& headers = {}) const;
  // A problem with this status and code; checks that it has every member.
  nlohmann::json ExpectProblem(int status, const std::string& code, const std::string& method,
                               const std::string& target, const std::string& body = "",
                               const Headers& headers = {}) const;
  // A new session's id.
  std::string CreateSession(const std::string& ttl = "10s") const;

 private:
  FakeService service_;
  ApiContext context_;
  SystemClock clock_;
  NullLogger logger_;
  std::unique_ptr<TestServer> server_;
};

// The header's value, or "(none)".
std::string HeaderOf(const ClientResponse& response, const std::string& lower_case_name);

// Checks the members that every problem has.
void ExpectProblemBody(const ClientResponse& response, int status, const std::string& code);

}  // namespace baton::http
