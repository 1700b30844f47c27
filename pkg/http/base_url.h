// File: base_url.h
//
// Where a server is: "http://HOST:PORT", and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

struct HostAndPort {
  std::string host;  // without the brackets of an IPv6 address
  uint16_t port = 0;
};

// kInvalidArgument/"malformed_url" for anything else.
Result<HostAndPort> ParseBaseUrl(std::string_view url);

}  // namespace baton::http
