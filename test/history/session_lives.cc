#include "test/history/session_lives.h"

#include <algorithm>

#include "test/history/words.h"

namespace baton::history {
namespace {

constexpr const char* kNotFound = "session_not_found";

std::string Name(uint64_t session) { return "session " + std::to_string(session); }

bool MayHaveHappened(const Operation& operation) {
  return operation.outcome == Outcome::kOk || operation.outcome == Outcome::kUnknown;
}

}  // namespace

std::string Describe(const Witness& witness) {
  if (witness.operation != nullptr) return Describe(*witness.operation);
  if (witness.event != nullptr) return Describe(*witness.event);
  return "nobody";
}

Witness WitnessOf(const Operation& operation, uint64_t before) {
  Witness witness;
  const bool refused_acquire =
      operation.kind == Kind::kAcquire && operation.outcome == Outcome::kRefused;
  if (operation.revision > before && operation.kind != Kind::kSessionKeep && !refused_acquire) {
    witness.revision = operation.revision - before;
  }
  witness.from_us =
      operation.kind == Kind::kGetStale ? std::numeric_limits<int64_t>::min() : operation.call_us;
  // What nobody answered may happen after the client has given up.
  const bool answered = operation.return_us && operation.outcome != Outcome::kUnknown;
  witness.to_us = answered ? *operation.return_us : std::numeric_limits<int64_t>::max();
  witness.operation = &operation;
  return witness;
}

Witness WitnessOf(const WatchedEvent& event, int64_t at_us, uint64_t before) {
  Witness witness;
  witness.revision = event.revision - std::min(before, event.revision);
  witness.from_us = std::numeric_limits<int64_t>::min();
  witness.to_us = at_us;
  witness.event = &event;
  return witness;
}

SessionLives::SessionLives(const History& history, const Options& options) : options_(options) {
  std::sort(options_.clock_jumps_at_us.begin(), options_.clock_jumps_at_us.end());
  for (const Operation& operation : history.operations) {
    history_end_us_ =
        std::max({history_end_us_, operation.call_us, operation.return_us.value_or(0)});
    if (operation.session != 0) AddOperation(operation);
  }
  for (const SessionEnd& end : history.session_ends) {
    history_end_us_ = std::max(history_end_us_, end.at_us);
    lives_[end.session].end = &end;
  }
}

void SessionLives::AddOperation(const Operation& operation) {
  if (operation.kind == Kind::kSessionCreate || operation.kind == Kind::kSessionKeep) {
    AddRenewal(operation);
  }
  // One that was refused may have been asked before without an answer, and that was it.
  const bool asked = MayHaveHappened(operation) || operation.attempts > 1;
  if (operation.kind == Kind::kSessionDestroy && asked) {
    const Operation*& first = lives_[operation.session].destroyed;
    if (first == nullptr || operation.call_us < first->call_us) first = &operation;
  }
  if (operation.outcome == Outcome::kRefused && operation.error == kNotFound) {
    Dead(operation.session, WitnessOf(operation));
  }
  if (operation.outcome != Outcome::kOk) return;
  switch (operation.kind) {
    case Kind::kSessionCreate:
    case Kind::kSessionKeep:
    case Kind::kPut:
    case Kind::kAcquire:
    case Kind::kProclaim:
      Alive(operation.session, WitnessOf(operation));
      break;
    case Kind::kRelease:
      Alive(operation.session, WitnessOf(operation, 1));
      break;
    case Kind::kSessionDestroy:
      Alive(operation.session, WitnessOf(operation, 1));
      Dead(operation.session, WitnessOf(operation));
      break;
    default:
      break;
  }
}

void SessionLives::AddRenewal(const Operation& operation) {
  if (!MayHaveHappened(operation)) return;
  Life& life = lives_[operation.session];
  if (operation.ttl_ms != 0) life.ttl_ms = operation.ttl_ms;
  life.renewed_until_us = std::max(life.renewed_until_us, AppliedUntilUs(operation));
  if (operation.outcome != Outcome::kOk) return;
  const Operation*& last = life.acknowledged;
  if (last == nullptr || operation.call_us > last->call_us) last = &operation;
}

int64_t SessionLives::AppliedUntilUs(const Operation& operation) const {
  if (operation.outcome == Outcome::kOk && operation.return_us) return *operation.return_us;
  if (!options_.unknown_applied_us) return kNever;
  return operation.call_us + *options_.unknown_applied_us;
}

void SessionLives::Alive(uint64_t session, const Witness& witness) {
  if (session == 0) return;
  Life& life = lives_[session];
  if (!life.has_alive || witness.revision > life.alive_revision.revision) {
    life.alive_revision = witness;
  }
  if (!life.has_alive || witness.from_us > life.alive_time.from_us) life.alive_time = witness;
  life.has_alive = true;
}

void SessionLives::Dead(uint64_t session, const Witness& witness) {
  if (session == 0) return;
  Life& life = lives_[session];
  if (witness.revision != 0 &&
      (life.dead_revision.revision == 0 || witness.revision < life.dead_revision.revision)) {
    life.dead_revision = witness;
  }
  if (!life.has_dead || witness.to_us < life.dead_time.to_us) life.dead_time = witness;
  life.has_dead = true;
}

// The least time that is no earlier than what the jumps between the renewal's call and itself leave
// of the time to live.
//
// A jump before the call costs nothing after it, on whichever node (pkg/node/cluster_time.h). A
// clock is read before every step of its node, and a jump counts in that reading alone, if the node
// leads then. The renewal was stamped after its call: by a leader that had read its clock since the
// jump. Who leads later holds the renewal, so it was elected after the stamp, in a step that had
// read its clock too; and what it counted as the leader of a term before that of the renewal is
// older than its log, and forgotten.
//
// One at the very moment of the call may have come after the stamp.
int64_t SessionLives::LeastEndUs(const Life& life) const {
  if (life.acknowledged == nullptr || life.ttl_ms == 0) return std::numeric_limits<int64_t>::min();
  const int64_t call_us = life.acknowledged->call_us;
  int64_t left_us = call_us + life.ttl_ms * 10 * (100 - options_.clock_drift_percent);
  int64_t least_us = left_us;
  const std::vector<int64_t>& jumps = options_.clock_jumps_at_us;
  for (auto at_us = std::lower_bound(jumps.begin(), jumps.end(), call_us);
       at_us != jumps.end() && *at_us < least_us; ++at_us) {
    left_us -= options_.clock_jump_costs_us;
    least_us = std::max(left_us, *at_us);
  }
  return least_us;
}

int64_t SessionLives::EarliestEndUs(uint64_t session) const {
  const auto found = lives_.find(session);
  if (found == lives_.end()) return std::numeric_limits<int64_t>::min();
  const Life& life = found->second;
  if (life.end != nullptr) return life.end->at_us;
  if (options_.session_ends_complete) return kNever;
  const int64_t expiry_us = LeastEndUs(life);
  return life.destroyed == nullptr ? expiry_us : std::min(expiry_us, life.destroyed->call_us);
}

bool SessionLives::LivedAt(uint64_t session, uint64_t revision) const {
  const auto found = lives_.find(session);
  if (found == lives_.end()) return false;
  if (found->second.end != nullptr && found->second.end->revision > revision) return true;
  return found->second.has_alive && found->second.alive_revision.revision >= revision;
}

bool SessionLives::EndedBy(uint64_t session, uint64_t revision) const {
  const auto found = lives_.find(session);
  if (found == lives_.end()) return false;
  const SessionEnd* end = found->second.end;
  if (end != nullptr && end->revision != 0) return end->revision <= revision;
  const uint64_t dead = found->second.dead_revision.revision;
  return dead != 0 && dead <= revision;
}

void SessionLives::Check(Findings* findings) const {
  for (const auto& [session, life] : lives_) {
    CheckOneEnd(session, life, findings);
    CheckTruth(session, life, findings);
    CheckEarly(session, life, findings);
    CheckLate(session, life, findings);
  }
}

// Nothing of it lives on after it has ended for something else.
void SessionLives::CheckOneEnd(uint64_t session, const Life& life, Findings* findings) const {
  if (!life.has_alive || !life.has_dead) return;
  const Witness* alive = nullptr;
  const Witness* dead = nullptr;
  const uint64_t dead_revision = life.dead_revision.revision;
  if (dead_revision != 0 && life.alive_revision.revision >= dead_revision) {
    alive = &life.alive_revision;
    dead = &life.dead_revision;
  } else if (life.dead_time.to_us < life.alive_time.from_us) {
    alive = &life.alive_time;
    dead = &life.dead_time;
  } else {
    return;
  }
  findings->Add("session_lived_on", [&] {
    return "a session lived on after its end: " + Name(session) + " had ended by revision " +
           std::to_string(dead->revision) + ", says " + Describe(*dead) +
           "; it lived at revision " + std::to_string(alive->revision) + ", says " +
           Describe(*alive);
  });
}

// Against what the state machines know.
void SessionLives::CheckTruth(uint64_t session, const Life& life, Findings* findings) const {
  const SessionEnd* end = life.end;
  if (end == nullptr) {
    if (!options_.session_ends_complete || !life.has_dead) return;
    findings->Add("session_lost", [&] {
      return "a session was treated as ended though it never ended: " + Name(session) + ", by " +
             Describe(life.dead_time);
    });
    return;
  }
  const std::string when = Seconds(end->at_us) + ", revision " + std::to_string(end->revision);
  const uint64_t alive = life.alive_revision.revision;
  if (life.has_alive &&
      ((end->revision != 0 && alive >= end->revision) || life.alive_time.from_us > end->at_us)) {
    const bool by_revision = end->revision != 0 && alive >= end->revision;
    findings->Add("session_lived_on", [&] {
      return "a session lived on after its end at " + when + ": " + Name(session) + ", says " +
             Describe(by_revision ? life.alive_revision : life.alive_time);
    });
  }
  const uint64_t dead = life.dead_revision.revision;
  if (life.has_dead && ((end->revision != 0 && dead != 0 && dead < end->revision) ||
                        life.dead_time.to_us < end->at_us)) {
    const bool by_revision = end->revision != 0 && dead != 0 && dead < end->revision;
    findings->Add("session_lost", [&] {
      return "a session was treated as ended before its end at " + when + ": " + Name(session) +
             ", by " + Describe(by_revision ? life.dead_revision : life.dead_time);
    });
  }
  if (end->expired) return;
  if (life.destroyed != nullptr && life.destroyed->call_us <= end->at_us) return;
  findings->Add("session_lost", [&] {
    return "a session was destroyed though nobody had asked for it: " + Name(session) + " at " +
           when;
  });
}

void SessionLives::CheckEarly(uint64_t session, const Life& life, Findings* findings) const {
  const int64_t least_us = LeastEndUs(life);
  int64_t ended_us = kNever;
  if (life.end != nullptr) {
    if (!life.end->expired) return;
    ended_us = life.end->at_us;
  } else if (life.has_dead) {
    ended_us = life.dead_time.to_us;
    if (life.destroyed != nullptr && life.destroyed->call_us <= ended_us) return;
  }
  if (ended_us >= least_us) return;
  findings->Add("expired_early", [&] {
    const std::string witness = life.end != nullptr ? "" : ", says " + Describe(life.dead_time);
    return "a session expired early: " + Name(session) + " (time to live " +
           std::to_string(life.ttl_ms) + " ms) had ended at " + Seconds(ended_us) + witness +
           "; the last acknowledged renewal, " + Describe(*life.acknowledged) +
           ", keeps it alive until " + Seconds(least_us);
  });
}

void SessionLives::CheckLate(uint64_t session, const Life& life, Findings* findings) const {
  if (!options_.session_end_late_us || life.ttl_ms == 0) return;
  if (life.renewed_until_us == kNever || life.acknowledged == nullptr) return;
  const int64_t limit_us =
      life.renewed_until_us + life.ttl_ms * 1000 + *options_.session_end_late_us;
  int64_t lived_us = life.has_alive ? life.alive_time.from_us : 0;
  if (life.end != nullptr) {
    lived_us = std::max(lived_us, life.end->at_us);
  } else if (options_.session_ends_complete) {
    lived_us = history_end_us_;
  }
  if (lived_us <= limit_us) return;
  findings->Add("expired_late", [&] {
    return "a session was not ended in time: " + Name(session) + " (time to live " +
           std::to_string(life.ttl_ms) + " ms) was renewed by " + Seconds(life.renewed_until_us) +
           " at the latest and had to end by " + Seconds(limit_us) + ", but lived at " +
           Seconds(lived_us);
  });
}

}  // namespace baton::history
