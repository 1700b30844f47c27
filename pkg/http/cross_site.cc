#include "pkg/http/cross_site.h"

#include <string>
#include <string_view>

#include "pkg/http/quote.h"

namespace baton::http {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "host:80" of http is "host": browsers leave out the port that the scheme implies.
std::string WithoutPort(std::string host, std::string_view implied_port) {
  if (host.ends_with(implied_port)) host.resize(host.size() - implied_port.size());
  return host;
}

// RFC 6454, section 7: scheme "://" host [ ":" port ], and nothing after it. A path, a second
// origin or a user's name makes the host another one than Host can be.
bool IsOwnOrigin(std::string_view origin, const std::string* host) {
  const std::string lower = Lower(origin);
  const bool secure = lower.starts_with("https://");
  if (host == nullptr || (!secure && !lower.starts_with("http://"))) return false;
  const std::string_view implied_port = secure ? ":443" : ":80";
  const std::string from = lower.substr(lower.find("://") + 3);
  return !from.empty() &&
         WithoutPort(from, implied_port) == WithoutPort(Lower(*host), implied_port);
}

Status CrossSite(const std::string& header, std::string_view value) {
  return Status(Code::kPermissionDenied, "cross_site",
                "the header " + header + " is " + Quoted(value) +
                    ": a page of another site must not change anything here");
}

}  // namespace

Status CheckSite(const Request& request) {
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return Status::Ok();
  const auto sites = request.headers.equal_range("sec-fetch-site");
  for (auto site = sites.first; site != sites.second; ++site) {
    if (Lower(site->second) == "cross-site") return CrossSite("Sec-Fetch-Site", site->second);
  }
  const auto origins = request.headers.equal_range("origin");
  for (auto origin = origins.first; origin != origins.second; ++origin) {
    if (IsOwnOrigin(origin->second, request.Header("host"))) continue;
    return CrossSite("Origin", origin->second);
  }
  return Status::Ok();
}

}  // namespace baton::http
