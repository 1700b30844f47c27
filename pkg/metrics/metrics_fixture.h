// File: metrics_fixture.h
//
// A node with every fact set, each to a number of its own, and its text read back. For tests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"
#include "pkg/metrics/metrics.h"
#include "pkg/metrics/prometheus_text.h"

namespace baton::metrics {

using Families = std::map<std::string, ParsedFamily>;

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    FillStatus();
    node_.proposals_committed.Add(41);
    node_.proposals_failed.Add(2);
    node_.leader_changes.Add(3);
    node_.log_sync.ObserveUs(700);        // in the bucket up to 1 ms
    node_.log_sync.ObserveUs(3'000);      // up to 4 ms
    node_.log_sync.ObserveUs(9'000'000);  // above every bound
    node_.state_commit.ObserveUs(100);
    source_.version = "1.2.3";
    source_.status = [this] { return std::make_shared<const node::StatusView>(status_); };
    source_.node = &node_;
    source_.listeners.push_back({"client", [this] { return client_; }});
    source_.listeners.push_back({"ops", [] { return http::ServerStats{}; }});
    source_.peers = [this] { return peers_; };
    source_.member_name = [](const node::StatusView& status, NodeId id) {
      return status.members->NameOf(id);
    };
    source_.databases = {{"log", [this] { return log_; }}, {"state", [this] { return state_; }}};
    source_.backups = &backups_;
    source_.threads = [this] { return threads_; };
    source_.process = [this] { return process_; };
    FillListener();
    FillPeers();
    FillStorage();
    threads_ = {{"raft", 0.25}};
    process_ = {.resident_bytes = 1 << 20,
                .virtual_bytes = 1 << 22,
                .cpu_seconds = 1.5,
                .start_time_seconds = 1.7e9,
                .open_fds = 12,
                .max_fds = 1024,
                .threads = 7};
  }

  void FillStatus() {
    status_.raft.id = NodeId(26);
    status_.raft.leader = NodeId(26);
    status_.raft.role = raft::Role::kLeader;
    status_.raft.term = Term(7);
    status_.raft.commit = Index(1000);
    status_.raft.applied = Index(990);
    status_.raft.persisted = Index(1001);
    status_.raft.first_index = Index(501);
    status_.raft.last_index = Index(1002);
    status_.raft.config.voters = {NodeId(2), NodeId(3), NodeId(26)};
    status_.raft.counters.step_downs_without_quorum = 4;
    status_.raft.counters.step_downs_for_slow_disk = 5;
    status_.raft.peers[NodeId(26)].match = Index(1002);
    status_.raft.peers[NodeId(2)].match = Index(1000);
    status_.raft.peers[NodeId(3)].match = Index(0);
    auto members = std::make_shared<node::Members>();
    for (const uint64_t id : {2, 3, 26}) {
      members->known[NodeId(id)].name = "pod-" + std::to_string(id);
    }
    status_.members = std::move(members);
    status_.proposals_pending = 6;
    status_.log_entry_bytes = 70'000;
    status_.counts.keys = 11;
    status_.counts.sessions = 12;
    status_.counts.locks_held = 13;
    status_.counts.lock_waiters = 14;
    status_.counts.elections_held = 15;
    status_.counts.sessions_expired_total = 16;
    status_.watches = 17;
    status_.watches_catching_up = 18;
    status_.watch_lag_revisions = 19;
    status_.election_timeout_ms = 1000;
    status_.last_leader_contact_ms = 1500;
  }

  void FillListener() {
    client_.requests = {{"/v1/kv/{key...}", "GET", 200, 100},
                        {"/v1/kv/{key...}", "GET", 404, 5},
                        {"/v1/kv/{key...}", "PUT", 200, 50},
                        {"", "GET", 404, 9}};
    LatencyHistogram latency;
    latency.ObserveUs(2'000);
    latency.ObserveUs(70'000);
    client_.latency_by_route = {{"/v1/kv/{key...}", latency.Read()}};
    client_.connections_open = 21;
    client_.requests_in_flight = 22;
    client_.streams_open = 23;
    client_.received_bytes_total = 26;
    client_.sent_bytes_total = 27;
    client_.connections_refused_total = 24;
    client_.framing_errors_total = 25;
  }

  void FillPeers() {
    LatencyHistogram round_trip;
    round_trip.ObserveUs(800);
    http::PeerStats near;
    near.peer = NodeId(2);
    near.reachable = true;
    near.sent_bytes = 31;
    near.received_bytes = 30;
    near.sent_envelopes = 32;
    near.failures = 33;
    near.dropped_messages = 34;
    near.round_trip = round_trip.Read();
    near.snapshot_pieces = 35;
    near.snapshot_bytes = 36;
    near.snapshot_resumes = 37;
    near.snapshots_delivered = 38;
    near.snapshots_failed = 39;
    near.snapshots_cancelled = 40;
    near.snapshot_out = node::SnapshotTransfer{.peer = NodeId(2), .bytes = 41, .total_bytes = 42};
    http::PeerStats far;
    far.peer = NodeId(3);
    far.failures = 8;
    peers_ = {near, far};
  }

  void FillStorage() {
    state_ = {.bytes = 5 << 20,
              .memory_bytes = 1 << 20,
              .levels = {{.number = 0,
                          .files = 2,
                          .bytes = 1 << 20,
                          .compaction_seconds = 3,
                          .compaction_read_bytes = 4,
                          .compaction_written_bytes = 5}}};
    status_.disk.free_bytes = 7 << 20;
    backups_.completed.Add(2);
    backups_.last_success_wall_ms = 1'700'000'000'500;
  }

  Families Render() const {
    const std::string text = RenderMetrics(source_);
    Result<Families> parsed = ParsePrometheusText(text);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString() << "\n" << text;
    return parsed.ok() ? *parsed : Families();
  }

  // The value of the one sample with this name and these labels; -1 if there is none.
  static double ValueOf(const Families& families, const std::string& family,
                        const std::string& sample_name,
                        const std::map<std::string, std::string>& labels) {
    const auto found = families.find(family);
    if (found == families.end()) return -1;
    for (const ParsedSample& sample : found->second.samples) {
      if (sample.name == sample_name && sample.labels == labels) return sample.value;
    }
    return -1;
  }
  static double ValueOf(const Families& families, const std::string& family,
                        const std::map<std::string, std::string>& labels = {}) {
    return ValueOf(families, family, family, labels);
  }

  node::StatusView status_;
  node::NodeMetrics node_;
  http::ServerStats client_;
  std::vector<http::PeerStats> peers_;
  storage::DatabaseFacts log_;
  storage::DatabaseFacts state_;
  http::BackupCounters backups_;
  std::vector<ThreadFacts> threads_;
  ProcessFacts process_;
  MetricsSource source_;
};

}  // namespace baton::metrics
