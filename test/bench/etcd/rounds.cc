#include "test/bench/etcd/rounds.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "pkg/base/check.h"

namespace baton::bench {
namespace {

constexpr int64_t kReadyTimeoutMs = 60'000;
constexpr int kCalmMs = 500;        // between what disturbs and what is measured
constexpr double kKillSeconds = 8;  // long enough for an election
// A hand-over takes about as long as the disk's hiccups, of which there is one every few seconds:
// a shorter look, yet long enough for an election if it does not succeed, and the median of some.
constexpr double kStopSeconds = 2.5;
constexpr int kStops = 5;
constexpr double kQuickSeconds = 0.3;
constexpr int64_t kQuickTotal = 2'000;

Status Unready(const char* who) {
  return Status(Code::kDeadlineExceeded, std::string(who) + " is not ready");
}

// Ends the leader by `signal` while writers write to the others, and starts it again: the longest
// time without a write in these seconds.
Result<double> GapAround(int signal, double seconds, Side& side) {
  const int leader = side.WaitForLeader(kReadyTimeoutMs);
  if (leader < 0) return Unready("a leader");
  auto writers = side.StartWriters(leader, seconds);
  if (!writers.ok()) return writers.status();
  poll(nullptr, 0, kCalmMs);
  side.process(leader).Signal(signal);
  const Result<double> gap_ms = (*writers)->LongestGapMs();
  if (!side.process(leader).Wait(kReadyTimeoutMs).has_value()) return Unready("the one that stops");
  side.Start(leader);
  if (!side.WaitUntilReady(kReadyTimeoutMs)) return Unready("the one that starts again");
  return gap_ms;
}

Result<std::vector<double>> MedianGap(int signal, double seconds, int trials, Side& side) {
  std::vector<double> gaps_ms;
  for (int trial = 0; trial < trials; ++trial) {
    const Result<double> gap_ms = GapAround(signal, seconds, side);
    if (!gap_ms.ok()) return gap_ms.status();
    gaps_ms.push_back(*gap_ms);
  }
  return std::vector<double>{Median(std::move(gaps_ms))};
}

double MeanResidentMiB(Side& side) {
  double sum = 0;
  for (int i = 0; i < side.size(); ++i) {
    sum += static_cast<double>(side.process(i).ResidentBytes()) / (1 << 20);
  }
  return sum / side.size();
}

}  // namespace

struct Rounds::Clusters {
  integration::Cluster ours;
  std::unique_ptr<EtcdCluster> etcd;
  std::unique_ptr<Side> our_side, grpc_side, gateway_side;
};

Rounds::Rounds(RoundsOptions options) : options_(std::move(options)) {
  const bool has_peer = !options_.etcd_server.empty() && !options_.etcd_driver.empty();
  const std::string version = has_peer ? " " + EtcdVersion(options_.etcd_server) : "";
  peer_name_ = "etcd" + version;
  gateway_name_ = "etcd" + version + " gateway";
}

Rounds::~Rounds() = default;

Status Rounds::Start(std::unique_ptr<Clusters>* clusters) const {
  const std::string batonctl = integration::ProgramPath("cmd/batonctl/batonctl");
  auto started = std::make_unique<Clusters>();
  started->our_side = MakeBatonSide(&started->ours, batonctl);
  started->ours.StartAll();
  if (!options_.etcd_server.empty() && !options_.etcd_driver.empty()) {
    started->etcd = std::make_unique<EtcdCluster>(options_.etcd_server);
    started->grpc_side = MakeEtcdSide(started->etcd.get(), options_.etcd_driver);
    started->gateway_side = MakeGatewaySide(started->etcd.get(), batonctl);
    started->etcd->StartAll();
    if (started->grpc_side->WaitForLeader(kReadyTimeoutMs) < 0) return Unready("etcd");
  }
  if (!started->our_side->WaitUntilReady(kReadyTimeoutMs)) return Unready("batond");
  *clusters = std::move(started);
  return Status::Ok();
}

Status Rounds::Run(const Measure& measure, std::vector<Comparison>* comparisons) {
  // Memory is that of members which have done nothing else.
  std::unique_ptr<Clusters> fresh;
  const bool needs_fresh = measure.kind == Kind::kMemory;
  std::unique_ptr<Clusters>* clusters = needs_fresh ? &fresh : &clusters_;
  if (*clusters == nullptr) BATON_RETURN_IF_ERROR(Start(clusters));
  Side* const peer =
      measure.gateway ? (*clusters)->gateway_side.get() : (*clusters)->grpc_side.get();
  std::vector<Comparison> rows;
  for (const Value& value : measure.values) {
    rows.emplace_back(measure.title + value.suffix, measure.parameters, value.unit, value.better,
                      measure.gateway ? gateway_name_ : peer_name_);
  }
  Status first_error;
  const int rounds = needs_fresh || options_.quick ? 1 : options_.rounds;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::optional<double>> values[2];
    Side* const sides[2] = {(*clusters)->our_side.get(), peer};
    for (size_t side = 0; side < 2; ++side) {
      values[side].resize(rows.size());
      if (sides[side] == nullptr) continue;
      const auto measured = RunOnce(measure, *sides[side]);
      if (!measured.ok() && first_error.ok()) first_error = measured.status();
      if (!measured.ok()) continue;
      std::copy(measured->begin(), measured->end(), values[side].begin());
    }
    for (size_t i = 0; i < rows.size(); ++i) rows[i].AddRound(values[0][i], values[1][i]);
  }
  for (Comparison& row : rows) comparisons->push_back(std::move(row));
  return first_error;
}

Result<std::vector<double>> Rounds::RunOnce(const Measure& measure, Side& side) const {
  switch (measure.kind) {
    case Kind::kLoad:
      return RunLoadOnce(measure, side);
    case Kind::kKill:
      return MedianGap(SIGKILL, kKillSeconds, 1, side);
    case Kind::kStop:
      return MedianGap(SIGTERM, kStopSeconds, options_.quick ? 1 : kStops, side);
    case Kind::kMemory: {
      Load load = measure.load;
      if (options_.quick) load.total = kQuickTotal;
      const Result<LoadReport> report = side.Run(load);
      if (!report.ok()) return report.status();
      return std::vector<double>{MeanResidentMiB(side)};
    }
  }
  CHECK(false);
}

Result<std::vector<double>> Rounds::RunLoadOnce(const Measure& measure, Side& side) const {
  Load load = measure.load;
  load.seconds = options_.quick ? kQuickSeconds : options_.seconds;
  const Result<LoadReport> report = side.Run(load);
  if (!report.ok()) return report.status();
  if (report->errors > 0 || report->operations == 0) {
    return Status(Code::kUnavailable, measure.name + ": " + std::to_string(report->errors) +
                                          " errors in " + std::to_string(report->operations) +
                                          " operations");
  }
  std::vector<double> values;
  for (const Value& value : measure.values) values.push_back((*report).*value.field);
  return values;
}

}  // namespace baton::bench
