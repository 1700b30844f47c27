// etcd's names for facts that Baton has too: the same meaning, unit, type and labels, so that the
// rules and dashboards of the etcd mixin load unchanged. Where etcd's type breaks the naming rules
// (its proposals_committed_total is a gauge) ours is the type that the name promises: rate() and
// increase() give the same numbers.

#include <algorithm>
#include <charconv>
#include <iterator>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

}  // namespace

std::string EtcdMemberId(NodeId id) {
  char digits[16];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), id.value(), 16).ptr;
  return std::string(std::begin(digits), end);
}

void AddEtcdStatusFamilies(const node::StatusView& status, FamilyList* list) {
  const raft::RaftStatus& raft = status.raft;
  list->Gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.",
              raft.leader ? 1 : 0);
  list->Gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 if not.",
              raft.role == raft::Role::kLeader ? 1 : 0);
  const auto& learners = raft.config.learners;
  const bool is_learner = std::find(learners.begin(), learners.end(), raft.id) != learners.end();
  list->Gauge("etcd_server_is_learner", "Whether or not this member is a learner.",
              is_learner ? 1 : 0);
  list->Gauge("etcd_server_id", "Always 1; the label is the member's id in hexadecimal.", 1,
              {{"server_id", EtcdMemberId(raft.id)}});
  list->Counter("etcd_server_proposals_committed_total",
                "The number of consensus proposals committed: the commit index.",
                Number(raft.commit.value()));
  list->Counter("etcd_server_proposals_applied_total",
                "The number of consensus proposals applied: the applied index.",
                Number(raft.applied.value()));
  list->Gauge("etcd_server_proposals_pending", "The number of pending proposals.",
              Number(status.proposals_pending));
  list->Gauge("etcd_debugging_mvcc_keys_total", "The number of keys.", Number(status.counts.keys));
  list->Gauge("etcd_debugging_mvcc_current_revision", "The current revision.",
              Number(status.revision.value()));
  list->Gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction.",
              Number(status.compact_revision.value()));
  list->Gauge("etcd_debugging_mvcc_watcher_total", "The number of watchers.",
              Number(status.watches));
  list->Gauge("etcd_debugging_mvcc_watch_stream_total", "The number of watch streams.",
              Number(status.watches));
  list->Gauge("etcd_debugging_mvcc_slow_watcher_total",
              "The number of watchers that are not in sync: they read the history.",
              Number(status.watches_catching_up));
  list->Counter("etcd_debugging_server_lease_expired_total", "The number of expired sessions.",
                Number(status.counts.sessions_expired_total));
}

namespace {

void AddEtcdApplied(const node::AppliedMetrics& applied, FamilyList* list) {
  const auto done = [&applied](const coord::CommandBody& body) {
    return applied.commands[body.index()].done.value();
  };
  const auto events = [&applied](coord::EventKind kind) {
    return Number(applied.events[static_cast<size_t>(kind)].value());
  };
  list->Counter("etcd_mvcc_put_total", "The number of puts seen by this member.",
                events(coord::EventKind::kKvPut));
  list->Counter("etcd_mvcc_delete_total", "The number of deletes seen by this member.",
                events(coord::EventKind::kKvDelete));
  list->Counter("etcd_debugging_lease_granted_total", "The number of sessions created.",
                Number(done(coord::SessionCreate())));
  list->Counter("etcd_debugging_lease_renewed_total", "The number of renewals of sessions.",
                Number(applied.sessions_renewed.value()));
  list->Counter("etcd_debugging_lease_revoked_total", "The number of sessions ended on request.",
                Number(done(coord::SessionDestroy())));
}

}  // namespace

void AddEtcdNodeFamilies(const node::NodeMetrics& node, FamilyList* list) {
  AddEtcdApplied(node.applied, list);
  list->Counter("etcd_debugging_mvcc_events_total", "The number of events sent to watchers.",
                Number(node.watch_events_sent.value()));
  list->Counter("etcd_server_heartbeat_send_failures_total",
                "The number of heartbeats that found no room in the outbox.",
                Number(node.heartbeats_dropped.value()));
  list->Counter("etcd_server_slow_apply_total", "The number of applies over 100 ms.",
                Number(node.slow_applies.value()));
  list->Counter("etcd_server_slow_read_indexes_total", "The number of read indexes over 100 ms.",
                Number(node.slow_read_indexes.value()));
  list->Counter("etcd_server_read_indexes_failed_total",
                "The number of reads that got no read index in time.",
                Number(node.read_index_failures.value()));
  list->Counter("etcd_disk_wal_write_bytes_total", "The number of bytes written to the log.",
                Number(node.log_bytes_written.value()));
  list->Counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen.",
                Number(node.leader_changes.value()));
  list->Counter("etcd_server_proposals_failed_total", "The number of failed proposals seen.",
                Number(node.proposals_failed.value()));
  list->Histogram("etcd_disk_wal_fsync_duration_seconds",
                  "The latency of a synced write of the log.",
                  SelectBuckets(node.log_sync.Read(), kEtcdDiskBuckets));
  list->Histogram("etcd_disk_backend_commit_duration_seconds",
                  "The latency of a batch into the state tables.",
                  SelectBuckets(node.state_commit.Read(), kEtcdDiskBuckets));
}

void AddEtcdPeerFamilies(const std::string& local_id, const std::vector<http::PeerStats>& peers,
                         FamilyList* list) {
  size_t shown = 0;
  for (const http::PeerStats& peer : peers) {
    if (++shown > kPeersMax) return;
    const std::string id = EtcdMemberId(peer.peer);
    list->Gauge("etcd_network_active_peers", "1 for each peer that answers.",
                peer.reachable ? 1 : 0, {{"Local", local_id}, {"Remote", id}});
    list->Counter("etcd_network_peer_received_bytes_total",
                  "The number of bytes received from peers.", Number(peer.received_bytes),
                  {{"From", id}});
    const Labels to = {{"To", id}};
    list->Counter("etcd_network_peer_sent_bytes_total", "The number of bytes sent to peers.",
                  Number(peer.sent_bytes), to);
    list->Counter("etcd_network_peer_sent_failures_total", "The number of send failures to peers.",
                  Number(peer.failures), to);
    list->Histogram("etcd_network_peer_round_trip_time_seconds",
                    "The round trip time between this member and a peer.",
                    SelectBuckets(peer.round_trip, kCoarseBuckets), to);
  }
}

void AddEtcdDatabaseFamilies(const storage::DatabaseFacts& state, uint64_t disk_free_bytes,
                             FamilyList* list) {
  list->Gauge("etcd_mvcc_db_total_size_in_bytes", "The size of the state on disk.",
              Number(state.bytes));
  list->Gauge("etcd_server_quota_backend_bytes",
              "What the state may grow to: its size and what is free beside the reserve.",
              Number(state.bytes + disk_free_bytes));
}

void AddEtcdBuildFamily(const std::string& version, FamilyList* list) {
  list->Gauge("etcd_server_version", "Always 1; the label is Baton's version.", 1,
              {{"server_version", version}});
}

}  // namespace baton::metrics
