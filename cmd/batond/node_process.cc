#include "cmd/batond/node_process.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "cmd/batond/joining_process.h"
#include "cmd/batond/wired_node.h"

namespace baton::batond {
namespace {

constexpr int kExitCouldNotStart = 2;

}  // namespace

Result<std::unique_ptr<NodeProcess>> NodeProcess::Open(const Config& config, Clock* clock,
                                                       Logger* logger) {
  if (config.named) {
    // What fails later fails as it would have at the start; Kubernetes starts the process again.
    const auto fatal = [logger](const Status& why) {
      logger->Log(LogLevel::kError, "fatal error, exiting", {{"why", why.ToString()}});
      _exit(kExitCouldNotStart);
    };
    auto process = std::make_unique<JoiningProcess>(config, clock, logger, fatal);
    BATON_RETURN_IF_ERROR(process->Open());
    return std::unique_ptr<NodeProcess>(std::move(process));
  }
  auto process = std::make_unique<WiredNode>(config, clock, logger);
  BATON_RETURN_IF_ERROR(process->Open());
  return std::unique_ptr<NodeProcess>(std::move(process));
}

}  // namespace baton::batond
