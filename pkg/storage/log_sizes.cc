#include "pkg/storage/log_sizes.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::storage {

void LogSizes::Reset(Index last) {
  blocks_.clear();
  start_ = last_ = last;
  closed_ = false;
}

void LogSizes::Append(uint64_t bytes) {
  ++last_;
  const bool full = blocks_.empty() || closed_ || last_ - blocks_.back().first >= kBlockEntries ||
                    end_ + bytes - blocks_.back().before > kBlockBytes;
  if (full) blocks_.push_back({last_, end_});
  closed_ = false;
  end_ += bytes;
}

void LogSizes::Truncate(Index last) {
  if (last >= last_) return;
  CHECK_GE(last, start_);
  while (!blocks_.empty() && blocks_.back().first > last) {
    end_ = blocks_.back().before;
    blocks_.pop_back();
  }
  last_ = last;
  closed_ = true;
}

void LogSizes::Compact(Index index) {
  CHECK_GE(index, start_);
  CHECK_LE(index, last_);
  const auto goes = [&](size_t block) {
    const Index next = block + 1 < blocks_.size() ? blocks_[block + 1].first : last_ + 1;
    return next <= index + 1;
  };
  while (!blocks_.empty() && goes(0)) blocks_.pop_front();
  start_ = index;
}

Index LogSizes::FirstWithin(uint64_t bytes_max) const {
  if (bytes() <= bytes_max) return start_ + 1;
  const uint64_t before_min = end_ - bytes_max;
  const auto block =
      std::lower_bound(blocks_.begin(), blocks_.end(), before_min,
                       [](const Block& each, uint64_t before) { return each.before < before; });
  return block == blocks_.end() ? last_ + 1 : block->first;
}

}  // namespace baton::storage
