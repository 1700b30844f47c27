// File: recorder.h
//
// The history of a run as it comes into being: operations that have begun and may still be
// answered, watches that run, sessions and their ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "pkg/base/ids.h"
#include "test/history/operation.h"

namespace baton::sim {

class Recorder {
 public:
  // The reference is good as long as this object.
  history::Operation& Begin(history::Operation operation) {
    operations_.push_back(std::move(operation));
    return operations_.back();
  }
  history::Watch& BeginWatch(history::Watch watch) {
    watches_.push_back(std::move(watch));
    return watches_.back();
  }
  // Sessions that may be made, or were, and whose end is not known yet.
  struct Life {
    uint64_t renewal_epoch = 0;  // 0: it was not seen
    int64_t deadline_ms = 0;
  };
  void OnSession(SessionId session) { live_.try_emplace(session.value()); }
  std::map<uint64_t, Life>& live() { return live_; }
  void OnSessionEnd(history::SessionEnd end) { ends_.push_back(end); }

  // A node has lost a state of this revision: no read there may show an older one, ever.
  void OnStateLost(NodeId node, Revision revision) {
    uint64_t& floor = floors_[node];
    floor = std::max(floor, revision.value());
  }
  uint64_t floor(NodeId node) const {
    const auto floor = floors_.find(node);
    return floor == floors_.end() ? 0 : floor->second;
  }
  // Another machine has taken its place.
  void OnNewDisk(NodeId node) { floors_.erase(node); }

  size_t operations() const { return operations_.size(); }
  history::History Take() const {
    history::History history;
    history.operations.assign(operations_.begin(), operations_.end());
    history.watches.assign(watches_.begin(), watches_.end());
    history.session_ends = ends_;
    return history;
  }

 private:
  std::deque<history::Operation> operations_;
  std::deque<history::Watch> watches_;
  std::vector<history::SessionEnd> ends_;
  std::map<uint64_t, Life> live_;
  std::map<NodeId, uint64_t> floors_;
};

}  // namespace baton::sim
