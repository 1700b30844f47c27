#include "test/history/reached.h"

#include <algorithm>

#include "test/history/words.h"

namespace baton::history {
namespace {

bool Earlier(const Sight& one, const Sight& other) { return one.at_us < other.at_us; }

}  // namespace

bool SaysRevision(const Operation& operation) {
  if (operation.revision == 0 || !operation.return_us) return false;
  if (operation.kind == Kind::kSessionKeep) return false;
  if (operation.outcome == Outcome::kOk) return true;
  return operation.outcome == Outcome::kRefused && operation.kind != Kind::kAcquire;
}

bool IsChange(const Operation& operation) {
  if (operation.outcome != Outcome::kOk) return false;
  switch (operation.kind) {
    case Kind::kPut:
    case Kind::kSessionCreate:
    case Kind::kSessionDestroy:
    case Kind::kRelease:
    case Kind::kProclaim:
      return true;
    case Kind::kDelete:
      return operation.found;
    case Kind::kGet:
    case Kind::kGetStale:
    case Kind::kSessionKeep:
    case Kind::kAcquire:
    case Kind::kVerify:
    case Kind::kHolder:
    case Kind::kCompact:
      return false;
  }
  return false;
}

std::string Describe(const Sight& sight) {
  if (sight.operation != nullptr) return Describe(*sight.operation);
  return "what " + Describe(*sight.watch) + " was given at " + Seconds(sight.at_us);
}

Reached::Reached(const History& history) {
  sights_.reserve(history.operations.size());
  for (const Operation& operation : history.operations) {
    if (!SaysRevision(operation)) continue;
    sights_.push_back({*operation.return_us, operation.revision, &operation, nullptr});
  }
  for (const Watch& watch : history.watches) {
    for (const Delivery& delivery : watch.deliveries) {
      sights_.push_back({delivery.at_us, delivery.through, nullptr, &watch});
    }
  }
  if (!std::is_sorted(sights_.begin(), sights_.end(), Earlier)) {
    std::stable_sort(sights_.begin(), sights_.end(), Earlier);
  }
  size_t kept = 0;  // only those that saw more than all before
  for (const Sight& sight : sights_) {
    if (kept > 0 && sight.revision <= sights_[kept - 1].revision) continue;
    sights_[kept++] = sight;
  }
  sights_.resize(kept);
}

const Sight* Reached::Before(int64_t time_us) const {
  const auto later =
      std::partition_point(sights_.begin(), sights_.end(),
                           [time_us](const Sight& sight) { return sight.at_us < time_us; });
  return later == sights_.begin() ? nullptr : &*(later - 1);
}

}  // namespace baton::history
