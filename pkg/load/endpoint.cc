#include "pkg/load/endpoint.h"

#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace baton::load {
namespace {

struct HostAndPort {
  std::string host;
  std::string port = "80";
};

Result<HostAndPort> Split(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const Status malformed(Code::kInvalidArgument,
                         "\"" + url.substr(0, 100) + "\" is not of the form http://HOST:PORT");
  if (!url.starts_with(kScheme)) return malformed;
  std::string rest = url.substr(kScheme.size());
  HostAndPort out;
  const size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string::npos) return malformed;
  const size_t colon = rest.find(':', bracket);
  out.host = rest.substr(0, colon);
  if (colon != std::string::npos) out.port = rest.substr(colon + 1);
  if (bracket > 0) out.host = rest.substr(1, bracket - 1);
  const bool digits = !out.port.empty() && out.port.size() <= 5 &&
                      out.port.find_first_not_of("0123456789") == std::string::npos;
  if (out.host.empty() || !digits || out.host.find_first_of("/?#@") != std::string::npos) {
    return malformed;
  }
  return out;
}

std::string Reason(int error) { return std::generic_category().message(error); }

// 0, or the error that a connection ends with.
int TryConnect(const sockaddr* address, socklen_t size, int64_t timeout_ms) {
  const int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  int error = connect(descriptor, address, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{.fd = descriptor, .events = POLLOUT, .revents = 0};
    socklen_t error_size = sizeof(error);
    if (poll(&wait, 1, static_cast<int>(std::min<int64_t>(timeout_ms, 60'000))) != 1) {
      error = ETIMEDOUT;
    } else if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) {
      error = errno;
    }
  }
  close(descriptor);
  return error;
}

}  // namespace

Result<Endpoint> FindEndpoint(const std::string& url, int64_t timeout_ms) {
  Result<HostAndPort> parts = Split(url);
  if (!parts.ok()) return parts.status();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &list);
  if (failed != 0) {
    return Status(Code::kUnavailable, "cannot_connect",
                  url + ": cannot find the host: " + gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  int error = 0;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    error = TryConnect(one->ai_addr, one->ai_addrlen, timeout_ms);
    if (error != 0) continue;
    Endpoint endpoint;
    endpoint.url = url;
    endpoint.host = url.substr(std::strlen("http://"));
    std::memcpy(&endpoint.address, one->ai_addr, one->ai_addrlen);
    endpoint.address_size = one->ai_addrlen;
    return endpoint;
  }
  return Status(Code::kUnavailable, "cannot_connect", url + ": " + Reason(error));
}

}  // namespace baton::load
