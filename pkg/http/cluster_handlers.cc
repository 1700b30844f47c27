// /v1/cluster, /v1/admin: about this node and what it knows of the others.

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/member_json.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

std::string Hex(uint64_t number) {
  std::string bytes;
  ByteWriter(&bytes).U64BigEndian(number);
  return ToHex(bytes);
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

nlohmann::json SnapshotJson(const ApiContext& context, const node::StatusView& view,
                            const node::SnapshotTransfer& transfer, std::string_view direction) {
  nlohmann::json json = {{"direction", direction},
                         {"peer_id", transfer.peer.value()},
                         {"peer_name", NodeNameOf(context, view, transfer.peer)},
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
  if (view.snapshot_in) snapshots.push_back(SnapshotJson(context, view, *view.snapshot_in, "in"));
  if (!context.snapshots_out) return snapshots;
  for (const node::SnapshotTransfer& transfer : context.snapshots_out()) {
    snapshots.push_back(SnapshotJson(context, view, transfer, "out"));
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
                         {"standing", node::StandingName(view->standing)},
                         {"standing_detail", nullptr},
                         {"members", MembersJson(context, *view)},
                         {"snapshots", SnapshotsJson(context, *view)},
                         {"counts", CountsJson(view->counts)}};
  if (raft.leader) body["leader_name"] = NodeNameOf(context, *view, raft.leader);
  if (!view->standing_detail.empty()) body["standing_detail"] = view->standing_detail;
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
NodeId ReadTarget(const Call& call, JsonFields* fields) {
  if (!fields->Has("target")) return NodeId();
  if (fields->IsNumber("target")) return fields->NumberId<NodeId>("target");
  const std::string name = fields->String("target");
  const NodeId id = FindMember(*call.context, *call.service().GetStatus(), name);
  if (!id) {
    fields->Fail(Status(Code::kUnprocessable, "unknown_member",
                        "field \"target\" is neither the number nor the name of a member"));
  }
  return id;
}

void AnswerLeader(const Call& call) {
  const auto view = call.service().GetStatus();
  const NodeId leader = view->raft.leader;
  nlohmann::json body = {{"leader_id", leader.value()}, {"leader_name", nullptr}};
  if (leader) body["leader_name"] = NodeNameOf(*call.context, *view, leader);
  call.Answer(Response::Json(200, JsonText(body)));
}

// Longer than a process is left to stop; whoever is not stopped after all is ready again.
constexpr int64_t kLeavingMs = 120'000;

// ?drain: of a node that is about to stop. That it does not lead is what was wanted, and it is not
// ready from now on, so that no new client is sent to it.
void TransferLeadership(const Call& call) {
  QueryFields query(call.request(), {"drain"});
  const bool drain = query.Flag("drain");
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  JsonFields fields(*text, {"target"});
  const NodeId target = ReadTarget(call, &fields);
  if (!fields.ok()) return call.Fail(fields.status());
  if (drain) call.context->leaving_until_ms->store(call.context->clock->MonotonicMs() + kLeavingMs);
  call.service().TransferLeadership(target, [call, drain](const Status& status) {
    call.exchange->Post([call, drain, status] {
      const bool done = status.ok() || (drain && status.reason() == "not_leader");
      done ? AnswerLeader(call) : call.Fail(status);
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
