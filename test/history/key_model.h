// File: key_model.h
//
// One key as a state, and what an operation on it needs and does. Internal to linearizable.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "test/history/key_history.h"
#include "test/history/operation.h"

namespace baton::history {

struct KeyState {
  static constexpr uint64_t kNoMost = std::numeric_limits<uint64_t>::max();

  bool present = false;
  uint32_t value = 0;
  uint64_t mod = 0;  // 0: that of a put which never said it; from mod_least to mod_most
  uint64_t mod_least = 0;
  uint64_t mod_most = kNoMost;  // the first revision that somebody saw it at
  uint64_t session = 0;
  uint32_t guard = 0;     // 0: not guarded
  uint64_t revision = 0;  // of the whole state: at least that
};

// One operation, or one watched event, as the search places it.
struct KeyStep {
  enum class Does : uint8_t { kPut, kDelete, kLook, kNothing };
  enum class Refused : uint8_t {
    kNo,
    kPrecondition,    // the condition is false
    kGuardRequired,   // the key is guarded
    kOtherLock,       // by another lock
    kAfterCondition,  // for another reason: guard and condition were right
  };
  static constexpr uint32_t kAnyValue = std::numeric_limits<uint32_t>::max();

  int64_t call_us = 0;
  int64_t return_us = std::numeric_limits<int64_t>::max();
  uint64_t revision = 0;
  Does does = Does::kLook;
  Refused refused = Refused::kNo;
  bool optional = false;  // it need not have happened
  bool impossible = false;
  bool has_condition = false;
  uint64_t condition = 0;
  uint32_t value = 0;
  uint64_t session = 0;
  uint32_t guard = 0;
  bool looks = false;  // at the state before it: found...
  bool found = false;
  uint32_t found_value = kAnyValue;
  uint64_t found_mod = 0;
  uint64_t found_session = 0;
  const Operation* operation = nullptr;
};

class KeyModel {
 public:
  // Steps in no particular order; those that say nothing are left out.
  explicit KeyModel(const KeyHistory& key);

  const std::vector<KeyStep>& steps() const { return steps_; }

  // The state after the step, in *state; false: it does not fit there.
  bool Apply(const KeyStep& step, KeyState* state) const;
  // The session of the key has ended.
  static void EndSession(KeyState* state);

 private:
  void AddOperation(const Operation& operation);
  void AddRefusal(const Operation& operation, KeyStep step);
  void AddEvent(const SeenEvent& seen);
  uint32_t IdOf(std::string_view text);
  void LookAt(const Operation& operation, KeyStep* step);
  bool Binds(uint64_t mod, KeyState* state) const;
  bool Looks(const KeyStep& step, KeyState* state) const;
  bool ConditionHolds(const KeyStep& step, KeyState* state) const;
  bool RefusalIsRight(const KeyStep& step, KeyState* state) const;
  static bool GuardFits(const KeyStep& step, const KeyState& state);

  std::vector<KeyStep> steps_;
  std::unordered_map<std::string_view, uint32_t> ids_;  // of values and locks
  std::unordered_set<uint64_t> put_revisions_;          // of puts that said theirs
};

}  // namespace baton::history
