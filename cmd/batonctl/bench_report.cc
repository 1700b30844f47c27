#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/bench.h"
#include "cmd/batonctl/table.h"

namespace baton::batonctl {
namespace {

using load::Histogram;
using load::Measure;

// From here on the generator may be what was measured.
constexpr double kBusy = 0.9;

std::string Decimals(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

// Three digits that matter, in milliseconds.
std::string Milliseconds(double ns) {
  const double ms = ns / 1e6;
  return Decimals(ms, ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

std::string Milliseconds(int64_t ns) { return Milliseconds(static_cast<double>(ns)); }

// "8,123,456"
std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string Rate(double rate) {
  return rate < 100 ? Decimals(rate, 1) : WithCommas(static_cast<uint64_t>(rate + 0.5));
}

std::string Count(uint64_t count, const std::string& one) {
  return WithCommas(count) + " " + one + (count == 1 ? "" : "s");
}

std::vector<Measure> MeasuresOf(const load::Recorder& recorder) {
  std::vector<Measure> measures;
  for (size_t i = 0; i < load::kMeasures; ++i) {
    const auto measure = static_cast<Measure>(i);
    if (recorder.latency(measure).count() > 0) measures.push_back(measure);
  }
  return measures;
}

std::string WhoAsks(const load::Settings& settings) {
  if (settings.bench == load::Bench::kWatch) {
    return "1 writer, " + Count(settings.watchers, "watcher");
  }
  std::string text = Count(settings.clients, "client");
  if (settings.connections != settings.clients) {
    text += ", " + Count(settings.connections, "connection");
  }
  if (settings.locks > 0) text += ", " + Count(settings.locks, "lock");
  if (settings.idle_sessions > 0) text += ", " + Count(settings.idle_sessions, "idle session");
  return text;
}

std::string Loop(const load::Settings& settings) {
  if (settings.rate_per_s == 0) return "closed loop";
  return "open loop at " + WithCommas(settings.rate_per_s) + "/s";
}

std::string Latencies(const load::Recorder& recorder) {
  Table table{{"MS", "COUNT", "MEAN", "P50", "P90", "P99", "P99.9", "MAX"}, {}};
  for (const Measure measure : MeasuresOf(recorder)) {
    const Histogram& latency = recorder.latency(measure);
    std::vector<std::string> row = {std::string(MeasureName(measure)), WithCommas(latency.count()),
                                    Milliseconds(latency.mean())};
    for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
      row.push_back(Milliseconds(latency.At(percent)));
    }
    row.push_back(Milliseconds(latency.max()));
    table.rows.push_back(std::move(row));
  }
  return table.rows.empty() ? "" : RenderTable(table);
}

std::string Errors(const load::Recorder& recorder) {
  if (recorder.errors().empty()) return "";
  Table table{{"ERROR", "COUNT"}, {}};
  for (const auto& [reason, count] : recorder.errors()) {
    table.rows.push_back({reason, WithCommas(count)});
  }
  return RenderTable(table);
}

// What a reader must know to judge the figures.
std::string Remarks(const load::Settings& settings, const load::Report& report) {
  std::string text;
  if (settings.rate_per_s == 0) {
    text += "Closed loop: not corrected for coordinated omission; --rate does that.\n";
  } else {
    text += "Open loop: each latency counts from when the operation was due.\n";
  }
  if (report.not_started > 0) {
    text += Count(report.not_started, "operation") +
            " more were due and never started, because no client was free: the percentiles are "
            "better than the truth.\n";
  }
  text += "The generator used " + Decimals(report.busy * 100, 0) + " % of its " +
          (settings.threads == 1 ? "thread" : Count(settings.threads, "thread")) +
          (report.busy < kBusy ? "" : ": it may be what was measured; --threads adds to it") +
          ".\n";
  if (report.interrupted) text += "Interrupted.\n";
  if (report.left_behind > 0) {
    text += WithCommas(report.left_behind) + " keys or sessions could not be taken back.\n";
  }
  if (settings.keep) text += "The keys are still there, below " + settings.prefix + "\n";
  return text;
}

nlohmann::json LatencyJson(const Histogram& latency) {
  const auto us = [](double ns) { return static_cast<double>(static_cast<int64_t>(ns)) / 1e3; };
  const auto at = [&](double percent) { return us(static_cast<double>(latency.At(percent))); };
  return {{"count", latency.count()},
          {"min_us", us(static_cast<double>(latency.min()))},
          {"mean_us", us(latency.mean())},
          {"p50_us", at(50)},
          {"p75_us", at(75)},
          {"p90_us", at(90)},
          {"p95_us", at(95)},
          {"p99_us", at(99)},
          {"p99_9_us", at(99.9)},
          {"p99_99_us", at(99.99)},
          {"max_us", us(static_cast<double>(latency.max()))}};
}

nlohmann::json SettingsJson(const load::Settings& settings) {
  nlohmann::json json = {{"endpoints", settings.endpoints},
                         {"clients", settings.clients},
                         {"connections", settings.connections},
                         {"threads", settings.threads},
                         {"rate", nullptr},
                         {"duration_ms", settings.duration_ms},
                         {"timeout_ms", settings.timeout_ms},
                         {"prefix", settings.prefix}};
  if (settings.rate_per_s > 0) json["rate"] = settings.rate_per_s;
  if (settings.total > 0) json["total"] = settings.total;
  const load::Bench bench = settings.bench;
  const bool mixed = bench == load::Bench::kMixed;
  if (mixed || bench == load::Bench::kPut || bench == load::Bench::kGet) {
    json["keys"] = settings.keys;
  }
  if (bench != load::Bench::kLock && bench != load::Bench::kSession) {
    json["key_size"] = settings.key_size;
    json["value_size"] = settings.value_size;
  }
  if (mixed || bench == load::Bench::kGet) {
    json["consistency"] = settings.stale ? "stale" : "linearizable";
  }
  if (mixed) {
    json["read_percent"] = settings.read_percent;
    json["write_percent"] = settings.write_percent;
  }
  if (bench == load::Bench::kLock) {
    json["locks"] = settings.locks > 0 ? settings.locks : settings.clients;
  }
  if (bench == load::Bench::kWatch) json["watchers"] = settings.watchers;
  if (bench == load::Bench::kSession) {
    json["keepalives"] = settings.keepalives;
    json["idle"] = settings.idle_sessions;
    json["ttl_ms"] = settings.ttl_ms;
  }
  return json;
}

}  // namespace

std::string BenchText(const load::Settings& settings, const load::Report& report) {
  const load::Recorder& recorder = report.recorder;
  std::string text = std::string(BenchName(settings.bench));
  if (settings.api != load::ApiKind::kBaton)
    text += " (" + std::string(ApiName(settings.api)) + ")";
  text += ": " + WhoAsks(settings) + ", " + Loop(settings) + ", " + Decimals(report.seconds, 1) +
          " s\n";
  text += Count(recorder.operations(), "operation") + ", " + Rate(report.rate) + "/s, " +
          Count(recorder.errors_total(), "error") + "\n\n";
  for (const std::string& table : {Latencies(recorder), Errors(recorder)}) {
    if (!table.empty()) text += table + "\n";
  }
  return text + Remarks(settings, report);
}

std::string BenchJson(const load::Settings& settings, const load::Report& report) {
  const load::Recorder& recorder = report.recorder;
  nlohmann::json json = {{"bench", BenchName(settings.bench)},
                         {"api", ApiName(settings.api)},
                         {"loop", settings.rate_per_s == 0 ? "closed" : "open"},
                         {"corrected", settings.rate_per_s > 0},
                         {"settings", SettingsJson(settings)},
                         {"seconds", report.seconds},
                         {"operations", recorder.operations()},
                         {"operations_per_s", report.rate},
                         {"not_started", report.not_started},
                         {"errors_total", recorder.errors_total()},
                         {"errors", recorder.errors()},
                         {"latency", nlohmann::json::object()},
                         {"generator_busy", report.busy},
                         {"interrupted", report.interrupted},
                         {"left_behind", report.left_behind},
                         {"unreachable", report.unreachable}};
  if (recorder.errors().empty()) json["errors"] = nlohmann::json::object();
  for (const Measure measure : MeasuresOf(recorder)) {
    json["latency"][std::string(MeasureName(measure))] = LatencyJson(recorder.latency(measure));
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string BenchProgressLine(const load::Progress& progress) {
  const load::Recorder& recorder = progress.recorder;
  const double rate = static_cast<double>(recorder.operations()) / progress.period_seconds;
  std::string line = Decimals(progress.seconds, 0) + " s  " + Rate(rate) + "/s";
  Histogram all;
  for (const Measure measure : MeasuresOf(recorder)) all.Merge(recorder.latency(measure));
  if (all.count() > 0) {
    line += "  p50 " + Milliseconds(all.At(50)) + " ms  p99 " + Milliseconds(all.At(99)) + " ms";
  }
  if (recorder.errors_total() > 0) line += "  " + Count(recorder.errors_total(), "error");
  return line;
}

}  // namespace baton::batonctl
