// File: config.h
//
// The settings of one core. All times are ticks of the driver's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"

namespace baton::raft {

struct Config {
  NodeId id;          // must be set
  uint64_t seed = 0;  // of the randomized election timeouts; mixed with the id
  // Timeouts are drawn from [n, 2n). Must exceed heartbeat_interval_ticks; at most 1,000,000.
  uint32_t election_timeout_ticks = 10;
  uint32_t heartbeat_interval_ticks = 1;
  bool pre_vote = true;
  bool check_quorum = true;
  size_t append_bytes_max = 1 << 20;        // of one AppendRequest; always at least one entry
  size_t inflight_messages_max = 256;       // unacknowledged appends per follower
  size_t inflight_bytes_max = 16 << 20;     // and their bytes; always at least one message
  size_t committed_bytes_max = 4 << 20;     // of Ready::committed_entries; at least one entry
  size_t uncommitted_bytes_max = 64 << 20;  // proposals beyond are refused (kResourceExhausted)
  size_t pending_reads_max = 65536;         // reads beyond are refused (kResourceExhausted)
  // A learner may become a voter when it is at most so many entries behind.
  uint64_t promotion_lag_entries_max = 1024;
};

// kInvalidArgument naming the field and its limit.
Status Validate(const Config& config);

}  // namespace baton::raft
