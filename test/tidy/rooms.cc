#include "test/tidy/rooms.h"

#include <algorithm>
#include <array>

namespace baton::tidy {
namespace {

using Rooms = std::set<std::string>;

// The border files of otherwise pure rooms, by their beginnings.
constexpr std::array<std::string_view, 7> kBorders = {
    "pkg/base/check.",         // prints why the process ends
    "pkg/base/system_clock.",  // the clock port's real side
    "pkg/node/inbox.",         // where other threads meet the raft thread
    "pkg/node/turn.",          // which of them runs the node
    "pkg/node/log_writer",     // a thread of its own, beside the raft thread
    "pkg/node/runner",         // the raft thread
    "pkg/node/snapshot_thread.",
};

constexpr std::array<std::string_view, 4> kPureRooms = {"pkg/base/", "pkg/raft/", "pkg/coord/",
                                                        "pkg/node/"};

constexpr std::string_view kTime = "time comes in as ticks and stamps";
constexpr std::string_view kThread = "one thread uses this code, and the runner owns it";
constexpr std::string_view kDisk = "the disk is behind a port of pkg/node/ports.h";
constexpr std::string_view kWords = "return a Status, or describe yourself as a string";
constexpr std::string_view kChance = "use pkg/base/random.h, seeded from outside";
constexpr std::string_view kOutside = "hand the value in from outside";

}  // namespace

const std::map<std::string, std::set<std::string>>& Arrows() {
  static const Rooms kCore = {"pkg/base", "pkg/raft", "pkg/coord"};
  static const Rooms kDriver = {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node"};
  static const std::map<std::string, Rooms> arrows = {
      {"pkg/base", {}},
      {"pkg/raft", {"pkg/base"}},
      {"pkg/coord", {"pkg/base"}},
      {"pkg/node", kCore},
      {"pkg/storage", kDriver},
      {"pkg/http", kDriver},
      // Shows what http and storage counted: reads their counters, is not called by them.
      {"pkg/metrics", {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node", "pkg/http", "pkg/storage"}},
      // The load generator: of http what turns bytes into text, and its server in tests.
      {"pkg/load", {"pkg/base", "pkg/http"}},
      {"cmd/cli", {"pkg/base"}},
      // Of coord, node and storage: what backups and data directories are made of.
      {"cmd/batonctl",
       {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node", "pkg/storage", "pkg/http", "pkg/load",
        "cmd/cli"}},
      {"cmd/batond",
       {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node", "pkg/storage", "pkg/http", "pkg/metrics",
        "cmd/cli"}},
  };
  return arrows;
}

const std::vector<Library>& Libraries() {
  static const std::vector<Library> libraries = {
      {"leveldb/", {"pkg/storage/"}, false, "use the ports of pkg/node/ports.h"},
      {"httplib.h", {"pkg/http/"}, true, "use pkg/http/server.h or pkg/http/client.h"},
      {"asio", {"pkg/http/", "test/chaos/proxy/"}, true, "use pkg/http/server.h"},
      {"openssl/", {"pkg/http/", "pkg/base/sha256.cc"}, true, "use pkg/http, pkg/base/sha256.h"},
      {"prometheus/", {"pkg/metrics/"}, true, "count in plain fields (pkg/base/histogram.h)"},
      {"nlohmann/json_fwd.hpp", {"pkg/http/", "cmd/batonctl/", "test/"}, false, "use pkg/http"},
      {"nlohmann/json.hpp", {"pkg/http/", "cmd/batonctl/", "test/"}, true, "use pkg/http/json.h"},
      {"yaml-cpp/",
       {"cmd/batond/", "test/alerts/", "test/charts/"},
       true,
       "settings come from cmd/batond/config.h"},
  };
  return libraries;
}

bool IsPure(std::string_view path) {
  const auto begins = [path](std::string_view prefix) { return path.starts_with(prefix); };
  return std::any_of(kPureRooms.begin(), kPureRooms.end(), begins) &&
         std::none_of(kBorders.begin(), kBorders.end(), begins);
}

const std::map<std::string_view, std::string_view>& ImpureHeaders() {
  static const std::map<std::string_view, std::string_view> headers = {
      {"chrono", kTime},
      {"condition_variable", kThread},
      {"cstdio", kWords},
      {"ctime", kTime},
      {"filesystem", kDisk},
      {"fstream", kDisk},
      {"future", "return a value, or answer through Ready"},
      {"iostream", kWords},
      {"mutex", kThread},
      {"random", kChance},
      {"semaphore", kThread},
      {"shared_mutex", kThread},
      {"stop_token", kThread},
      {"sys/socket.h", "the network is behind a port of pkg/node/ports.h"},
      {"sys/time.h", kTime},
      {"thread", kThread},
      {"time.h", kTime},
      {"unistd.h", kOutside},
      {"unordered_map", "iteration order must not depend on hashes: use std::map"},
      {"unordered_set", "iteration order must not depend on hashes: use std::set"},
  };
  return headers;
}

const std::map<std::string_view, std::string_view>& ImpureNames() {
  static const std::map<std::string_view, std::string_view> names = {
      {"clock_gettime", kTime},
      {"gettimeofday", kTime},
      {"getenv", kOutside},
      {"getpid", kOutside},
      {"printf", kWords},
      {"rand", kChance},
      {"random_device", kChance},
      {"srand", kChance},
      {"std::cerr", kWords},
      {"std::cout", kWords},
      {"std::this_thread", kThread},
      {"thread_local", "no state outlives the object that holds it"},
  };
  return names;
}

}  // namespace baton::tidy
