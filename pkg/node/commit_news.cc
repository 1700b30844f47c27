#include "pkg/node/commit_news.h"

namespace baton::node {

void CommitNews::Run() {
  if (!raft_->has_untold_commit()) {
    due_us_.reset();
    return;
  }
  if (due_us_ && time_->now_us >= *due_us_) {
    raft_->TellCommit(held_);
    due_us_.reset();
  }
  if (!due_us_) {
    held_ = raft_->commit();
    due_us_ = time_->now_us + kHoldUs;
  }
}

}  // namespace baton::node
