// File: token_bucket.h
//
// A rate: so many bytes a second, and so many at once after a pause. In any stretch of time t at
// most burst + rate * t bytes are let through, but for the last taker's, who may owe. The time
// comes in with each call.
//
//   const int64_t wait_us = bucket.Take(bytes, clock->MonotonicUs());
//   ... send after wait_us ...
#pragma once

#include <cstdint>
#include <mutex>

namespace baton::http {

class TokenBucket {
 public:
  // Both above 0. Full at first.
  TokenBucket(int64_t bytes_per_second, int64_t burst_bytes);

  // Takes `bytes` and says how long to wait before they may go, in microseconds. What is not there
  // is owed: whoever comes next waits longer, so that takers get their turn in the order of their
  // calls and none starves behind a smaller one. A time before an earlier call's counts as that.
  int64_t Take(int64_t bytes, int64_t now_us);

 private:
  const int64_t bytes_per_second_;
  const int64_t burst_bytes_;
  // Millionths of bytes, so that no rate and no interval is rounded away. May be below 0.
  int64_t micro_tokens_;
  int64_t last_us_ = 0;
  bool started_ = false;
};

// One that threads share.
class SharedTokenBucket {
 public:
  SharedTokenBucket(int64_t bytes_per_second, int64_t burst_bytes)
      : bucket_(bytes_per_second, burst_bytes) {}

  int64_t Take(int64_t bytes, int64_t now_us) {
    const std::lock_guard lock(mutex_);
    return bucket_.Take(bytes, now_us);
  }

 private:
  std::mutex mutex_;
  TokenBucket bucket_;
};

}  // namespace baton::http
