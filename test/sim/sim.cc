// The simulator's command line. `make sim` runs it; --help says how.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "test/history/json_lines.h"
#include "test/sim/plan_cut.h"
#include "test/sim/score.h"
#include "test/sim/seeds.h"
#include "test/sim/shrink.h"

namespace baton::sim {
namespace {

constexpr std::string_view kHelp = R"(Usage: sim [--seed=N | --from=N --seeds=N] [options]

Runs whole clusters of real nodes in one thread each, over a simulated network, disk and clock, each
from one seed, and checks every promise of the service at every step.

  sim                  seeds from a random one on, until Ctrl-C or a failure
  sim --seeds=1000     a thousand seeds, from 1 on
  sim --seed=42        one seed again: the same run, byte for byte
  sim --seed=42 --trace    with a line for everything that happens

  --seed=N       this seed alone
  --from=N       the first of many seeds (1)
  --seeds=N      how many (0: until Ctrl-C)
  --jobs=N       seeds at once, each in a process of its own (as many as there are cores)
  --trace        print what happens; only with --seed
  --plan         print what a seed stands for, and run nothing; only with --seed
  --history=FILE write what clients saw into FILE, one JSON object a line (test/history), also when
                 the judge finds something wrong; only with --seed
  --cut=WORD     what a failure left of its seed, alone; only with --seed
  --hashes       print the hash of each seed's trace: the same in every build
  --commit=NAME  is printed with a failure
  --shrink=N     try N smaller forms of a plan that failed (300; 0: none)
  --keep-going   do not stop at the first failure
  --score=N      how many seeds, of N at most, it takes to find each planted bug; needs a build
                 with --config=planted
  --planted=NAME one of the planted bugs is there

The exit code says whether all promises were kept.
)";

constexpr size_t kLastLines = 30;  // of the transcript and of what was said then

struct Flags {
  uint64_t seed = 0;
  uint64_t from = 0;
  uint64_t seeds = 0;
  uint64_t jobs = 0;
  uint64_t shrink = 300;
  uint64_t score = 0;
  bool trace = false;
  bool plan = false;
  bool keep_going = false;
  bool hashes = false;
  std::string_view history;
  std::string_view cut;
  std::string_view planted;
  std::string_view commit = "unknown";
  bool help = false;
};

bool TakeNumber(std::string_view argument, std::string_view name, uint64_t* value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto parsed = std::from_chars(argument.data(), argument.data() + argument.size(), *value);
  return parsed.ec == std::errc() && parsed.ptr == argument.data() + argument.size();
}

bool TakeText(std::string_view argument, std::string_view name, std::string_view* value) {
  if (!argument.starts_with(name)) return false;
  *value = argument.substr(name.size());
  return true;
}

bool Take(std::string_view argument, Flags* flags) {
  constexpr std::string_view kPlanted = "--planted=";
  if (TakeText(argument, kPlanted, &flags->planted)) return PlantBug(flags->planted);
  const std::map<std::string_view, bool*> switches = {{"--trace", &flags->trace},
                                                      {"--plan", &flags->plan},
                                                      {"--keep-going", &flags->keep_going},
                                                      {"--hashes", &flags->hashes},
                                                      {"--help", &flags->help}};
  if (const auto found = switches.find(argument); found != switches.end()) {
    return *found->second = true;
  }
  return TakeText(argument, "--cut=", &flags->cut) ||
         TakeText(argument, "--history=", &flags->history) ||
         TakeText(argument, "--commit=", &flags->commit) ||
         TakeNumber(argument, "--seed=", &flags->seed) ||
         TakeNumber(argument, "--from=", &flags->from) ||
         TakeNumber(argument, "--seeds=", &flags->seeds) ||
         TakeNumber(argument, "--jobs=", &flags->jobs) ||
         TakeNumber(argument, "--score=", &flags->score) ||
         TakeNumber(argument, "--shrink=", &flags->shrink);
}

// What was seen so far, and the live line.
class Tally {
 public:
  void Add(const SeedResult& result) {
    ++seeds_;
    if (!result.held) {
      ++failed_;
      return;
    }
    simulated_ms_ += result.report.simulated_ms;
    events_ += result.report.events;
    convergence_max_ms_ = std::max(convergence_max_ms_, result.report.convergence_ms);
    for (size_t i = 0; i < faults_.size(); ++i) faults_[i] += result.report.faults[i];
    for (size_t i = 0; i < outcomes_.size(); ++i) outcomes_[i] += result.report.outcomes[i];
    for (size_t i = 0; i < cruel_.size(); ++i) cruel_[i] += result.report.cruel[i];
    watched_events_ += result.report.watched_events;
  }
  uint64_t failed() const { return failed_; }

  std::string Line() const {
    const double seconds = Seconds();
    char line[200];
    std::snprintf(line, sizeof(line),
                  "%llu seeds, %.1f simulated hours, %.0f times real time, %llu of %d kinds of "
                  "faults, %llu of %zu cruel sites, %llu failed",
                  static_cast<unsigned long long>(seeds_),
                  static_cast<double>(simulated_ms_) / 3'600'000,
                  static_cast<double>(simulated_ms_) / 1000 / std::max(seconds, 0.001),
                  static_cast<unsigned long long>(Met(faults_)), kFaultKinds,
                  static_cast<unsigned long long>(Met(cruel_)), cruel_.size(),
                  static_cast<unsigned long long>(failed_));
    return line;
  }

  void Print() const {
    std::cout << Line() << "\n"
              << events_ << " events; operations: " << outcomes_[0] << " done, " << outcomes_[1]
              << " refused, " << outcomes_[2] << " not applied, " << outcomes_[3] << " unknown; "
              << watched_events_ << " events watched\n"
              << "longest way back to health: " << convergence_max_ms_ << " ms of "
              << kConvergenceMaxMs << "\n";
    std::cout << "faults:";
    for (size_t i = 0; i < faults_.size(); ++i) {
      std::cout << " " << NameOf(static_cast<FaultKind>(i)) << "=" << faults_[i];
    }
    std::cout << "\ncruel:";
    for (size_t i = 0; i < cruel_.size(); ++i)
      std::cout << " " << kCruelSites[i].name << "=" << cruel_[i];
    std::cout << std::endl;
    PrintRarest();
  }

 private:
  void PrintRarest() const {
    const auto fault = std::min_element(faults_.begin(), faults_.end()) - faults_.begin();
    const auto site = std::min_element(cruel_.begin(), cruel_.end()) - cruel_.begin();
    std::cout << "rarest: " << NameOf(static_cast<FaultKind>(fault)) << " "
              << faults_[static_cast<size_t>(fault)] << " times, "
              << kCruelSites[static_cast<size_t>(site)].name << " "
              << cruel_[static_cast<size_t>(site)] << " times" << std::endl;
  }
  template <typename Counts>
  static uint64_t Met(const Counts& counts) {
    return static_cast<uint64_t>(
        std::count_if(counts.begin(), counts.end(), [](uint64_t n) { return n > 0; }));
  }
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t seeds_ = 0;
  uint64_t failed_ = 0;
  int64_t simulated_ms_ = 0;
  int64_t convergence_max_ms_ = 0;
  uint64_t events_ = 0;
  uint64_t watched_events_ = 0;
  std::array<uint64_t, kFaultKinds> faults_{};
  std::array<uint64_t, kCruelSites.size()> cruel_{};
  std::array<uint64_t, 4> outcomes_{};
};

void Explain(const SeedResult& result, const Flags& flags) {
  std::cout << "\nseed " << result.seed << " of commit " << flags.commit << " failed:\n"
            << result.why << "\n";
  if (flags.shrink == 0) return;
  std::cout << "making it smaller ..." << std::endl;
  const Shrunk shrunk = Shrink(Draw(result.seed), result.why, flags.shrink,
                               [](const Plan& plan) { return RunApart(plan); });
  uint64_t operations = 0;
  for (const ClientPlan& client : shrunk.plan.clients) operations += client.operations_max;
  std::cout << "after " << shrunk.runs << " runs " << shrunk.plan.faults.size() << " faults and "
            << shrunk.plan.clients.size() << " clients with " << operations
            << " operations are left:\n"
            << Describe(shrunk.plan) << "the last of it:\n"
            << LastLines(shrunk.plan, kLastLines);
  if (!flags.planted.empty()) {
    std::cout << "\nagain: --planted=" << flags.planted << " --seed=" << result.seed
              << " --trace --cut=" << CutOf(shrunk.plan) << std::endl;
    return;
  }
  std::cout << "\nagain, whole: make sim SEED=" << result.seed
            << "\nwhat is left:  make sim SEED=" << result.seed
            << " TRACE=1 CUT=" << CutOf(shrunk.plan) << std::endl;
}

// Of a run whose promises were broken before its end nothing is written.
HistoryCallback WriterOf(std::string_view path) {
  if (path.empty()) return nullptr;
  return [path = std::string(path)](const history::History& seen) {
    std::ofstream file(path);
    history::WriteHistory(seen, &file);
    CHECK(file.flush().good()) << path << " cannot be written";
  };
}

int RunOne(const Flags& flags) {
  const std::optional<Plan> cut = Cut(Draw(flags.seed), flags.cut);
  if (!cut) {
    std::cerr << "--cut=" << flags.cut << " is not of seed " << flags.seed << "\n";
    return 2;
  }
  const Plan& plan = *cut;
  std::cout << Describe(plan);
  if (flags.plan) return 0;
  if (!flags.history.empty() && !std::ofstream(std::string(flags.history))) {  // and empties it
    std::cerr << flags.history << " cannot be written\n";
    return 2;
  }
  const HistoryCallback history = WriterOf(flags.history);
  if (!flags.trace) {
    const SeedResult result = RunApart(plan, history);
    if (!result.held) {
      Explain(result, flags);
      return 1;
    }
    std::cout << "held; trace " << std::hex << result.report.trace_hash << std::dec << ", "
              << result.report.simulated_ms << " ms, " << result.report.events << " events\n";
    return 0;
  }
  const Report report = Run(
      plan, [](const std::string& line) { std::cout << line << std::endl; }, history);
  std::cout << "held; trace " << std::hex << report.trace_hash << std::dec << "\n";
  return 0;
}

int RunMany(const Flags& flags) {
  Tally tally;
  std::map<uint64_t, uint64_t> hashes;
  const bool terminal = isatty(STDOUT_FILENO) != 0 && !flags.hashes;
  // Without an end it begins where nobody has been.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const uint64_t begin = flags.seeds != 0 ? 1 : static_cast<uint64_t>(now) % 1'000'000'000'000 + 1;
  const uint64_t first = flags.from != 0 ? flags.from : begin;
  const uint64_t count = flags.seeds != 0 ? flags.seeds : UINT64_MAX - first;
  uint64_t done = 0;
  RunSeeds(first, count, static_cast<int>(flags.jobs), [&](const SeedResult& result) {
    tally.Add(result);
    ++done;
    if (terminal && done % 16 == 0) std::cout << "\r" << tally.Line() << std::flush;
    if (!terminal && done % 1000 == 0) std::cout << tally.Line() << std::endl;
    if (flags.hashes && result.held) hashes[result.seed] = result.report.trace_hash;
    if (!result.held && (tally.failed() == 1 || flags.keep_going)) Explain(result, flags);
    return result.held || flags.keep_going;
  });
  if (terminal) std::cout << "\n";
  if (flags.hashes) {
    for (const auto& [seed, hash] : hashes)
      std::cout << seed << " " << std::hex << hash << std::dec << "\n";
    return tally.failed() == 0 ? 0 : 1;
  }
  tally.Print();
  return tally.failed() == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    if (Take(argv[i], &flags)) continue;
    std::cerr << argv[i] << " is not known; --help says what is\n";
    return 2;
  }
  if (flags.help) {
    std::cout << kHelp;
    return 0;
  }
  if (!flags.history.empty() && flags.seed == 0) {
    std::cerr << "--history is of one --seed\n";
    return 2;
  }
  if (flags.jobs == 0)
    flags.jobs = static_cast<uint64_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  if (flags.score != 0) {
    const int missed =
        Score(std::max<uint64_t>(flags.from, 1), flags.score, static_cast<int>(flags.jobs));
    if (missed < 0) std::cerr << "no bugs are planted here: make sim-score\n";
    return missed == 0 ? 0 : 1;
  }
  return flags.seed != 0 ? RunOne(flags) : RunMany(flags);
}

}  // namespace
}  // namespace baton::sim

int main(int argc, char** argv) { return baton::sim::Main(argc, argv); }
