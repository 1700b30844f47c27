// File: reads.h
//
// Reads of the state. A linearizable read asks Raft for a read index first (thesis, section 6.4)
// and runs when this node has applied it; all reads that arrive in one step share one question. A
// question may be lost on its way to the leader or be aborted by a change of leaders; asking again
// is harmless and is done until the read's own deadline. Reads that name a revision wait until this
// node has reached it. What can be answered is answered in order, a few reads per step: each may
// copy a large page, and heartbeats must not wait for thousands of them.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/service.h"
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/raft.h"

namespace baton::node {

struct ReadsOptions {
  uint64_t first_question = 1;     // numbers of questions must not repeat, not even after a restart
  size_t pending_max = 0;          // beyond: kUnavailable/"overloaded"
  int64_t leader_wait_us = 0;      // how long a read waits for somebody to lead
  int64_t ask_again_us = 0;        // a question without answer for this long is asked again
  NodeMetrics* metrics = nullptr;  // may be null
};

class Reads {
 public:
  // Questions under way at once; reads that arrive meanwhile gather for the next one.
  static constexpr size_t kQuestionsMax = 16;
  // Of the largest page this is a tenth of a second.
  static constexpr size_t kRunsPerStep = 16;

  Reads(const ReadsOptions& options, const StepTime* time, raft::Raft* raft,
        const coord::StateMachine* state)
      : options_(options),
        time_(time),
        raft_(raft),
        state_(state),
        next_question_(options.first_question) {}

  void Add(Consistency consistency, Revision min_revision, int64_t deadline_us,
           Service::ReadCallback done);
  // Asks Raft for what has gathered.
  void Ask();
  void OnReadState(const raft::ReadState& answer);
  void OnAborted(uint64_t question);
  // Notices what the state has become new enough for.
  void OnApplied();
  // A bounded number of callbacks. True when there are more to run.
  bool Run();
  void OnTick();
  void Close(const Status& why);

  size_t pending() const { return pending_; }

 private:
  struct Read {
    Consistency consistency = Consistency::kStale;
    Revision min_revision;
    int64_t deadline_us = 0;
    int64_t leader_deadline_us = 0;
    Service::ReadCallback done;
  };
  struct Question {
    int64_t asked_us = 0;
    std::vector<Read> reads;
  };

  void Gather(std::vector<Read> reads);
  void ReadyOrWait(Read read);
  void Fail(Read read, const Status& why);
  void CountRead(Consistency consistency) const;
  void CountQuestion(int64_t asked_us) const;
  void CountUnasked(size_t late) const;
  void AskAgain();
  void DropLeaderless();
  void DropLate(std::vector<Read>* reads);
  template <typename Key>
  void DropLate(std::multimap<Key, Read>* reads);

  ReadsOptions options_;
  const StepTime* time_;
  raft::Raft* raft_;
  const coord::StateMachine* state_;

  size_t pending_ = 0;
  uint64_t next_question_;
  std::vector<Read> gathered_;                  // linearizable, not asked yet
  std::map<uint64_t, Question> questions_;      // asked
  std::multimap<Index, Read> for_index_;        // answered, not applied yet
  std::multimap<Revision, Read> for_revision_;  // only the revision is missing
  std::deque<Read> ready_;                      // for Run
};

}  // namespace baton::node
