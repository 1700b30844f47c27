// File: session_lives.h
//
// Sessions: who proves that one lived or had ended, and whether all that fits together: it ended
// once and for everything it owned (one revision), not before its time to live was over, and in
// bounded time after it. S8 and S9 of the promises, and the sessions' part of S5, S7 and S10.
//
// Revisions order what has one exactly. By time only this is concluded: an answer that came before
// a call was before it. The expiry of a session is judged by the ideal clock:
//   not before   call of the last acknowledged renewal + ttl (less the drift allowed, and less
//                what the jumps of clocks since that call cost)
//   not after    last moment at which a renewal can have been applied + ttl + session_end_late_us
// Whether a session ended by expiry is known from its SessionEnd; without one, if it ended though
// nobody can have destroyed it.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/options.h"

namespace baton::history {

// That something was so at a revision (0: not known which), at a moment between two times.
struct Witness {
  uint64_t revision = 0;
  int64_t from_us = 0;
  int64_t to_us = 0;
  const Operation* operation = nullptr;  // or
  const WatchedEvent* event = nullptr;
};
std::string Describe(const Witness& witness);
// The answer of the operation as a witness, of a state `before` revisions before its own.
Witness WitnessOf(const Operation& operation, uint64_t before = 0);
Witness WitnessOf(const WatchedEvent& event, int64_t at_us, uint64_t before = 0);

class SessionLives {
 public:
  // What operations on sessions say. The history must outlive this.
  SessionLives(const History& history, const Options& options);

  // What the other checks conclude. 0 is no session.
  void Alive(uint64_t session, const Witness& witness);
  void Dead(uint64_t session, const Witness& witness);

  // The session may have ended from then on. Not known: always.
  int64_t EarliestEndUs(uint64_t session) const;
  // Whether the revision at which it ended is known to be after `revision`, or to be no more than
  // `revision`.
  bool LivedAt(uint64_t session, uint64_t revision) const;
  bool EndedBy(uint64_t session, uint64_t revision) const;

  void Check(Findings* findings) const;

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Life {
    int64_t ttl_ms = 0;
    const Operation* acknowledged = nullptr;  // the renewal with the last call
    int64_t renewed_until_us = std::numeric_limits<int64_t>::min();  // can have been applied
    const Operation* destroyed = nullptr;  // the first call that may have been
    const SessionEnd* end = nullptr;
    Witness alive_revision;  // with the greatest revision
    Witness alive_time;      // with the latest from_us
    Witness dead_revision;   // with the least revision
    Witness dead_time;       // with the least to_us
    bool has_alive = false;
    bool has_dead = false;
  };

  void AddOperation(const Operation& operation);
  void AddRenewal(const Operation& operation);
  int64_t AppliedUntilUs(const Operation& operation) const;
  // By expiry.
  int64_t LeastEndUs(const Life& life) const;
  void CheckOneEnd(uint64_t session, const Life& life, Findings* findings) const;
  void CheckTruth(uint64_t session, const Life& life, Findings* findings) const;
  void CheckEarly(uint64_t session, const Life& life, Findings* findings) const;
  void CheckLate(uint64_t session, const Life& life, Findings* findings) const;

  Options options_;
  int64_t history_end_us_ = 0;
  std::map<uint64_t, Life> lives_;
};

}  // namespace baton::history
