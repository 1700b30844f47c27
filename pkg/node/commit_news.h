// File: commit_news.h
//
// When a leader tells the others of commits. Where writes follow each other, the append of the next
// one carries the news of the last, and costs nothing; told for its own sake it is four messages to
// two followers, which then apply the entry while the next one is on its way, on the same
// processors. So the news waits for an append, but not long: an event at a follower, or a wait that
// ends there, comes at most so much later.
//
// One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "pkg/base/ids.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/raft.h"

namespace baton::node {

class CommitNews {
 public:
  // About what a client at the leader needs from an answer to the append of its next write. News
  // waits for so long, or twice if the news before it has gone with an append meanwhile.
  static constexpr int64_t kHoldUs = 600;

  // Both must outlive this object.
  CommitNews(const StepTime* time, raft::Raft* raft) : time_(time), raft_(raft) {}

  // After the Readys of a step: the core then has one more, if the time is over.
  void Run();
  // Monotonic, when Run should be called although nothing has happened; none: no news waits.
  std::optional<int64_t> due_us() const { return due_us_; }

 private:
  const StepTime* time_;
  raft::Raft* raft_;
  std::optional<int64_t> due_us_;
  Index held_;  // that due_us_ is about
};

}  // namespace baton::node
