// File: backup_counters.h
//
// What became of the backups that were taken from this node. Counted by BackupStream, translated by
// pkg/metrics. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "pkg/base/histogram.h"

namespace baton::http {

struct BackupCounters {
  Counter completed;  // sent to their end
  Counter failed;     // begun, and not: the client went away or was too slow, or the disk failed
  Counter sent_bytes;
  std::atomic<int64_t> last_success_wall_ms{0};  // 0: none since the start
  WaitHistogram duration;                        // of the completed ones
};

}  // namespace baton::http
