// File: watches.h
//
// Clients that read along. A watch first catches up from the history in the replicated state, in
// bounded slices so that a thousand of them do not stop the node, and then gets each event as it is
// applied. Because there is one thread, nothing can be applied between the last slice and the first
// live event. A watch that the history no longer reaches ends with kGone/"compacted"; one whose
// client does not keep up ends with kResourceExhausted/"slow_watcher"; nothing is ever left out.
//
// All watches that get a live event share it. How much the sinks hold of events is bounded for all
// of them together: beyond, live watches fall back to catching up, and catching up pauses.
//
// Live watches are found by space and by key or prefix, so that a write costs the watches it
// concerns and little more.
//
// One thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/event.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/service.h"
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"

namespace baton::node {

// Which live watches want an event.
class WatchIndex {
 public:
  void Add(uint64_t watch, const coord::EventFilter& filter);
  void Remove(uint64_t watch, const coord::EventFilter& filter);
  // Appends the numbers of all watches whose filter matches.
  void Find(const coord::Event& event, std::vector<uint64_t>* watches) const;

 private:
  using Names = std::map<std::string, std::set<uint64_t>, std::less<>>;
  struct Space {
    Names exact;
    Names prefixes;
    std::map<size_t, size_t> prefix_lengths;  // length -> distinct prefixes of that length
  };

  std::map<coord::EventSpace, Space> spaces_;
};

class Watches {
 public:
  // One slice of catching up, and how many of them one step takes.
  static constexpr coord::EventPageMax kSlice = {.events = 128, .rows = 1000, .bytes = 1 << 20};
  static constexpr int kSlicesPerStep = 8;
  // Of events that sinks have been given and have not dropped; may be exceeded by the last slice,
  // or by the events of the last entry.
  static constexpr size_t kHeldBytesMax = 64 << 20;
  static constexpr int64_t kProgressIntervalUs = 10'000'000;

  // watches_max: beyond, OnEnd with kResourceExhausted/"too_many_watches".
  Watches(size_t watches_max, const StepTime* time, const coord::StateMachine* state,
          NodeMetrics* metrics)
      : watches_max_(watches_max), time_(time), state_(state), metrics_(metrics) {}

  // `id` is the caller's, for Cancel. from 0: from now on.
  void Add(uint64_t id, coord::EventFilter filter, Revision from, std::shared_ptr<WatchSink> sink);
  void Cancel(uint64_t id);

  // Events of one applied entry; given to the sinks by the next Flush.
  void OnEvents(const std::vector<coord::Event>& events);
  void Flush();
  // Some events were never applied here: everybody looks into the history again.
  void OnSnapshotInstalled();
  // A bounded piece of catching up. True when there is more to do at once: not while sinks hold
  // too much, which they drop on their own threads.
  bool CatchUp();
  void OnTick();  // progress marks
  void Close(const Status& why);

  size_t size() const { return watches_.size(); }
  size_t catching_up() const { return catching_up_.size(); }  // some may have ended
  // How far the last of those that catch up was behind, at the last tick.
  uint64_t lag_revisions() const { return lag_revisions_; }
  size_t held_bytes() const { return held_bytes_->load(std::memory_order_relaxed); }

 private:
  struct Watch {
    coord::EventFilter filter;
    Revision next;  // the first revision not given yet; while live: do not give older ones
    bool live = false;
    int64_t told_us = 0;  // when the sink was last told anything
    std::shared_ptr<WatchSink> sink;
    std::vector<SharedEvent> batch;  // applied since the last Flush
  };

  SharedEvent Share(coord::Event event);
  void FallBack(uint64_t id, Watch& watch);
  void GoLive(uint64_t id, Watch& watch);
  void MeasureLag();
  void CatchUpSlice(uint64_t id, Watch& watch);
  // False when the watch has ended over it.
  bool Tell(uint64_t id, Watch& watch, const std::vector<SharedEvent>& events, Revision through);
  void End(uint64_t id, const Status& why);

  size_t watches_max_;
  const StepTime* time_;
  const coord::StateMachine* state_;
  NodeMetrics* metrics_;

  std::map<uint64_t, Watch> watches_;
  WatchIndex live_;
  std::deque<uint64_t> catching_up_;  // in turn
  std::set<uint64_t> touched_;        // watches with something in their batch
  uint64_t lag_revisions_ = 0;
  Revision flushed_;  // live watches have been given everything up to here
  // Outlived by what the sinks hold.
  std::shared_ptr<std::atomic<size_t>> held_bytes_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace baton::node
