#include "pkg/http/stream_budget.h"

#include "pkg/base/check.h"

namespace baton::http {

bool StreamBudget::Take(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return TakeLocked(bytes);
}

bool StreamBudget::TakeLocked(size_t bytes) {
  // With TakeAnyway, more than bytes_max_ may be used.
  if (used_ > bytes_max_ || bytes > bytes_max_ - used_) return false;
  used_ += bytes;
  return true;
}

void StreamBudget::TakeAnyway(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  used_ += bytes;
}

void StreamBudget::Return(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  used_ -= bytes;
}

bool StreamBudget::TakeShared(const std::string* text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto held = holders_.find(text);
  if (held == holders_.end() && !TakeLocked(text->size())) return false;
  ++holders_[text];
  return true;
}

void StreamBudget::ReturnShared(const std::string* text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto held = holders_.find(text);
  CHECK(held != holders_.end()) << "returned more often than taken";
  if (--held->second > 0) return;
  holders_.erase(held);
  used_ -= text->size();
}

size_t StreamBudget::used() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return used_;
}

size_t StreamBudget::share_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t for_all = bytes_max_ / 4 * 3;
  return used_ < for_all ? for_all - used_ : 0;
}

}  // namespace baton::http
