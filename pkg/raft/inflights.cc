#include "pkg/raft/inflights.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::raft {

void Inflights::Add(Index last, size_t bytes) {
  CHECK(!Full());
  CHECK(count_ == 0 || At(count_ - 1).last < last) << "sent out of order: " << last;
  if (count_ == ring_.size()) Grow();
  ++count_;
  At(count_ - 1) = Sent{last, bytes};
  bytes_ += bytes;
}

void Inflights::FreeThrough(Index index) {
  while (count_ > 0 && At(0).last <= index) {
    bytes_ -= At(0).bytes;
    start_ = Wrapped(start_ + 1);
    --count_;
  }
}

void Inflights::Clear() {
  start_ = 0;
  count_ = 0;
  bytes_ = 0;
}

void Inflights::Grow() {
  std::vector<Sent> larger(std::min(messages_max_, std::max<size_t>(8, ring_.size() * 2)));
  for (size_t i = 0; i < count_; ++i) larger[i] = At(i);
  ring_ = std::move(larger);
  start_ = 0;
}

}  // namespace baton::raft
