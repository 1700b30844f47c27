// File: metrics.h
//
// The Prometheus text of one node, made when it is asked for. The rooms count in plain fields
// (pkg/base/histogram.h) and know nothing of Prometheus; this is the only place that does.
//
//   MetricsSource source;
//   source.status = [&] { return runner->GetStatus(); };
//   source.node = &runner->metrics();
//   source.listeners.push_back({"client", [&] { return client_server->Stats(); }});
//   std::string text = RenderMetrics(source);
//
// Facts have our names (baton_*); those that etcd has too also carry etcd's name, type, unit and
// labels, so that alerts and dashboards written for etcd work unchanged. families.h lists them.
//
// Labels never carry a key, a name, a token or a path of a user: only route templates, known
// methods, status codes, listener names, and numbers and names of members. limits.h bounds the
// number of series.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pkg/http/backup_counters.h"
#include "pkg/http/peer_transport.h"
#include "pkg/http/server.h"
#include "pkg/metrics/process_facts.h"
#include "pkg/node/status_view.h"
#include "pkg/storage/database_facts.h"

namespace baton::metrics {

struct ListenerSource {
  std::string name;  // "client", "peer", "ops"
  std::function<http::ServerStats()> stats;
};

struct DatabaseSource {
  std::string name;  // "log", "state"
  std::function<storage::DatabaseFacts()> facts;
};

// Where the facts come from. Every function is called on the thread that renders, once a rendering,
// and must be thread-safe. What is left empty is left out of the text.
struct MetricsSource {
  std::string version;
  std::function<std::shared_ptr<const node::StatusView>()> status;
  const node::NodeMetrics* node = nullptr;  // must outlive the source
  std::vector<ListenerSource> listeners;
  std::function<std::vector<http::PeerStats>()> peers;
  // What people call a member. Unset: its number.
  std::function<std::string(const node::StatusView& status, NodeId id)> member_name;
  std::vector<DatabaseSource> databases;
  const http::BackupCounters* backups = nullptr;  // must outlive the source
  std::function<ProcessFacts()> process;
  std::function<std::vector<ThreadFacts>()> threads;
};

// Prometheus text format 0.0.4. Any thread, any number at once. Each family has one HELP and one
// TYPE line; families without a sample now (no traffic on any route yet) are left out.
std::string RenderMetrics(const MetricsSource& source);

}  // namespace baton::metrics
