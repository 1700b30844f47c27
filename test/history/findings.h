// File: findings.h
//
// The violations that the checks have found, a bounded number of them in words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::history {

struct Violation {
  std::string name;      // "stale_read": which promise; README.md lists them
  std::string sentence;  // for people: operations, revisions, times
  friend bool operator==(const Violation&, const Violation&) = default;
};

class Findings {
 public:
  explicit Findings(size_t violations_max) : violations_max_(violations_max) {}

  // `sentence` is called only when there is room for it.
  template <typename Sentence>
  void Add(std::string_view name, Sentence sentence) {
    ++total_;
    if (violations_.size() < violations_max_) {
      violations_.push_back({std::string(name), sentence()});
    }
  }

  uint64_t total() const { return total_; }
  const std::vector<Violation>& violations() const { return violations_; }
  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  size_t violations_max_;
  uint64_t total_ = 0;
  std::vector<Violation> violations_;
};

}  // namespace baton::history
