#include "pkg/load/key_use.h"

#include <algorithm>

#include "pkg/load/client.h"

namespace baton::load {

KeyUse::KeyUse(const Settings& settings, uint64_t worker, uint64_t workers)
    : keys_(settings.keys),
      sequential_(settings.sequential),
      worker_(worker),
      workers_(workers),
      random_(settings.seed * 1'000 + worker),
      fill_next_(worker),
      next_(worker),
      written_(settings.keys) {}

std::optional<uint64_t> KeyUse::NextToFill() {
  if (fill_next_ >= keys_) return std::nullopt;
  const uint64_t number = fill_next_;
  fill_next_ += workers_;
  return number;
}

uint64_t KeyUse::Choose() {
  if (!sequential_) return random_.Below(keys_);
  const uint64_t number = next_ % keys_;
  next_ += workers_;
  return number;
}

std::optional<uint64_t> KeyUse::NextToDelete() {
  while (delete_next_ < keys_ && !written_[delete_next_]) ++delete_next_;
  if (delete_next_ < keys_) return delete_next_++;
  if (failed_.empty()) return std::nullopt;
  const Retry retry = failed_.back();
  failed_.pop_back();
  under_retry_.push_back(retry);
  return retry.number;
}

void KeyUse::DeleteFailed(uint64_t number) {
  Retry retry{.number = number};
  const auto known = std::find_if(under_retry_.begin(), under_retry_.end(),
                                  [number](const Retry& one) { return one.number == number; });
  if (known != under_retry_.end()) {
    retry = *known;
    under_retry_.erase(known);
  }
  if (++retry.tries < kUndoTries) {
    failed_.push_back(retry);
  } else {
    ++given_up_;
  }
}

uint64_t KeyUse::LeftBehind() const {
  const auto rest = written_.begin() + static_cast<std::ptrdiff_t>(delete_next_);
  return given_up_ + failed_.size() + static_cast<uint64_t>(std::count(rest, written_.end(), true));
}

}  // namespace baton::load
