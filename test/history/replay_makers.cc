#include <algorithm>
#include <utility>

#include "test/history/key_replay.h"
#include "test/history/words.h"

namespace baton::history {

const KeyReplay::Candidates& KeyReplay::PutsOf(const std::string* value) {
  static const Candidates kNone;
  if (puts_by_value_.empty()) {
    for (const Operation* operation : key_.operations) {
      if (operation->kind == Kind::kPut) puts_by_value_[operation->value].push_back(operation);
    }
  }
  if (value == nullptr) return kNone;
  const auto found = puts_by_value_.find(*value);
  return found == puts_by_value_.end() ? kNone : found->second;
}

bool KeyReplay::CanHaveMade(const Operation& operation, const KeyChange& change) {
  if (operation.call_us > change.seen.to_us) return false;
  if (!change.is_put) return operation.kind == Kind::kDelete;
  if (operation.kind != Kind::kPut) return false;
  if (change.value != nullptr && *change.value != operation.value) return false;
  return !change.session_said || change.session == operation.session;
}

void KeyReplay::FindMakers() {
  for (KeyChange& change : changes_) {
    if (change.by != nullptr) {
      CheckMaker(change);
    } else if (change.is_put) {
      FindMaker(&change);
    } else {
      FindDeleter(&change);
    }
  }
}

void KeyReplay::Assign(const Operation* operation, KeyChange* change) {
  std::erase(unknown_, operation);
  change->by = operation;
  if (change->is_put) {
    change->value = &operation->value;
    change->session = operation->session;
    change->session_said = true;
  }
  AddCondition(*operation, change->revision - 1);
  CheckMaker(*change);
  const Sight* before = parts_.reached->Before(operation->call_us);
  if (before == nullptr || before->revision < change->revision) return;
  Wrong("write_went_back", [&] {
    return "a change was put into the past: " + Describe(*operation) + " made revision " +
           std::to_string(change->revision) + ", as " + Describe(change->seen) +
           " shows, but was called after " + Describe(*before);
  });
}

// Its session lived.
void KeyReplay::CheckMaker(const KeyChange& change) {
  if (!change.is_put || change.session == 0) return;
  Witness witness = WitnessOf(*change.by);
  witness.revision = change.revision;
  parts_.lives->Alive(change.session, witness);
}

void KeyReplay::FindMaker(KeyChange* change) {
  const Operation* maker = nullptr;
  for (const Operation* operation : unknown_) {
    if (!CanHaveMade(*operation, *change)) continue;
    if (maker != nullptr) {  // the search may find which
      open_ = true;
      return;
    }
    maker = operation;
  }
  if (maker != nullptr) return Assign(maker, change);
  NobodyMade(*change);
}

void KeyReplay::NobodyMade(const KeyChange& change) {
  const Operation* twice = nullptr;
  const Operation* failed = nullptr;
  const Operation* later = nullptr;
  for (const Operation* operation : PutsOf(change.value)) {
    if (operation->outcome == Outcome::kNotApplied || operation->outcome == Outcome::kRefused) {
      failed = operation;
    } else if (operation->call_us > change.seen.to_us) {
      later = operation;
    } else {
      twice = operation;
    }
  }
  const std::string what = "revision " + std::to_string(change.revision) + " of " +
                           Quoted(key_.key) + ", shown by " + Describe(change.seen) + ", ";
  if (twice != nullptr) {
    Wrong("applied_twice", [&] {
      return "an operation took effect more than once: " + what + "has the value of " +
             Describe(*twice) + ", which made another revision";
    });
  } else if (failed != nullptr) {
    const bool refused = failed->outcome == Outcome::kRefused;
    Wrong(refused ? "refused_visible" : "not_applied_visible", [&] {
      return "a change that failed for good is visible: " + what + "has the value of " +
             Describe(*failed);
    });
  } else if (later != nullptr) {
    Wrong("seen_too_early", [&] {
      return "a change was seen before it was asked for: " + what + "has the value of " +
             Describe(*later);
    });
  } else {
    Wrong("value_from_nowhere", [&] {
      return "a value that nobody wrote: " + what + "has " +
             (change.value == nullptr ? "no maker" : Quoted(*change.value));
    });
  }
}

void KeyReplay::FindDeleter(KeyChange* change) {
  const Operation* maker = nullptr;
  for (const Operation* operation : unknown_) {
    if (!CanHaveMade(*operation, *change)) continue;
    if (change->session != 0) return;  // it or the session's end: nothing follows
    if (maker != nullptr) {
      open_ = true;
      return;
    }
    maker = operation;
  }
  if (maker != nullptr) {
    Assign(maker, change);
  } else if (change->session != 0) {
    parts_.lives->Dead(change->session, change->seen);
  } else {
    DeletedUnasked(*change);
  }
}

void KeyReplay::DeletedUnasked(const KeyChange& change) {
  const Operation* twice = nullptr;
  for (const Operation* operation : key_.operations) {
    const bool deletes = operation->kind == Kind::kDelete && operation->attempts > 1 &&
                         operation->outcome == Outcome::kOk && operation->found;
    if (deletes && operation->call_us <= change.seen.to_us) twice = operation;
  }
  if (twice != nullptr) {
    Wrong("applied_twice", [&] {
      return "an operation took effect more than once: " + Describe(change.seen) +
             " can only be a second time of " + Describe(*twice);
    });
  } else {
    Wrong("delete_from_nowhere", [&] {
      return "a key was deleted though nobody had asked for it: " + Describe(change.seen);
    });
  }
}

}  // namespace baton::history
