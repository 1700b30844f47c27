// The families of what clients coordinate, of storage and backups, and of etcd's calls.
#include <gtest/gtest.h>

#include <string>

#include "pkg/coord/command.h"
#include "pkg/metrics/metrics_fixture.h"

namespace baton::metrics {
namespace {

TEST_F(MetricsTest, CommandsByKindAndByWhatBecameOfThem) {
  node::AppliedMetrics& applied = node_.applied;
  applied.commands[coord::CommandBody(coord::KvPut()).index()].done.Add(5);
  applied.commands[coord::CommandBody(coord::Acquire()).index()].refused.Add(2);
  applied.commands[coord::CommandBody(coord::Acquire()).index()].replayed.Add(3);
  applied.commands[coord::CommandBody(coord::SessionCreate()).index()].done.Add(4);
  applied.sessions_renewed.Add(6);
  const Families families = Render();
  const auto commands = [&](const char* command, const char* outcome) {
    return ValueOf(families, "baton_commands_total", {{"command", command}, {"outcome", outcome}});
  };
  EXPECT_EQ(commands("kv_put", "done"), 5);
  EXPECT_EQ(commands("acquire", "refused"), 2);
  EXPECT_EQ(commands("acquire", "replayed"), 3);
  EXPECT_EQ(ValueOf(families, "baton_idempotent_replays_total"), 3);
  EXPECT_EQ(ValueOf(families, "baton_session_renewals_total"), 6);
  EXPECT_EQ(ValueOf(families, "etcd_debugging_lease_granted_total"), 4);
  EXPECT_EQ(ValueOf(families, "etcd_debugging_lease_renewed_total"), 6);
}

TEST_F(MetricsTest, RefusalsByReasonAndFencingByItself) {
  for (size_t i = 0; i < node_.applied.refusals.size(); ++i) node_.applied.refusals[i].Add(i + 1);
  const Families families = Render();
  const auto& refusals = families.at("baton_command_refusals_total").samples;
  EXPECT_EQ(refusals.size(), node::kRefusalReasons.size() + 1);
  EXPECT_EQ(ValueOf(families, "baton_command_refusals_total", {{"reason", "other"}}),
            static_cast<double>(refusals.size()));
  const double fenced =
      ValueOf(families, "baton_command_refusals_total", {{"reason", "stale_token"}});
  EXPECT_GT(fenced, 1);
  EXPECT_EQ(ValueOf(families, "baton_fencing_rejections_total"), fenced);
}

TEST_F(MetricsTest, EventsWaitsHoldsAndWatches) {
  node_.applied.events[static_cast<size_t>(coord::EventKind::kLeaderElected)].Add(7);
  node_.applied.events[static_cast<size_t>(coord::EventKind::kKvDelete)].Add(8);
  node_.lock_wait.ObserveUs(2'000'000);
  node_.applied.election_hold.ObserveUs(600'000'000);
  node_.watch_events_sent.Add(9);
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_events_total", {{"kind", "leader_elected"}}), 7);
  EXPECT_EQ(ValueOf(families, "etcd_mvcc_delete_total"), 8);
  const std::string wait = "baton_lock_wait_duration_seconds";
  EXPECT_EQ(ValueOf(families, wait, wait + "_bucket", {{"kind", "lock"}, {"le", "1.024"}}), 0);
  EXPECT_EQ(ValueOf(families, wait, wait + "_bucket", {{"kind", "lock"}, {"le", "4.096"}}), 1);
  const std::string hold = "baton_lock_hold_duration_seconds";
  EXPECT_EQ(ValueOf(families, hold, hold + "_sum", {{"kind", "election"}}), 600);
  EXPECT_EQ(ValueOf(families, "baton_watch_events_sent_total"), 9);
  EXPECT_EQ(ValueOf(families, "baton_watches_catching_up"), 18);
  EXPECT_EQ(ValueOf(families, "baton_watch_lag_revisions"), 19);
}

TEST_F(MetricsTest, DatabasesByLevel) {
  const Families families = Render();
  const std::map<std::string, std::string> level = {{"database", "state"}, {"level", "0"}};
  EXPECT_EQ(ValueOf(families, "baton_leveldb_bytes", {{"database", "state"}}), 5 << 20);
  EXPECT_EQ(ValueOf(families, "baton_leveldb_bytes", {{"database", "log"}}), 0);
  EXPECT_EQ(ValueOf(families, "baton_leveldb_files", level), 2);
  EXPECT_EQ(ValueOf(families, "baton_leveldb_compaction_seconds_total", level), 3);
  EXPECT_EQ(ValueOf(families, "etcd_mvcc_db_total_size_in_bytes"), 5 << 20);
  EXPECT_EQ(ValueOf(families, "etcd_server_quota_backend_bytes"), 12 << 20);
}

TEST_F(MetricsTest, TheTimeOfABackupIsSilentUntilThereWasOne) {
  const std::string last = "baton_backup_last_success_timestamp_seconds";
  EXPECT_EQ(ValueOf(Render(), last), 1'700'000'000.5);
  backups_.last_success_wall_ms = 0;
  EXPECT_FALSE(Render().contains(last));
  EXPECT_EQ(ValueOf(Render(), "baton_backups_completed_total"), 2);
}

TEST_F(MetricsTest, CallsUnderEtcdsNames) {
  client_.requests = {{"/v1/kv/{key...}", "PUT", 200, 10},
                      {"/v1/kv/{key...}", "PUT", 412, 1},
                      {"/v1/kv/{key...}", "PUT", 503, 2},
                      {"/v1/kv/{key...}", "GET", 200, 4},
                      {"/v1/locks/{name}/acquire", "POST", 200, 3},
                      {"/v1/watch", "GET", 200, 30},
                      {"", "GET", 404, 5}};
  const Families families = Render();
  const auto handled = [&](const char* type, const char* service, const char* method,
                           const char* code) {
    return ValueOf(families, "grpc_server_handled_total",
                   {{"grpc_type", type},
                    {"grpc_service", service},
                    {"grpc_method", method},
                    {"grpc_code", code}});
  };
  EXPECT_EQ(handled("unary", "etcdserverpb.KV", "PUT", "OK"), 10);
  EXPECT_EQ(handled("unary", "etcdserverpb.KV", "PUT", "Aborted"), 1)
      << "a lost race is no failure";
  EXPECT_EQ(handled("unary", "etcdserverpb.KV", "PUT", "Unavailable"), 2);
  EXPECT_EQ(handled("server_stream", "v3lockpb.Lock", "acquire", "OK"), 3);
  EXPECT_EQ(handled("bidi_stream", "etcdserverpb.Watch", "GET", "OK"), 30 - 23) << "23 are open";
  EXPECT_EQ(handled("unary", "other", "other", "NotFound"), 5);
  EXPECT_EQ(ValueOf(families, "grpc_server_started_total",
                    {{"grpc_type", "bidi_stream"},
                     {"grpc_service", "etcdserverpb.Watch"},
                     {"grpc_method", "GET"}}),
            30);
  EXPECT_EQ(ValueOf(families, "etcd_mvcc_range_total"), 4);
  EXPECT_EQ(ValueOf(families, "etcd_network_client_grpc_received_bytes_total"), 26);
}

// What the samples of a family with this name add up to.
double SumOf(const Families& families, const std::string& family, const std::string& sample_name) {
  double sum = 0;
  for (const ParsedSample& sample : families.at(family).samples) {
    if (sample.name == sample_name) sum += sample.value;
  }
  return sum;
}

TEST_F(MetricsTest, CallsStayBoundedAndNoneIsLost) {
  const std::string handled = "grpc_server_handled_total";
  const std::string started = "grpc_server_started_total";
  for (const size_t count :
       {kRequestSeriesMax - 1, kRequestSeriesMax, kRequestSeriesMax + 1, 20 * kRequestSeriesMax}) {
    SCOPED_TRACE(count);
    client_.requests.clear();
    for (size_t i = 0; i < count; ++i) {
      client_.requests.push_back({"/v1/kv/call" + std::to_string(i), "POST", 200, 2});
    }
    client_.requests.push_back({"/v1/kv/call0", "POST", 200, 5});  // known, whatever came between
    client_.requests.push_back({"/v1/kv/call" + std::to_string(count - 1), "POST", 503, 7});
    const Families families = Render();
    EXPECT_LE(families.at(handled).samples.size(), kRequestSeriesMax + 2);
    EXPECT_LE(families.at(started).samples.size(), kRequestSeriesMax + 1);
    EXPECT_EQ(SumOf(families, handled, handled), 2.0 * static_cast<double>(count) + 12);
    EXPECT_EQ(SumOf(families, started, started), 2.0 * static_cast<double>(count) + 12);
    const auto ended = [&](const std::string& service, const std::string& method,
                           const std::string& code) {
      return ValueOf(families, handled,
                     {{"grpc_type", "unary"},
                      {"grpc_service", service},
                      {"grpc_method", method},
                      {"grpc_code", code}});
    };
    EXPECT_EQ(ended("etcdserverpb.KV", "call0", "OK"), 2 + 5);
    const double beyond =
        count > kRequestSeriesMax ? 2.0 * static_cast<double>(count - kRequestSeriesMax) : -1;
    EXPECT_EQ(ended("other", "other", "OK"), beyond);
    EXPECT_EQ(ended("other", "other", "Unavailable"), count >= kRequestSeriesMax ? 7 : -1);
  }
}

TEST_F(MetricsTest, TimesOfCallsStayBoundedAndNoneIsLost) {
  LatencyHistogram latency;
  latency.ObserveUs(10);
  const std::string name = "grpc_server_handling_seconds";
  for (const size_t count : {kRoutesMax - 1, kRoutesMax, kRoutesMax + 1, 100 * kRoutesMax}) {
    SCOPED_TRACE(count);
    client_.latency_by_route.clear();
    for (size_t i = 0; i < count; ++i) {
      client_.latency_by_route.emplace_back("/v1/kv/call" + std::to_string(i), latency.Read());
    }
    const Families families = Render();
    size_t series = 0;
    for (const ParsedSample& sample : families.at(name).samples) {
      series += sample.name == name + "_count";
    }
    EXPECT_EQ(series, std::min(count, kRoutesMax + 1));
    EXPECT_EQ(SumOf(families, name, name + "_count"), static_cast<double>(count));
  }
}

TEST_F(MetricsTest, ALongNameOfACallIsOther) {
  client_.requests = {{"/v1/kv/" + std::string(kLabelValueBytesMax + 1, 'x'), "POST", 200, 3},
                      {"/v1/kv/" + std::string(kLabelValueBytesMax, 'y'), "POST", 200, 4}};
  const Families families = Render();
  const auto started = [&](const std::string& method) {
    return ValueOf(
        families, "grpc_server_started_total",
        {{"grpc_type", "unary"}, {"grpc_service", "etcdserverpb.KV"}, {"grpc_method", method}});
  };
  EXPECT_EQ(started("other"), 3);
  EXPECT_EQ(started(std::string(kLabelValueBytesMax, 'y')), 4);
}

TEST_F(MetricsTest, TrafficByListenerAndPeer) {
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "baton_http_received_bytes_total", {{"listener", "client"}}), 26);
  EXPECT_EQ(ValueOf(families, "baton_http_sent_bytes_total", {{"listener", "client"}}), 27);
  EXPECT_EQ(
      ValueOf(families, "baton_peer_received_bytes_total", {{"peer", "2"}, {"peer_name", "pod-2"}}),
      30);
  EXPECT_EQ(ValueOf(families, "etcd_network_peer_received_bytes_total", {{"From", "2"}}), 30);
}

TEST_F(MetricsTest, ProbesCountAsHealth) {
  source_.listeners[1].stats = [] {
    http::ServerStats ops;
    ops.requests = {
        {"/readyz", "GET", 200, 6}, {"/readyz", "GET", 503, 2}, {"/metrics", "GET", 200, 9}};
    return ops;
  };
  const Families families = Render();
  EXPECT_EQ(ValueOf(families, "etcd_server_health_success"), 6);
  EXPECT_EQ(ValueOf(families, "etcd_server_health_failures"), 2);
}

TEST_F(MetricsTest, ThreadsStayBounded) {
  EXPECT_EQ(ValueOf(Render(), "baton_thread_cpu_seconds_total", {{"thread", "raft"}}), 0.25);
  for (const size_t count : {kThreadsMax - 1, kThreadsMax, kThreadsMax + 1, 100 * kThreadsMax}) {
    threads_.clear();
    for (size_t i = 0; i < count; ++i) threads_.push_back({"thread-" + std::to_string(i), 1});
    const Families families = Render();
    const auto& samples = families.at("baton_thread_cpu_seconds_total").samples;
    EXPECT_EQ(samples.size(), std::min(count, kThreadsMax));
    double sum = 0;
    for (const ParsedSample& sample : samples) sum += sample.value;
    EXPECT_EQ(sum, static_cast<double>(count)) << "nothing is lost, only folded";
  }
}

TEST(ReadThreadFactsTest, KnowsThisThread) {
  bool found = false;
  for (const ThreadFacts& thread : ReadThreadFacts()) {
    EXPECT_GE(thread.cpu_seconds, 0);
    found = found || !thread.name.empty();
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace baton::metrics
