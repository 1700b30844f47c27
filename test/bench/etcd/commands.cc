#include "test/bench/etcd/commands.h"

#include <cmath>

namespace baton::bench {
namespace {

constexpr int64_t kHangsMs = 60'000;
constexpr double kTotalSeconds = 300;  // that a load which ends by itself may take

void AddFlag(const std::string& name, int64_t value, std::vector<std::string>* command) {
  command->push_back("--" + name + "=" + std::to_string(value));
}

// Both take the same options.
void AddLoad(const std::vector<std::string>& urls, const Load& load,
             std::vector<std::string>* command) {
  command->push_back("--endpoints=" + Joined(urls));
  const bool watches = load.operation == "watch";
  const bool has_keys = load.operation == "put" || load.operation == "get";
  AddFlag(watches ? "watchers" : "clients", load.clients, command);
  if (has_keys) AddFlag("keys", load.keys, command);
  if (load.locks > 0) AddFlag("locks", load.locks, command);
  if (load.stale) command->push_back("--consistency=stale");
  if (load.total > 0) AddFlag("total", load.total, command);
  command->push_back("--duration=" + Seconds(load.total > 0 ? kTotalSeconds : load.seconds));
}

}  // namespace

std::string Joined(const std::vector<std::string>& urls) {
  std::string joined;
  for (const std::string& url : urls) joined += (joined.empty() ? "" : ",") + url;
  return joined;
}

std::string Seconds(double seconds) {
  return std::to_string(static_cast<int64_t>(std::llround(seconds * 1000))) + "ms";
}

std::vector<std::string> BatonctlCommand(const std::string& program, const std::string& api,
                                         const std::vector<std::string>& urls, const Load& load) {
  std::vector<std::string> command = {program, "bench", load.operation, "--output=json",
                                      "--api=" + api};
  AddLoad(urls, load, &command);
  if (load.total > 0) command.push_back("--keep");
  return command;
}

std::vector<std::string> DriverCommand(const std::string& program,
                                       const std::vector<std::string>& urls, const Load& load) {
  std::vector<std::string> command = {program, load.operation};
  AddLoad(urls, load, &command);
  AddFlag("connections", load.connections, &command);
  return command;
}

int64_t TimeoutMs(const Load& load) {
  const double seconds = load.total > 0 ? kTotalSeconds : load.seconds;
  return static_cast<int64_t>(seconds * 1000) + kHangsMs;
}

}  // namespace baton::bench
