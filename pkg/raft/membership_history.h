// File: membership_history.h
//
// The configurations along the log. A node follows the latest one in its log, committed or not
// (paper section 6), so it must be able to go back when a new leader rewrites the end of the log.
//
//   base (as of the applied or the snapshot's index)  |  index, configuration  |  ...  = latest
#pragma once

#include <utility>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/types.h"

namespace baton::raft {

class MembershipHistory {
 public:
  // `config` holds from `index` on.
  MembershipHistory(Index index, ConfigState config);

  const ConfigState& latest() const { return changes_.back().config; }
  // Where the latest comes from: a change's entry, or the index of the base.
  Index latest_index() const { return changes_.back().index; }
  // The configuration in force at `index`; the oldest known for older ones.
  const ConfigState& At(Index index) const;

  // An entry at `index` changes it. Requires index > latest_index().
  void Append(Index index, ConfigState config);
  // The entries at `index` and after are gone. Never touches the base: what is applied stays.
  void TruncateFrom(Index index);
  // What holds at `index` becomes the base.
  void DropThrough(Index index) {
    while (changes_.size() > 1 && changes_[1].index <= index) changes_.erase(changes_.begin());
  }
  void Reset(Index index, ConfigState config);

 private:
  struct Change {
    Index index;
    ConfigState config;
  };

  std::vector<Change> changes_;  // ascending; the first is the base
};

}  // namespace baton::raft
