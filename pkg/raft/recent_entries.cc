#include "pkg/raft/recent_entries.h"

#include <iterator>
#include <utility>

#include "pkg/base/check.h"

namespace baton::raft {
namespace {

// Fewer dropped places than this are not worth moving the rest for.
constexpr size_t kHeadMin = 64;

}  // namespace

void RecentEntries::Missing(Index low, Index high) const {
  CHECK(false) << "[" << low << ", " << high << ") is not within [" << first_index() << ", "
               << last_index() + 1 << ")";
}

void RecentEntries::MoveThrough(Index index, std::vector<Entry>* entries) {
  CHECK(entries->empty());
  if (index <= base_index_) return;
  if (index > last_index()) Missing(first_index(), index + 1);
  const size_t count = index - base_index_;
  // All that is here, for as much room.
  if (count == entries_.size() && entries->capacity() >= count) {
    base_term_ = last_term();
    base_index_ = index;
    entries_.swap(*entries);
    return;
  }
  const auto first = std::make_move_iterator(entries_.begin() + static_cast<std::ptrdiff_t>(head_));
  const auto last = first + static_cast<std::ptrdiff_t>(count);
  entries->assign(first, last);
  Advance(index);
}

void RecentEntries::Drop(Index index) {
  const size_t count = index - base_index_;
  for (size_t i = 0; i < count; ++i) entries_[head_ + i].data = Payload();  // free the bytes now
  Advance(index);
}

void RecentEntries::Advance(Index index) {
  base_term_ = TermAt(index);
  head_ += index - base_index_;
  base_index_ = index;
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
  }
  // Moving is paid for by at least as many drops.
  if (head_ >= kHeadMin && head_ >= entries_.size() / 2) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void RecentEntries::TruncateFrom(Index index) {
  CHECK_GT(index, base_index_);
  if (index > last_index()) return;
  entries_.resize(head_ + (index - base_index_) - 1);
}

void RecentEntries::Reset(Index base_index, Term base_term) {
  base_index_ = base_index;
  base_term_ = base_term;
  entries_.clear();
  head_ = 0;
}

}  // namespace baton::raft
