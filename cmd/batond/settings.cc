#include "cmd/batond/settings.h"

#include <cctype>

namespace baton::batond {
namespace {

constexpr std::string_view kNode = "This node";
constexpr std::string_view kCluster = "The cluster";
constexpr std::string_view kTiming = "Timing";
constexpr std::string_view kLogs = "Logs";
constexpr std::string_view kBounds = "Bounds";

constexpr Setting kSettings[] = {
    {.name = "config",
     .group = kNode,
     .type = SettingType::kPath,
     .value_name = "FILE",
     .default_text = "",
     .help = "A YAML file with settings under these names. The environment overrides the file, "
             "flags override both."},
    {.name = "node-id",
     .group = kNode,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "1",
     .low = 1,
     .high = 1'000'000'000,
     .help = "The number of this node in initial-cluster. It never changes and is never reused."},
    {.name = "name",
     .group = kNode,
     .type = SettingType::kText,
     .value_name = "NAME",
     .default_text = "",
     .help = "What people call this node, in logs and headers. Without it: node-N."},
    {.name = "data-dir",
     .group = kNode,
     .type = SettingType::kPath,
     .value_name = "DIR",
     .default_text = "baton-data",
     .help = "Where the log and the state lie. Made when it does not exist; a directory that "
             "belongs to something else is refused."},
    {.name = "client-listen",
     .group = kNode,
     .type = SettingType::kListen,
     .value_name = "IP:PORT",
     .default_text = "127.0.0.1:7400",
     .help = "Where programs reach the /v1 API. Port 0 takes any free one."},
    {.name = "peer-listen",
     .group = kNode,
     .type = SettingType::kListen,
     .value_name = "IP:PORT",
     .default_text = "127.0.0.1:7401",
     .help = "Where the other nodes reach this one."},
    {.name = "ops-listen",
     .group = kNode,
     .type = SettingType::kListen,
     .value_name = "IP:PORT",
     .default_text = "127.0.0.1:7402",
     .help = "Where probes and Prometheus find /livez, /readyz and /metrics."},
    {.name = "cluster-name",
     .group = kCluster,
     .type = SettingType::kText,
     .value_name = "NAME",
     .default_text = "baton",
     .help = "Tells clusters apart. The cluster id is made from it and initial-cluster."},
    {.name = "initial-cluster",
     .group = kCluster,
     .type = SettingType::kMembers,
     .value_name = "ID=HOST:PORT,...",
     .default_text = "",
     .help = "The members at the birth of the cluster and their peer addresses, the same on every "
             "node for ever. Without it: this node alone."},
    {.name = "client-urls",
     .group = kCluster,
     .type = SettingType::kUrls,
     .value_name = "ID=URL,...",
     .default_text = "",
     .help =
         "Where clients reach each member: for hints and redirects. Without it: none are given, "
         "except by a node alone."},
    {.name = "tick-ms",
     .group = kTiming,
     .type = SettingType::kNumber,
     .value_name = "MS",
     .default_text = "100",
     .low = 5,
     .high = 10'000,
     .help = "The unit of Raft's time."},
    {.name = "election-timeout-ticks",
     .group = kTiming,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10",
     .low = 2,
     .high = 1000,
     .help = "A follower that hears nothing for this long, up to twice as long at random, stands "
             "for election. At least ten times the round trip between nodes."},
    {.name = "heartbeat-interval-ticks",
     .group = kTiming,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "1",
     .low = 1,
     .high = 100,
     .help = "How often a leader is heard. Less than election-timeout-ticks."},
    {.name = "drain-timeout-ms",
     .group = kTiming,
     .type = SettingType::kNumber,
     .value_name = "MS",
     .default_text = "5000",
     .low = 100,
     .high = 600'000,
     .help = "How long SIGTERM may take to hand leadership over and answer what is under way."},
    {.name = "log-format",
     .group = kLogs,
     .type = SettingType::kChoice,
     .value_name = "FORMAT",
     .default_text = "text",
     .choices = "text|json",
     .help = "Lines for people, or one JSON object a line."},
    {.name = "log-level",
     .group = kLogs,
     .type = SettingType::kChoice,
     .value_name = "LEVEL",
     .default_text = "info",
     .choices = "debug|info|warning|error",
     .help = "The least important level that is logged."},
    {.name = "client-connections-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10000",
     .low = 1,
     .high = 1'000'000,
     .help = "Client connections at once. Beyond: 503 and the connection is closed."},
    {.name = "client-connections-per-address-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "2000",
     .low = 1,
     .high = 1'000'000,
     .help = "Client connections from one address, within client-connections-max. Beyond: 503 and "
             "the connection is closed. Behind a proxy all clients have its address: raise it."},
    {.name = "client-requests-in-flight-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10000",
     .low = 1,
     .high = 1'000'000,
     .help = "Client requests that wait for their answer, streams included. Beyond: 503."},
    {.name = "client-body-bytes-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "BYTES",
     .default_text = "1572864",
     .low = 1024,
     .high = 16 << 20,
     .help = "The largest body of a client's request. Beyond: 413."},
    {.name = "client-header-timeout-ms",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "MS",
     .default_text = "5000",
     .low = 100,
     .high = 600'000,
     .help = "For the whole head of a request, from its first byte."},
    {.name = "client-request-timeout-ms",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "MS",
     .default_text = "15000",
     .low = 100,
     .high = 600'000,
     .help = "For head and body together. Not less than client-header-timeout-ms."},
    {.name = "client-idle-timeout-ms",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "MS",
     .default_text = "60000",
     .low = 100,
     .high = 86'400'000,
     .help = "How long a connection may rest between requests."},
    {.name = "watches-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10000",
     .low = 0,
     .high = 1'000'000,
     .help = "Watches that this node serves at once."},
    {.name = "waits-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10000",
     .low = 0,
     .high = 1'000'000,
     .help = "Waiting acquires that this node holds at once."},
    {.name = "log-entries-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "100000",
     .low = 100,
     .high = 100'000'000,
     .help = "Entries in the log before it is compacted."},
    {.name = "log-entries-kept",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "10000",
     .low = 0,
     .high = 100'000'000,
     .help = "Applied entries kept for slow followers. Less than log-entries-max."},
    {.name = "snapshot-delegation",
     .group = kBounds,
     .type = SettingType::kChoice,
     .value_name = "on|off",
     .default_text = "on",
     .choices = "on|off",
     .help =
         "A follower that needs a snapshot gets it from another follower, if one can, instead of "
         "the leader."},
    {.name = "snapshots-out-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "N",
     .default_text = "2",
     .low = 1,
     .high = 14,
     .help =
         "Snapshots that this node sends at once. Each keeps a copy of the state open on disk."},
    {.name = "snapshot-bytes-per-second-max",
     .group = kBounds,
     .type = SettingType::kNumber,
     .value_name = "BYTES",
     .default_text = "33554432",
     .low = 65'536,
     .high = 100'000'000'000,
     .help =
         "What all snapshots that this node sends may take of the network, together. The default "
         "is about a quarter of a gigabit a second."},
};

}  // namespace

std::span<const Setting> AllSettings() { return kSettings; }

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : kSettings) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

std::vector<std::string_view> SettingNames() {
  std::vector<std::string_view> names;
  for (const Setting& setting : kSettings) names.push_back(setting.name);
  return names;
}

std::string EnvironmentName(std::string_view setting_name) {
  std::string name = "BATON_";
  for (const char c : setting_name) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace baton::batond
