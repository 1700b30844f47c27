#include "cmd/batonctl/fake_api.h"

#include <nlohmann/json.hpp>

#include "pkg/base/check.h"

namespace baton::batonctl {

std::string ProblemBody(const std::string& code, const std::string& detail,
                        const std::string& outcome) {
  return nlohmann::json{{"code", code}, {"detail", detail}, {"outcome", outcome}}.dump();
}

FakeApi::FakeApi() {
  http::Router router;
  for (const auto& [method, route] : std::vector<std::pair<std::string, std::string>>{
           {"GET", "/v1/cluster"},
           {"GET", "/v1/cluster/members"},
           {"POST", "/v1/cluster/members"},
           {"POST", "/v1/cluster/members/{member}/promote"},
           {"DELETE", "/v1/cluster/members/{member}"},
           {"POST", "/v1/cluster/leader/transfer"},
           {"GET", "/version"},
           {"GET", "/v1/kv"},
           {"GET", "/v1/kv/{key...}"},
           {"PUT", "/v1/kv/{key...}"},
           {"DELETE", "/v1/kv/{key...}"},
           {"GET", "/v1/watch"},
           {"GET", "/v1/admin/snapshot"},
           {"POST", "/v1/admin/compact"},
           {"GET", "/v1/sessions"},
           {"POST", "/v1/sessions"},
           {"GET", "/v1/sessions/{id}"},
           {"DELETE", "/v1/sessions/{id}"},
           {"POST", "/v1/sessions/{id}/keepalive"},
           {"POST", "/v1/locks/{name}/acquire"},
           {"POST", "/v1/locks/{name}/release"},
           {"POST", "/v1/elections/{name}/campaign"},
           {"POST", "/v1/elections/{name}/resign"},
       }) {
    Route(&router, method, route);
    Always(method, route, 200, "{}");
  }
  Always("POST", "/v1/sessions", 201, R"({"id":"00000000000000ab","ttl_ms":1000})");
  Always("DELETE", "/v1/sessions/{id}", 204, "");
  Always("POST", "/v1/locks/{name}/acquire", 200, R"({"token":17})");
  Always("POST", "/v1/elections/{name}/campaign", 200, R"({"token":17})");
  http::ListenOptions options;
  options.name = "fake";
  auto server = http::Server::Listen(std::move(options), std::move(router), &logger_);
  CHECK(server.ok()) << server.status().ToString();
  server_ = *std::move(server);
  url_ = "http://127.0.0.1:" + std::to_string(server_->port());
  server_->Start();
}

FakeApi::~FakeApi() {
  {
    const std::lock_guard lock(mutex_);
    unanswered_.clear();
  }
  server_->Stop(0);
}

void FakeApi::On(const std::string& method, const std::string& route, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[method + " " + route] = std::move(answer);
}

void FakeApi::Always(const std::string& method, const std::string& route, int status,
                     const std::string& body) {
  On(method, route, [=](const http::Request&) { return http::Response::Json(status, body); });
}

void FakeApi::OnStream(const std::string& route,
                       std::function<std::vector<std::string>(const http::Request&)> pieces) {
  const std::lock_guard lock(mutex_);
  streams_["GET " + route] = std::move(pieces);
}

std::vector<http::Request> FakeApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<http::Request> FakeApi::requests(const std::string& method,
                                             const std::string& path) const {
  std::vector<http::Request> matching;
  for (const http::Request& request : requests()) {
    if (request.method == method && request.path == path) matching.push_back(request);
  }
  return matching;
}

void FakeApi::WaitFor(const std::string& method, const std::string& path, size_t count) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    size_t seen = 0;
    for (const http::Request& request : requests_) {
      if (request.method == method && request.path == path) ++seen;
    }
    return seen >= count;
  });
}

void FakeApi::Route(http::Router* router, const std::string& method, const std::string& route) {
  const std::string key = method + " " + route;
  router->Handle(method, route, [this, key](std::shared_ptr<http::Exchange> exchange) {
    Handle(key, std::move(exchange));
  });
}

void FakeApi::Handle(const std::string& key, std::shared_ptr<http::Exchange> exchange) {
  const http::Request& request = exchange->request();
  Answer answer;
  std::function<std::vector<std::string>(const http::Request&)> pieces;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    answer = answers_[key];
    if (const auto stream = streams_.find(key); stream != streams_.end()) pieces = stream->second;
    changed_.notify_all();
  }
  if (pieces) {
    const auto stream = exchange->StartStream(http::Response::Text(200, ""));
    for (const std::string& piece : pieces(request)) stream->Write(piece);
    stream->Close();
    return;
  }
  std::optional<http::Response> response = answer(request);
  if (response) {
    exchange->Respond(*std::move(response));
    return;
  }
  const std::lock_guard lock(mutex_);
  unanswered_.push_back(std::move(exchange));
}

}  // namespace baton::batonctl
