#include "test/history/replay.h"

#include <algorithm>
#include <utility>

#include "test/history/key_replay.h"
#include "test/history/words.h"

namespace baton::history {
namespace {

bool EarlierChange(const KeyChange& one, const KeyChange& other) {
  return one.revision < other.revision;
}
bool EarlierSight(const KeySight& one, const KeySight& other) {
  return one.revision < other.revision;
}

}  // namespace

Replay ReplayKey(const KeyHistory& key, const ReplayParts& parts) {
  return KeyReplay(key, parts).Run();
}

Replay KeyReplay::Run() {
  changes_.reserve(key_.operations.size());
  sights_.reserve(key_.operations.size());
  for (const Operation* operation : key_.operations) AddOperation(*operation);
  AddEvents();
  SortChanges();
  MergeChanges();
  AddSeenPuts();
  FindMakers();
  if (parts_.known != nullptr) TellWatches();
  if (!std::is_sorted(sights_.begin(), sights_.end(), EarlierSight)) {
    std::stable_sort(sights_.begin(), sights_.end(), EarlierSight);
  }
  Play();
  CheckGuardRefusals();
  if (wrong_) return Replay::kWrong;
  return open_ ? Replay::kOpen : Replay::kRight;
}

void KeyReplay::AddOperation(const Operation& operation) {
  const bool change = operation.kind == Kind::kPut || operation.kind == Kind::kDelete;
  switch (operation.outcome) {
    case Outcome::kOk:
      AddAcknowledged(operation);
      break;
    case Outcome::kRefused:
      AddRefused(operation);
      break;
    case Outcome::kNotApplied:
      break;
    case Outcome::kUnknown:
      if (change) unknown_.push_back(&operation);
      break;
  }
}

void KeyReplay::AddAcknowledged(const Operation& operation) {
  if (operation.kind == Kind::kGet || operation.kind == Kind::kGetStale ||
      (operation.kind == Kind::kDelete && !operation.found)) {
    const uint64_t at = operation.revision == 0 ? kUnsaid : operation.revision;
    AddSight(operation, at, false);
    AddCondition(operation, at);
    return;
  }
  uint64_t revision = operation.revision;
  if (operation.kind == Kind::kPut) {
    const uint64_t said = operation.found_mod_revision;
    if (revision == 0) revision = said;
    const bool other_value = operation.found && !operation.found_value_omitted &&
                             operation.found_value != operation.value;
    if ((said != 0 && said != revision) || other_value) {
      Wrong("wrong_answer", [&] {
        return "a put was answered with another key than it made: " + Describe(operation);
      });
    }
  }
  if (revision == 0) {  // it did happen, but nobody says when
    open_ = true;
    unknown_.push_back(&operation);
    return;
  }
  KeyChange change;
  change.revision = revision;
  change.is_put = operation.kind == Kind::kPut;
  change.by = &operation;
  change.value = &operation.value;
  change.session = change.is_put ? operation.session : 0;
  change.session_said = true;
  change.seen = WitnessOf(operation);
  changes_.push_back(change);
  AddCondition(operation, revision - 1);
  if (operation.kind == Kind::kDelete) AddSight(operation, revision - 1, true);
}

void KeyReplay::AddRefused(const Operation& operation) {
  const uint64_t at = operation.revision == 0 ? kUnsaid : operation.revision;
  const std::string& error = operation.error;
  if (error == "key_not_found") {
    AddSight(operation, at, false);
    sights_.back().found = false;
  } else if (error == "precondition_failed") {
    AddSight(operation, at, false);
    const uint64_t expected = operation.expected_revision.value_or(0);
    const bool holds = expected == 0 ? !operation.found
                                     : operation.found && operation.found_mod_revision == expected;
    if (holds || !operation.expected_revision) {
      Wrong("wrong_refusal", [&] {
        return "a change was refused though its condition held: " + Describe(operation);
      });
    }
  } else if (error == "session_not_found" || error == "too_many_owned") {
    AddCondition(operation, at);
  } else if (error == "guard_required" || error == "guarded_by_other_lock") {
    if (at == kUnsaid) open_ = true;
    guard_refusals_.push_back(&operation);
  }
}

void KeyReplay::AddSight(const Operation& operation, uint64_t revision, bool is_condition) {
  if (revision == kUnsaid) open_ = true;
  KeySight sight;
  sight.revision = revision;
  sight.found = operation.found;
  sight.is_condition = is_condition;
  sight.by = WitnessOf(operation);
  sight.by.revision = revision == kUnsaid ? 0 : revision;
  if (operation.found) {
    sight.mod = operation.found_mod_revision;
    if (!operation.found_value_omitted) sight.value = &operation.found_value;
    sight.session = operation.found_session;
  }
  sights_.push_back(sight);
}

void KeyReplay::AddCondition(const Operation& operation, uint64_t revision) {
  if (!operation.expected_revision) return;
  if (revision == kUnsaid) open_ = true;
  KeySight sight;
  sight.revision = revision;
  sight.mod = *operation.expected_revision;
  sight.found = sight.mod != 0;
  sight.is_condition = true;
  sight.by = WitnessOf(operation);
  sight.by.revision = revision == kUnsaid ? 0 : revision;
  sights_.push_back(sight);
}

void KeyReplay::AddEvents() {
  for (const SeenEvent& seen : key_.events) {
    const WatchedEvent& event = *seen.event;
    KeyChange change;
    change.revision = event.revision;
    change.is_put = event.kind == "put";
    change.value = change.is_put ? &event.value : nullptr;
    change.session = event.session;
    change.session_said = true;
    change.seen = WitnessOf(event, seen.at_us);
    changes_.push_back(change);
    if (change.is_put) parts_.lives->Alive(event.session, change.seen);
    if (change.is_put) continue;
    // It was there until then.
    KeySight sight;
    sight.revision = event.revision - 1;
    sight.found = true;
    sight.session = event.session;
    sight.by = WitnessOf(event, seen.at_us, 1);
    sights_.push_back(sight);
    parts_.lives->Alive(event.session, sight.by);
  }
}

void KeyReplay::SortChanges() {
  if (!std::is_sorted(changes_.begin(), changes_.end(), EarlierChange)) {
    std::stable_sort(changes_.begin(), changes_.end(), EarlierChange);
  }
}

// A change that was acknowledged and seen is one; acknowledgements came first into the list.
void KeyReplay::MergeChanges() {
  size_t kept = 0;
  for (const KeyChange& change : changes_) {
    if (kept == 0 || changes_[kept - 1].revision != change.revision) {
      changes_[kept++] = change;
      continue;
    }
    KeyChange& first = changes_[kept - 1];
    if (change.by != nullptr) continue;  // two acknowledged ones: order_check.h
    if (first.by == nullptr) {
      Wrong("watch_lied", [&] {
        return "a key changed twice at one revision: " + Describe(first.seen) + " and " +
               Describe(change.seen);
      });
      continue;
    }
    const bool same = first.is_put == change.is_put &&
                      (!change.is_put || *first.value == *change.value) &&
                      (!change.is_put || first.session == change.session);
    if (!same) {
      Wrong("watch_lied", [&] {
        return "a watch told of another change than was made: " + Describe(change.seen) + ", but " +
               Describe(first.seen);
      });
    }
    if (change.seen.to_us < first.by->call_us) {
      Wrong("seen_too_early", [&] {
        return "a change was seen before it was asked for: " + Describe(change.seen) + " at " +
               Seconds(change.seen.to_us) + ", but " + Describe(*first.by);
      });
    }
  }
  changes_.resize(kept);
}

// Puts that nobody acknowledged and no watch told of, but somebody found.
void KeyReplay::AddSeenPuts() {
  std::vector<KeyChange> more;
  for (const KeySight& sight : sights_) {
    if (!sight.found || sight.mod == 0 || sight.mod > sight.revision) {
      continue;
    }
    KeyChange change;
    change.revision = sight.mod;
    if (std::binary_search(changes_.begin(), changes_.end(), change, EarlierChange)) continue;
    change.is_put = true;
    change.value = sight.value;
    change.session = sight.session;
    change.session_said = sight.session != 0;
    change.seen = sight.by;
    more.push_back(change);
  }
  if (more.empty()) return;
  std::stable_sort(more.begin(), more.end(), EarlierChange);
  for (const KeyChange& change : more) {
    if (changes_.empty() || changes_.back().revision != change.revision ||
        changes_.back().by != nullptr) {
      changes_.push_back(change);
      continue;
    }
    KeyChange& same = changes_.back();
    if (same.value == nullptr) same.value = change.value;
    if (!same.session_said) same.session = change.session;
    same.session_said = same.session_said || change.session_said;
    if (change.seen.to_us < same.seen.to_us) same.seen = change.seen;
  }
  SortChanges();
}

void KeyReplay::TellWatches() {
  for (const KeyChange& change : changes_) {
    parts_.known->push_back(
        {Space::kKv, key_.key, 0, change.revision, change.revision, change.seen});
  }
}

}  // namespace baton::history
