// File: ids.h
//
// Numbers that must not be mixed up are distinct types. A StrongNumber has comparison, ++, the sum
// with a plain distance and the difference of two of a kind; nothing converts implicitly.
//
//   Index next = last + 1;       // Index
//   uint64_t gap = next - last;  // plain distance
//   Term t = next;               // does not compile
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

namespace baton {

template <typename Tag>
class StrongNumber {
 public:
  constexpr StrongNumber() = default;  // zero, which every kind below reserves for "none"
  constexpr explicit StrongNumber(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }

  constexpr auto operator<=>(const StrongNumber&) const = default;

  constexpr StrongNumber& operator++() {
    ++value_;
    return *this;
  }
  constexpr StrongNumber operator+(uint64_t distance) const {
    return StrongNumber(value_ + distance);
  }
  constexpr StrongNumber operator-(uint64_t distance) const {
    return StrongNumber(value_ - distance);
  }
  constexpr uint64_t operator-(StrongNumber other) const { return value_ - other.value_; }

  friend std::ostream& operator<<(std::ostream& out, StrongNumber number) {
    return out << number.value_;
  }

 private:
  uint64_t value_ = 0;
};

// A Raft term. 0: before the first election.
using Term = StrongNumber<struct TermTag>;
// A position in the Raft log. The first entry has index 1; 0: none.
using Index = StrongNumber<struct IndexTag>;
// A member of the cluster. 0: nobody.
using NodeId = StrongNumber<struct NodeIdTag>;
// The global order of changes to the replicated state. 0: before any change.
using Revision = StrongNumber<struct RevisionTag>;
// Proof of a lock or of a leadership: strictly greater than every token given out before. 0: none.
using Token = StrongNumber<struct TokenTag>;
// A place in a waiting line. 0: none.
using Ticket = StrongNumber<struct TicketTag>;
// A client session. 0: none.
using SessionId = StrongNumber<struct SessionIdTag>;

}  // namespace baton

template <typename Tag>
struct std::hash<baton::StrongNumber<Tag>> {
  size_t operator()(baton::StrongNumber<Tag> number) const noexcept {
    return std::hash<uint64_t>()(number.value());
  }
};
