// The Raft core beside raft-rs: each line of the table is measured by one program right after the
// other, some rounds long. Without --peer ours alone. Prints a table and writes it as JSON.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "test/bench/comparison.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::bench {
namespace {

using Json = nlohmann::json;
using integration::Process;

constexpr char kUsage[] =
    "usage: compare [--peer=PROGRAM] [--output=FILE] [--rounds=N] [--seconds=S] [--lines=PART]\n"
    "  --peer     the built test/bench/peers/raft-rs; scripts/bench-peers builds it\n"
    "  --output   where the JSON goes\n"
    "  --rounds   of each line, 1 to 100 (5)\n"
    "  --seconds  that a line takes in each round on each side, 0.01 to 10 (0.1)\n"
    "  --lines    only those whose names have this in them\n";

struct Options {
  std::string peer;
  std::string output;
  int rounds = 5;
  double seconds = 0.1;
  std::string lines;
};

// One line of the table, under the name that both programs know it by.
struct Line {
  std::string name;
  std::string measure;
  Parameters parameters;
  int64_t commands = 1;  // per iteration
  bool counts_allocations = false;
};

// Of one iteration. The time is that of the one thread on a processor: whatever else runs on the
// machine does not count.
struct Reading {
  double ns = 0;
  double allocations = 0;
};

template <typename Number>
bool ParseNumber(std::string_view text, Number least, Number most, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number >= least &&
         *number <= most;
}

std::optional<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    bool good = equals != std::string::npos;
    if (name == "--peer") {
      options.peer = value;
    } else if (name == "--output") {
      options.output = value;
    } else if (name == "--lines") {
      options.lines = value;
    } else if (name == "--rounds") {
      good = ParseNumber(value, 1, 100, &options.rounds);
    } else if (name == "--seconds") {
      good = ParseNumber(value, 0.01, 10.0, &options.seconds);
    } else {
      good = false;
    }
    if (!good) return std::nullopt;
  }
  return options;
}

std::vector<Line> AllLines() {
  std::vector<Line> lines;
  for (const int64_t voters : {1, 3, 5}) {
    for (const int64_t bytes : {32, 256, 4096}) {
      for (const int64_t batch : {1, 64}) {
        lines.push_back({"propose_to_applied/voters:" + std::to_string(voters) +
                             "/bytes:" + std::to_string(bytes) + "/batch:" + std::to_string(batch),
                         "propose_to_applied",
                         {{"voters", voters}, {"bytes", bytes}, {"batch", batch}},
                         batch,
                         true});
      }
    }
  }
  for (const auto& [voters, learners] : {std::pair{0, 0}, {3, 1}, {5, 2}, {7, 3}}) {
    const std::string size = "(" + std::to_string(voters) + ", " + std::to_string(learners);
    const Parameters parameters = {{"voters", voters}, {"learners", learners}};
    lines.push_back({"Raft::new " + size + ")", "Raft::new", parameters});
    if (voters == 0) continue;
    for (const std::string kind : {"CampaignPreElection", "CampaignElection", "CampaignTransfer"}) {
      Parameters with_kind = parameters;
      with_kind.emplace_back("kind", kind);
      lines.push_back({"Raft::campaign " + size + ", " + kind + ")", "Raft::campaign", with_kind});
    }
  }
  for (const auto& [name, bytes] : {std::pair{"32", 32}, {"4K", 4096}}) {
    lines.push_back({std::string("RawNode::leader_propose/") + name,
                     "RawNode::leader_propose",
                     {{"bytes", bytes}}});
  }
  lines.push_back({"RawNode::ready/Default", "RawNode::ready", {}});
  return lines;
}

// The name as a regular expression that matches nothing else.
std::string Exactly(const std::string& name) {
  std::string pattern = "^";
  for (const char c : name) {
    if (c == '(' || c == ')') pattern += '\\';
    pattern += c;
  }
  return pattern + "$";
}

// Runs a program to its end; what it printed. Ends this one when it fails: a table with holes would
// be taken for one without.
std::string Run(const std::vector<std::string>& arguments, double seconds) {
  const integration::TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  Process process = Process::Start(arguments, output);
  const auto timeout_ms = static_cast<int64_t>(60'000 + 100'000 * seconds);
  const std::optional<int> exit_code = process.Wait(timeout_ms);
  std::string text = integration::ReadFile(output);
  CHECK(exit_code == 0) << arguments[0] << ": " << text;
  return text;
}

Reading MeasureOurs(const Line& line, const Options& options) {
  const integration::TemporaryDirectory directory;
  const std::string file = directory.path() + "/ours.json";
  Run({integration::ProgramPath("test/bench/raft/raft_bench"),
       "--benchmark_filter=" + Exactly(line.name),
       "--benchmark_min_time=" + std::to_string(options.seconds), "--benchmark_out=" + file,
       "--benchmark_out_format=json"},
      options.seconds);
  const Json results = Json::parse(integration::ReadFile(file)).at("benchmarks");
  CHECK_EQ(results.size(), 1u) << line.name;
  const Json& result = results.front();
  CHECK(result.at("time_unit") == "ns") << result.dump();
  return {.ns = result.at("cpu_time"), .allocations = result.value("allocs", 0.0)};
}

Reading MeasurePeer(const Line& line, const Options& options) {
  const Json result = Json::parse(
      Run({options.peer, "--line=" + line.name, "--seconds=" + std::to_string(options.seconds)},
          options.seconds));
  return {.ns = result.at("ns"), .allocations = result.at("allocations")};
}

void MeasureLine(const Line& line, const Options& options, std::vector<Comparison>* comparisons) {
  constexpr char kPeer[] = "raft-rs 0.7";
  const auto commands = static_cast<double>(line.commands);
  Comparison time(line.measure, line.parameters, "ns", Better::kLess, kPeer);
  Comparison allocations(line.measure + " allocations", line.parameters, "each", Better::kLess,
                         kPeer);
  for (int round = 0; round < options.rounds; ++round) {
    const Reading ours = MeasureOurs(line, options);
    std::optional<double> peer_ns;
    std::optional<double> peer_allocations;
    if (!options.peer.empty()) {
      const Reading peer = MeasurePeer(line, options);
      peer_ns = peer.ns / commands;
      peer_allocations = peer.allocations / commands;
    }
    time.AddRound(ours.ns / commands, peer_ns);
    allocations.AddRound(ours.allocations / commands, peer_allocations);
  }
  comparisons->push_back(std::move(time));
  if (line.counts_allocations) comparisons->push_back(std::move(allocations));
}

int Main(const Options& options) {
  std::vector<Line> lines = AllLines();
  std::erase_if(
      lines, [&](const Line& line) { return line.name.find(options.lines) == std::string::npos; });
  if (lines.empty()) {
    std::fprintf(stderr, "no line has \"%s\" in its name\n", options.lines.c_str());
    return EXIT_FAILURE;
  }
  std::vector<Comparison> comparisons;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::fprintf(stderr, "%zu of %zu: %s\n", i + 1, lines.size(), lines[i].name.c_str());
    MeasureLine(lines[i], options, &comparisons);
  }
  std::fputs(TableOf(comparisons).c_str(), stdout);
  if (options.output.empty()) return EXIT_SUCCESS;
  const Status status = WriteWhole(options.output, JsonOf(comparisons));
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  const auto options = baton::bench::ParseOptions({argv + 1, argv + argc});
  if (!options.has_value()) {
    std::fputs(baton::bench::kUsage, stderr);
    return 2;
  }
  return baton::bench::Main(*options);
}
