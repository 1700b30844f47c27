// File: fake_api.h
//
// A node for tests: a real listener on loopback whose answers the test decides, and which remembers
// what it was asked. By default it grants everything: one session, every lock with token 17.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pkg/base/logger.h"
#include "pkg/http/server.h"

namespace baton::batonctl {

class FakeApi {
 public:
  // What an answer is made of; nullopt leaves the request without one until the end.
  using Answer = std::function<std::optional<http::Response>(const http::Request&)>;

  FakeApi();
  ~FakeApi();

  // Replaces the answer of a route, from the next request on. `route` is its template.
  void On(const std::string& method, const std::string& route, Answer answer);
  void Always(const std::string& method, const std::string& route, int status,
              const std::string& body);
  // Streams these pieces and ends.
  void OnStream(const std::string& route,
                std::function<std::vector<std::string>(const http::Request&)> pieces);

  const std::string& url() const { return url_; }
  std::vector<http::Request> requests() const;  // all, in order
  std::vector<http::Request> requests(const std::string& method, const std::string& path) const;
  // Returns once there have been `count` requests for the path.
  void WaitFor(const std::string& method, const std::string& path, size_t count) const;

 private:
  void Route(http::Router* router, const std::string& method, const std::string& route);
  void Handle(const std::string& key, std::shared_ptr<http::Exchange> exchange);

  NullLogger logger_;
  std::string url_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, Answer> answers_;  // by "METHOD route"
  std::map<std::string, std::function<std::vector<std::string>(const http::Request&)>> streams_;
  std::vector<http::Request> requests_;
  std::vector<std::shared_ptr<http::Exchange>> unanswered_;
  std::unique_ptr<http::Server> server_;
};

// A problem body as the API gives it.
std::string ProblemBody(const std::string& code, const std::string& detail,
                        const std::string& outcome = "not_applied");

}  // namespace baton::batonctl
