#include <algorithm>
#include <utility>

#include "test/history/key_replay.h"
#include "test/history/words.h"

namespace baton::history {
namespace {

std::string Of(const KeyChange& change) {
  return Describe(change.by != nullptr ? WitnessOf(*change.by) : change.seen);
}

}  // namespace

void KeyReplay::Play() {
  size_t next = 0;
  const auto play_until = [&](uint64_t revision) {
    for (; next < changes_.size() && changes_[next].revision <= revision; ++next) {
      CheckGuard(changes_[next], next == 0 ? nullptr : &changes_[next - 1]);
    }
  };
  for (const KeySight& sight : sights_) {
    if (sight.revision == kUnsaid) break;  // the last ones
    play_until(sight.revision);
    CheckSight(sight, next == 0 ? nullptr : &changes_[next - 1]);
  }
  play_until(kUnsaid);
}

bool KeyReplay::HiddenChangePossible(int64_t until_us) const {
  return std::any_of(unknown_.begin(), unknown_.end(), [until_us](const Operation* operation) {
    return operation->call_us <= until_us;
  });
}

// `last`: the last known change up to that revision.
void KeyReplay::CheckSight(const KeySight& sight, const KeyChange* last) {
  if (!sight.found) {
    if (last != nullptr && last->is_put) CheckGone(sight, *last);
    return;
  }
  if (sight.mod > sight.revision) {
    return Wrong("wrong_answer", [&] {
      return "an answer shows a key that is newer than the state it is of: " + Describe(sight.by);
    });
  }
  if (last == nullptr || !last->is_put || last->revision < sight.mod) {
    return CheckNotThere(sight, last);
  }
  if (sight.mod == 0 || last->revision == sight.mod) return CheckFound(sight, *last);
  const std::string_view name = sight.is_condition ? "split_cas" : "lost_write";
  Wrong(name, [&] {
    return std::string(sight.is_condition ? "a condition was passed over: " : "a write is lost: ") +
           Describe(sight.by) + " goes by revision " + std::to_string(sight.mod) + " of " +
           Quoted(key_.key) + ", but at revision " + std::to_string(last->revision) +
           " the key was changed by " + Of(*last);
  });
}

// Something was found where nothing is known to be.
void KeyReplay::CheckNotThere(const KeySight& sight, const KeyChange* last) {
  if (HiddenChangePossible(sight.by.to_us)) {
    open_ = true;
    return;
  }
  Wrong("found_deleted", [&] {
    return "a key was there though it cannot be: " + Describe(sight.by) + " found " +
           Quoted(key_.key) + " at revision " + std::to_string(sight.revision) + ", but " +
           (last == nullptr ? "nobody had put it" : "the last change was " + Of(*last));
  });
}

void KeyReplay::CheckFound(const KeySight& sight, const KeyChange& last) {
  const bool other_value =
      sight.value != nullptr && last.value != nullptr && *sight.value != *last.value;
  const bool other_session =
      sight.session != 0 && last.session_said && sight.session != last.session;
  // Without its revision it may be another put that was found.
  if (sight.mod == 0 && (other_value || other_session) && HiddenChangePossible(sight.by.to_us)) {
    open_ = true;
    return;
  }
  if (other_value || other_session) {
    Wrong("wrong_value", [&] {
      return std::string("a key has another ") + (other_value ? "value" : "session") +
             " than was put: " + Describe(sight.by) + " found " +
             (other_value ? Quoted(*sight.value) : "session " + std::to_string(sight.session)) +
             " at revision " + std::to_string(sight.revision) + ", but it was made by " + Of(last);
    });
  }
  if (sight.mod != 0) parts_.lives->Alive(last.session, sight.by);
}

void KeyReplay::CheckGone(const KeySight& sight, const KeyChange& last) {
  const bool time_to_go = last.revision < sight.revision;
  if (time_to_go && (HiddenChangePossible(sight.by.to_us) || !last.session_said)) {
    open_ = true;
    return;
  }
  if (time_to_go && last.session != 0) {  // then its session has ended
    parts_.lives->Dead(last.session, sight.by);
    if (parts_.known != nullptr) {
      parts_.known->push_back(
          {Space::kKv, key_.key, 0, last.revision + 1, sight.revision, sight.by});
    }
    return;
  }
  Wrong(sight.is_condition ? "split_cas" : "lost_write", [&] {
    return std::string(sight.is_condition ? "a condition was passed over: " : "a write is lost: ") +
           Describe(sight.by) + " goes by there being no " + Quoted(key_.key) + " at revision " +
           std::to_string(sight.revision) + ", but nobody can have deleted it since " + Of(last);
  });
}

const KeyChange* KeyReplay::LastChange(uint64_t revision) const {
  const auto later = std::partition_point(
      changes_.begin(), changes_.end(),
      [revision](const KeyChange& change) { return change.revision <= revision; });
  return later == changes_.begin() ? nullptr : &*(later - 1);
}

// A guarded key changes only under its lock.
void KeyReplay::CheckGuard(const KeyChange& change, const KeyChange* before) {
  if (change.by == nullptr || before == nullptr || before->by == nullptr || !before->is_put) return;
  const std::string& lock = before->by->guard_lock;
  if (lock.empty() || change.by->guard_lock == lock) return;
  // It may have gone in between, and the guard with it.
  if (before->session != 0 || HiddenChangePossible(change.seen.to_us)) return;
  Wrong("guard_bypassed", [&] {
    return "a guarded key was changed without the token of its lock: " + Describe(*change.by) +
           " after " + Describe(*before->by);
  });
}

void KeyReplay::CheckGuardRefusals() {
  for (const Operation* operation : guard_refusals_) {
    if (operation->revision == 0) continue;
    const KeyChange* last = LastChange(operation->revision);
    if (last != nullptr && last->by == nullptr) continue;
    const bool guarded = last != nullptr && last->is_put && !last->by->guard_lock.empty();
    const bool by_other = guarded && last->by->guard_lock != operation->guard_lock;
    if (by_other) continue;
    if (HiddenChangePossible(*operation->return_us)) {
      open_ = true;
      continue;
    }
    Wrong("wrong_refusal", [&] {
      return "a change was refused for a guard that the key does not have: " +
             Describe(*operation) + ", but the last change was " +
             (last == nullptr ? "none" : Of(*last));
    });
  }
}

}  // namespace baton::history
