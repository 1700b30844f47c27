// File: limits.h
//
// Every bound of the replicated state, in one place. They are part of the protocol: all nodes must
// apply the same ones, so they change only with the command version. Each is tested at the limit,
// one above and far beyond; errors name the field and the limit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::coord {

inline constexpr int64_t kVersionMax = 1'000'000;  // of commands
inline constexpr size_t kKeyBytesMax = 1024;
inline constexpr size_t kValueBytesMax = 1 << 20;
inline constexpr size_t kNameBytesMax = 256;  // of locks, elections and sessions
// Of a session; also of a lock's or candidate's value.
inline constexpr size_t kMetadataBytesMax = 4096;
inline constexpr size_t kPrincipalBytesMax = 256;
inline constexpr size_t kIdempotencyKeyBytesMax = 255;
inline constexpr int64_t kSessionTtlMinMs = 100;
inline constexpr int64_t kSessionTtlMaxMs = 24 * 3600 * 1000;
inline constexpr uint64_t kSessionsMax = 100'000;
inline constexpr uint64_t kWaitersPerQueueMax = 10'000;
// Requests that listen to one place in line; of more the one that came first is not counted.
inline constexpr size_t kWaitListenersMax = 16;
inline constexpr int64_t kWaitMaxMs = 24 * 3600 * 1000;
inline constexpr size_t kOwnedPerSessionMax = 10'000;      // keys, locks, waits of one session
inline constexpr size_t kBatchItemsMax = 1000;             // ids in one renew or expire command
inline constexpr uint64_t kListItemsMax = 1000;            // rows of one list answer
inline constexpr size_t kListBytesMax = 4 << 20;           // beyond it a list answer ends early
inline constexpr uint64_t kHistoryRevisionsMax = 100'000;  // kept for watches; older are compacted
inline constexpr uint64_t kHistoryBytesMax = 256 << 20;    // as well
inline constexpr uint64_t kIdempotencyEntriesMax = 100'000;
inline constexpr uint64_t kIdempotencyBytesMax = 256 << 20;
inline constexpr int64_t kIdempotencyAgeMaxMs = 24 * 3600 * 1000;

// Work of one Apply. Index rows of one command: at most kOwnedPerSessionMax of each session that
// ends; an expiry command stops before the session with which it would pass kExpireOwnedMax, and
// the leader proposes the rest again. Clean-up beside the command: at most kTrimRowsMax rows each
// of history and replies. That keeps up with any load: every event was an Apply of its own before,
// or undoes what one did, so there are less than two on average.
inline constexpr uint64_t kExpireOwnedMax = kOwnedPerSessionMax;
inline constexpr uint64_t kTrimRowsMax = 64;

}  // namespace baton::coord
