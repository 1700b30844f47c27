#include "pkg/http/member_json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

namespace baton::http {
namespace {

using nlohmann::json;

std::string_view StateName(raft::ReplicationState state) {
  switch (state) {
    case raft::ReplicationState::kProbe:
      return "probe";
    case raft::ReplicationState::kReplicate:
      return "replicate";
    case raft::ReplicationState::kSnapshot:
      return "snapshot";
  }
  return "unknown";
}

json ProgressJson(const raft::PeerStatus& peer) {
  return {{"match_index", peer.match.value()},
          {"next_index", peer.next.value()},
          {"state", StateName(peer.state)},
          {"recently_active", peer.recently_active},
          {"inflight_messages", peer.inflight_messages}};
}

json TextOrNull(const std::string& text) { return text.empty() ? json() : json(text); }

bool Has(const std::vector<NodeId>& ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

json MemberJson(const ApiContext& context, const node::StatusView& view, NodeId id) {
  const raft::ConfigState& config = view.raft.config;
  const auto known = view.members->known.find(id);
  json object = {{"id", id.value()},
                 {"name", NodeNameOf(context, view, id)},
                 {"voter", Has(config.voters, id) || Has(config.voters_outgoing, id)},
                 {"leader", id == view.raft.leader},
                 {"peer_address", nullptr},
                 {"client_url", TextOrNull(ClientUrlOf(context, view, id))},
                 {"progress", nullptr}};
  if (known != view.members->known.end()) {
    object["peer_address"] = TextOrNull(known->second.peer_address);
  }
  const auto peer = view.raft.peers.find(id);
  if (peer != view.raft.peers.end()) object["progress"] = ProgressJson(peer->second);
  return object;
}

// Voters and learners of the configuration, ascending.
std::vector<NodeId> AllMembers(const raft::ConfigState& config) {
  std::vector<NodeId> all = config.voters;
  all.insert(all.end(), config.voters_outgoing.begin(), config.voters_outgoing.end());
  all.insert(all.end(), config.learners.begin(), config.learners.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

json MembersJson(const ApiContext& context, const node::StatusView& view) {
  json members = json::array();
  for (const NodeId id : AllMembers(view.raft.config)) {
    members.push_back(MemberJson(context, view, id));
  }
  return members;
}

json WaitingJson(const ApiContext& context) {
  json waiting = json::array();
  const int64_t now_ms = context.clock->MonotonicMs();
  for (const Candidate& candidate : context.candidates->List(now_ms)) {
    const node::Hello& hello = candidate.hello;
    waiting.push_back({{"id", hello.id.value()},
                       {"name", hello.info.name},
                       {"standing", node::PhaseName(hello.phase)},
                       {"peer_address", TextOrNull(hello.info.peer_address)},
                       {"client_url", TextOrNull(hello.info.client_url)},
                       {"heard_ms", now_ms - candidate.heard_ms}});
  }
  return waiting;
}

NodeId FindMember(const ApiContext& context, const node::StatusView& view,
                  const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const bool is_number = !text.empty() && parsed.ec == std::errc() && parsed.ptr == end;
  const std::vector<NodeId> members = AllMembers(view.raft.config);
  for (const NodeId id : members) {
    if (is_number && id.value() == number) return id;
  }
  for (const NodeId id : members) {
    if (NodeNameOf(context, view, id) == text) return id;
  }
  return NodeId();
}

}  // namespace baton::http
