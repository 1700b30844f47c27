#include <algorithm>
#include <set>

#include "pkg/base/check.h"
#include "pkg/http/percent.h"
#include "pkg/http/server.h"

namespace baton::http {
namespace {

// "/v1/kv/a" -> {"v1", "kv", "a"}: the segments as written.
std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  segments.reserve(8);
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

// Decodes the path and finds its segments in *decoded. One by one, so that %2F stays inside its
// segment.
Status Decode(std::string_view raw_path, std::string* decoded,
              std::vector<std::string_view>* segments) {
  if (raw_path.empty() || raw_path.front() != '/') {
    return Status(Code::kInvalidArgument, "malformed_target", "the path does not start with '/'");
  }
  *segments = Split(raw_path);
  // Decoded, it is never longer: the views of it stay valid.
  decoded->reserve(raw_path.size());
  for (std::string_view& segment : *segments) {
    decoded->push_back('/');
    const size_t start = decoded->size();
    if (segment.find('%') == std::string_view::npos) {
      decoded->append(segment);
    } else {
      const Result<std::string> text = PercentDecode(segment);
      if (!text.ok()) return text.status();
      decoded->append(*text);
    }
    segment = std::string_view(*decoded).substr(start);
  }
  return Status::Ok();
}

}  // namespace

Router::Segment Router::ParseSegment(std::string_view text) {
  if (!text.starts_with('{')) return {Kind::kLiteral, std::string(text)};
  CHECK(text.ends_with('}')) << text;
  text = text.substr(1, text.size() - 2);
  const Kind kind = text.ends_with("...") ? Kind::kRest : Kind::kCapture;
  if (kind == Kind::kRest) text.remove_suffix(3);
  CHECK(!text.empty()) << "a capture needs a name";
  return {kind, std::string(text)};
}

void Router::Handle(std::string method, std::string pattern, Handler handler) {
  CHECK(pattern.starts_with('/')) << pattern;
  Route route{std::move(method), std::move(pattern), {}, std::move(handler)};
  for (const std::string_view text : Split(route.pattern)) {
    CHECK(route.segments.empty() || route.segments.back().kind != Kind::kRest)
        << route.pattern << ": nothing can follow the rest";
    route.segments.push_back(ParseSegment(text));
  }
  for (const Route& other : routes_) {
    CHECK(other.method != route.method || other.pattern != route.pattern)
        << route.method << " " << route.pattern << " has a handler already";
  }
  routes_.push_back(std::move(route));
}

bool Router::Matches(const Route& route, const Path& path) {
  for (size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (i == path.size()) return false;
    if (segment.kind == Kind::kRest) return i + 1 < path.size() || !path[i].empty();
    if (segment.kind == Kind::kLiteral ? segment.text != path[i] : path[i].empty()) return false;
  }
  return route.segments.size() == path.size();
}

bool Router::SaysMore(const Route& a, const Route& b) {
  const size_t common = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < common; ++i) {
    if (a.segments[i].kind != b.segments[i].kind) return a.segments[i].kind > b.segments[i].kind;
  }
  return a.segments.size() > b.segments.size();
}

const Router::Route* Router::Best(std::string_view method, const Path& path) const {
  const Route* best = nullptr;
  for (const Route& route : routes_) {
    if (route.method != method || !Matches(route, path)) continue;
    if (best == nullptr || SaysMore(route, *best)) best = &route;
  }
  return best;
}

std::map<std::string, std::string> Router::Captures(const Route& route, const Path& path) {
  std::map<std::string, std::string> captures;
  for (size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (segment.kind == Kind::kLiteral) continue;
    std::string& value = captures[segment.text];
    value = path[i];
    if (segment.kind == Kind::kCapture) continue;
    for (size_t rest = i + 1; rest < path.size(); ++rest) value.append("/").append(path[rest]);
  }
  return captures;
}

Router::Match Router::Find(std::string_view method, std::string_view raw_path) const {
  Match match;
  Path path;
  match.error = Decode(raw_path, &match.path, &path);
  if (!match.error.ok()) return match;
  const Route* route = Best(method, path);
  if (route == nullptr && method == "HEAD") route = Best("GET", path);
  if (route != nullptr) {
    match.handler = &route->handler;
    match.route = route->pattern;
    match.captures = Captures(*route, path);
    return match;
  }
  std::set<std::string> allowed;
  for (const Route& other : routes_) {
    if (!Matches(other, path)) continue;
    allowed.insert(other.method);
    if (other.method == "GET") allowed.insert("HEAD");
  }
  match.allowed_methods.assign(allowed.begin(), allowed.end());
  return match;
}

std::vector<std::pair<std::string, std::string>> Router::Routes() const {
  std::vector<std::pair<std::string, std::string>> routes;
  for (const Route& route : routes_) routes.emplace_back(route.method, route.pattern);
  return routes;
}

}  // namespace baton::http
