// What batonctl bench takes, and the help that teaches it.

#include "cmd/batonctl/bench.h"
#include "cmd/batonctl/commands.h"

namespace baton::batonctl {
namespace {

constexpr OptionSpec kClients = {
    "clients", "N", "that ask at the same time, each one call after the other; default 64"};
constexpr OptionSpec kConnections = {"connections", "N",
                                     "that the clients share; default: one for each client"};
constexpr OptionSpec kThreads = {"threads", "N",
                                 "of the generator; when one is busy all the time; default 1"};
constexpr OptionSpec kRate = {
    "rate", "N",
    "start so many operations a second, whatever the answers do; without it: each client starts "
    "when its last one is answered"};
constexpr OptionSpec kDuration = {"duration", "DURATION",
                                  "of the load; default 10s, with --total 24h"};
constexpr OptionSpec kTotal = {"total", "N", "end after so many operations"};
constexpr OptionSpec kKeys = {"keys", "N", "how many different keys; default 1000"};
constexpr OptionSpec kKeySize = {"key-size", "BYTES", "of each key, prefix included; default 32"};
constexpr OptionSpec kValueSize = {"value-size", "BYTES", "of each value; default 256"};
constexpr OptionSpec kPrefix = {
    "prefix", "TEXT", "of the keys, and of the locks' names; default: one that nothing else has"};
constexpr OptionSpec kSequential = {"sequential", "", "keys in turn instead of at random"};
constexpr OptionSpec kKeep = {"keep", "", "leave the keys where they are at the end"};
constexpr OptionSpec kConsistency = {"consistency", "HOW",
                                     "of reads: linearizable or stale; default linearizable"};
constexpr OptionSpec kTtl = {"ttl", "DURATION", "of the sessions; default 60s"};
constexpr OptionSpec kApi = {
    "api", "NAME", "baton, or etcd-gateway: etcd's HTTP interface, for comparison; default baton"};

constexpr std::string_view kHowToRead =
    "\n"
    "Without --rate the loop is closed: a slow answer keeps its client from asking, so what would\n"
    "have been asked meanwhile is in no percentile. With --rate it is open, and each latency is\n"
    "counted from when the operation was due. --timeout is for each call. docs/bench.md has "
    "more.\n";

CommandSpec Put() {
  static const std::string details =
      "Writes values to keys chosen at random, below a prefix of its own, and deletes them in the\n"
      "end.\n"
      "\n"
      "  batonctl bench put\n"
      "  batonctl bench put --clients 256 --duration 30s --value-size 1024\n"
      "  batonctl bench put --rate 2000 --output json\n"
      "  batonctl bench put --prefix big/ --keys 1000000 --total 1000000 --sequential --keep\n" +
      std::string(kHowToRead);
  return {.name = "bench put",
          .synopsis = "[--clients N] [--rate N]",
          .summary = "measures writes",
          .details = details,
          .options = {kClients, kConnections, kThreads, kRate, kDuration, kTotal, kKeys, kKeySize,
                      kValueSize, kPrefix, kSequential, kKeep, kApi},
          .run = RunBenchPut};
}

CommandSpec Get() {
  static const std::string details =
      "Writes all keys first, then reads them at random, and deletes them in the end.\n"
      "\n"
      "  batonctl bench get\n"
      "  batonctl bench get --consistency stale --clients 256\n" +
      std::string(kHowToRead);
  return {.name = "bench get",
          .synopsis = "[--consistency HOW] [--clients N] [--rate N]",
          .summary = "measures reads",
          .details = details,
          .options = {kConsistency, kClients, kConnections, kThreads, kRate, kDuration, kTotal,
                      kKeys, kKeySize, kValueSize, kPrefix, kSequential, kKeep, kApi},
          .run = RunBenchGet};
}

CommandSpec Lock() {
  static const std::string details =
      "Each client has a session; an operation is an acquire and a release. With --locks they\n"
      "stand in line, and \"hand_over\" is the time from a release to the next one's grant.\n"
      "\n"
      "  batonctl bench lock\n"
      "  batonctl bench lock --clients 101 --locks 1\n" +
      std::string(kHowToRead);
  return {.name = "bench lock",
          .synopsis = "[--clients N] [--locks N]",
          .summary = "measures locks: taking, giving back, handing over",
          .details = details,
          .options = {{"locks", "N", "that all clients share; without it: one for each client"},
                      kClients,
                      kThreads,
                      kRate,
                      kDuration,
                      kTotal,
                      kTtl,
                      kPrefix,
                      kApi},
          .run = RunBenchLock};
}

CommandSpec Watch() {
  static const std::string details =
      "One writer, and watchers of its key. \"delivery\" is the time from the start of a write to\n"
      "the last of its watchers, \"delivery_after_ack\" from its acknowledgement. The next write\n"
      "starts when all have the one before.\n"
      "\n"
      "  batonctl bench watch --watchers 200\n"
      "  batonctl bench watch --watchers 1000 --rate 10\n" +
      std::string(kHowToRead);
  return {.name = "bench watch",
          .synopsis = "[--watchers N] [--rate N]",
          .summary = "measures watches: from a write to the last watcher",
          .details = details,
          .options = {{"watchers", "N", "of the key; default 100"},
                      kRate,
                      kDuration,
                      kTotal,
                      kKeySize,
                      kValueSize,
                      kPrefix,
                      kKeep,
                      kApi},
          .run = RunBenchWatch};
}

CommandSpec Session() {
  static const std::string details =
      "An operation is the life of a session: creation, keepalives, end. Beside that --idle\n"
      "sessions are only kept alive, every third of their --ttl.\n"
      "\n"
      "  batonctl bench session\n"
      "  batonctl bench session --idle 10000 --clients 8\n" +
      std::string(kHowToRead);
  return {.name = "bench session",
          .synopsis = "[--clients N] [--idle N]",
          .summary = "measures sessions: creating, keeping, ending",
          .details = details,
          .options = {{"keepalives", "N", "in the life of a session; default 8"},
                      {"idle", "N", "sessions that are only kept alive; default 0"},
                      kTtl,
                      kClients,
                      kConnections,
                      kThreads,
                      kRate,
                      kDuration,
                      kTotal,
                      kApi},
          .run = RunBenchSession};
}

CommandSpec Mixed() {
  static const std::string details =
      "Each client reads, writes, or takes and gives back a lock of its own, by chance: what is\n"
      "neither read nor written is locked.\n"
      "\n"
      "  batonctl bench mixed\n"
      "  batonctl bench mixed --read-percent 50 --write-percent 50 --rate 1000\n" +
      std::string(kHowToRead);
  return {.name = "bench mixed",
          .synopsis = "[--read-percent N] [--write-percent N]",
          .summary = "measures reads, writes and locks together",
          .details = details,
          .options = {{"read-percent", "N", "of the operations; default 80"},
                      {"write-percent", "N", "of the operations; default 15"},
                      kConsistency,
                      kClients,
                      kConnections,
                      kThreads,
                      kRate,
                      kDuration,
                      kTotal,
                      kKeys,
                      kKeySize,
                      kValueSize,
                      kTtl,
                      kPrefix,
                      kSequential,
                      kKeep,
                      kApi},
          .run = RunBenchMixed};
}

}  // namespace

std::vector<CommandSpec> BenchCommands() {
  return {Put(), Get(), Lock(), Watch(), Session(), Mixed()};
}

}  // namespace baton::batonctl
