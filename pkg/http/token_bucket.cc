#include "pkg/http/token_bucket.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::http {
namespace {

constexpr int64_t kMicro = 1'000'000;
// Beyond, the arithmetic in millionths would overflow; 64 GiB.
constexpr int64_t kBytesMax = int64_t{1} << 36;

}  // namespace

TokenBucket::TokenBucket(int64_t bytes_per_second, int64_t burst_bytes)
    : bytes_per_second_(std::min(bytes_per_second, kBytesMax)),
      burst_bytes_(std::min(burst_bytes, kBytesMax)),
      micro_tokens_(burst_bytes_ * kMicro) {
  CHECK_GT(bytes_per_second, 0);
  CHECK_GT(burst_bytes, 0);
}

int64_t TokenBucket::Take(int64_t bytes, int64_t now_us) {
  CHECK(bytes >= 0 && bytes <= kBytesMax);
  if (!started_) last_us_ = now_us;
  started_ = true;
  const int64_t room = burst_bytes_ * kMicro - micro_tokens_;
  const int64_t passed_us = std::max<int64_t>(now_us - last_us_, 0);
  // A byte a second is a millionth of a byte a microsecond.
  const int64_t full_after_us = room / bytes_per_second_ + 1;
  micro_tokens_ += std::min(room, std::min(passed_us, full_after_us) * bytes_per_second_);
  last_us_ = std::max(last_us_, now_us);
  micro_tokens_ -= bytes * kMicro;
  if (micro_tokens_ >= 0) return 0;
  return (-micro_tokens_ + bytes_per_second_ - 1) / bytes_per_second_;
}

}  // namespace baton::http
