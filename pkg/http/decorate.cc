// The headers that every response carries.

#include <algorithm>
#include <string_view>
#include <utility>

#include "pkg/http/api.h"

namespace baton::http {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// A handler knows better: what it has set stays.
template <typename Value>
void SetDefault(std::string_view name, Value&& value, Response* response) {
  for (const auto& header : response->headers) {
    if (SameName(header.first, name)) return;
  }
  response->headers.emplace_back(name, std::forward<Value>(value));
}

// The server adds Retry-After to its own 503s, and so does their problem.
void KeepFirst(std::string_view name, Response* response) {
  bool seen = false;
  std::erase_if(response->headers, [&](const auto& header) {
    return SameName(header.first, name) && std::exchange(seen, true);
  });
}

// The handler's and these.
constexpr size_t kHeadersMost = 18;

}  // namespace

std::string NodeNameOf(const ApiContext& context, const node::StatusView& view, NodeId node) {
  const auto known = view.members->known.find(node);
  if (known != view.members->known.end() && !known->second.name.empty()) return known->second.name;
  const auto found = context.node_names.find(node);
  return found != context.node_names.end() ? found->second : std::to_string(node.value());
}

std::string ClientUrlOf(const ApiContext& context, const node::StatusView& view, NodeId node) {
  const auto known = view.members->known.find(node);
  if (known != view.members->known.end() && !known->second.client_url.empty()) {
    return known->second.client_url;
  }
  const auto found = context.client_urls.find(node);
  return found == context.client_urls.end() ? "" : found->second;
}

void DecorateResponse(const ApiContext& context, const Request& request, Response* response) {
  const auto view = context.service->GetStatus();
  response->headers.reserve(kHeadersMost);
  SetDefault("X-Revision", std::to_string(view->revision.value()), response);
  SetDefault("X-Raft-Term", std::to_string(view->raft.term.value()), response);
  SetDefault("X-Cluster-Id", context.cluster_id, response);
  SetDefault("X-Served-By", context.node_name, response);
  if (view->raft.leader)
    SetDefault("X-Leader", NodeNameOf(context, *view, view->raft.leader), response);
  // Whatever did not ask the log is what this node knows.
  SetDefault("X-Consistency", "stale", response);
  SetDefault("X-Staleness-Ms", std::to_string(view->last_leader_contact_ms), response);
  SetDefault("X-Request-Id", request.request_id, response);
  // What is true now need not be true for the next reader, and no browser should guess a type.
  SetDefault("Cache-Control", "no-cache", response);
  SetDefault("X-Content-Type-Options", "nosniff", response);
  KeepFirst("Retry-After", response);
}

}  // namespace baton::http
