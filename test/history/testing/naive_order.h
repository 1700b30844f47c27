// File: naive_order.h
//
// Whether an order of a few operations on one key explains their answers, by trying all orders and
// all revisions: nothing is clever here, so that the clever ones can be held against it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "test/history/operation.h"

namespace baton::history {

class NaiveOrder {
 public:
  // ends_once: a session that has ended owns nothing any more; else each of its keys may go by
  // itself at any time.
  NaiveOrder(const std::vector<Operation>& operations, bool ends_once)
      : operations_(operations), ends_once_(ends_once) {
    for (const Operation& operation : operations) {
      revision_max_ = std::max({revision_max_, operation.revision, operation.found_mod_revision,
                                operation.expected_revision.value_or(0)});
    }
    revision_max_ += operations.size() + 1;
  }

  bool Exists() { return From({}, 0); }

 private:
  struct State {
    bool present = false;
    std::string value;
    uint64_t mod = 0;
    uint64_t session = 0;
    uint64_t revision = 0;
    bool ended = false;
  };

  static bool IsChange(const Operation& one) {
    return one.kind == Kind::kPut || one.kind == Kind::kDelete;
  }
  static bool MustHappen(const Operation& one) {
    if (one.outcome == Outcome::kOk) return true;
    return one.outcome == Outcome::kRefused &&
           (one.error == "precondition_failed" || one.error == "session_not_found");
  }
  bool MayComeNext(size_t which, uint64_t placed) const {
    const Operation& one = operations_[which];
    for (size_t i = 0; i < operations_.size(); ++i) {
      const Operation& other = operations_[i];
      if ((placed >> i & 1) != 0 || i == which || !MustHappen(other)) continue;
      if (one.kind != Kind::kGetStale && *other.return_us < one.call_us) return false;
    }
    return true;
  }

  bool From(const State& state, uint64_t placed) {
    bool all = true;
    for (size_t i = 0; i < operations_.size(); ++i) {
      all = all && ((placed >> i & 1) != 0 || !MustHappen(operations_[i]));
    }
    if (all) return true;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if ((placed >> i & 1) != 0 || !MayComeNext(i, placed)) continue;
      if (Place(operations_[i], state, placed | uint64_t{1} << i)) return true;
    }
    if (!state.present || state.session == 0) return false;
    for (uint64_t at = state.revision + 1; at <= revision_max_; ++at) {  // its session ends
      if (From({false, "", 0, 0, at, true}, placed)) return true;
    }
    return false;
  }

  static bool Shows(const Operation& one, const State& state) {
    if (one.found != state.present) return false;
    if (!state.present) return true;
    if (one.found_session != 0 && one.found_session != state.session) return false;
    return one.found_value == state.value &&
           (one.found_mod_revision == 0 || one.found_mod_revision == state.mod);
  }
  static bool ConditionHolds(const Operation& one, const State& state) {
    return !one.expected_revision || *one.expected_revision == (state.present ? state.mod : 0);
  }

  bool Place(const Operation& one, const State& state, uint64_t placed) {
    if (one.outcome == Outcome::kNotApplied) return false;
    if (one.outcome == Outcome::kUnknown) return IsChange(one) && Change(one, state, placed);
    if (one.outcome == Outcome::kRefused) {
      const bool failed = one.error == "precondition_failed";
      if (failed == ConditionHolds(one, state)) return false;
      return (!failed || Shows(one, state)) && At(one, state, placed);
    }
    if (one.kind == Kind::kPut) return Change(one, state, placed);
    if (!Shows(one, state) || !ConditionHolds(one, state)) return false;
    if (one.kind == Kind::kDelete && state.present) return Change(one, state, placed);
    return At(one, state, placed);
  }

  // A look at the state.
  bool At(const Operation& one, State state, uint64_t placed) {
    if (one.revision == 0) return From(state, placed);
    if (one.revision < state.revision) return false;
    state.revision = one.revision;
    return From(state, placed);
  }

  bool Change(const Operation& one, const State& state, uint64_t placed) {
    if (!ConditionHolds(one, state)) return false;
    if (one.kind == Kind::kDelete && !state.present) return false;
    if (ends_once_ && state.ended && one.session != 0) return false;
    const bool said = one.outcome == Outcome::kOk && one.revision != 0;
    const uint64_t low = said ? one.revision : state.revision + 1;
    const uint64_t high = said ? one.revision : revision_max_;
    if (low <= state.revision) return false;
    for (uint64_t at = low; at <= high; ++at) {
      State next = one.kind == Kind::kDelete ? State{false, "", 0, 0, at}
                                             : State{true, one.value, at, one.session, at};
      next.ended = state.ended;
      if (From(next, placed)) return true;
    }
    return false;
  }

  const std::vector<Operation>& operations_;
  bool ends_once_;
  uint64_t revision_max_ = 0;
};

}  // namespace baton::history
