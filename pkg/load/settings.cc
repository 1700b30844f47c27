#include "pkg/load/settings.h"

#include <algorithm>
#include <array>

namespace baton::load {
namespace {

Status Refuse(const std::string& what) { return Status(Code::kInvalidArgument, what); }

bool IsPrefixCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '/';
}

// So that it stands in a path, in JSON and in a query as it is.
Status CheckPrefix(const std::string& prefix) {
  const bool good = prefix.size() >= kPrefixSize.min && prefix.size() <= kPrefixSize.max &&
                    std::all_of(prefix.begin(), prefix.end(), IsPrefixCharacter) &&
                    !prefix.starts_with('/') && prefix.find("//") == std::string::npos;
  if (good) return Status::Ok();
  return Refuse(
      "--prefix takes 1 to 200 letters, digits, \"-\", \"_\" and \"/\"; no \"/\" at its beginning, "
      "nor two in a row");
}

Status CheckNoMore(std::string_view option, uint64_t value, std::string_view than, uint64_t limit) {
  if (value <= limit) return Status::Ok();
  return Refuse(std::string(option) + " is " + std::to_string(value) + ", which is more than " +
                std::string(than) + ": " + std::to_string(limit));
}

Status CheckKeys(const Settings& settings) {
  BATON_RETURN_IF_ERROR(CheckBound("--keys", settings.keys, kKeys));
  BATON_RETURN_IF_ERROR(CheckBound("--key-size", settings.key_size, kKeySize));
  const Bound value = settings.bench == Bench::kWatch ? kWatchValueSize : kValueSize;
  BATON_RETURN_IF_ERROR(CheckBound("--value-size", settings.value_size, value));
  BATON_RETURN_IF_ERROR(CheckPrefix(settings.prefix));
  const uint64_t least = settings.prefix.size() + NumberWidth(settings.keys);
  if (settings.key_size >= least) return Status::Ok();
  return Refuse("--key-size must be at least " + std::to_string(least) + ", for the prefix \"" +
                settings.prefix + "\" and the number of the key");
}

Status CheckMix(const Settings& settings) {
  BATON_RETURN_IF_ERROR(CheckBound("--read-percent", settings.read_percent, {0, 100}));
  BATON_RETURN_IF_ERROR(CheckBound("--write-percent", settings.write_percent, {0, 100}));
  if (settings.read_percent + settings.write_percent <= 100) return Status::Ok();
  return Refuse("--read-percent and --write-percent are more than 100 together");
}

}  // namespace

std::string_view BenchName(Bench bench) {
  constexpr std::array<std::string_view, 6> kNames = {"put",   "get",     "lock",
                                                      "watch", "session", "mixed"};
  return kNames[static_cast<size_t>(bench)];
}

std::string_view ApiName(ApiKind api) { return api == ApiKind::kBaton ? "baton" : "etcd-gateway"; }

uint64_t NumberWidth(uint64_t keys) {
  return std::to_string(std::max<uint64_t>(keys, 1) - 1).size();
}

Status CheckBound(std::string_view option, uint64_t value, Bound bound) {
  if (value >= bound.min && value <= bound.max) return Status::Ok();
  return Refuse(std::string(option) + " takes " + std::to_string(bound.min) + " to " +
                std::to_string(bound.max) + ", not " + std::to_string(value));
}

Status CheckSettings(const Settings& settings) {
  if (settings.endpoints.empty()) return Refuse("no endpoints");
  BATON_RETURN_IF_ERROR(CheckBound("--clients", settings.clients, kClients));
  BATON_RETURN_IF_ERROR(CheckBound("--connections", settings.connections, kConnections));
  BATON_RETURN_IF_ERROR(
      CheckNoMore("--connections", settings.connections, "the clients", settings.clients));
  BATON_RETURN_IF_ERROR(CheckBound("--threads", settings.threads, kThreads));
  BATON_RETURN_IF_ERROR(
      CheckNoMore("--threads", settings.threads, "the connections", settings.connections));
  if (settings.rate_per_s > 0) {
    BATON_RETURN_IF_ERROR(CheckBound("--rate", settings.rate_per_s, kRate));
  }
  if (settings.total > 0) BATON_RETURN_IF_ERROR(CheckBound("--total", settings.total, kTotal));
  BATON_RETURN_IF_ERROR(CheckBound("--duration in ms", settings.duration_ms, kDurationMs));
  BATON_RETURN_IF_ERROR(CheckBound("--timeout in ms", settings.timeout_ms, kTimeoutMs));
  BATON_RETURN_IF_ERROR(CheckKeys(settings));
  if (settings.locks > 0) {
    BATON_RETURN_IF_ERROR(CheckBound("--locks", settings.locks, kLocks));
    BATON_RETURN_IF_ERROR(CheckNoMore("--locks", settings.locks, "the clients", settings.clients));
    BATON_RETURN_IF_ERROR(CheckNoMore("--threads", settings.threads, "the locks", settings.locks));
  }
  BATON_RETURN_IF_ERROR(CheckBound("--watchers", settings.watchers, kWatchers));
  BATON_RETURN_IF_ERROR(CheckBound("--idle", settings.idle_sessions, kIdleSessions));
  BATON_RETURN_IF_ERROR(CheckBound("--keepalives", settings.keepalives, kKeepalives));
  BATON_RETURN_IF_ERROR(CheckBound("--ttl in ms", settings.ttl_ms, kTtlMs));
  return CheckMix(settings);
}

}  // namespace baton::load
