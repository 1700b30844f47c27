#include "pkg/raft/config.h"

#include <string>

namespace baton::raft {
namespace {

constexpr uint32_t kElectionTimeoutTicksMax = 1'000'000;
constexpr size_t kInflightMessagesMax = 65'536;

Status Wrong(std::string sentence) { return Status(Code::kInvalidArgument, std::move(sentence)); }

}  // namespace

Status Validate(const Config& config) {
  if (!config.id) return Wrong("id must not be 0");
  if (config.heartbeat_interval_ticks == 0) return Wrong("heartbeat_interval_ticks must be >= 1");
  if (config.election_timeout_ticks <= config.heartbeat_interval_ticks) {
    return Wrong("election_timeout_ticks must be greater than heartbeat_interval_ticks (" +
                 std::to_string(config.heartbeat_interval_ticks) + ")");
  }
  if (config.election_timeout_ticks > kElectionTimeoutTicksMax) {
    return Wrong("election_timeout_ticks must be <= " + std::to_string(kElectionTimeoutTicksMax));
  }
  if (config.lease_reads && !config.check_quorum) {
    return Wrong("lease_reads needs check_quorum: only then do voters keep to a live leader");
  }
  // lease.h has the arithmetic.
  if (config.lease_reads &&
      uint64_t{config.clock_drift_ticks} + 2 >= config.election_timeout_ticks) {
    return Wrong(
        "clock_drift_ticks must be less than election_timeout_ticks - 2, or no lease is "
        "left");
  }
  if (config.append_bytes_max == 0) return Wrong("append_bytes_max must be >= 1");
  if (config.inflight_messages_max == 0 || config.inflight_messages_max > kInflightMessagesMax) {
    return Wrong("inflight_messages_max must be in [1, " + std::to_string(kInflightMessagesMax) +
                 "]");
  }
  if (config.inflight_bytes_max == 0) return Wrong("inflight_bytes_max must be >= 1");
  if (config.committed_bytes_max == 0) return Wrong("committed_bytes_max must be >= 1");
  if (config.uncommitted_bytes_max == 0) return Wrong("uncommitted_bytes_max must be >= 1");
  if (config.pending_reads_max == 0) return Wrong("pending_reads_max must be >= 1");
  return Status::Ok();
}

Status ValidateChange(const Config& before, const Config& after) {
  if (after.id != before.id) return Wrong("id cannot change while a node runs");
  if (after.seed != before.seed) return Wrong("seed cannot change while a node runs");
  if (after.election_timeout_ticks != before.election_timeout_ticks) {
    return Wrong("election_timeout_ticks cannot change while a node runs");
  }
  if (after.lease_reads != before.lease_reads) {
    return Wrong("lease_reads cannot change while a node runs");
  }
  if (after.clock_drift_ticks != before.clock_drift_ticks) {
    return Wrong("clock_drift_ticks cannot change while a node runs");
  }
  return Validate(after);
}

}  // namespace baton::raft
