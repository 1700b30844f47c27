#include "pkg/http/peer_link.h"

namespace baton::http {
Result<std::unique_ptr<Client>> PeerLink::MakeClient(const ClientOptions& options) const {
  return Client::Create(Url(), options);
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

}  // namespace baton::http
