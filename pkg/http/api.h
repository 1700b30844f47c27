// File: api.h
//
// The three route tables of a node: the native /v1 API on the client port, the peer endpoint, and
// the ops endpoints. Handlers parse and bound a request, ask node::Service, and render the answer;
// they hold no state of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/base/random.h"
#include "pkg/http/backup_counters.h"
#include "pkg/http/candidates.h"
#include "pkg/http/read_budget.h"
#include "pkg/http/server.h"
#include "pkg/node/service.h"

namespace baton::http {

struct ApiContext {
  node::Service* service = nullptr;
  Clock* clock = nullptr;
  Logger* logger = nullptr;
  std::string cluster_id;
  std::string node_name;
  NodeId node_id;
  // As configured by hand; the cluster's own knowledge (StatusView::members) goes before it. For
  // hints and redirects.
  std::map<NodeId, std::string> client_urls;
  std::map<NodeId, std::string> node_names;
  // Who waits to be added.
  std::shared_ptr<Candidates> candidates = std::make_shared<Candidates>();
  // What this node answers to the hello of another one, of a cluster of the same name. Unset: it
  // says nothing.
  std::function<node::Hello(const node::Hello& said)> hello = {};
  std::string cluster_name;
  uint64_t seed = 0;  // of session ids and request ids; from the system's entropy, drawn in cmd/
  std::string version;
  // Until then (monotonic, ms) this node is not ready, since somebody is about to stop it.
  std::shared_ptr<std::atomic<int64_t>> leaving_until_ms =
      std::make_shared<std::atomic<int64_t>>(0);
  // The snapshots that this node sends now. Unset: it has no transport.
  std::function<std::vector<node::SnapshotTransfer>()> snapshots_out = {};
  std::shared_ptr<BackupCounters> backups = std::make_shared<BackupCounters>();
  // Told of every envelope and snapshot piece that a peer has sent: how many bytes it was. Any
  // thread. Unset: nobody counts.
  std::function<void(NodeId from, uint64_t bytes)> peer_received = {};
  // Beyond it reads are refused: kUnavailable/"overloaded".
  std::shared_ptr<ReadBudget> read_budget = std::make_shared<ReadBudget>(128 << 20);
};

// Prometheus text, made by pkg/metrics.
using MetricsText = std::function<std::string()>;

Router MakeClientRouter(ApiContext* context);  // /v1/..., /version, /livez, /readyz
Router MakePeerRouter(ApiContext* context);    // /peer/v1/...
Router MakeOpsRouter(ApiContext* context,
                     MetricsText metrics);  // /livez, /readyz, /metrics, /version

// The member's name as the cluster knows it, or as it was configured, or else its number.
std::string NodeNameOf(const ApiContext& context, const node::StatusView& view, NodeId node);
// Where the member serves clients; empty: nobody has said.
std::string ClientUrlOf(const ApiContext& context, const node::StatusView& view, NodeId node);

// X-Revision, X-Raft-Term, X-Cluster-Id, X-Served-By, X-Leader (while there is one), X-Consistency,
// X-Staleness-Ms and X-Request-Id on every response. X-Consistency is "linearizable" for answers to
// commands, whether applied or refused, and to linearizable reads; "stale" for all that this node
// says on its own, and then X-Staleness-Ms is the time since it last heard from the leader.
void DecorateResponse(const ApiContext& context, const Request& request, Response* response);
// RFC 9457 problem JSON. The one table from Status to HTTP.
Response ProblemResponse(const Status& status, const std::string& request_id,
                         const ApiContext* context);
int HttpStatusOf(const Status& status);

}  // namespace baton::http
