#include "cmd/batond/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace baton::batond {
namespace {

constexpr size_t kHostBytesMax = 253;  // RFC 1035: the longest domain name

Status Bad(std::string_view text, const std::string& why) {
  return Status(Code::kInvalidArgument, "\"" + std::string(text.substr(0, 300)) + "\" " + why);
}

bool IsIp(const std::string& host) {
  in6_addr unused{};
  return inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax || host.front() == '-' || host.front() == '.') {
    return false;
  }
  return std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// Splits at the last colon and takes IPv6 out of its brackets. The port may be 0.
Result<Address> Split(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "has no port, as in 127.0.0.1:7400");
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port) return Bad(text, "must end in a port from 0 to 65535");
  std::string_view host = text.substr(0, colon);
  if (host.empty()) return Bad(text, "has no host; every interface is 0.0.0.0:PORT or [::]:PORT");
  if (host.front() == '[' || host.find(':') != std::string_view::npos) {
    if (host.size() < 2 || host.front() != '[' || host.back() != ']') {
      return Bad(text, "must have its IPv6 address in brackets, as in [::1]:7400");
    }
    host = host.substr(1, host.size() - 2);
    if (!IsIp(std::string(host)) || host.find(':') == std::string_view::npos) {
      return Bad(text, "holds no IPv6 address in its brackets");
    }
    return Address{std::string(host), *port};
  }
  if (!IsHostName(host)) return Bad(text, "does not begin with a host name or an address");
  return Address{std::string(host), *port};
}

}  // namespace

std::string Address::ToString() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> ParseAddress(std::string_view text) {
  Result<Address> address = Split(text);
  if (address.ok() && address->port == 0) return Bad(text, "must have a port from 1 to 65535");
  return address;
}

Result<Address> ParseListenAddress(std::string_view text) {
  Result<Address> address = Split(text);
  if (address.ok() && !IsIp(address->host)) {
    return Bad(text, "must begin with an IP address of this machine, as in 127.0.0.1:7400");
  }
  return address;
}

Result<std::string> ParseUrl(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return Bad(text, "must begin with http://");
  const Result<Address> address = ParseAddress(text.substr(kScheme.size()));
  if (!address.ok()) return Bad(text, "must be http://HOST:PORT");
  return std::string(kScheme) + address->ToString();
}

}  // namespace baton::batond
