#include "test/chaos/flags.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "pkg/base/nearest_name.h"
#include "test/chaos/fault_kind.h"

namespace baton::chaos {
namespace {

constexpr int64_t kSecondsMax = 1'000'000;
constexpr int64_t kNodesMax = 15;
constexpr int64_t kClientsMax = 1'000;
constexpr int64_t kLeastMax = 1'000'000;
constexpr std::string_view kNames[] = {"seconds", "nodes",    "seed",   "faults",
                                       "clients", "think-ms", "output", "least-per-second",
                                       "commit"};

Status Wrong(const std::string& sentence) {
  return Status(Code::kInvalidArgument, sentence + "; --help tells more");
}

std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string near(NearestName(name, known));
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// One flag: reads a number within its bounds.
class Reader {
 public:
  Reader(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}

  template <typename Number>
  Status Take(int64_t min, int64_t max, Number* number) const {
    int64_t parsed = 0;
    const auto result = std::from_chars(value_.data(), value_.data() + value_.size(), parsed);
    const bool whole = result.ec == std::errc() && result.ptr == value_.data() + value_.size();
    if (!whole || parsed < min || parsed > max) {
      return Wrong("--" + name_ + " takes a number from " + std::to_string(min) + " to " +
                   std::to_string(max) + ", not \"" + value_ + "\"");
    }
    *number = static_cast<Number>(parsed);
    return Status();
  }

 private:
  const std::string name_;
  const std::string value_;
};

Status TakeFaults(const std::string& value, std::vector<std::string>* faults) {
  std::vector<std::string_view> known;
  for (const FaultKind& kind : FaultKinds()) known.push_back(kind.name);
  *faults = Split(value);
  if (faults->empty()) return Wrong("--faults takes names, with commas between");
  for (const std::string& name : *faults) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Wrong("there is no fault \"" + name + "\"" + DidYouMean(name, known));
  }
  return Status();
}

Status TakeFlag(const std::string& name, const std::string& value, RunOptions* options) {
  const Reader reader(name, value);
  if (name == "seconds") return reader.Take(1, kSecondsMax, &options->seconds);
  if (name == "nodes") return reader.Take(1, kNodesMax, &options->nodes);
  if (name == "seed") return reader.Take(0, INT64_MAX, &options->seed);
  if (name == "clients") return reader.Take(1, kClientsMax, &options->workers);
  if (name == "think-ms") return reader.Take(0, 60'000, &options->think_ms_max);
  if (name == "least-per-second") return reader.Take(0, kLeastMax, &options->least_per_second);
  if (name == "commit") {
    options->commit = value;
    return Status();
  }
  if (name == "faults") return TakeFaults(value, &options->faults);
  if (name == "output" && !value.empty()) {
    options->output = value;
    return Status();
  }
  if (name == "output") return Wrong("--output takes a directory");
  return Wrong("there is no flag --" + name +
               DidYouMean(name, {std::begin(kNames), std::end(kNames)}));
}

std::string FaultsHelp(Lane lane) {
  std::string text;
  for (const FaultKind& kind : FaultKinds()) {
    if (kind.lane != lane) continue;
    std::string name(kind.name);
    name.resize(std::max<size_t>(name.size(), 15), ' ');
    text += "  " + name + " " + std::string(kind.help) + "\n";
  }
  return text;
}

}  // namespace

Result<RunOptions> ParseFlags(const std::vector<std::string>& arguments) {
  RunOptions options;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == std::string::npos) {
      return Wrong("a flag is --NAME=VALUE, not \"" + argument + "\"");
    }
    BATON_RETURN_IF_ERROR(
        TakeFlag(argument.substr(2, equals - 2), argument.substr(equals + 1), &options));
  }
  return options;
}

std::string AgainFlags(const RunOptions& options) {
  const auto flag = [](const std::string& name, auto value) {
    return " --" + name + "=" + std::to_string(value);
  };
  std::string text = "--seed=" + std::to_string(options.seed) + flag("nodes", options.nodes);
  if (options.workers > 0) text += flag("clients", options.workers);
  text += flag("seconds", options.seconds) + flag("think-ms", options.think_ms_max);
  if (options.least_per_second > 0) text += flag("least-per-second", options.least_per_second);
  for (size_t i = 0; i < options.faults.size(); ++i) {
    text += (i == 0 ? " --faults=" : ",") + options.faults[i];
  }
  return text;
}

std::string HelpText() {
  return R"(chaos: a cluster of real batond processes, under faults, judged by what its clients saw

  make chaos                                    a minute with all faults that this machine allows
  make chaos CHAOS='--seconds=3600 --nodes=5'   an hour with five nodes; Ctrl-C ends it early
  make chaos CHAOS='--faults=pause,cut'         these two alone
  make chaos CHAOS='--seed=7'                   the faults of seed 7, in the same order

  --seconds=N    how long the clients work (60)
  --nodes=N      how many nodes (3)
  --seed=N       draws the faults, and what the clients do (1). Real processes do not repeat
                 themselves: the same seed makes the same trouble, not the same history
  --faults=LIST  names from below, with commas between (all that the machine allows)
  --clients=N    who work at once (two for each node, and two that roam). Three more watch
  --think-ms=N   the longest pause of a client between two operations (10)
  --least-per-second=N
                 the run fails when fewer operations a second were answered while the clients
                 worked: a cluster that answers nobody breaks no promise (0: none is asked for)
  --output=DIR   where the history, the events and the nodes' logs go (a new one under /tmp); not
                 one that has an events.log in it
  --commit=NAME  is printed with a failure; make chaos says it

What happens to nodes and disks, one at a time:
)" + FaultsHelp(Lane::kNodes) +
         R"(
What happens between them, one at a time, beside those above:
)" + FaultsHelp(Lane::kNetwork) +
         R"(
As root, or where user namespaces are allowed, each node has a network namespace and a small
disk of its own; elsewhere the faults that need them are left out, and a line says so.

The exit code is 0 when all promises held, 1 when one was broken or too few operations were
answered, 2 when the run could not be.
)";
}

}  // namespace baton::chaos
