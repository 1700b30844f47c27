#include "pkg/node/node_config.h"

#include "pkg/base/random.h"

#include <algorithm>

namespace baton::node {
namespace {

constexpr int64_t kTickMsMax = 60'000;
constexpr uint32_t kElectionTicksMax = 10'000;
constexpr size_t kVotersMax = 64;
constexpr int64_t kHistoryAgeMaxMs = int64_t{365} * 24 * 3600 * 1000;
constexpr uint64_t kLogBytesMax = uint64_t{1} << 50;

Status Bad(const std::string& field, const std::string& why) {
  return Status(Code::kInvalidArgument, field + " " + why);
}

bool IsClusterId(const std::string& id) {
  return id.size() == 16 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Status ValidateVoters(const NodeConfig& config) {
  if (config.voters.size() > kVotersMax) return Bad("voters", "must be at most 64");
  for (size_t i = 0; i < config.voters.size(); ++i) {
    if (!config.voters[i]) return Bad("voters", "must not contain 0");
    for (size_t j = 0; j < i; ++j) {
      if (config.voters[i] == config.voters[j]) return Bad("voters", "must not repeat a node");
    }
  }
  return Status::Ok();
}

}  // namespace

Status Validate(const NodeConfig& config) {
  if (!config.id) return Bad("id", "must not be 0");
  if (!IsClusterId(config.cluster_id)) return Bad("cluster_id", "must be 16 lower-case hex digits");
  BATON_RETURN_IF_ERROR(ValidateVoters(config));
  if (config.tick_ms < 1 || config.tick_ms > kTickMsMax) {
    return Bad("tick_ms", "must be from 1 to 60000");
  }
  if (config.heartbeat_interval_ticks < 1) return Bad("heartbeat_interval_ticks", "must be >= 1");
  if (config.election_timeout_ticks <= config.heartbeat_interval_ticks ||
      config.election_timeout_ticks > kElectionTicksMax) {
    return Bad("election_timeout_ticks",
               "must be greater than heartbeat_interval_ticks and at most 10000");
  }
  if (config.inbox_items_max < 1) return Bad("inbox_items_max", "must be >= 1");
  if (config.pending_proposals_max < 1) return Bad("pending_proposals_max", "must be >= 1");
  if (config.log_entries_kept >= config.log_entries_max) {
    return Bad("log_entries_kept", "must be less than log_entries_max");
  }
  if (config.log_bytes_max < 1 || config.log_bytes_max > kLogBytesMax) {
    return Bad("log_bytes_max", "must be from 1 to 2^50");
  }
  if (config.history_age_max_ms < 0 || config.history_age_max_ms > kHistoryAgeMaxMs) {
    return Bad("history_age_max_ms", "must be from 0 to a year");
  }
  if (config.history_revisions_max < 1 ||
      config.history_revisions_max > coord::kHistoryRevisionsMax) {
    return Bad("history_revisions_max", "must be from 1 to 100000");
  }
  if (config.snapshots_out_max < 1) return Bad("snapshots_out_max", "must be >= 1");
  return Status::Ok();
}

uint64_t IncarnationOf(const NodeConfig& config) { return Random(config.seed).NextU64(); }

}  // namespace baton::node
