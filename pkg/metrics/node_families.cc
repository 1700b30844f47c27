#include <algorithm>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }
double Flag(bool value) { return value ? 1 : 0; }
double Seconds(int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

void AddServer(const node::StatusView& status, FamilyList* list) {
  const raft::RaftStatus& raft = status.raft;
  list->Gauge("baton_server_has_leader", "1 when this node knows a leader, else 0.",
              Flag(bool{raft.leader}));
  list->Gauge("baton_server_is_leader", "1 when this node leads, else 0.",
              Flag(raft.role == raft::Role::kLeader));
  const auto& learners = raft.config.learners;
  list->Gauge("baton_server_is_learner", "1 when this node receives the log without a vote.",
              Flag(std::find(learners.begin(), learners.end(), raft.id) != learners.end()));
  list->Gauge("baton_server_draining", "1 when this node is shutting down in order.",
              Flag(status.draining));
  list->Gauge("baton_server_rebuilding",
              "1 while this node has lost data and rebuilds it from its peers.",
              Flag(status.rebuilding));
  list->Gauge("baton_server_proposals_pending",
              "Proposals of this node that wait for their commit.",
              Number(status.proposals_pending));
  list->Gauge("baton_server_reads_pending", "Reads of this node that wait for their read index.",
              Number(status.reads_pending));
  list->Gauge("baton_server_inbox_size", "Calls that wait for the raft thread.",
              Number(status.inbox_size));
  list->Gauge("baton_server_last_leader_contact_seconds",
              "Time since the leader was last heard; 0 on the leader.",
              Seconds(status.last_leader_contact_ms));
}

void AddRaft(const raft::RaftStatus& raft, uint64_t log_entry_bytes, FamilyList* list) {
  list->Gauge("baton_raft_term", "The current term.", Number(raft.term.value()));
  list->Gauge("baton_raft_commit_index", "The highest log entry known to be committed.",
              Number(raft.commit.value()));
  list->Gauge("baton_raft_applied_index", "The highest log entry applied to the state.",
              Number(raft.applied.value()));
  list->Gauge("baton_raft_persisted_index", "The highest log entry durable on this node.",
              Number(raft.persisted.value()));
  list->Gauge(
      "baton_raft_log_entries", "Entries in the log of this node.",
      raft.last_index < raft.first_index ? 0 : Number(raft.last_index - raft.first_index) + 1);
  list->Gauge("baton_raft_log_entry_bytes", "Bytes of the entries in the log of this node.",
              Number(log_entry_bytes));
  list->Gauge("baton_raft_voters", "Members with a vote, as this node knows them.",
              Number(raft.config.voters.size()));
  list->Gauge("baton_raft_learners", "Members without a vote, as this node knows them.",
              Number(raft.config.learners.size()));
  const raft::Counters& counters = raft.counters;
  list->Counter("baton_raft_elections_started_total", "Elections this node has started.",
                Number(counters.elections_started));
  list->Counter("baton_raft_proposals_refused_total",
                "Proposals refused before they reached the log.",
                Number(counters.proposals_refused));
  list->Counter("baton_raft_append_rejections_total",
                "Appends that a follower refused while this node led.",
                Number(counters.append_rejections));
  constexpr std::string_view kStepDowns = "baton_raft_step_downs_total";
  constexpr std::string_view kStepDownsHelp = "Times this node gave up leading, by reason.";
  list->Counter(kStepDowns, kStepDownsHelp, Number(counters.step_downs_without_quorum),
                {{"reason", "no_quorum"}});
  list->Counter(kStepDowns, kStepDownsHelp, Number(counters.step_downs_for_slow_disk),
                {{"reason", "slow_disk"}});
}

// Only a leader knows how far its followers are.
void AddFollowers(const raft::RaftStatus& raft, const MemberName& member_name, FamilyList* list) {
  size_t shown = 0;
  for (const auto& [id, peer] : raft.peers) {
    if (id == raft.id || ++shown > kPeersMax) continue;
    const uint64_t lag = peer.match < raft.last_index ? raft.last_index - peer.match : 0;
    list->Gauge("baton_raft_follower_lag_entries",
                "Log entries a follower has not confirmed, as its leader knows it.", Number(lag),
                PeerLabels(id, member_name));
  }
}

void AddDisk(const node::DiskRoom& disk, FamilyList* list) {
  list->Gauge("baton_disk_free_bytes", "What may still be written, beside the reserve.",
              Number(disk.free_bytes));
  list->Gauge("baton_disk_reserve_bytes", "Space held for when the disk is full.",
              Number(disk.reserve_bytes));
  for (const node::DiskLevel level :
       {node::DiskLevel::kAmple, node::DiskLevel::kLow, node::DiskLevel::kExhausted}) {
    list->Gauge("baton_disk_level", "1 for the level of the disk's space, else 0.",
                Flag(disk.level == level), {{"level", std::string(DiskLevelName(level))}});
  }
}

void AddState(const node::StatusView& status, FamilyList* list) {
  const coord::StateCounts& counts = status.counts;
  list->Gauge("baton_state_revision", "The revision of the replicated state.",
              Number(status.revision.value()));
  list->Gauge("baton_state_compact_revision", "Events up to this revision are gone.",
              Number(status.compact_revision.value()));
  list->Gauge("baton_state_cluster_time_seconds", "The replicated time that TTLs run in.",
              Seconds(status.cluster_time_ms));
  list->Gauge("baton_keys", "Keys in the replicated state.", Number(counts.keys));
  list->Gauge("baton_sessions", "Live sessions.", Number(counts.sessions));
  list->Counter("baton_sessions_expired_total", "Sessions whose time ran out.",
                Number(counts.sessions_expired_total));
  list->Gauge("baton_locks_held", "Locks that have a holder.", Number(counts.locks_held));
  list->Gauge("baton_lock_waiters", "Sessions in line for a lock.", Number(counts.lock_waiters));
  list->Gauge("baton_elections_held", "Elections that have a leader.",
              Number(counts.elections_held));
  list->Gauge("baton_election_waiters", "Candidates in line behind a leader.",
              Number(counts.election_waiters));
  list->Gauge("baton_idempotency_entries", "Answers kept for retried requests.",
              Number(counts.idempotency_entries));
  list->Gauge("baton_waits", "Waiting acquires that this node holds.",
              Number(status.waits_pending));
  list->Gauge("baton_watches", "Watches that this node serves.", Number(status.watches));
}

}  // namespace

void AddStandingFamily(node::Standing standing, FamilyList* list) {
  for (int i = 0; i < node::kStandings; ++i) {
    const auto one = static_cast<node::Standing>(i);
    list->Gauge("baton_server_standing", "1 at what this node is to its cluster.",
                Flag(one == standing), {{"standing", std::string(node::StandingName(one))}});
  }
}

void AddStatusFamilies(const node::StatusView& status, const MemberName& member_name,
                       FamilyList* list) {
  AddServer(status, list);
  AddRaft(status.raft, status.log_entry_bytes, list);
  list->Gauge("baton_raft_election_timeout_seconds",
              "The shortest time without a leader after which this node stands for election.",
              Seconds(status.election_timeout_ms));
  AddFollowers(status.raft, member_name, list);
  list->Gauge("baton_disk_oldest_log_write_age_seconds",
              "Age of the log write under way; 0 when there is none.",
              Seconds(status.oldest_write_age_ms));
  AddDisk(status.disk, list);
  AddState(status, list);
}

void AddNodeFamilies(const node::NodeMetrics& node, FamilyList* list) {
  list->Counter("baton_server_proposals_committed_total",
                "Proposals of this node that were applied.",
                Number(node.proposals_committed.value()));
  list->Counter("baton_server_proposals_failed_total",
                "Proposals of this node that were refused or lost with a leadership.",
                Number(node.proposals_failed.value()));
  list->Counter("baton_server_entries_applied_total", "Log entries applied since the start.",
                Number(node.entries_applied.value()));
  list->Counter("baton_disk_appends_without_room_total",
                "Appends that were not taken because the disk was full.",
                Number(node.appends_without_room.value()));
  list->Counter("baton_server_leader_changes_total", "Changes of the leader this node has seen.",
                Number(node.leader_changes.value()));
  list->Histogram("baton_disk_log_sync_duration_seconds", "Time of one synced write of the log.",
                  SelectBuckets(node.log_sync.Read(), kAllBuckets));
  list->Histogram("baton_disk_state_commit_duration_seconds",
                  "Time of one batch of writes into the state tables.",
                  SelectBuckets(node.state_commit.Read(), kAllBuckets));
  list->Histogram("baton_server_commit_duration_seconds",
                  "Time from a proposal of this node until it was applied.",
                  SelectBuckets(node.commit.Read(), kAllBuckets));
  list->Histogram("baton_server_apply_duration_seconds",
                  "Time of applying one batch of entries, without writing it.",
                  SelectBuckets(node.apply.Read(), kAllBuckets));
  list->Histogram("baton_server_read_index_duration_seconds",
                  "Time until the leader has said what a linearizable read must see.",
                  SelectBuckets(node.read_index.Read(), kAllBuckets));
  list->Counter("baton_server_read_index_failures_total",
                "Linearizable reads whose time ran out before the leader spoke.",
                Number(node.read_index_failures.value()));
  constexpr std::string_view kReads = "baton_server_reads_total";
  constexpr std::string_view kReadsHelp = "Reads taken by this node, by consistency.";
  list->Counter(kReads, kReadsHelp, Number(node.reads_linearizable.value()),
                {{"consistency", "linearizable"}});
  list->Counter(kReads, kReadsHelp, Number(node.reads_stale.value()), {{"consistency", "stale"}});
  list->Counter("baton_disk_log_written_bytes_total", "Bytes of entries written to the log.",
                Number(node.log_bytes_written.value()));
  list->Counter("baton_peer_heartbeats_dropped_total",
                "Heartbeats dropped because the peer's outbox was full.",
                Number(node.heartbeats_dropped.value()));
  list->Counter("baton_peer_messages_sent_total", "Messages handed to the transport.",
                Number(node.peer_messages_sent.value()));
  list->Counter("baton_peer_messages_received_total", "Messages taken from peers.",
                Number(node.peer_messages_received.value()));
  list->Counter("baton_peer_envelopes_rejected_total",
                "Envelopes of another cluster, of an unknown sender, or malformed.",
                Number(node.peer_envelopes_rejected.value()));
  list->Counter("baton_state_divergences_total",
                "Nodes whose state differed from the majority's, found by this node as leader.",
                Number(node.state_divergences.value()));
  list->Counter("baton_watches_evicted_total", "Watches ended because their client was too slow.",
                Number(node.watches_evicted.value()));
}

}  // namespace baton::metrics
