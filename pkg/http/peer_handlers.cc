// /peer/v1: what other nodes send.

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "pkg/http/api_call.h"
#include "pkg/http/envelope.h"
#include "pkg/http/hello.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

// 204, or the problem.
void AnswerStatus(const Call& call, const Status& status) {
  if (!status.ok()) return call.Fail(status);
  Response response;
  response.status = 204;
  call.Answer(std::move(response));
}

void CountReceived(const Call& call, NodeId from) {
  if (call.context->peer_received) call.context->peer_received(from, call.request().body.size());
}

WireForm FormOf(const Request& request) {
  const std::string* type = request.Header("content-type");
  return type != nullptr && *type == kCborType ? WireForm::kCbor : WireForm::kJson;
}

void TakeMessages(const Call& call) {
  Result<node::PeerEnvelope> envelope = DecodeEnvelope(call.request().body, FormOf(call.request()));
  if (!envelope.ok()) return call.Fail(envelope.status());
  CountReceived(call, envelope->from);
  if (const Status taken = call.service().Deliver(*std::move(envelope)); !taken.ok()) {
    return call.Fail(taken);
  }
  Response response;
  response.status = 204;
  response.headers.emplace_back("Accept", kCborType);
  call.Answer(std::move(response));
}

Status CheckSnapshotAddress(const Call& call, const std::string& cluster_id, NodeId to) {
  if (cluster_id != call.context->cluster_id) {
    return Status(Code::kPermissionDenied, "wrong_cluster", "The snapshot is of another cluster");
  }
  if (to != call.context->node_id) {
    return Status(Code::kInvalidArgument, "wrong_receiver", "The snapshot is for another node");
  }
  return Status::Ok();
}

// Answered when the piece is on disk, so that the sender does not send faster than that.
void TakeSnapshotPiece(const Call& call) {
  Result<SnapshotPiece> piece = DecodeSnapshotPiece(call.request().body);
  if (!piece.ok()) return call.Fail(piece.status());
  if (Status checked = CheckSnapshotAddress(call, piece->cluster_id, piece->to); !checked.ok()) {
    return call.Fail(checked);
  }
  CountReceived(call, piece->chunk.from);
  call.service().OnSnapshotChunk(std::move(piece->chunk), [call](const Status& status) {
    call.exchange->Post([call, status] { AnswerStatus(call, status); });
  });
}

void TellSnapshotReach(const Call& call) {
  QueryFields query(call.request(), {"cluster_id", "from", "to", "stream"});
  constexpr uint64_t kNumberMax = std::numeric_limits<uint64_t>::max();
  const std::string cluster_id = query.TextOr("cluster_id", "");
  const NodeId from(query.NumberOr("from", 0, 0, kNumberMax));
  const NodeId to(query.NumberOr("to", 0, 0, kNumberMax));
  const uint64_t stream = query.NumberOr("stream", 0, 0, kNumberMax);
  if (!query.ok()) return call.Fail(query.status());
  if (Status checked = CheckSnapshotAddress(call, cluster_id, to); !checked.ok()) {
    return call.Fail(checked);
  }
  const auto answer = [call](const Result<node::Service::SnapshotReach>& reach) {
    call.exchange->Post([call, reach] {
      if (!reach.ok()) return call.Fail(reach.status());
      call.Answer(Response::Json(200, EncodeSnapshotReach(*reach)));
    });
  };
  call.service().GetSnapshotReach(from, stream, answer);
}

// Answered by a hello. Members and strangers alike may ask, as long as they mean this cluster.
void SayHello(const Call& call) {
  const Result<node::Hello> said = DecodeHello(call.request().body);
  if (!said.ok()) return call.Fail(said.status());
  const ApiContext& context = *call.context;
  if (!context.hello || said->cluster_name != context.cluster_name) {
    return call.Fail(Status(Code::kPermissionDenied, "wrong_cluster",
                            "This node is of the cluster called " + context.cluster_name));
  }
  const node::Hello answer = context.hello(*said);
  if (said->cluster_id == answer.cluster_id) {
    context.candidates->Note(*said, context.clock->MonotonicMs());
  }
  call.Answer(Response::Json(200, EncodeHello(answer)));
}

}  // namespace

void AddPeerRoutes(RouteTable* table) {
  table->Add("POST", kHelloTarget, SayHello);
  table->Add("POST", "/peer/v1/messages", TakeMessages);
  table->Add("GET", "/peer/v1/snapshot", TellSnapshotReach);
  table->Add("POST", "/peer/v1/snapshot", TakeSnapshotPiece);
}

}  // namespace baton::http
