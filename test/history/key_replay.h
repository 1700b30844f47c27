// File: key_replay.h
//
// The steps of replay.h. Internal to it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "test/history/replay.h"

namespace baton::history {

// A change of the key at a known revision, as far as it is known.
struct KeyChange {
  uint64_t revision = 0;
  bool is_put = false;
  const Operation* by = nullptr;       // that made it; nullptr: not known (yet)
  const std::string* value = nullptr;  // of a put; nullptr: nobody said
  uint64_t session = 0;                // 0: none, or nobody said
  bool session_said = false;
  Witness seen;  // by whom it became known, when that was not its own answer
};

// That the key was in some state at a revision, as `by` says.
struct KeySight {
  uint64_t revision = 0;  // kUnsaid: at one that nobody knows
  bool found = false;
  uint64_t mod = 0;                    // 0: not said
  const std::string* value = nullptr;  // nullptr: not said
  uint64_t session = 0;
  bool is_condition = false;  // it must have been so for a change to happen
  Witness by;
};
inline constexpr uint64_t kUnsaid = std::numeric_limits<uint64_t>::max();

class KeyReplay {
 public:
  KeyReplay(const KeyHistory& key, const ReplayParts& parts) : key_(key), parts_(parts) {}

  Replay Run();

 private:
  using Candidates = std::vector<const Operation*>;

  // What is known.
  void AddOperation(const Operation& operation);
  void AddAcknowledged(const Operation& operation);
  void AddRefused(const Operation& operation);
  void AddSight(const Operation& operation, uint64_t revision, bool is_condition);
  void AddCondition(const Operation& operation, uint64_t revision);
  void AddEvents();
  void SortChanges();
  void MergeChanges();
  void AddSeenPuts();
  void TellWatches();

  // Who made the changes that are only seen.
  void FindMakers();
  void FindMaker(KeyChange* change);
  static bool CanHaveMade(const Operation& operation, const KeyChange& change);
  void NobodyMade(const KeyChange& change);
  void CheckMaker(const KeyChange& change);
  void FindDeleter(KeyChange* change);
  void DeletedUnasked(const KeyChange& change);
  const Candidates& PutsOf(const std::string* value);
  void Assign(const Operation* operation, KeyChange* change);

  // The play.
  void Play();
  void CheckSight(const KeySight& sight, const KeyChange* last);
  void CheckFound(const KeySight& sight, const KeyChange& last);
  void CheckGone(const KeySight& sight, const KeyChange& last);
  void CheckNotThere(const KeySight& sight, const KeyChange* last);
  void CheckGuard(const KeyChange& change, const KeyChange* before);
  const KeyChange* LastChange(uint64_t revision) const;
  void CheckGuardRefusals();
  bool HiddenChangePossible(int64_t until_us) const;

  template <typename Sentence>
  void Wrong(std::string_view name, Sentence sentence) {
    wrong_ = true;
    parts_.findings->Add(name, std::move(sentence));
  }

  const KeyHistory& key_;
  const ReplayParts& parts_;
  bool wrong_ = false;
  bool open_ = false;

  std::vector<KeyChange> changes_;  // ascending in revision
  std::vector<KeySight> sights_;    // ascending in revision
  Candidates unknown_;              // may have happened; not matched with a change
  std::vector<const Operation*> guard_refusals_;
  std::unordered_map<std::string_view, Candidates> puts_by_value_;  // all puts, made when needed
};

}  // namespace baton::history
