// File: schedule.h
//
// When operations are meant to start. Pure: times come in as nanoseconds of one monotonic clock.
//
// An open loop starts them at a rate, whatever the answers do: the k-th is due at
// start + k / rate. One that starts late, because nobody was free to start it, is measured from
// when it was due; otherwise a server that stalls for a second would be charged with one slow
// answer instead of with all that should have been asked meanwhile ("coordinated omission": Gil
// Tene, "How NOT to Measure Latency", 2013). A closed loop has no such times: a client begins when
// its last answer is there.
#pragma once

#include <cstdint>
#include <optional>

namespace baton::load {

struct ScheduleOptions {
  uint64_t rate_per_s = 0;  // of all workers together; 0: closed loop
  int64_t start_ns = 0;
  int64_t end_ns = 0;           // nothing starts at or after it
  uint64_t operations_max = 0;  // of all workers together; 0: no limit
  uint64_t worker = 0;          // this one takes the k-th for k mod workers == worker
  uint64_t workers = 1;
};

class Schedule {
 public:
  Schedule() = default;  // has ended
  explicit Schedule(const ScheduleOptions& options);

  bool open_loop() const { return options_.rate_per_s > 0; }
  int64_t end_ns() const { return options_.end_ns; }
  // Takes the next operation if it may start now: the time to measure it from. nullopt: not yet, or
  // Ended().
  std::optional<int64_t> Take(int64_t now_ns);
  // Whether none will start any more.
  bool Ended(int64_t now_ns) const;
  // When the next one is due; now or earlier in a closed loop. Only while not Ended().
  int64_t NextNs() const;
  // Ends it before its time; what is due by then and was not taken counts as not started.
  void EndAt(int64_t now_ns);
  // Operations of an open loop that were due before the end and were never taken: nobody was free.
  uint64_t NotStarted() const;

 private:
  int64_t DueNs(uint64_t taken) const;

  ScheduleOptions options_;
  uint64_t taken_ = 0;
};

}  // namespace baton::load
