#include "pkg/http/peer_transport.h"

#include <map>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/peer_link.h"

namespace baton::http {
namespace {

class HttpPeerTransport final : public PeerTransport {
 public:
  HttpPeerTransport(PeerTransportOptions options, Clock* clock, Logger* logger) {
    context_.options = std::move(options);
    context_.clock = clock;
    context_.logger = logger;
  }
  ~HttpPeerTransport() override { Stop(); }

  Status Connect() {
    for (const auto& [peer, url] : context_.options.peer_urls) {
      Result<std::unique_ptr<PeerLink>> link = PeerLink::Create(&context_, peer, url);
      if (!link.ok()) return link.status();
      links_[peer] = *std::move(link);
    }
    return Status::Ok();
  }

  void SetService(node::Service* service) override { context_.service = service; }

  void Start() override {
    CHECK(context_.service != nullptr);
    for (auto& [peer, link] : links_) link->Start();
  }

  void Stop() override {
    for (auto& [peer, link] : links_) link->Stop();
  }

  std::vector<PeerStats> Stats() const override {
    std::vector<PeerStats> stats;
    for (const auto& [peer, link] : links_) stats.push_back(link->Stats());
    return stats;
  }

  void Send(NodeId to, node::PeerMessage message) override {
    const auto link = links_.find(to);
    if (link != links_.end()) link->second->Send(std::move(message));
  }

  void SetClusterTime(Term term, int64_t cluster_time_ms) override {
    const std::lock_guard lock(context_.leadership_mutex);
    context_.leading_term = term;
    context_.cluster_time_ms = cluster_time_ms;
  }

  void SendSnapshot(NodeId to, raft::Message message,
                    std::unique_ptr<node::SnapshotReader> snapshot) override {
    const auto link = links_.find(to);
    if (link == links_.end()) return context_.service->OnSnapshotSent(to, false);
    link->second->SendSnapshot(std::move(message), std::move(snapshot));
  }

 private:
  PeerLinkContext context_;
  std::map<NodeId, std::unique_ptr<PeerLink>> links_;  // constant after Connect
};

}  // namespace

Result<std::unique_ptr<PeerTransport>> PeerTransport::Create(PeerTransportOptions options,
                                                             Clock* clock, Logger* logger) {
  auto transport = std::make_unique<HttpPeerTransport>(std::move(options), clock, logger);
  BATON_RETURN_IF_ERROR(transport->Connect());
  return std::unique_ptr<PeerTransport>(std::move(transport));
}

}  // namespace baton::http
