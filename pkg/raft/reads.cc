#include "pkg/raft/reads.h"

#include <utility>

#include "pkg/base/check.h"

namespace baton::raft {

void ReadRounds::Ask(Read read) {
  if (read.from == self_) own_.insert(read.id);
  waiting_.push_back(read);
  ++size_;
}

void ReadRounds::StartRound(Index commit) {
  CHECK(has_waiting());
  CHECK(rounds_.empty() || rounds_.back().index <= commit) << commit;
  rounds_.push_back(Round{++counter_, commit, std::exchange(waiting_, {})});
}

void ReadRounds::Confirm(uint64_t counter, std::vector<ConfirmedRead>* confirmed) {
  while (!rounds_.empty() && rounds_.front().counter <= counter) {
    const Round& round = rounds_.front();
    for (const Read& read : round.reads) {
      if (read.from == self_ && own_.erase(read.id) == 0) continue;  // cancelled
      confirmed->push_back(ConfirmedRead{read, round.index});
    }
    size_ -= round.reads.size();
    rounds_.pop_front();
  }
}

std::vector<uint64_t> ReadRounds::Abort() {
  std::vector<uint64_t> ids(own_.begin(), own_.end());
  own_.clear();
  waiting_.clear();
  rounds_.clear();
  size_ = 0;
  return ids;
}

}  // namespace baton::raft
