// File: client.h
//
// A blocking HTTP/1.1 client over cpp-httplib, for snapshots, hellos, batonctl and tests. Never
// follows redirects by itself. One Client, one thread, one kept-alive connection; the name is
// resolved again for each new connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/http/percent.h"  // PercentEncode: what a target is made with

namespace baton::http {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, already percent-encoded
  std::map<std::string, std::string> headers;
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct ClientOptions {
  int64_t connect_timeout_ms = 1'000;
  int64_t request_timeout_ms = 30'000;   // of silence from the server
  size_t response_bytes_max = 64 << 20;  // of one body handed back whole (Send); beyond: kTooLarge
};

class Client {
 public:
  // base_url: "http://host:port". kInvalidArgument for anything else.
  static Result<std::unique_ptr<Client>> Create(std::string_view base_url,
                                                const ClientOptions& options);
  virtual ~Client() = default;

  // kUnavailable when no connection could be made (outcome not_applied) or it broke (unknown),
  // kDeadlineExceeded (unknown) after request_timeout_ms of silence, kTooLarge (unknown) for a body
  // over response_bytes_max, kInvalidArgument (not_applied) for a method, target or header that
  // would not be one line. Any HTTP status is an OK result. Header values arrive percent-decoded:
  // so the library hands them out.
  virtual Result<ClientResponse> Send(const ClientRequest& request) = 0;
  // As Send, but hands each piece of a 2xx body to `on_piece` as it arrives (SSE); false ends the
  // call, which is then OK. The body of any other status is collected as by Send.
  virtual Result<ClientResponse> Stream(const ClientRequest& request,
                                        const std::function<bool(std::string_view)>& on_piece) = 0;
  // Breaks a call under way on another thread, and every later one: they return
  // kUnavailable/"aborted". Waits at most for a connection attempt under way (connect_timeout_ms).
  virtual void Abort() = 0;
};

}  // namespace baton::http
