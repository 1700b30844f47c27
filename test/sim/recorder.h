// File: recorder.h
//
// The history of a run as it comes into being: operations that have begun and may still be
// answered, watches that run, sessions and their ends.
#pragma once

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
  // Sessions that may be made, or were, and whose end is not known yet; true: it was seen to live.
  void OnSession(SessionId session) { live_.emplace(session.value(), false); }
  std::map<uint64_t, bool>& live() { return live_; }
  void OnSessionEnd(history::SessionEnd end) { ends_.push_back(end); }

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
  std::map<uint64_t, bool> live_;
};

}  // namespace baton::sim
