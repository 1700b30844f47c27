#include "pkg/metrics/metrics.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "pkg/metrics/metrics_fixture.h"

namespace baton::metrics {
namespace {

TEST_F(MetricsTest, SnapshotsAreCountedAtBothEnds) {
  node_.snapshot_bytes_received.Add(43);
  status_.snapshot_in = node::SnapshotTransfer{.peer = NodeId(2), .bytes = 44, .total_bytes = 45};
  const Families families = Render();
  const std::map<std::string, std::string> near = {{"peer", "2"}, {"peer_name", "pod-2"}};
  const std::map<std::string, std::string> far = {{"peer", "3"}, {"peer_name", "pod-3"}};
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sending", near), 1);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sending", far), 0);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sending_bytes", near), 41);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sending_total_bytes", near), 42);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sent_pieces_total", near), 35);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_sent_bytes_total", near), 36);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_resumes_total", near), 37);
  EXPECT_EQ(ValueOf(families, "baton_snapshots_delivered_total", near), 38);
  EXPECT_EQ(ValueOf(families, "baton_snapshots_failed_total", near), 39);
  EXPECT_EQ(ValueOf(families, "baton_snapshots_cancelled_total", near), 40);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_received_bytes_total"), 43);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_receiving_bytes"), 44);
  EXPECT_EQ(ValueOf(families, "baton_snapshot_receiving_total_bytes"), 45);
  EXPECT_EQ(ValueOf(families, "etcd_server_snapshot_apply_in_progress_total"), 1);
  EXPECT_EQ(ValueOf(families, "etcd_network_snapshot_send_success", {{"To", "2"}}), 38);
  EXPECT_EQ(ValueOf(families, "etcd_network_snapshot_send_inflights_total", {{"To", "3"}}), 0);
}

TEST_F(MetricsTest, FamiliesAreTheOnesOfTheGolden) {
  std::ostringstream actual;
  for (const auto& [name, family] : Render()) {
    actual << name << " " << family.type << " " << family.help << "\n";
  }
  std::ifstream in("pkg/metrics/families.golden");
  std::ostringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(actual.str(), expected.str())
      << "Names are a promise to dashboards and alerts. If the change is meant, put this into "
         "pkg/metrics/families.golden:\n"
      << actual.str();
}

TEST_F(MetricsTest, WhatIsNotServedYetIsNotServed) {
  std::ifstream in("pkg/metrics/README.md");
  std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t begin = page.find("## Not served yet");
  ASSERT_NE(begin, std::string::npos);
  page = page.substr(begin, page.find("\n## ", begin) - begin);
  const Families families = Render();
  size_t names = 0;
  for (size_t at = page.find('`'); at != std::string::npos; at = page.find('`', at + 1)) {
    const size_t end = page.find('`', at + 1);
    ASSERT_NE(end, std::string::npos);
    const std::string name = page.substr(at + 1, end - at - 1);
    for (const auto& [served, family] : families) {
      EXPECT_NE(fnmatch(name.c_str(), served.c_str(), 0), 0) << served << " is served";
    }
    ++names;
    at = end;
  }
  EXPECT_GT(names, 10u);
}

TEST_F(MetricsTest, NamesAndTypesFollowTheConventions) {
  for (const auto& [name, family] : Render()) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(family.help.empty());
    EXPECT_EQ(family.help.back(), '.') << "a sentence";
    EXPECT_EQ(family.help.find('\\'), std::string::npos);
    EXPECT_FALSE(family.samples.empty());
    const bool is_ours = name.starts_with("baton_") || name.starts_with("process_");
    EXPECT_TRUE(is_ours || name.starts_with("etcd_") || name.starts_with("grpc_server_") ||
                name.starts_with("os_fd_"));
    if (is_ours) {
      EXPECT_EQ(name.ends_with("_total"), family.type == "counter");
    }
    if (family.type == "histogram") {
      EXPECT_TRUE(name.ends_with("_seconds")) << "base units only";
    }
    for (const std::string_view unit : {"_ms", "_us", "_millis", "_kb", "_mb", "_percent"}) {
      EXPECT_FALSE(name.ends_with(unit)) << "base units only";
    }
  }
}

TEST_F(MetricsTest, HistogramBucketsAreCumulativeAndEndInTheCount) {
  int histograms = 0;
  for (const auto& [name, family] : Render()) {
    if (family.type != "histogram") continue;
    SCOPED_TRACE(name);
    // One series per label set without le, in the order of the text.
    std::map<std::map<std::string, std::string>, std::pair<double, double>> last;  // le, value
    std::map<std::map<std::string, std::string>, double> counts;
    for (const ParsedSample& sample : family.samples) {
      auto labels = sample.labels;
      labels.erase("le");
      if (sample.name == name + "_count") counts[labels] = sample.value;
      if (sample.name != name + "_bucket") continue;
      const double bound = std::strtod(sample.labels.at("le").c_str(), nullptr);
      const auto before = last.find(labels);
      if (before != last.end()) {
        EXPECT_GT(bound, before->second.first);
        EXPECT_GE(sample.value, before->second.second);
      }
      last[labels] = {bound, sample.value};
    }
    EXPECT_FALSE(last.empty());
    for (const auto& [labels, bucket] : last) {
      EXPECT_EQ(bucket.first, std::numeric_limits<double>::infinity());
      EXPECT_EQ(bucket.second, counts.at(labels));
      ++histograms;
    }
  }
  // node, route, peers, etcd's disk, etcd's peers, snapshots, waits and holds, backups, calls.
  EXPECT_EQ(histograms, 5 + 1 + 2 + 2 + 2 + 3 + 4 + 1 + 1);
}

TEST_F(MetricsTest, ServerAndRaftFacts) {
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_server_has_leader"), 1);
  EXPECT_EQ(ValueOf(families, "baton_server_is_leader"), 1);
  EXPECT_EQ(ValueOf(families, "baton_server_is_learner"), 0);
  EXPECT_EQ(ValueOf(families, "baton_raft_term"), 7);
  EXPECT_EQ(ValueOf(families, "baton_raft_commit_index"), 1000);
  EXPECT_EQ(ValueOf(families, "baton_raft_applied_index"), 990);
  EXPECT_EQ(ValueOf(families, "baton_raft_log_entries"), 502);
  EXPECT_EQ(ValueOf(families, "baton_raft_log_entry_bytes"), 70'000);
  EXPECT_EQ(ValueOf(families, "baton_raft_voters"), 3);
  EXPECT_EQ(ValueOf(families, "baton_server_proposals_committed_total"), 41);
  EXPECT_EQ(ValueOf(families, "baton_server_proposals_pending"), 6);
  EXPECT_EQ(ValueOf(families, "baton_server_proposals_failed_total"), 2);
  EXPECT_EQ(ValueOf(families, "baton_server_last_leader_contact_seconds"), 1.5);
  EXPECT_EQ(ValueOf(families, "baton_raft_step_downs_total", {{"reason", "no_quorum"}}), 4);
  EXPECT_EQ(ValueOf(families, "baton_raft_step_downs_total", {{"reason", "slow_disk"}}), 5);
  EXPECT_EQ(
      ValueOf(families, "baton_raft_follower_lag_entries", {{"peer", "2"}, {"peer_name", "pod-2"}}),
      2);
  EXPECT_EQ(
      ValueOf(families, "baton_raft_follower_lag_entries", {{"peer", "3"}, {"peer_name", "pod-3"}}),
      1002);
  EXPECT_EQ(families.at("baton_raft_follower_lag_entries").samples.size(), 2U);
  EXPECT_EQ(ValueOf(families, "baton_build_info", {{"version", "1.2.3"}}), 1);
}

TEST_F(MetricsTest, StateFacts) {
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_keys"), 11);
  EXPECT_EQ(ValueOf(families, "baton_sessions"), 12);
  EXPECT_EQ(ValueOf(families, "baton_locks_held"), 13);
  EXPECT_EQ(ValueOf(families, "baton_lock_waiters"), 14);
  EXPECT_EQ(ValueOf(families, "baton_elections_held"), 15);
  EXPECT_EQ(ValueOf(families, "baton_sessions_expired_total"), 16);
  EXPECT_EQ(ValueOf(families, "baton_watches"), 17);
}

TEST_F(MetricsTest, HttpFactsByRouteTemplateMethodAndCode) {
  const Families families = Render();
  const auto requests = [&](const char* route, const char* method, const char* code) {
    return ValueOf(families, "baton_http_requests_total",
                   {{"listener", "client"}, {"route", route}, {"method", method}, {"code", code}});
  };
  EXPECT_EQ(requests("/v1/kv/{key...}", "GET", "200"), 100);
  EXPECT_EQ(requests("/v1/kv/{key...}", "GET", "404"), 5);
  EXPECT_EQ(requests("/v1/kv/{key...}", "PUT", "200"), 50);
  EXPECT_EQ(requests("unmatched", "GET", "404"), 9);
  const std::string latency = "baton_http_request_duration_seconds";
  const auto bucket = [&](const char* bound) {
    return ValueOf(families, latency, latency + "_bucket",
                   {{"listener", "client"}, {"route", "/v1/kv/{key...}"}, {"le", bound}});
  };
  EXPECT_EQ(bucket("0.001"), 0);
  EXPECT_EQ(bucket("0.004"), 1);
  EXPECT_EQ(bucket("0.064"), 1);
  EXPECT_EQ(bucket("0.256"), 2);
  EXPECT_EQ(bucket("+Inf"), 2);
  EXPECT_EQ(ValueOf(families, "baton_http_connections_open", {{"listener", "client"}}), 21);
  EXPECT_EQ(ValueOf(families, "baton_http_requests_in_flight", {{"listener", "client"}}), 22);
  EXPECT_EQ(ValueOf(families, "baton_http_streams_open", {{"listener", "client"}}), 23);
  EXPECT_EQ(ValueOf(families, "baton_http_connections_refused_total", {{"listener", "client"}}),
            24);
  EXPECT_EQ(ValueOf(families, "baton_http_framing_errors_total", {{"listener", "client"}}), 25);
  EXPECT_EQ(ValueOf(families, "baton_http_connections_open", {{"listener", "ops"}}), 0);
}

TEST_F(MetricsTest, PeerFacts) {
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_peer_reachable", {{"peer", "2"}, {"peer_name", "pod-2"}}), 1);
  EXPECT_EQ(ValueOf(families, "baton_peer_reachable", {{"peer", "3"}, {"peer_name", "pod-3"}}), 0);
  EXPECT_EQ(
      ValueOf(families, "baton_peer_sent_bytes_total", {{"peer", "2"}, {"peer_name", "pod-2"}}),
      31);
  EXPECT_EQ(
      ValueOf(families, "baton_peer_send_failures_total", {{"peer", "3"}, {"peer_name", "pod-3"}}),
      8);
  EXPECT_EQ(ValueOf(families, "baton_peer_messages_dropped_total",
                    {{"peer", "2"}, {"peer_name", "pod-2"}}),
            34);
}

TEST_F(MetricsTest, EtcdNamesCarryTheSameFacts) {
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "etcd_server_has_leader"), 1);
  EXPECT_EQ(ValueOf(families, "etcd_server_is_leader"), 1);
  EXPECT_EQ(ValueOf(families, "etcd_server_id", {{"server_id", "1a"}}), 1);
  EXPECT_EQ(ValueOf(families, "etcd_server_proposals_committed_total"), 1000);
  EXPECT_EQ(ValueOf(families, "etcd_server_proposals_applied_total"), 990);
  EXPECT_EQ(ValueOf(families, "etcd_server_proposals_pending"), 6);
  EXPECT_EQ(ValueOf(families, "etcd_server_proposals_failed_total"), 2);
  EXPECT_EQ(ValueOf(families, "etcd_server_leader_changes_seen_total"), 3);
  EXPECT_EQ(ValueOf(families, "etcd_network_peer_round_trip_time_seconds",
                    "etcd_network_peer_round_trip_time_seconds_count", {{"To", "2"}}),
            1);
  EXPECT_EQ(ValueOf(families, "etcd_network_active_peers", {{"Local", "1a"}, {"Remote", "2"}}), 1);
}

TEST_F(MetricsTest, EtcdDiskBucketsAreEtcdsOwn) {
  const Families families = Render();
  for (const std::string name :
       {"etcd_disk_wal_fsync_duration_seconds", "etcd_disk_backend_commit_duration_seconds"}) {
    std::vector<std::string> bounds;
    for (const ParsedSample& sample : families.at(name).samples) {
      if (sample.name == name + "_bucket") bounds.push_back(sample.labels.at("le"));
    }
    EXPECT_EQ(bounds, (std::vector<std::string>{"0.001", "0.002", "0.004", "0.008", "0.016",
                                                "0.032", "0.064", "0.128", "0.256", "0.512",
                                                "1.024", "2.048", "4.096", "8.192", "+Inf"}));
  }
  const std::string name = "etcd_disk_wal_fsync_duration_seconds";
  EXPECT_EQ(ValueOf(families, name, name + "_bucket", {{"le", "0.001"}}), 1);
  EXPECT_EQ(ValueOf(families, name, name + "_bucket", {{"le", "0.004"}}), 2);
  EXPECT_EQ(ValueOf(families, name, name + "_bucket", {{"le", "8.192"}}), 2);
  EXPECT_EQ(ValueOf(families, name, name + "_bucket", {{"le", "+Inf"}}), 3);
}

TEST_F(MetricsTest, ProcessFacts) {
  Families families = Render();
  EXPECT_EQ(ValueOf(families, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_EQ(ValueOf(families, "process_cpu_seconds_total"), 1.5);
  EXPECT_EQ(ValueOf(families, "process_open_fds"), 12);
  EXPECT_EQ(ValueOf(families, "os_fd_limit"), 1024);
  process_ = metrics::ProcessFacts();  // nothing is known
  families = Render();
  EXPECT_FALSE(families.contains("process_resident_memory_bytes"));
  EXPECT_FALSE(families.contains("process_cpu_seconds_total"));
}

TEST_F(MetricsTest, AFollowerWithoutALeaderSaysSo) {
  status_.raft.leader = NodeId();
  status_.raft.role = raft::Role::kCandidate;
  status_.raft.peers.clear();
  status_.raft.first_index = Index(1);
  status_.raft.last_index = Index(0);
  status_.raft.config.learners = {NodeId(26)};
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_server_has_leader"), 0);
  EXPECT_EQ(ValueOf(families, "baton_server_is_leader"), 0);
  EXPECT_EQ(ValueOf(families, "baton_server_is_learner"), 1);
  EXPECT_EQ(ValueOf(families, "etcd_server_has_leader"), 0);
  EXPECT_EQ(ValueOf(families, "baton_raft_log_entries"), 0);
  EXPECT_FALSE(families.contains("baton_raft_follower_lag_entries"));
}

TEST_F(MetricsTest, AnEmptySourceGivesAnEmptyText) {
  EXPECT_EQ(RenderMetrics(MetricsSource()), "");
  source_.status = [] { return std::shared_ptr<const node::StatusView>(); };  // before the start
  EXPECT_FALSE(Render().contains("baton_raft_term"));
}

TEST_F(MetricsTest, NumbersKeepTheirDigits) {
  status_.raft.commit = Index((uint64_t{1} << 53) - 1);
  EXPECT_EQ(ValueOf(Render(), "baton_raft_commit_index"), 9007199254740991.0);
}

size_t SeriesOf(const Families& families) {
  size_t series = 0;
  for (const auto& [name, family] : families) series += family.samples.size();
  return series;
}

TEST_F(MetricsTest, LabelsStayBoundedWhateverClientsSend) {
  client_ = http::ServerStats();
  uint64_t sent = 0;
  LatencyHistogram latency;
  latency.ObserveUs(10);
  for (int i = 0; i < 5000; ++i) {
    // Names made by a client, which the server should have kept out already.
    const std::string route = "/r" + std::to_string(i) + std::string(i % 3 == 0 ? 200 : 0, 'x');
    client_.requests.push_back({route, "METHOD" + std::to_string(i), 100 + i, 1});
    client_.latency_by_route.emplace_back(route, latency.Read());
    ++sent;
  }
  const Families families = Render();
  const auto& requests = families.at("baton_http_requests_total").samples;
  EXPECT_EQ(requests.size(), kRequestSeriesMax + 1);
  double counted = 0;
  for (const ParsedSample& sample : requests) {
    counted += sample.value;
    EXPECT_EQ(sample.labels.at("method"), "other");
    EXPECT_LE(sample.labels.at("route").size(), kLabelValueBytesMax);
  }
  EXPECT_EQ(counted, static_cast<double>(sent)) << "nothing is lost, only folded";
  const std::string name = "baton_http_request_duration_seconds";
  double observed = 0;
  size_t routes = 0;
  for (const ParsedSample& sample : families.at(name).samples) {
    if (sample.name != name + "_count") continue;
    observed += sample.value;
    ++routes;
  }
  EXPECT_EQ(routes, kRoutesMax) << "one of them is \"other\"";
  EXPECT_EQ(observed, 5000);
}

TEST_F(MetricsTest, MethodsAndCodesOutsideTheKnownOnesAreOther) {
  client_.requests = {{"/a", "get", 200, 1}, {"/a", "", 99, 2}, {"/a", "GET\nx 1", 600, 4}};
  const Families families = Render();
  const auto& samples = families.at("baton_http_requests_total").samples;
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(
      ValueOf(families, "baton_http_requests_total",
              {{"listener", "client"}, {"route", "/a"}, {"method", "other"}, {"code", "200"}}),
      1);
  EXPECT_EQ(
      ValueOf(families, "baton_http_requests_total",
              {{"listener", "client"}, {"route", "/a"}, {"method", "other"}, {"code", "other"}}),
      6);
}

TEST_F(MetricsTest, PeersHaveTheirNames) {
  auto members = std::make_shared<node::Members>(*status_.members);
  members->known.erase(NodeId(2));
  members->known[NodeId(3)].name = std::string(kLabelValueBytesMax + 1, 'x');
  status_.members = std::move(members);
  const std::string name = "baton_peer_reachable";
  EXPECT_EQ(ValueOf(Render(), name, {{"peer", "2"}, {"peer_name", "node 2"}}), 1);
  EXPECT_EQ(ValueOf(Render(), name, {{"peer", "3"}, {"peer_name", "other"}}), 0);
  source_.member_name = nullptr;
  EXPECT_EQ(ValueOf(Render(), name, {{"peer", "3"}, {"peer_name", "3"}}), 0);
  source_.status = nullptr;
  EXPECT_EQ(ValueOf(Render(), name, {{"peer", "3"}, {"peer_name", "3"}}), 0);
  // One name for one number, in all families.
  for (const auto& [family, content] : Render()) {
    for (const ParsedSample& sample : content.samples) {
      EXPECT_EQ(sample.labels.contains("peer"), sample.labels.contains("peer_name")) << family;
    }
  }
}

TEST_F(MetricsTest, PeersStayBounded) {
  peers_.assign(1000, http::PeerStats());
  for (size_t i = 0; i < peers_.size(); ++i) peers_[i].peer = NodeId(i + 1);
  for (uint64_t i = 1; i <= 1000; ++i) status_.raft.peers[NodeId(i)].match = Index(i);
  const Families families = Render();
  EXPECT_EQ(families.at("baton_peer_reachable").samples.size(), kPeersMax);
  EXPECT_EQ(families.at("etcd_network_active_peers").samples.size(), kPeersMax);
  EXPECT_LE(families.at("baton_raft_follower_lag_entries").samples.size(), kPeersMax);
}

// A three-node cluster with every route of the API in use, each answered with four codes.
TEST_F(MetricsTest, AFullScrapeOfAThreeNodeClusterIsSmall) {
  client_ = http::ServerStats();
  LatencyHistogram latency;
  latency.ObserveUs(10);
  for (int route = 0; route < 30; ++route) {
    const std::string name = "/v1/route" + std::to_string(route);
    client_.latency_by_route.emplace_back(name, latency.Read());
    for (const int code : {200, 400, 404, 503}) client_.requests.push_back({name, "GET", code, 1});
  }
  EXPECT_LE(SeriesOf(Render()), 1100U);
}

TEST_F(MetricsTest, ManyThreadsMayRenderWhileOthersCount) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 20; ++round) EXPECT_FALSE(RenderMetrics(source_).empty());
    });
  }
  for (int i = 0; i < 10'000; ++i) node_.commit.ObserveUs(i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ValueOf(Render(), "baton_server_commit_duration_seconds",
                    "baton_server_commit_duration_seconds_count", {}),
            10'000);
}

}  // namespace
}  // namespace baton::metrics
