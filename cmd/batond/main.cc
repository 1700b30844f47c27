// batond: one node of a Baton cluster. The phases of the process, from top to bottom of main().

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "cmd/batond/config.h"
#include "cmd/batond/log_writer.h"
#include "cmd/batond/node_process.h"
#include "cmd/batond/process_setup.h"
#include "cmd/batond/setting_values.h"
#include "cmd/batond/usage.h"
#include "cmd/cli/printable.h"
#include "cmd/cli/version.h"
#include "pkg/base/system_clock.h"

namespace baton::batond {
namespace {

constexpr int kExitStopped = 0;
constexpr int kExitFatal = 1;
constexpr int kExitCouldNotStart = 2;

int CouldNotStart(const Status& status) {
  std::fprintf(stderr, "batond: %s\n", cli::Printable(status.message()).c_str());
  return kExitCouldNotStart;
}

int Print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0
             ? kExitStopped
             : kExitFatal;
}

std::map<std::string, std::string> Environment(char** variables) {
  std::map<std::string, std::string> environment;
  for (char** variable = variables; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

// A second signal while stopping: at once.
void ExitOnNextSignal(Logger* logger) {
  std::thread([logger] {
    const int number = WaitForStopSignal();
    logger->Log(LogLevel::kWarning, "second signal, exiting at once", {{"signal", number}});
    _exit(kExitFatal);
  }).detach();
}

int RunNode(const Config& config) {
  BoundAllocator();
  ExplainTermination();
  BlockStopSignals();
  const uint64_t files_max = RaiseFileLimit();
  static SystemClock clock;  // both are used by the detached thread above until the very end
  static LogWriter logger(
      STDERR_FILENO, config.log_format, config.log_level, &clock,
      {config.named ? LogField{"node", config.node_name} : LogField{"node", config.node_id}});
  logger.Log(LogLevel::kDebug, "limit of open files", {{"files_max", files_max}});

  Result<std::unique_ptr<NodeProcess>> node = NodeProcess::Open(config, &clock, &logger);
  if (!node.ok()) return CouldNotStart(node.status());
  (*node)->Start();

  const int number = WaitForStopSignal();
  logger.Log(LogLevel::kInfo, "stopping", {{"signal", number}});
  ExitOnNextSignal(&logger);
  const Status stopped = (*node)->Stop(config.drain_timeout_ms);
  node->reset();
  if (!stopped.ok()) {
    logger.Log(LogLevel::kWarning, "stopped, not all in order", {{"why", stopped.ToString()}});
  } else {
    logger.Log(LogLevel::kInfo, "stopped");
  }
  return kExitStopped;
}

int Main(const std::vector<std::string>& arguments,
         const std::map<std::string, std::string>& environment) {
  using Action = Flags::Action;
  const Result<Flags> flags = ReadFlags(arguments);
  if (!flags.ok()) return CouldNotStart(flags.status());
  if (flags->action == Action::kHelp) return Print(RenderHelp());
  if (flags->action == Action::kHelpMarkdown) return Print(RenderMarkdown());
  if (flags->action == Action::kVersion) {
    return Print("batond " + std::string(cli::kVersion) + "\n");
  }
  const Result<LoadedConfig> loaded = LoadConfig(*flags, environment);
  if (!loaded.ok()) return CouldNotStart(loaded.status());
  if (flags->action == Action::kCheckConfig) return Print(RenderSummary(loaded->config));
  if (flags->action == Action::kPrintConfig) return Print(RenderValues(loaded->values));
  return RunNode(loaded->config);
}

}  // namespace
}  // namespace baton::batond

int main(int argc, char** argv, char** variables) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return baton::batond::Main(arguments, baton::batond::Environment(variables));
}
