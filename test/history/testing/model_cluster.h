// File: model_cluster.h
//
// A coordination service as small as can be, without nodes, logs or leaders: it decides operations
// one after the other and keeps every past state. It can have one bug, which strikes now and then.
// Where histories for tests of the judge come from: without a bug nothing may be found, with one
// something must.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "test/history/operation.h"

namespace baton::history {

enum class Bug {
  kNone,
  kStaleRead,           // a linearizable read is of an older state
  kNodeGoesBack,        // a stale read is of an older state than the node had
  kLostWrite,           // an acknowledged put did not happen
  kUndoneWrite,         // a put is forgotten a little later
  kSplitCas,            // a condition is not looked at
  kWrongRefusal,        // a condition that holds is refused
  kAppliedTwice,        // a retry happens again
  kNotAppliedHappens,   // what was reported as failed for good happens
  kRefusedHappens,      // what was refused happens
  kRevisionReused,      // two changes have one revision
  kWrongValue,          // a read shows another key's value
  kGuardBypassed,       // a guarded key is written without a token
  kStaleTokenAccepted,  // a guarded key is written with an old token
  kLiveTokenRefused,    // and not with the live one
  kDoubleGrant,         // a held lock is granted
  kTokenReused,         // a token is given twice
  kTokenBackwards,      // a token is smaller than one before
  kStaleRelease,        // an old token frees the lock
  kDeafRelease,         // a release is acknowledged and nothing happens
  kVerifyAnything,      // every token verifies
  kHolderForgotten,     // a held lock is said to be free
  kLineJumped,          // the last in line is served first
  kLostWakeup,          // a lock is freed though somebody waits
  kProclaimLost,        // a proclaimed value is not kept
  kEarlyExpiry,         // a session ends before its time
  kLateExpiry,          // long after it
  kEndInTwoSteps,       // its keys go with one revision, its locks with the next
  kKeyOutlivesSession,  // an ephemeral key stays
  kLockOutlivesSession,
  kRenewedAfterEnd,  // a keepalive of an ended session is acknowledged
  kWatchGap,         // an event is left out
  kWatchDuplicate,   // comes again
  kWatchOrder,       // comes before an earlier one
  kWatchSplit,       // one revision in two deliveries, progress told with the first
  kWatchProgress,    // progress is told ahead of events
  kWatchValue,       // an event has another value
  kWatchUnasked,     // an event from before what was asked for
  kWatchResumeGap,   // a watch begins after what it was asked to begin with
  kLast = kWatchResumeGap,
};
const char* BugName(Bug bug);

class ModelCluster {
 public:
  struct Key {
    std::string value;
    uint64_t mod = 0;
    uint64_t session = 0;
    std::string guard;
  };
  struct Waiter {
    uint64_t ticket = 0;
    uint64_t session = 0;
    std::string value;
  };
  struct Line {
    uint64_t session = 0;
    uint64_t token = 0;  // 0: free
    uint64_t ticket = 0;
    std::string value;
    std::deque<Waiter> waiters;
  };
  struct Session {
    int64_t ttl_ms = 0;
    int64_t deadline_us = 0;
  };
  using Keys = std::map<std::string, Key>;
  using LineName = std::pair<Space, std::string>;

  ModelCluster(Bug bug, Random* random) : bug_(bug), random_(*random) { past_.push_back({}); }

  // Decides it now and writes the answer into it: outcome, error, and what was found. An acquire
  // that must wait gets a ticket (`wait`), or is refused.
  void Apply(Operation* operation, bool wait, int64_t now_us);
  // As stale as node_revision.
  void ReadStale(Operation* operation, uint64_t node_revision) const;
  // Ends what is due; `ends` gets the records.
  void Expire(int64_t now_us, std::vector<SessionEnd>* ends);
  void LeaveLine(const Operation& acquire);
  const Line* FindLine(Space space, const std::string& name) const;

  // Now and then, when the bug is this one.
  bool Strikes(Bug bug) { return bug == bug_ && random_.Chance(1, 3); }

  uint64_t revision() const { return past_.size() - 1; }
  const std::vector<WatchedEvent>& events(uint64_t revision) const { return events_.at(revision); }
  bool Lives(uint64_t session) const { return sessions_.contains(session); }
  std::vector<SessionEnd> TakeEnds() { return std::exchange(ends_, {}); }

 private:
  void Refuse(Operation* operation, const char* error) {
    operation->outcome = Outcome::kRefused;
    operation->error = error;
  }
  uint64_t Commit();  // what was emitted is a new revision
  void Emit(std::string kind, const std::string& key, std::string value, uint64_t session,
            uint64_t token = 0);
  bool TokenLives(const std::string& lock, uint64_t token) const;
  const char* Refusal(const Operation& change, const Key* current);
  void ShowKey(Operation* operation, const Key* key) const;
  void Put(Operation* operation);
  void Delete(Operation* operation);
  void Get(Operation* operation);
  void Acquire(Operation* operation, bool wait);
  void Release(Operation* operation);
  void Proclaim(Operation* operation);
  void Look(Operation* operation);
  void Grant(Space space, const std::string& name, Line* line, Waiter waiter);
  void HandOn(Space space, const std::string& name, Line* line);
  void Renew(Operation* operation, int64_t now_us);
  void EndSession(uint64_t session, bool expired, int64_t now_us);

  Bug bug_;
  Random& random_;
  Keys keys_;
  std::map<LineName, Line> lines_;
  std::map<uint64_t, Session> sessions_;
  uint64_t last_token_ = 0;
  uint64_t last_ticket_ = 0;
  std::vector<WatchedEvent> pending_;
  std::map<uint64_t, std::vector<WatchedEvent>> events_ = {{0, {}}};
  std::vector<Keys> past_;  // by revision
  std::vector<SessionEnd> ends_;
};

}  // namespace baton::history
