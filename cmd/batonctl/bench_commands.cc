// batonctl bench ...: runs the load and prints what it saw.

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "cmd/batonctl/api_client.h"
#include "cmd/batonctl/bench.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/signals.h"

namespace baton::batonctl {
namespace {

// One line of standard error that is written over, on a terminal only.
class LiveLine {
 public:
  explicit LiveLine(std::ostream* out) : out_(out), on_(::isatty(STDERR_FILENO) == 1) {}

  void Show(const std::string& line) {
    if (!on_) return;
    *out_ << "\r" << line << std::string(width_ - std::min(width_, line.size()), ' ') << std::flush;
    width_ = line.size();
  }
  void End() {
    if (width_ > 0) *out_ << "\r" << std::string(width_, ' ') << "\r" << std::flush;
    width_ = 0;
  }

 private:
  std::ostream* const out_;
  const bool on_;
  size_t width_ = 0;
};

// Eight hexadecimal digits: keys and locks of one run are no others'.
std::string OwnPrefix() { return "bench/" + MakeIdempotencyKey().substr(0, 8) + "/"; }

int ExitCodeOf(const load::Report& report) {
  const bool whole = report.recorder.errors_total() == 0 && report.left_behind == 0;
  if (whole) return kExitOk;
  return report.recorder.operations() == 0 ? kExitUnavailable : kExitRefused;
}

int RunBench(load::Bench bench, const Arguments& arguments, Context* context) {
  const Result<load::Settings> settings = ReadBenchSettings(arguments, bench, OwnPrefix());
  if (!settings.ok()) return FailUsage(settings.status().message(), context);
  const int signals = context->open_signals ? context->open_signals() : -1;
  LiveLine live(context->err);
  int interrupts = 0;
  load::RunHooks hooks;
  hooks.interrupts = [&] {
    while (const std::optional<ReceivedSignal> signal = ReadSignal(signals)) {
      if (AsksToEnd(signal->number)) ++interrupts;
    }
    return interrupts;
  };
  hooks.progress = [&](const load::Progress& progress) { live.Show(BenchProgressLine(progress)); };
  const Result<load::Report> report = load::RunLoad(*settings, hooks);
  live.End();
  if (!report.ok()) return Fail(arguments, report.status(), context);
  for (const std::string& one : report->unreachable) {
    *context->err << "batonctl: left out " << one << "\n";
  }
  *context->out << (arguments.output == OutputFormat::kJson ? BenchJson(*settings, *report)
                                                            : BenchText(*settings, *report));
  return ExitCodeOf(*report);
}

}  // namespace

int RunBenchPut(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kPut, arguments, context);
}

int RunBenchGet(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kGet, arguments, context);
}

int RunBenchLock(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kLock, arguments, context);
}

int RunBenchWatch(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kWatch, arguments, context);
}

int RunBenchSession(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kSession, arguments, context);
}

int RunBenchMixed(const Arguments& arguments, Context* context) {
  return RunBench(load::Bench::kMixed, arguments, context);
}

}  // namespace baton::batonctl
