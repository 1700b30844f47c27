// /peer/v1: what other nodes send.

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/api_call.h"
#include "pkg/http/envelope.h"
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

void TakeMessages(const Call& call) {
  Result<node::PeerEnvelope> envelope = DecodeEnvelope(call.request().body);
  if (!envelope.ok()) return call.Fail(envelope.status());
  AnswerStatus(call, call.service().Deliver(*std::move(envelope)));
}

// Answered when the piece is on disk, so that the sender does not send faster than that.
void TakeSnapshotPiece(const Call& call) {
  Result<SnapshotPiece> piece = DecodeSnapshotPiece(call.request().body);
  if (!piece.ok()) return call.Fail(piece.status());
  if (piece->cluster_id != call.context->cluster_id) {
    return call.Fail(
        Status(Code::kPermissionDenied, "wrong_cluster", "The snapshot is of another cluster"));
  }
  if (piece->to != call.context->node_id) {
    return call.Fail(
        Status(Code::kInvalidArgument, "wrong_receiver", "The snapshot is for another node"));
  }
  call.service().OnSnapshotChunk(std::move(piece->chunk), [call](const Status& status) {
    call.exchange->Post([call, status] { AnswerStatus(call, status); });
  });
}

}  // namespace

void AddPeerRoutes(RouteTable* table) {
  table->Add("POST", "/peer/v1/messages", TakeMessages);
  table->Add("POST", "/peer/v1/snapshot", TakeSnapshotPiece);
}

}  // namespace baton::http
