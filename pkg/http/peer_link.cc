#include "pkg/http/peer_link.h"

#include <utility>

namespace baton::http {
namespace {

// Of a refusal, enough to show its code.
constexpr size_t kBodyBytesShown = 200;

}  // namespace

Result<std::unique_ptr<Client>> PeerLink::MakeClient(const ClientOptions& options) const {
  return Client::Create("http://" + address, options);
}

void PeerLink::OnDelivered() {
  if (reachable.exchange(true)) return;
  logger->Log(LogLevel::kInfo, "peer reached", {{"peer", peer}, {"address", address}});
}

void PeerLink::OnFailed(std::string_view why) {
  failures.Add();
  if (reachable.exchange(false) || failures.value() == 1) {
    logger->Log(LogLevel::kWarning, "peer not reached",
                {{"peer", peer}, {"address", address}, {"reason", why}});
  }
}

Status PostToPeer(Client* client, const std::string& target, std::string body) {
  ClientRequest request;
  request.method = "POST";
  request.target = target;
  request.headers["Content-Type"] = "application/octet-stream";
  request.body = std::move(body);
  Result<ClientResponse> response = client->Send(request);
  // A server may close an idle connection at any time; that says nothing about the peer.
  const bool broken = !response.ok() && response.status().code() == Code::kUnavailable &&
                      response.status().outcome() == Outcome::kUnknown;
  if (broken) response = client->Send(request);
  if (!response.ok()) return response.status();
  if (response->status >= 200 && response->status < 300) return Status::Ok();
  return Status(Code::kUnavailable, "refused",
                "the peer answered " + std::to_string(response->status) + " " +
                    response->body.substr(0, kBodyBytesShown));
}

}  // namespace baton::http
