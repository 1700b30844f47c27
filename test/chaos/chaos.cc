// `make chaos`: see --help, and README.md of this room.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "test/chaos/flags.h"
#include "test/chaos/isolation.h"
#include "test/chaos/run.h"
#include "test/chaos/verdict.h"

namespace baton::chaos {
namespace {

constexpr int kHeld = 0;
constexpr int kBroken = 1;
constexpr int kImpossible = 2;

std::atomic<bool> stop{false};

// With the faults that began since the last time, and how often each of them has by now.
void ShowProgress(const Progress& progress) {
  static std::map<std::string, int> shown;
  std::string faults;
  for (const auto& [name, count] : progress.faults) {
    if (count > shown[name]) faults += " " + name + " (" + std::to_string(count) + ")";
  }
  shown = progress.faults;
  std::printf(
      "%5lld s %6llu op/s %9llu ops %3zu violations %s\n", static_cast<long long>(progress.seconds),
      static_cast<unsigned long long>(progress.per_second),
      static_cast<unsigned long long>(progress.operations), progress.violations, faults.c_str());
  std::fflush(stdout);
}

void PrintFaults(const RunReport& report) {
  std::printf("\n| fault           | times |\n|-----------------|-------|\n");
  for (const auto& [name, count] : report.faults) {
    std::printf("| %-15s | %5d |\n", name.c_str(), count);
  }
}

void PrintOperations(const RunReport& report) {
  static constexpr const char* kOutcomes[] = {"ok", "refused", "not_applied", "unknown"};
  std::map<std::string, std::map<std::string, uint64_t>> rows;
  for (const auto& [key, count] : report.operations) rows[key.first][key.second] = count;
  std::printf("\n| operation       |       ok |  refused | not applied | unknown |\n");
  std::printf("|-----------------|----------|----------|-------------|---------|\n");
  for (auto& [kind, outcomes] : rows) {
    std::printf("| %-15s | %8llu | %8llu | %11llu | %7llu |\n", kind.c_str(),
                static_cast<unsigned long long>(outcomes[kOutcomes[0]]),
                static_cast<unsigned long long>(outcomes[kOutcomes[1]]),
                static_cast<unsigned long long>(outcomes[kOutcomes[2]]),
                static_cast<unsigned long long>(outcomes[kOutcomes[3]]));
  }
}

int PrintReport(const RunReport& report, const RunOptions& options) {
  PrintFaults(report);
  PrintOperations(report);
  std::printf(
      "\n%llu operations in %.0f s of work; a second: %.0f called, %.0f answered, %.0f "
      "acknowledged\n%llu leaders, longest silence %.1f s\n",
      static_cast<unsigned long long>(report.pace.called), report.seconds,
      PerSecond(report.pace.called, report.seconds),
      PerSecond(report.pace.answered, report.seconds),
      PerSecond(report.pace.acknowledged, report.seconds),
      static_cast<unsigned long long>(report.leaders), report.longest_silence_seconds);
  for (const std::string& what : report.violations) std::printf("VIOLATION: %s\n", what.c_str());
  std::printf("history: %s\nevents:  %s/events.log\n", report.history_path.c_str(),
              options.output.c_str());
  const auto seed = static_cast<unsigned long long>(options.seed);
  if (report.violations.empty()) {
    std::printf("all promises held (seed %llu)\n", seed);
    return kHeld;
  }
  const std::string commit = options.commit.empty() ? "not known" : options.commit;
  std::printf("the run failed (seed %llu, commit %s)\nagain: make chaos CHAOS='%s'\n", seed,
              commit.c_str(), AgainFlags(options).c_str());
  return kBroken;
}

int Fail(const Status& status) {
  std::fprintf(stderr, "chaos: %s\n", status.message().c_str());
  return kImpossible;
}

int Main(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument != "--help") continue;
    std::fputs(HelpText().c_str(), stdout);
    return kHeld;
  }
  Result<RunOptions> options = ParseFlags(arguments);
  if (!options.ok()) return Fail(options.status());
  if (options->output.empty()) {
    std::string directory = "/tmp/baton-chaos-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return Fail(Status(Code::kIo, directory));
    options->output = directory;
  }
  options->isolation = EnterNamespaces();
  std::signal(SIGINT, [](int) { stop = true; });
  std::signal(SIGTERM, [](int) { stop = true; });
  std::printf("chaos: seed %llu, %d nodes, %lld s; Ctrl-C ends it\n",
              static_cast<unsigned long long>(options->seed), options->nodes,
              static_cast<long long>(options->seconds));
  const auto show_left_out = [](const std::string& what) {
    std::printf("left out: %s\n", what.c_str());
  };
  const Result<RunReport> report = RunChaos(*options, stop, {show_left_out, ShowProgress});
  if (!report.ok()) return Fail(report.status());
  return PrintReport(*report, *options);
}

}  // namespace
}  // namespace baton::chaos

int main(int argc, char** argv) {
  return baton::chaos::Main(std::vector<std::string>(argv + 1, argv + argc));
}
