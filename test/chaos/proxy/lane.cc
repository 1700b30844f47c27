#include "test/chaos/proxy/lane.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"

namespace baton::chaos {
namespace {

// With a limited bandwidth bytes leave in portions that take this long.
constexpr int64_t kPortionsPerSecond = 50;
constexpr int64_t kUsPerSecond = 1'000'000;

}  // namespace

void Lane::PushPiece(Departure departure, int64_t now_us, const LinkFaults& faults,
                     Random* random) {
  Piece piece{std::move(departure), now_us, faults.delay_min_ms * 1000};
  const int64_t spread_us = (faults.delay_max_ms - faults.delay_min_ms) * 1000;
  if (spread_us > 0) {
    piece.delay_us += static_cast<int64_t>(random->Below(static_cast<uint64_t>(spread_us)));
  }
  bytes_ += piece.departure.bytes.size();
  pieces_.push_back(std::move(piece));
}

void Lane::Push(std::string bytes, int64_t now_us, const LinkFaults& faults, Random* random) {
  if (!bytes.empty()) PushPiece({.bytes = std::move(bytes)}, now_us, faults, random);
}

void Lane::PushEnd(int64_t now_us, const LinkFaults& faults, Random* random) {
  PushPiece({.bytes = {}, .end = true}, now_us, faults, random);
}

void Lane::PushReset(int64_t now_us, const LinkFaults& faults, Random* random) {
  PushPiece({.bytes = {}, .reset = true}, now_us, faults, random);
}

std::optional<int64_t> Lane::WaitUs(int64_t now_us, const LinkFaults& faults) const {
  if (pieces_.empty() || faults.clogged) return std::nullopt;
  const Piece& front = pieces_.front();
  int64_t due_us = front.arrived_us;
  // What waits when a delay ends does not wait on.
  if (faults.delay_max_ms > 0) due_us += front.delay_us;
  if (faults.bytes_per_second > 0) due_us = std::max(due_us, free_again_us_);
  return std::max<int64_t>(0, due_us - now_us);
}

Lane::Departure Lane::Take(int64_t now_us, const LinkFaults& faults) {
  CHECK(!pieces_.empty());
  Piece& front = pieces_.front();
  size_t portion = front.departure.bytes.size();
  if (faults.bytes_per_second > 0) {
    const int64_t most = std::max<int64_t>(1, faults.bytes_per_second / kPortionsPerSecond);
    portion = std::min(portion, static_cast<size_t>(most));
    free_again_us_ =
        now_us + static_cast<int64_t>(portion) * kUsPerSecond / faults.bytes_per_second;
  }
  bytes_ -= portion;
  if (portion < front.departure.bytes.size()) {
    Departure part{.bytes = front.departure.bytes.substr(0, portion)};
    front.departure.bytes.erase(0, portion);
    return part;
  }
  Departure departure = std::move(front.departure);
  pieces_.pop_front();
  return departure;
}

}  // namespace baton::chaos
