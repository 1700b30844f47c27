// File: read_budget.h
//
// Bytes that reads have copied out of the state and that are not rendered yet. The raft thread
// copies faster than the loop's thread renders; without a bound the pages between them would fill
// the memory. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace baton::http {

class ReadBudget {
 public:
  // What each read is charged for beside its values: names, holders, its callbacks.
  static constexpr size_t kReadBytes = 4096;

  explicit ReadBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  // The size of a copy is known once it is made, so the last one may exceed the bound.
  bool HasRoom() const { return used_.load(std::memory_order_relaxed) < bytes_max_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  // Charged until the result is dropped.
  static std::shared_ptr<const void> Charge(std::shared_ptr<ReadBudget> budget, size_t bytes) {
    budget->used_.fetch_add(bytes, std::memory_order_relaxed);
    return {nullptr, [budget = std::move(budget), bytes](const void*) {
              budget->used_.fetch_sub(bytes, std::memory_order_relaxed);
            }};
  }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> used_{0};
};

}  // namespace baton::http
