#include "pkg/http/testing/api_server.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::http {

using nlohmann::json;

ApiServer::ApiServer(Kind kind, const TestServer::Change& change) {
  context_.service = &service_;
  context_.clock = &clock_;
  context_.logger = &logger_;
  context_.cluster_id = FakeService::kClusterId;
  context_.node_name = "pod-1";
  context_.node_id = NodeId(1);
  context_.node_names = {{NodeId(1), "pod-1"}, {NodeId(2), "pod-2"}};
  context_.client_urls = {{NodeId(1), "http://pod-1:7400"}, {NodeId(2), "http://pod-2:7400"}};
  context_.seed = 7;
  context_.version = "1.2.3";
  Router router;
  if (kind == Kind::kClient) router = MakeClientRouter(&context_);
  if (kind == Kind::kPeer) router = MakePeerRouter(&context_);
  if (kind == Kind::kOps) router = MakeOpsRouter(&context_, [] { return "baton_up 1\n"; });
  server_ = std::make_unique<TestServer>(std::move(router), [&](ListenOptions* options) {
    options->decorate = [this](const Request& request, Response* response) {
      DecorateResponse(context_, request, response);
    };
    options->on_error = [this](const Status& status, int, const std::string& request_id) {
      return ProblemResponse(status, request_id, &context_);
    };
    if (change) change(options);
  });
}

ApiServer::~ApiServer() { StopServer(); }

void ApiServer::StopServer() {
  if (server_ != nullptr) (*server_)->Stop(0);
  service_.Stop();
}

ClientResponse ApiServer::Send(const std::string& method, const std::string& target,
                               const std::string& body, const Headers& headers) const {
  auto client = Client::Create(url(), {.connect_timeout_ms = 5'000, .request_timeout_ms = 20'000});
  EXPECT_TRUE(client.ok());
  Result<ClientResponse> response =
      (*client)->Send({.method = method, .target = target, .headers = headers, .body = body});
  EXPECT_TRUE(response.ok()) << method << " " << target << ": " << response.status().ToString();
  return response.ok() ? *std::move(response) : ClientResponse();
}

json ApiServer::SendJson(int status, const std::string& method, const std::string& target,
                         const std::string& body, const Headers& headers) const {
  const ClientResponse response = Send(method, target, body, headers);
  EXPECT_EQ(response.status, status) << method << " " << target << "\n" << response.body;
  json value = json::parse(response.body, nullptr, false);
  EXPECT_TRUE(value.is_object()) << method << " " << target << "\n" << response.body;
  return value.is_object() ? value : json::object();
}

void ExpectProblemBody(const ClientResponse& response, int status, const std::string& code) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(HeaderOf(response, "content-type"), "application/problem+json");
  const json body = json::parse(response.body, nullptr, false);
  ASSERT_TRUE(body.is_object()) << response.body;
  EXPECT_EQ(body.value("code", ""), code) << response.body;
  EXPECT_EQ(body.value("type", ""), "/v1/problems/" + code);
  EXPECT_EQ(body.value("status", 0), status) << response.body;
  EXPECT_EQ(body.value("request_id", ""), HeaderOf(response, "x-request-id"));
  for (const char* member : {"title", "detail", "outcome"}) {
    EXPECT_FALSE(body.value(member, "").empty()) << member << "\n" << response.body;
  }
  for (const char* member : {"retryable", "retry_after_ms", "leader", "revision"}) {
    EXPECT_TRUE(body.contains(member)) << member << "\n" << response.body;
  }
  const bool must_say_when = status == 503 || status == 429;
  EXPECT_EQ(response.headers.count("retry-after"), must_say_when ? 1u : 0u) << response.body;
}

json ApiServer::ExpectProblem(int status, const std::string& code, const std::string& method,
                              const std::string& target, const std::string& body,
                              const Headers& headers) const {
  SCOPED_TRACE(method + " " + target + " " + body.substr(0, 200));
  const ClientResponse response = Send(method, target, body, headers);
  ExpectProblemBody(response, status, code);
  json value = json::parse(response.body, nullptr, false);
  return value.is_object() ? value : json::object();
}

std::string ApiServer::CreateSession(const std::string& ttl) const {
  return SendJson(201, "POST", "/v1/sessions", json{{"ttl", ttl}}.dump()).value("id", "");
}

std::string HeaderOf(const ClientResponse& response, const std::string& lower_case_name) {
  const auto found = response.headers.find(lower_case_name);
  return found == response.headers.end() ? "(none)" : found->second;
}

}  // namespace baton::http
