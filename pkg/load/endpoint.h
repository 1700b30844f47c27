// File: endpoint.h
//
// Where to connect to.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "pkg/base/status.h"

namespace baton::load {

struct Endpoint {
  std::string url;   // as it was given
  std::string host;  // the Host header
  sockaddr_storage address{};
  socklen_t address_size = 0;
};

// "http://HOST:PORT" (port 80 when none is given) -> the first of the host's addresses that takes a
// connection within timeout_ms. Blocks. kInvalidArgument: not of this form. kUnavailable: no such
// host, or nobody takes connections there, and why.
Result<Endpoint> FindEndpoint(const std::string& url, int64_t timeout_ms);

}  // namespace baton::load
