// How throughput and latency change with the number of keys, members and sessions. Each point is
// measured in a cluster of its own: real processes on loopback, default settings, 64 clients that
// ask again when they are answered; linearizable reads, then writes, of keys chosen at random with
// values of 256 bytes. Medians of the rounds. Printed as a table; --output and --picture say where
// the JSON and the SVG go. Not 0: a load had errors, or could not be run.
//
// All members and the load share one machine: more members take its cores from each other, which
// members with machines of their own would not.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "test/bench/comparison.h"
#include "test/bench/load_points.h"
#include "test/bench/metrics_text.h"
#include "test/bench/options.h"
#include "test/bench/panels.h"
#include "test/bench/table.h"

namespace baton::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kUsage[] =
    "usage: growth [--only=keys,members,sessions] [--rounds=N] [--seconds=S]\n"
    "              [--output=FILE] [--picture=FILE] [--quick]\n"
    "  --only     what grows\n"
    "  --rounds   of each point, 1 to 100 (3)\n"
    "  --seconds  of each load, 0.1 to 600 (5)\n"
    "  --output   where the JSON goes\n"
    "  --picture  where the SVG goes\n"
    "  --quick    a short round of few and small points: whether it works, not how fast\n";

constexpr int kMembers = 3;
constexpr uint64_t kKeys = 10'000;

// What one cluster has.
struct Shape {
  uint64_t keys = kKeys;
  int members = kMembers;
  uint64_t sessions = 0;  // kept alive meanwhile (load_points.h)
};

struct Dimension {
  std::string name;                // of --only
  std::vector<std::string> marks;  // what a point is called
  std::vector<Shape> shapes;       // one for each mark
};

std::vector<Dimension> AllDimensions(bool quick) {
  if (quick) {
    return {{"keys", {"100", "200"}, {{.keys = 100}, {.keys = 200}}},
            {"members", {"1", "3"}, {{.keys = 100, .members = 1}, {.keys = 100}}},
            {"sessions", {"10"}, {{.keys = 100, .sessions = 10}}}};
  }
  return {
      {"keys", {"10k", "100k", "1M"}, {{.keys = 10'000}, {.keys = 100'000}, {.keys = 1'000'000}}},
      {"members", {"3", "5", "7"}, {{.members = 3}, {.members = 5}, {.members = 7}}},
      {"sessions",
       {"1k", "10k", "100k"},
       {{.sessions = 1'000}, {.sessions = 10'000}, {.sessions = 100'000}}}};
}

// Of one point, medians of its rounds.
struct Point {
  std::string dimension, mark;
  Shape shape;
  LoadPoint put, get;
  double keepalives_per_s = 0;
  double put_cores = 0;
  std::string error;  // the first of a load; empty: there was none
};

struct Round {
  LoadPoint put, get, keepalives;
  double put_cores = 0;  // that all members together kept busy during the puts
};

double CpuSecondsOf(integration::Cluster* cluster) {
  double seconds = 0;
  for (int i = 0; i < cluster->size(); ++i) {
    seconds += SumOfSamples(ReadMetrics(cluster->ops_url(i)), "process_cpu_seconds_total");
  }
  return seconds;
}

Result<Round> RunRound(const Shape& shape, double seconds) {
  const auto cluster = StartReadyCluster({.nodes = shape.members, .extra_flags = {}});
  const std::vector<std::string> urls = ClientUrls(cluster.get());
  std::unique_ptr<KeptSessions> sessions;
  if (shape.sessions > 0) {
    auto started = KeptSessions::Start(urls, shape.sessions);
    if (!started.ok()) return started.status();
    sessions = *std::move(started);
  }
  // Reads first: they write all the keys, and the writes then find them.
  KeyLoad wanted{.bench = load::Bench::kGet, .keys = shape.keys, .seconds = seconds};
  const Result<LoadPoint> get = RunKeyLoad(urls, wanted);
  if (!get.ok()) return get.status();
  wanted.bench = load::Bench::kPut;
  const double cpu_seconds_before = CpuSecondsOf(cluster.get());
  const Result<LoadPoint> put = RunKeyLoad(urls, wanted);
  if (!put.ok()) return put.status();
  const double cpu_seconds = CpuSecondsOf(cluster.get()) - cpu_seconds_before;
  return Round{*put, *get, sessions ? sessions->Stop() : LoadPoint(), cpu_seconds / seconds};
}

double MedianOf(const std::vector<Round>& rounds, LoadPoint Round::*load,
                double LoadPoint::*value) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round.*load.*value);
  return Median(values);
}

LoadPoint MedianPoint(const std::vector<Round>& rounds, LoadPoint Round::*load) {
  LoadPoint point;
  for (double LoadPoint::*value :
       {&LoadPoint::rate_per_s, &LoadPoint::mean_us, &LoadPoint::p50_us, &LoadPoint::p99_us}) {
    point.*value = MedianOf(rounds, load, value);
  }
  for (const Round& round : rounds) {
    const LoadPoint& one = round.*load;
    point.operations += one.operations;
    point.errors += one.errors;
    if (!one.first_error.empty()) point.first_error = one.first_error;
  }
  return point;
}

// nullopt: it could not be measured, and why is on standard error.
std::optional<Point> Measure(const Dimension& dimension, size_t number, const Options& options) {
  Point point;
  point.dimension = dimension.name;
  point.mark = dimension.marks[number];
  point.shape = dimension.shapes[number];
  std::vector<Round> rounds;
  for (int i = 0; i < options.rounds; ++i) {
    std::fprintf(stderr, "%s %s: round %d of %d\n", point.dimension.c_str(), point.mark.c_str(),
                 i + 1, options.rounds);
    const Result<Round> round = RunRound(point.shape, options.seconds);
    if (!round.ok()) {
      std::fprintf(stderr, "%s\n", round.status().ToString().c_str());
      return std::nullopt;
    }
    rounds.push_back(*round);
    std::fprintf(stderr, "  put %.0f/s, p99 %.0f us; get %.0f/s, p99 %.0f us\n",
                 round->put.rate_per_s, round->put.p99_us, round->get.rate_per_s,
                 round->get.p99_us);
  }
  point.put = MedianPoint(rounds, &Round::put);
  point.get = MedianPoint(rounds, &Round::get);
  const LoadPoint keepalives = MedianPoint(rounds, &Round::keepalives);
  point.keepalives_per_s = keepalives.rate_per_s;
  std::vector<double> cores;
  for (const Round& round : rounds) cores.push_back(round.put_cores);
  point.put_cores = Median(cores);
  for (const LoadPoint& load : {point.put, point.get, keepalives}) {
    if (point.error.empty()) point.error = load.first_error;
  }
  return point;
}

std::string TableOf(const std::vector<Point>& points) {
  std::vector<std::vector<std::string>> rows;
  for (const Point& point : points) {
    rows.push_back({point.dimension, point.mark, ThreeDigits(point.put.rate_per_s),
                    ThreeDigits(point.put.p50_us / 1000), ThreeDigits(point.put.p99_us / 1000),
                    ThreeDigits(point.get.rate_per_s), ThreeDigits(point.get.p50_us / 1000),
                    ThreeDigits(point.get.p99_us / 1000), ThreeDigits(point.put_cores),
                    point.shape.sessions > 0 ? ThreeDigits(point.keepalives_per_s) : "",
                    point.error});
  }
  return MarkdownTable({{"what grows", false},
                        {"to", true},
                        {"put/s", true},
                        {"p50 ms", true},
                        {"p99 ms", true},
                        {"get/s", true},
                        {"p50 ms", true},
                        {"p99 ms", true},
                        {"cores in puts", true},
                        {"keepalives/s", true},
                        {"error", false}},
                       rows);
}

// A list of {dimension, keys, members, sessions, measure, operations_per_s, p50_us, p99_us, ...}.
std::string JsonOf(const std::vector<Point>& points) {
  std::string text = "[";
  const auto add = [&](const Point& point, const char* measure, const LoadPoint& load) {
    const Json line = {{"dimension", point.dimension},
                       {"keys", point.shape.keys},
                       {"members", point.shape.members},
                       {"sessions", point.shape.sessions},
                       {"measure", measure},
                       {"operations_per_s", load.rate_per_s},
                       {"mean_us", load.mean_us},
                       {"p50_us", load.p50_us},
                       {"p99_us", load.p99_us},
                       {"operations", load.operations},
                       {"errors", load.errors},
                       {"put_cores", point.put_cores},
                       {"keepalives_per_s", point.keepalives_per_s}};
    text += (text.size() == 1 ? "\n" : ",\n") + line.dump();
  };
  for (const Point& point : points) {
    add(point, "put", point.put);
    add(point, "get", point.get);
  }
  return text + "\n]\n";
}

// "keys from 10k to 1M: put/s 0.98, p99 1.10; get/s 1.00, p99 1.02 of the first": whether it is
// flat.
std::string SummaryOf(const Dimension& dimension, const std::vector<Point>& points) {
  std::vector<Point> own;
  for (const Point& point : points) {
    if (point.dimension == dimension.name) own.push_back(point);
  }
  if (own.size() < 2) return "";
  const auto change = [&](LoadPoint Point::*load, double LoadPoint::*value) {
    return ThreeDigits(own.back().*load.*value / (own.front().*load.*value));
  };
  return dimension.name + " from " + own.front().mark + " to " + own.back().mark + ": put/s " +
         change(&Point::put, &LoadPoint::rate_per_s) + ", p99 " +
         change(&Point::put, &LoadPoint::p99_us) + "; get/s " +
         change(&Point::get, &LoadPoint::rate_per_s) + ", p99 " +
         change(&Point::get, &LoadPoint::p99_us) + " of the first\n";
}

Panel PanelOf(const Dimension& dimension, const std::vector<Point>& points,
              const std::string& title, double LoadPoint::*value, double unit) {
  Panel panel{.title = title + " by " + dimension.name, .marks = {}, .lines = {}};
  panel.lines = {{"put", {}}, {"get, linearizable", {}}};
  for (const Point& point : points) {
    if (point.dimension != dimension.name) continue;
    panel.marks.push_back(point.mark);
    panel.lines[0].values.push_back(point.put.*value / unit);
    panel.lines[1].values.push_back(point.get.*value / unit);
  }
  return panel;
}

std::string PictureOf(const std::vector<Dimension>& dimensions, const std::vector<Point>& points) {
  std::vector<Panel> panels;
  for (const Dimension& dimension : dimensions) {
    panels.push_back(PanelOf(dimension, points, "1/s", &LoadPoint::rate_per_s, 1));
  }
  for (const Dimension& dimension : dimensions) {
    panels.push_back(PanelOf(dimension, points, "p99 in ms", &LoadPoint::p99_us, 1000));
  }
  return PictureOfPanels(panels, dimensions.size(), "Growth: 64 clients, values of 256 bytes");
}

int Main(const Options& given) {
  Options options = given;
  if (options.quick) {
    options.rounds = 1;
    options.seconds = 0.3;
  }
  std::vector<Dimension> dimensions;
  for (const Dimension& dimension : AllDimensions(options.quick)) {
    if (options.Wants(dimension.name)) dimensions.push_back(dimension);
  }
  if (dimensions.size() < options.only.size() || dimensions.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::vector<Point> points;
  bool good = true;
  for (const Dimension& dimension : dimensions) {
    for (size_t i = 0; i < dimension.shapes.size(); ++i) {
      const std::optional<Point> point = Measure(dimension, i, options);
      good = good && point.has_value() && point->error.empty();
      if (point.has_value()) points.push_back(*point);
    }
  }
  std::fputs(TableOf(points).c_str(), stdout);
  std::puts("");
  for (const Dimension& dimension : dimensions) {
    std::fputs(SummaryOf(dimension, points).c_str(), stdout);
  }
  const bool written = WriteOutputs(options, JsonOf(points), PictureOf(dimensions, points));
  return good && written ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::RunProgram(argc, argv,
                                  {"only", "rounds", "seconds", "output", "picture", "quick"},
                                  baton::bench::kUsage, {}, baton::bench::Main);
}
