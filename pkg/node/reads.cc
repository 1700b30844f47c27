#include "pkg/node/reads.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"

namespace baton::node {
namespace {

Status TooLate() {
  return Status(Code::kDeadlineExceeded, "The time allowed for the read ran out");
}

}  // namespace

void Reads::Add(Consistency consistency, Revision min_revision, int64_t deadline_us,
                Service::ReadCallback done) {
  if (pending_ >= options_.pending_max || CRUEL("node.reads_overloaded")) {
    done(Status(Code::kUnavailable, "overloaded",
                "This node has as many unanswered reads as it takes; retry later"));
    return;
  }
  ++pending_;
  CountRead(consistency);
  Read read{consistency, min_revision, deadline_us, time_->now_us + options_.leader_wait_us,
            std::move(done)};
  if (consistency == Consistency::kStale ||
      (PLANTED("node.leader_reads_unasked") && raft_->role() == raft::Role::kLeader)) {
    ReadyOrWait(std::move(read));
  } else {
    gathered_.push_back(std::move(read));
  }
}

void Reads::Ask() {
  if (gathered_.empty() || questions_.size() >= kQuestionsMax) return;
  const uint64_t id = next_question_;
  if (!raft_->ReadIndex(id).ok()) return;  // nobody leads: with the next step
  ++next_question_;
  questions_[id] = Question{time_->now_us, std::move(gathered_)};
  gathered_.clear();
}

void Reads::OnReadState(const raft::ReadState& answer) {
  auto question = questions_.extract(answer.id);
  if (question.empty()) return;  // asked again meanwhile
  CountQuestion(question.mapped().asked_us);
  for (Read& read : question.mapped().reads) {
    if (state_->applied() >= answer.index || PLANTED("node.read_before_applied")) {
      ReadyOrWait(std::move(read));
    } else {
      for_index_.emplace(answer.index, std::move(read));
    }
  }
}

void Reads::OnAborted(uint64_t id) {
  auto question = questions_.extract(id);
  if (!question.empty()) Gather(std::move(question.mapped().reads));
}

void Reads::Gather(std::vector<Read> reads) {
  for (Read& read : reads) {
    read.leader_deadline_us = time_->now_us + options_.leader_wait_us;
    gathered_.push_back(std::move(read));
  }
}

void Reads::ReadyOrWait(Read read) {
  if (state_->revision() < read.min_revision && !PLANTED("node.min_revision_ignored")) {
    const Revision revision = read.min_revision;
    for_revision_.emplace(revision, std::move(read));
    return;
  }
  ready_.push_back(std::move(read));
}

bool Reads::Run() {
  const size_t runs = CRUEL("node.one_read_per_step") ? 1 : kRunsPerStep;
  for (size_t i = 0; i < runs && !ready_.empty(); ++i) {
    Read read = std::move(ready_.front());
    ready_.pop_front();
    if (read.deadline_us <= time_->now_us) {
      Fail(std::move(read), TooLate());
      continue;
    }
    --pending_;
    read.done(ReadView{*state_, read.consistency});
  }
  return !ready_.empty();
}

void Reads::OnApplied() {
  while (!for_index_.empty() && for_index_.begin()->first <= state_->applied()) {
    auto first = for_index_.extract(for_index_.begin());
    ReadyOrWait(std::move(first.mapped()));
  }
  while (!for_revision_.empty() && for_revision_.begin()->first <= state_->revision()) {
    auto first = for_revision_.extract(for_revision_.begin());
    ReadyOrWait(std::move(first.mapped()));
  }
}

void Reads::Fail(Read read, const Status& why) {
  --pending_;
  read.done(why);
}

void Reads::DropLate(std::vector<Read>* reads) {
  const auto in_time = [&](const Read& read) { return read.deadline_us > time_->now_us; };
  const auto first_late = std::stable_partition(reads->begin(), reads->end(), in_time);
  std::vector<Read> late(std::make_move_iterator(first_late),
                         std::make_move_iterator(reads->end()));
  reads->erase(first_late, reads->end());
  for (Read& read : late) Fail(std::move(read), TooLate());
}

void Reads::CountRead(Consistency consistency) const {
  if (options_.metrics == nullptr) return;
  const bool stale = consistency == Consistency::kStale;
  (stale ? options_.metrics->reads_stale : options_.metrics->reads_linearizable).Add();
}

void Reads::CountQuestion(int64_t asked_us) const {
  if (options_.metrics == nullptr) return;
  const int64_t duration_us = time_->now_us - asked_us;
  options_.metrics->read_index.ObserveUs(duration_us);
  if (duration_us > NodeMetrics::kSlowUs) options_.metrics->slow_read_indexes.Add();
}

void Reads::CountUnasked(size_t late) const {
  if (options_.metrics != nullptr) options_.metrics->read_index_failures.Add(late);
}

void Reads::OnTick() {
  const size_t before = pending_;
  AskAgain();
  DropLate(&gathered_);
  DropLeaderless();
  CountUnasked(before - pending_);
  DropLate(&for_index_);
  DropLate(&for_revision_);
}

void Reads::AskAgain() {
  for (auto it = questions_.begin(); it != questions_.end();) {
    std::vector<Read>& reads = it->second.reads;
    DropLate(&reads);
    if (reads.empty() || time_->now_us >= it->second.asked_us + options_.ask_again_us ||
        CRUEL("node.read_asked_again")) {
      raft_->CancelRead(it->first);
      std::move(reads.begin(), reads.end(), std::back_inserter(gathered_));
      it = questions_.erase(it);
    } else {
      ++it;
    }
  }
}

void Reads::DropLeaderless() {
  if (raft_->leader()) return;
  const auto waits = [&](const Read& read) { return time_->now_us < read.leader_deadline_us; };
  const auto first = std::stable_partition(gathered_.begin(), gathered_.end(), waits);
  std::vector<Read> leaderless(std::make_move_iterator(first),
                               std::make_move_iterator(gathered_.end()));
  gathered_.erase(first, gathered_.end());
  for (Read& read : leaderless) {
    Fail(std::move(read),
         Status(Code::kUnavailable, "no_leader", "No leader was found to confirm the read"));
  }
}

template <typename Key>
void Reads::DropLate(std::multimap<Key, Read>* reads) {
  for (auto it = reads->begin(); it != reads->end();) {
    if (it->second.deadline_us > time_->now_us) {
      ++it;
      continue;
    }
    Read late = std::move(it->second);
    it = reads->erase(it);
    Fail(std::move(late), TooLate());
  }
}

void Reads::Close(const Status& why) {
  std::vector<Read> all = std::move(gathered_);
  gathered_.clear();
  for (auto& [id, question] : questions_) {
    std::move(question.reads.begin(), question.reads.end(), std::back_inserter(all));
  }
  questions_.clear();
  for (auto& [index, read] : for_index_) all.push_back(std::move(read));
  for_index_.clear();
  for (auto& [revision, read] : for_revision_) all.push_back(std::move(read));
  for_revision_.clear();
  std::move(ready_.begin(), ready_.end(), std::back_inserter(all));
  ready_.clear();
  for (Read& read : all) Fail(std::move(read), why);
}

}  // namespace baton::node
