// The peer endpoint: envelopes, and the pieces of a snapshot.
#include <charconv>
#include <utility>

#include "pkg/http/api.h"
#include "pkg/http/base64.h"
#include "pkg/http/envelope.h"
#include "pkg/http/peer_transport.h"

namespace baton::http {
namespace {

constexpr int kNoContent = 204;

void Refuse(const ApiContext& context, Exchange& exchange, const Status& why) {
  exchange.Respond(ProblemResponse(why, exchange.request().request_id, &context));
}

Response Done() {
  Response response;
  response.status = kNoContent;
  return response;
}

void ReceiveMessages(const ApiContext& context, const std::shared_ptr<Exchange>& exchange) {
  Result<node::PeerEnvelope> envelope = DecodeEnvelope(exchange->request().body);
  if (!envelope.ok()) return Refuse(context, *exchange, envelope.status());
  const Status delivered = context.service->Deliver(*std::move(envelope));
  if (!delivered.ok()) return Refuse(context, *exchange, delivered);
  exchange->Respond(Done());
}

// A whole number in the query; the first error stays in *status.
uint64_t QueryNumber(const Request& request, const std::string& name, Status* status) {
  const std::string* text = request.Query(name);
  uint64_t number = 0;
  if (text != nullptr) {
    const auto end = std::from_chars(text->data(), text->data() + text->size(), number);
    if (end.ec == std::errc() && end.ptr == text->data() + text->size()) return number;
  }
  if (status->ok()) {
    *status = Status(Code::kInvalidArgument, "malformed_query",
                     name + (text == nullptr ? " is missing" : " is not a whole number"));
  }
  return 0;
}

Status CheckCarrier(const ApiContext& context, const Request& request, NodeId to) {
  const std::string* cluster_id = request.Query("cluster_id");
  if (cluster_id == nullptr || *cluster_id != context.cluster_id) {
    return Status(Code::kPermissionDenied, "wrong_cluster",
                  "The snapshot is of another cluster; this one is " + context.cluster_id + ".");
  }
  if (to != context.node_id) {
    return Status(Code::kPermissionDenied, "wrong_node", "The snapshot is for another node.");
  }
  return Status::Ok();
}

Result<node::Service::SnapshotChunk> DecodeChunk(const ApiContext& context,
                                                 const Request& request) {
  Status status;
  node::Service::SnapshotChunk chunk;
  chunk.from = NodeId(QueryNumber(request, "from", &status));
  const NodeId to(QueryNumber(request, "to", &status));
  chunk.stream = QueryNumber(request, "stream", &status);
  chunk.number = QueryNumber(request, "number", &status);
  if (!status.ok()) return status;
  BATON_RETURN_IF_ERROR(CheckCarrier(context, request, to));
  if (const std::string* header = request.Header("baton-raft-message")) {
    const Result<std::string> text = Base64Decode(*header);
    if (!text.ok()) return text.status();
    Result<raft::Message> message = DecodeRaftMessage(*text, chunk.from, to);
    if (!message.ok()) return message.status();
    chunk.message = *std::move(message);
  }
  chunk.bytes = request.body;
  return chunk;
}

void ReceiveChunk(const ApiContext& context, const std::shared_ptr<Exchange>& exchange) {
  Result<node::Service::SnapshotChunk> chunk = DecodeChunk(context, exchange->request());
  if (!chunk.ok()) return Refuse(context, *exchange, chunk.status());
  context.service->OnSnapshotChunk(*std::move(chunk), [&context, exchange](const Status& written) {
    if (!written.ok()) return Refuse(context, *exchange, written);
    exchange->Respond(Done());
  });
}

}  // namespace

Router MakePeerRouter(ApiContext* context) {
  Router router;
  router.Handle("POST", "/peer/v1/messages", [context](std::shared_ptr<Exchange> exchange) {
    ReceiveMessages(*context, exchange);
  });
  router.Handle("POST", "/peer/v1/snapshot", [context](std::shared_ptr<Exchange> exchange) {
    ReceiveChunk(*context, exchange);
  });
  return router;
}

}  // namespace baton::http
