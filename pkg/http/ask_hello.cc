#include "pkg/http/ask_hello.h"

#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "pkg/http/client.h"
#include "pkg/http/hello.h"
#include "pkg/http/start_thread.h"

namespace baton::http {
namespace {

std::optional<node::Hello> AskOne(const std::string& address, const std::string& body,
                                  const AskHelloOptions& options) {
  ClientOptions client_options;
  client_options.connect_timeout_ms = options.connect_timeout_ms;
  client_options.request_timeout_ms = options.request_timeout_ms;
  client_options.response_bytes_max = kHelloBytesMax;
  Result<std::unique_ptr<Client>> client = Client::Create("http://" + address, client_options);
  if (!client.ok()) return std::nullopt;
  ClientRequest request;
  request.method = "POST";
  request.target = kHelloTarget;
  request.headers["Content-Type"] = "application/json";
  request.body = body;
  const Result<ClientResponse> response = (*client)->Send(request);
  if (!response.ok() || response->status != 200) return std::nullopt;
  Result<node::Hello> hello = DecodeHello(response->body);
  if (!hello.ok()) return std::nullopt;
  return *std::move(hello);
}

}  // namespace

std::map<std::string, std::optional<node::Hello>> AskHello(
    const std::map<std::string, std::string>& addresses, const node::Hello& said,
    const AskHelloOptions& options) {
  const std::string body = EncodeHello(said);
  std::map<std::string, std::optional<node::Hello>> answers;
  for (const auto& [name, address] : addresses) answers[name] = std::nullopt;
  std::vector<std::thread> threads;
  std::vector<std::function<void()>> left;
  for (auto& [name, answer] : answers) {
    const std::function<void()> ask = [&body, &options, &answer = answer,
                                       &to = addresses.at(name)] {
      answer = AskOne(to, body, options);
    };
    std::thread thread;
    if (StartThread("hello", ask, &thread).ok()) {
      threads.push_back(std::move(thread));
    } else {
      left.push_back(ask);
    }
  }
  for (const auto& ask : left) ask();
  for (std::thread& thread : threads) thread.join();
  return answers;
}

}  // namespace baton::http
