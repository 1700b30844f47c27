// File: sim_events.h
//
// What is still to happen in a simulation, in the order of its time; of one time in the order in
// which it was planned.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "pkg/base/check.h"

namespace baton::node::testing {

class SimEvents {
 public:
  using Event = std::function<void()>;

  void Add(int64_t at_us, Event event) {
    heap_.push_back({at_us, ++last_, std::move(event)});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  bool empty() const { return heap_.empty(); }
  int64_t next_us() const { return heap_.front().at_us; }
  // How many have been planned so far.
  uint64_t planned() const { return last_; }
  Event Take() {
    CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    Event event = std::move(heap_.back().event);
    heap_.pop_back();
    return event;
  }

 private:
  struct Item {
    int64_t at_us;
    uint64_t number;
    Event event;
  };
  static bool Later(const Item& a, const Item& b) {
    return std::pair(a.at_us, a.number) > std::pair(b.at_us, b.number);
  }

  std::vector<Item> heap_;
  uint64_t last_ = 0;
};

}  // namespace baton::node::testing
