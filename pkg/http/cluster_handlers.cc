// /v1/cluster, /v1/admin: about this node and what it knows of the others.

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

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

std::string Hex(uint64_t number) {
  std::string bytes;
  ByteWriter(&bytes).U64BigEndian(number);
  return ToHex(bytes);
}

nlohmann::json ProgressJson(const raft::PeerStatus& peer) {
  return {{"match_index", peer.match.value()},
          {"next_index", peer.next.value()},
          {"state", StateName(peer.state)},
          {"recently_active", peer.recently_active},
          {"inflight_messages", peer.inflight_messages}};
}

nlohmann::json MemberJson(const ApiContext& context, const raft::RaftStatus& raft, NodeId id,
                          bool voter) {
  nlohmann::json json = {{"id", id.value()},      {"name", NodeNameOf(context, id)},
                         {"voter", voter},        {"leader", id == raft.leader},
                         {"client_url", nullptr}, {"progress", nullptr}};
  const auto url = context.client_urls.find(id);
  if (url != context.client_urls.end()) json["client_url"] = url->second;
  const auto peer = raft.peers.find(id);
  if (peer != raft.peers.end()) json["progress"] = ProgressJson(peer->second);
  return json;
}

nlohmann::json MembersJson(const ApiContext& context, const raft::RaftStatus& raft) {
  std::set<NodeId> voters(raft.config.voters.begin(), raft.config.voters.end());
  voters.insert(raft.config.voters_outgoing.begin(), raft.config.voters_outgoing.end());
  std::set<NodeId> all = voters;
  all.insert(raft.config.learners.begin(), raft.config.learners.end());
  nlohmann::json members = nlohmann::json::array();
  for (const NodeId id : all) {
    members.push_back(MemberJson(context, raft, id, voters.contains(id)));
  }
  return members;
}

nlohmann::json CountsJson(const coord::StateCounts& counts) {
  return {{"keys", counts.keys},
          {"sessions", counts.sessions},
          {"locks_held", counts.locks_held},
          {"lock_waiters", counts.lock_waiters},
          {"elections_held", counts.elections_held},
          {"election_candidates_waiting", counts.election_waiters},
          {"idempotency_entries", counts.idempotency_entries}};
}

nlohmann::json SnapshotJson(const ApiContext& context, const node::SnapshotTransfer& transfer,
                            std::string_view direction) {
  nlohmann::json json = {{"direction", direction},
                         {"peer_id", transfer.peer.value()},
                         {"peer_name", NodeNameOf(context, transfer.peer)},
                         {"pieces", transfer.pieces},
                         {"bytes", transfer.bytes},
                         {"total_bytes", nullptr},
                         {"bytes_per_second", transfer.bytes_per_second},
                         {"age_ms", transfer.age_ms}};
  if (transfer.total_bytes > 0) json["total_bytes"] = transfer.total_bytes;
  return json;
}

nlohmann::json SnapshotsJson(const ApiContext& context, const node::StatusView& view) {
  nlohmann::json snapshots = nlohmann::json::array();
  if (view.snapshot_in) snapshots.push_back(SnapshotJson(context, *view.snapshot_in, "in"));
  if (!context.snapshots_out) return snapshots;
  for (const node::SnapshotTransfer& transfer : context.snapshots_out()) {
    snapshots.push_back(SnapshotJson(context, transfer, "out"));
    snapshots.back()["resumes"] = transfer.resumes;
  }
  return snapshots;
}

nlohmann::json DiskJson(const node::DiskRoom& disk) {
  return {{"level", node::DiskLevelName(disk.level)},
          {"free_bytes", disk.free_bytes},
          {"reserve_bytes", disk.reserve_bytes},
          {"reserve_bytes_wanted", disk.reserve_bytes_wanted}};
}

void GetCluster(const Call& call) {
  const QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const ApiContext& context = *call.context;
  const auto view = call.service().GetStatus();
  const raft::RaftStatus& raft = view->raft;
  nlohmann::json body = {{"cluster_id", context.cluster_id},
                         {"node_id", context.node_id.value()},
                         {"node_name", context.node_name},
                         {"version", context.version},
                         {"role", raft::RoleName(raft.role)},
                         {"leader_id", raft.leader.value()},
                         {"leader_name", nullptr},
                         {"term", raft.term.value()},
                         {"commit_index", raft.commit.value()},
                         {"applied_index", raft.applied.value()},
                         {"last_index", raft.last_index.value()},
                         {"revision", view->revision.value()},
                         {"compact_revision", view->compact_revision.value()},
                         {"state_hash", Hex(view->state_hash)},
                         {"state_index", view->state_index.value()},
                         {"last_leader_contact_ms", view->last_leader_contact_ms},
                         {"draining", view->draining},
                         {"rebuilding", view->rebuilding},
                         {"disk", DiskJson(view->disk)},
                         {"members", MembersJson(context, raft)},
                         {"snapshots", SnapshotsJson(context, *view)},
                         {"counts", CountsJson(view->counts)}};
  if (raft.leader) body["leader_name"] = NodeNameOf(context, raft.leader);
  call.Answer(Response::Json(200, JsonText(body)));
}

// Equal at equal index on all nodes, byte for byte.
void GetHash(const Call& call) {
  const QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const auto view = call.service().GetStatus();
  call.Answer(
      JsonAnswer(200, {{"index", view->state_index.value()}, {"state_hash", Hex(view->state_hash)}},
                 view->revision));
}

// "target": the number of a member, or its name. 0: the node chooses.
NodeId ReadTarget(const ApiContext& context, JsonFields* fields) {
  if (!fields->Has("target")) return NodeId();
  if (fields->IsNumber("target")) return fields->NumberId<NodeId>("target");
  const std::string name = fields->String("target");
  for (const auto& [id, node_name] : context.node_names) {
    if (node_name == name) return id;
  }
  fields->Fail(Status(Code::kUnprocessable, "unknown_member",
                      "field \"target\" is neither the number nor the name of a member"));
  return NodeId();
}

void TransferLeadership(const Call& call) {
  const QueryFields query(call.request(), {});
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  JsonFields fields(*text, {"target"});
  const NodeId target = ReadTarget(*call.context, &fields);
  if (!fields.ok()) return call.Fail(fields.status());
  call.service().TransferLeadership(target, [call](const Status& status) {
    call.exchange->Post([call, status] {
      if (!status.ok()) return call.Fail(status);
      const NodeId leader = call.service().GetStatus()->raft.leader;
      nlohmann::json body = {{"leader_id", leader.value()}, {"leader_name", nullptr}};
      if (leader) body["leader_name"] = NodeNameOf(*call.context, leader);
      call.Answer(Response::Json(200, JsonText(body)));
    });
  });
}

void GetIndex(const Call& call) {
  const QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  call.Answer(Response::Text(200, "Baton " + call.context->version + ", node " +
                                      call.context->node_name +
                                      "\n\n"
                                      "  /v1/kv/KEY                  keys and values\n"
                                      "  /v1/sessions                who is alive\n"
                                      "  /v1/locks/NAME/acquire      locks, with fencing tokens\n"
                                      "  /v1/elections/NAME/campaign elections\n"
                                      "  /v1/watch?prefix=           every change, as it happens\n"
                                      "  /v1/cluster                 the nodes\n"
                                      "  /readyz?verbose             can this node serve?\n"));
}

}  // namespace

void AddClusterRoutes(RouteTable* table) {
  table->Add("GET", "/", GetIndex);
  table->Add("GET", "/v1", GetIndex);
  table->Add("GET", "/v1/cluster", GetCluster);
  table->Add("GET", "/v1/admin/hash", GetHash);
  table->AddShared("POST", "/v1/cluster/leader/transfer", TransferLeadership);
}

}  // namespace baton::http
