#include "test/history/key_model.h"

#include <algorithm>

namespace baton::history {
namespace {

using Does = KeyStep::Does;
using Refused = KeyStep::Refused;

}  // namespace

KeyModel::KeyModel(const KeyHistory& key) {
  ids_.emplace(std::string_view(), 0);
  steps_.reserve(key.operations.size() + key.events.size());
  for (const Operation* operation : key.operations) AddOperation(*operation);
  for (const SeenEvent& seen : key.events) AddEvent(seen);
}

uint32_t KeyModel::IdOf(std::string_view text) {
  return ids_.try_emplace(text, static_cast<uint32_t>(ids_.size())).first->second;
}

void KeyModel::LookAt(const Operation& operation, KeyStep* step) {
  step->looks = true;
  step->found = operation.found;
  if (!operation.found) return;
  if (!operation.found_value_omitted) step->found_value = IdOf(operation.found_value);
  step->found_mod = operation.found_mod_revision;
  step->found_session = operation.found_session;
}

void KeyModel::AddOperation(const Operation& operation) {
  const bool change = operation.kind == Kind::kPut || operation.kind == Kind::kDelete;
  KeyStep step;
  step.operation = &operation;
  step.call_us = operation.call_us;
  step.revision = operation.revision;
  if (operation.expected_revision) {
    step.has_condition = true;
    step.condition = *operation.expected_revision;
  }
  step.value = IdOf(operation.value);
  step.session = operation.session;
  step.guard = IdOf(operation.guard_lock);
  if (operation.kind == Kind::kPut) step.does = Does::kPut;
  if (operation.kind == Kind::kDelete) step.does = Does::kDelete;
  if (operation.kind == Kind::kGetStale) step.call_us = std::numeric_limits<int64_t>::min();
  if (operation.outcome == Outcome::kUnknown || !operation.return_us) {
    if (!change || operation.outcome == Outcome::kNotApplied) return;
    step.optional = operation.outcome == Outcome::kUnknown;
    step.revision = step.optional ? 0 : step.revision;
    steps_.push_back(step);
    return;
  }
  step.return_us = *operation.return_us;
  if (operation.outcome == Outcome::kRefused) return AddRefusal(operation, step);
  if (operation.outcome != Outcome::kOk) return;
  if (operation.kind == Kind::kPut) {
    const uint64_t said = operation.found_mod_revision;
    step.impossible = said != 0 && step.revision != 0 && said != step.revision;
    if (step.revision == 0) step.revision = said;
    if (step.revision != 0) put_revisions_.insert(step.revision);
  } else {
    LookAt(operation, &step);
    if (!operation.found) step.does = Does::kLook;
  }
  steps_.push_back(step);
}

void KeyModel::AddRefusal(const Operation& operation, KeyStep step) {
  step.does = Does::kNothing;
  if (operation.error == "key_not_found") {
    step.does = Does::kLook;
    step.looks = true;
  } else if (operation.error == "precondition_failed") {
    step.refused = Refused::kPrecondition;
    LookAt(operation, &step);
  } else if (operation.error == "guard_required") {
    step.refused = Refused::kGuardRequired;
  } else if (operation.error == "guarded_by_other_lock") {
    step.refused = Refused::kOtherLock;
  } else if (operation.error == "session_not_found" || operation.error == "too_many_owned") {
    step.refused = Refused::kAfterCondition;
  } else {
    return;
  }
  steps_.push_back(step);
}

void KeyModel::AddEvent(const SeenEvent& seen) {
  const WatchedEvent& event = *seen.event;
  KeyStep step;
  step.call_us = std::numeric_limits<int64_t>::min();
  step.return_us = seen.at_us;
  step.revision = event.revision;
  step.looks = true;
  step.found = event.kind == "put";
  if (step.found) {
    step.found_value = IdOf(event.value);
    step.found_mod = event.revision;
    step.found_session = event.session;
  }
  steps_.push_back(step);
}

// Whether the key's last change can be of that revision; from then on it is.
bool KeyModel::Binds(uint64_t mod, KeyState* state) const {
  if (state->mod != 0) return state->mod == mod;
  if (mod < state->mod_least || mod > state->mod_most) return false;
  if (put_revisions_.contains(mod)) return false;
  state->mod = mod;
  state->mod_most = KeyState::kNoMost;
  state->revision = std::max(state->revision, mod);
  return true;
}

bool KeyModel::Looks(const KeyStep& step, KeyState* state) const {
  if (!step.looks) return true;
  if (step.found != state->present) return false;
  if (!step.found) return true;
  if (step.found_value != KeyStep::kAnyValue && step.found_value != state->value) return false;
  if (step.found_session != 0 && step.found_session != state->session) return false;
  return step.found_mod == 0 || Binds(step.found_mod, state);
}

bool KeyModel::ConditionHolds(const KeyStep& step, KeyState* state) const {
  if (!step.has_condition) return true;
  if (step.condition == 0) return !state->present;
  return state->present && Binds(step.condition, state);
}

bool KeyModel::GuardFits(const KeyStep& step, const KeyState& state) {
  return !state.present || state.guard == 0 || state.guard == step.guard;
}

bool KeyModel::RefusalIsRight(const KeyStep& step, KeyState* state) const {
  const bool guarded = state->present && state->guard != 0;
  switch (step.refused) {
    case Refused::kNo:
      return true;
    case Refused::kPrecondition:
      if (!step.has_condition || !GuardFits(step, *state)) return false;
      if (step.condition == 0 || !state->present) return state->present == (step.condition == 0);
      return state->mod != step.condition;
    case Refused::kGuardRequired:
      return guarded && step.guard == 0;
    case Refused::kOtherLock:
      return guarded && step.guard != 0 && step.guard != state->guard;
    case Refused::kAfterCondition:
      return GuardFits(step, *state) && ConditionHolds(step, state);
  }
  return false;
}

bool KeyModel::Apply(const KeyStep& step, KeyState* state) const {
  if (step.impossible || !Looks(step, state)) return false;
  const bool changes = step.does == Does::kPut || step.does == Does::kDelete;
  if (!changes) {
    if (step.does == Does::kLook && !ConditionHolds(step, state)) return false;
    if (!RefusalIsRight(step, state)) return false;
    if (step.revision == 0) return true;
    if (step.revision < state->revision) return false;
    state->revision = step.revision;
    if (state->present && state->mod == 0) {
      state->mod_most = std::min(state->mod_most, step.revision);
    }
    return true;
  }
  if (!GuardFits(step, *state) || !ConditionHolds(step, state)) return false;
  if (step.revision != 0 && step.revision <= state->revision) return false;
  if (step.does == Does::kDelete && !state->present) return false;
  state->revision = step.revision != 0 ? step.revision : state->revision + 1;
  const uint64_t revision = state->revision;
  *state = {};
  state->revision = revision;
  if (step.does == Does::kDelete) return true;
  state->present = true;
  state->value = step.value;
  state->mod = step.revision;
  state->mod_least = revision;
  state->session = step.session;
  state->guard = step.guard;
  return true;
}

void KeyModel::EndSession(KeyState* state) {
  const uint64_t revision = state->revision + 1;
  *state = {};
  state->revision = revision;
}

}  // namespace baton::history
