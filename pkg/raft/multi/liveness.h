// File: liveness.h
//
// What a GroupSet must know about other processes, since its sleeping groups do not listen to each
// other: which of them live. Implemented by beats.h, or by a failure detector that the driver has.
#pragma once

#include "pkg/base/ids.h"

namespace baton::raft {

class Liveness {
 public:
  virtual ~Liveness() = default;
  // The process of `node` has been heard lately, and is still the one that was heard before. When
  // this turns false, or the process is another one, GroupSet::OnNodeDown must be called.
  virtual bool Lives(NodeId node) const = 0;
};

}  // namespace baton::raft
