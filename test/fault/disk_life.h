// File: disk_life.h
//
// What a node does with its disk in the course of its life, as a script that a seed chooses: makes
// the data directory, then writes entries, terms and votes, overwrites tails, moves the commit
// index, applies, syncs, compacts, installs snapshots or gives them up, reads, stops and starts.
// The orders between log and state are the node's (pkg/storage/README.md). Beside it stands what
// the disk has promised so far.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/fault_env.h"
#include "test/fault/promise.h"

namespace baton::fault {

class DiskLife {
 public:
  enum class Step {
    kAppend,
    kOverwrite,
    kVote,
    kCommitIndex,
    kSeveralWrites,
    kApply,
    kSync,
    kCompact,
    kInstall,
    kGiveUpInstall,
    kReadState,
    kReadLog,
    kReopen
  };

  // `env` holds nothing of ours and outlives the life.
  DiskLife(storage::FaultEnv* env, uint64_t seed);

  // Makes the directory, does the operations and stops. The first failure ends it: that is its
  // status, and step() and failed_part() tell where. Contents that are read and are wrong fail the
  // test that runs.
  Status Run(int operations);

  Step step() const { return step_; }  // any thread
  // Part of the data directory whose write failed: "log", "state", or "" for anything else.
  const std::string& failed_part() const { return failed_part_; }
  // What is still open after a failed Run; nullptr when it could not be opened.
  storage::DataDir* dir() { return dir_.get(); }
  // Ends without a word, as far as the destructors let it.
  void Close();
  const std::map<Step, int>& steps() const { return steps_; }  // how often each

  // Any thread. `look` may take its time: the promise does not change meanwhile. `number` grows
  // with every change of the promise.
  template <typename Look>
  void WithPromise(const Look& look) const {
    const std::lock_guard lock(mutex_);
    look(promise_, promise_number_);
  }
  // A failed close makes nothing durable and cannot say so: the promise is then what it was before.
  void SetCloseMayFail() { close_may_fail_ = true; }

 private:
  Status Do(Step step);
  // A kind of step that no operation has had yet.
  Step FirstThatIsMissing() const;
  Step Draw();
  Status Append(Index first, Term term);
  Status Overwrite();
  Status Vote();
  Status MoveCommitIndex();
  Status SeveralWrites();
  Status ApplyEntries();
  Status SyncState();
  Status Compact();
  Status Install(bool give_up);
  Status ReadState();
  Status ReadLog();
  Status Open();

  Status Write(const std::vector<node::LogWrite>& writes);
  Status Part(const char* part, Status status);  // remembers what failed
  std::vector<raft::Entry> NewEntries(Index first, uint64_t count, Term term);
  std::string RandomValue();
  Rows ChangedRows(Index applied, int changes);
  void Acknowledge(const LogModel& log, bool durable_commit);
  template <typename Change>
  void ChangePromise(const Change& change);

  storage::FaultEnv* const env_;
  Random random_;
  std::unique_ptr<storage::DataDir> dir_;
  std::atomic<Step> step_ = Step::kReopen;
  std::string failed_part_;
  std::map<Step, int> steps_;
  bool close_may_fail_ = false;
  // As the running node sees them.
  LogModel log_;
  Rows rows_;
  uint64_t version_ = 0;
  Index applied_;

  mutable std::mutex mutex_;  // of both below
  Promise promise_;
  uint64_t promise_number_ = 0;
};

const char* StepName(DiskLife::Step step);

}  // namespace baton::fault
