// File: load.h
//
// One thread's part of a run, as the run sees it: phases one after the other on a thread that the
// run gives it, and what was seen.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "pkg/load/recorder.h"

namespace baton::load {

class Load {
 public:
  // How often what was seen is handed out for the live line.
  static constexpr int64_t kPublishNs = 250'000'000;

  virtual ~Load() = default;

  // The phases, in this order; each returns when it is over.
  virtual void Setup() = 0;
  virtual void Run(int64_t start_ns) = 0;
  virtual void Undo() = 0;

  // Any thread. Ends a phase early: a run as at its end, a setup at once. AbandonUndo ends the
  // undoing, and what is not taken back yet stays.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }
  void AbandonUndo() { undo_abandoned_.store(true, std::memory_order_relaxed); }
  // Any thread: adds what was seen since the last call.
  void TakeNews(Recorder* to);

  // Between the phases.
  const Recorder& recorder() const { return total_; }
  double cpu_seconds() const { return cpu_seconds_; }  // of the run
  // Empty: the setup is done. Else what went wrong.
  virtual std::string SetupProblem() const = 0;
  virtual int64_t finished_ns() const = 0;  // when the last call of the run ended
  virtual uint64_t NotStarted() const = 0;
  virtual uint64_t LeftBehind() const = 0;

 protected:
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  bool undo_abandoned() const { return undo_abandoned_.load(std::memory_order_relaxed); }
  void Publish();  // news_ becomes known

  Recorder news_;   // since the last Publish
  Recorder total_;  // before it
  double cpu_seconds_ = 0;

 private:
  std::atomic<bool> stopped_{false};
  std::atomic<bool> undo_abandoned_{false};
  std::mutex mutex_;
  Recorder published_;  // guarded by mutex_
};

// What this thread has used of a processor.
double ThreadCpuSeconds();
// The thread wakes up when its time is over, not up to 50 us later.
void WakeOnTime();

}  // namespace baton::load
