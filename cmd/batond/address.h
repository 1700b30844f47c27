// File: address.h
//
// Host and port of a listener or a member, as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::batond {

struct Address {
  std::string host;  // without the brackets of IPv6
  uint16_t port = 0;

  // "host:port", "[::1]:port".
  std::string ToString() const;
  // The address takes connections on every interface.
  bool IsWildcard() const { return host == "0.0.0.0" || host == "::"; }
  bool operator==(const Address&) const = default;
};

// HOST:PORT with a host name, an IPv4 address or an IPv6 address in brackets; port 1 to 65535. The
// message of an error says what is wrong with `text`, without naming a setting.
Result<Address> ParseAddress(std::string_view text);
// As ParseAddress, but the host must be an IP address and port 0 is allowed.
Result<Address> ParseListenAddress(std::string_view text);
// http://HOST:PORT, with nothing after it.
Result<std::string> ParseUrl(std::string_view text);

}  // namespace baton::batond
