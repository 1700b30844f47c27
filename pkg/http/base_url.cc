#include "pkg/http/base_url.h"

#include <algorithm>
#include <charconv>

namespace baton::http {
namespace {

Status WrongUrl(std::string_view url) {
  return Status(Code::kInvalidArgument, "malformed_url",
                "\"" + std::string(url) + "\" is not of the form http://host:port");
}

}  // namespace

Result<HostAndPort> ParseBaseUrl(std::string_view url) {
  static constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return WrongUrl(url);
  const std::string_view authority = url.substr(kScheme.size());
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return WrongUrl(url);
  std::string_view host = authority.substr(0, colon);
  const std::string_view port_text = authority.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto allowed = [bracketed](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || (bracketed && c == ':');
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), allowed)) return WrongUrl(url);
  uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  const auto parsed = std::from_chars(port_text.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port == 0) return WrongUrl(url);
  return HostAndPort{std::string(host), port};
}

}  // namespace baton::http
