// File: settings.h
//
// What a run of the load generator is asked for, with the bounds of everything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::load {

enum class Bench { kPut, kGet, kLock, kWatch, kSession, kMixed };
std::string_view BenchName(Bench bench);  // "put", ...

// Who is asked: Baton's API, or the HTTP gateway that etcd puts before its gRPC.
enum class ApiKind { kBaton, kEtcdGateway };
std::string_view ApiName(ApiKind api);  // "baton", "etcd-gateway"

struct Bound {
  uint64_t min = 0;
  uint64_t max = 0;
};

// The bounds, both ends included.
inline constexpr Bound kClients = {1, 10'000};
inline constexpr Bound kConnections = {1, 10'000};  // and no more than clients
inline constexpr Bound kThreads = {1, 64};          // and no more than connections, nor locks
inline constexpr Bound kRate = {1, 1'000'000};      // per second
inline constexpr Bound kTotal = {1, 1'000'000'000'000};
inline constexpr Bound kDurationMs = {100, 24 * 3600 * 1000};
inline constexpr Bound kKeys = {1, 10'000'000};
inline constexpr Bound kKeySize = {1, 1024};  // and no less than prefix and number take
inline constexpr Bound kValueSize = {0, 1024 * 1024};
inline constexpr Bound kWatchValueSize = {12, 1024 * 1024};  // the number of the write is in it
inline constexpr Bound kPrefixSize = {1, 200};
inline constexpr Bound kLocks = {1, 10'000};  // and no more than clients
inline constexpr Bound kWatchers = {1, 10'000};
inline constexpr Bound kIdleSessions = {0, 100'000};
inline constexpr Bound kKeepalives = {0, 1'000'000};
inline constexpr Bound kTtlMs = {1000, 24 * 3600 * 1000};
inline constexpr Bound kTimeoutMs = {1, 24 * 3600 * 1000};

struct Settings {
  Bench bench = Bench::kPut;
  ApiKind api = ApiKind::kBaton;
  std::vector<std::string> endpoints;  // "http://HOST:PORT"
  uint64_t clients = 64;
  uint64_t connections = 64;
  uint64_t threads = 1;
  uint64_t rate_per_s = 0;  // 0: closed loop
  uint64_t total = 0;       // 0: no limit
  uint64_t duration_ms = 10'000;
  uint64_t timeout_ms = 10'000;  // of one call; a wait for a lock comes on top
  uint64_t keys = 1'000;
  uint64_t key_size = 32;
  uint64_t value_size = 256;
  std::string prefix;       // of the keys, and of the locks' names
  bool stale = false;       // reads: Baton's consistency=stale, etcd's serializable
  bool sequential = false;  // keys in turn instead of at random
  bool keep = false;        // leave keys where they are
  uint64_t locks = 0;       // shared by the clients; 0: each client has its own
  uint64_t watchers = 100;
  uint64_t idle_sessions = 0;
  uint64_t keepalives = 8;  // between the creation and the end of a session
  uint64_t ttl_ms = 60'000;
  uint64_t read_percent = 80;  // mixed; the rest up to 100 are locks
  uint64_t write_percent = 15;
  uint64_t seed = 1;
};

// How many characters the number of a key takes: as many as the greatest needs.
uint64_t NumberWidth(uint64_t keys);

// kInvalidArgument with one sentence that names the option and its bounds.
Status CheckSettings(const Settings& settings);
// Whether `value` is within `bound`; else kInvalidArgument that begins with `option`.
Status CheckBound(std::string_view option, uint64_t value, Bound bound);

}  // namespace baton::load
