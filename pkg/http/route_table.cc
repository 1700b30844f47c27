#include "pkg/http/route_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pkg/http/percent.h"
#include "pkg/http/single_headers.h"

namespace baton::http {
namespace {

// RFC 7240: a list of preferences, which may have values and parameters.
bool PrefersRedirect(const Request& request) {
  const std::string* prefer = request.Header("prefer");
  if (prefer == nullptr) return false;
  std::string_view rest = *prefer;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view preference = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    preference = preference.substr(0, preference.find(';'));
    while (preference.starts_with(' ')) preference.remove_prefix(1);
    while (preference.ends_with(' ')) preference.remove_suffix(1);
    if (preference == "redirect") return true;
  }
  return false;
}

// Where the leader serves clients; empty when this node leads, or when nobody is known to, or not
// where.
std::string LeaderUrl(const ApiContext& context) {
  const auto view = context.service->GetStatus();
  const NodeId leader = view->raft.leader;
  if (!leader || leader == context.node_id) return "";
  return ClientUrlOf(context, *view, leader);
}

bool Redirect(const Call& call) {
  if (!PrefersRedirect(call.request())) return false;
  const std::string url = LeaderUrl(*call.context);
  if (url.empty()) return false;
  Response response;
  response.status = 307;
  response.headers.emplace_back("Location", url + TargetOf(call.request()));
  response.headers.emplace_back("Preference-Applied", "redirect");
  call.Answer(std::move(response));
  return true;
}

// One segment of the route's pattern, filled in.
std::string FilledIn(std::string_view segment, const Request& request) {
  if (!segment.starts_with('{')) return std::string(segment);
  segment = segment.substr(1, segment.size() - 2);
  const bool rest = segment.ends_with("...");
  if (rest) segment.remove_suffix(3);
  return PercentEncode(request.captures.at(std::string(segment)), rest);
}

}  // namespace

std::string TargetOf(const Request& request) {
  std::string target;
  std::string_view pattern = request.route;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the '/'
    const size_t end = std::min(pattern.find('/'), pattern.size());
    target += "/" + FilledIn(pattern.substr(0, end), request);
    pattern.remove_prefix(end);
  }
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += separator + PercentEncode(name) + "=" + PercentEncode(value);
    separator = '&';
  }
  return target;
}

void RouteTable::Add(std::string method, std::string pattern, CallHandler handler) {
  router_.Handle(std::move(method), std::move(pattern),
                 [context = context_, handler = std::move(handler)](std::shared_ptr<Exchange> e) {
                   const Call call{context, std::move(e)};
                   const Status headers = CheckSingleHeaders(call.request());
                   headers.ok() ? handler(call) : call.Fail(headers);
                 });
}

void RouteTable::AddShared(std::string method, std::string pattern, CallHandler handler) {
  Add(std::move(method), std::move(pattern), [handler = std::move(handler)](const Call& call) {
    if (!Redirect(call)) handler(call);
  });
}

}  // namespace baton::http
