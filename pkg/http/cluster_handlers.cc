#include "pkg/http/cluster_handlers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"

namespace baton::http {
namespace {

using nlohmann::json;
using node::StatusView;

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

// 16 hexadecimal digits: a JSON number cannot hold it.
std::string HashText(uint64_t hash) {
  std::string bytes;
  ByteWriter(&bytes).U64BigEndian(hash);
  return ToHex(bytes);
}

json Progress(const raft::PeerStatus& peer) {
  return {{"match_index", peer.match.value()},
          {"next_index", peer.next.value()},
          {"state", StateName(peer.state)},
          {"recently_active", peer.recently_active},
          {"inflight_messages", peer.inflight_messages}};
}

json Member(const ApiContext& context, const StatusView& status, NodeId id, bool voter) {
  json member = {{"id", id.value()}, {"name", NodeNameOf(context, id)}, {"voter", voter}};
  const auto url = context.client_urls.find(id);
  if (url != context.client_urls.end()) member["client_url"] = url->second;
  const auto progress = status.raft.peers.find(id);
  if (progress != status.raft.peers.end()) member["progress"] = Progress(progress->second);
  return member;
}

json Members(const ApiContext& context, const StatusView& status) {
  json members = json::array();
  for (NodeId id : status.raft.config.voters) {
    members.push_back(Member(context, status, id, true));
  }
  for (NodeId id : status.raft.config.learners) {
    members.push_back(Member(context, status, id, false));
  }
  return members;
}

json Describe(const ApiContext& context, const StatusView& status) {
  const raft::RaftStatus& raft = status.raft;
  return {{"cluster_id", status.cluster_id},
          {"id", context.node_id.value()},
          {"name", context.node_name},
          {"version", context.version},
          {"role", raft::RoleName(raft.role)},
          {"leader", raft.leader ? json(NodeNameOf(context, raft.leader)) : json()},
          {"leader_id", raft.leader.value()},
          {"term", raft.term.value()},
          {"revision", status.revision.value()},
          {"compact_revision", status.compact_revision.value()},
          {"cluster_time_ms", status.cluster_time_ms},
          {"commit_index", raft.commit.value()},
          {"applied_index", raft.applied.value()},
          {"first_index", raft.first_index.value()},
          {"last_index", raft.last_index.value()},
          {"state_index", status.state_index.value()},
          {"state_hash", HashText(status.state_hash)},
          {"draining", status.draining},
          {"members", Members(context, status)}};
}

void GetCluster(const Call& call) {
  QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const auto status = call.service().GetStatus();
  call.Answer(JsonAnswer(200, Describe(*call.context, *status), status->revision));
}

void GetHash(const Call& call) {
  QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const auto status = call.service().GetStatus();
  const json body = {{"state_hash", HashText(status->state_hash)},
                     {"state_index", status->state_index.value()}};
  call.Answer(JsonAnswer(200, body, status->revision));
}

// The member that people mean by a name or by a number; nothing for neither.
std::optional<NodeId> FindMember(const ApiContext& context, const std::string& text) {
  for (const auto& [id, name] : context.node_names) {
    if (name == text || std::to_string(id.value()) == text) return id;
  }
  for (const auto& [id, url] : context.client_urls) {
    if (std::to_string(id.value()) == text) return id;
  }
  return std::nullopt;
}

void TransferLeadership(const Call& call) {
  QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const Result<std::string_view> body = JsonBody(call.request());
  if (!body.ok()) return call.Fail(body.status());
  JsonFields fields(*body, {"target"});
  NodeId target;  // 0: the best follower
  if (fields.Has("target")) {
    const std::string text = fields.IsNumber("target") ? std::to_string(fields.Number("target"))
                                                       : fields.String("target");
    const std::optional<NodeId> found = FindMember(*call.context, text);
    if (found) {
      target = *found;
    } else {
      fields.Fail(Status(Code::kUnprocessable, "unknown_member",
                         "target is not a member: give the name or the id of one"));
    }
  }
  if (!fields.ok()) return call.Fail(fields.status());
  call.service().TransferLeadership(target, [call](const Status& done) {
    if (!done.ok()) return call.Fail(done);
    call.exchange->Post([call] {
      const auto status = call.service().GetStatus();
      call.Answer(JsonAnswer(200, Describe(*call.context, *status), status->revision));
    });
  });
}

}  // namespace

void AddClusterRoutes(ApiContext* context, Router* router) {
  const auto handle = [&](const char* method, const char* pattern, void (*run)(const Call&)) {
    router->Handle(method, pattern, [context, run](std::shared_ptr<Exchange> exchange) {
      run(Call{context, std::move(exchange)});
    });
  };
  handle("GET", "/v1/cluster", GetCluster);
  handle("GET", "/v1/admin/hash", GetHash);
  handle("POST", "/v1/cluster/leader/transfer", TransferLeadership);
}

}  // namespace baton::http
