#include "test/fault/disk_life.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::fault {
namespace {

using Step = DiskLife::Step;

struct Weight {
  Step step;
  const char* name;
  uint64_t weight;
};

constexpr std::array<Weight, 13> kWeights = {{{Step::kAppend, "append", 28},
                                              {Step::kOverwrite, "overwrite", 8},
                                              {Step::kVote, "vote", 7},
                                              {Step::kCommitIndex, "commit index", 10},
                                              {Step::kSeveralWrites, "several writes", 7},
                                              {Step::kApply, "apply", 20},
                                              {Step::kSync, "sync", 4},
                                              {Step::kCompact, "compact", 5},
                                              {Step::kInstall, "install", 3},
                                              {Step::kGiveUpInstall, "give up an install", 2},
                                              {Step::kReadState, "read the state", 2},
                                              {Step::kReadLog, "read the log", 2},
                                              {Step::kReopen, "stop and start", 4}}};

}  // namespace

const char* StepName(Step step) {
  for (const Weight& weight : kWeights) {
    if (weight.step == step) return weight.name;
  }
  return "unknown";
}

DiskLife::DiskLife(storage::FaultEnv* env, uint64_t seed) : env_(env), random_(seed) {}

template <typename Change>
void DiskLife::ChangePromise(const Change& change) {
  const std::lock_guard lock(mutex_);
  change(&promise_);
  ++promise_number_;
}

Status DiskLife::Run(int operations) {
  BATON_RETURN_IF_ERROR(Open());
  BATON_RETURN_IF_ERROR(Vote());  // no entry is of term 0
  for (int i = 0; i < operations; ++i) {
    const uint64_t left = static_cast<uint64_t>(operations - i);
    step_ = left <= kWeights.size() - steps_.size() ? FirstThatIsMissing() : Draw();
    ++steps_[step_];
    BATON_RETURN_IF_ERROR(Do(step_));
  }
  step_ = Step::kReopen;  // half of it
  Close();
  return Status::Ok();
}

Step DiskLife::FirstThatIsMissing() const {
  const auto missing = std::find_if(kWeights.begin(), kWeights.end(), [&](const Weight& weight) {
    return !steps_.contains(weight.step);
  });
  CHECK(missing != kWeights.end());
  return missing->step;
}

Step DiskLife::Draw() {
  uint64_t sum = 0;
  for (const Weight& weight : kWeights) sum += weight.weight;
  uint64_t drawn = random_.Below(sum);
  for (const Weight& weight : kWeights) {
    if (drawn < weight.weight) return weight.step;
    drawn -= weight.weight;
  }
  return Step::kAppend;
}

Status DiskLife::Do(Step step) {
  switch (step) {
    case Step::kAppend:
      return Append(log_.last() + 1, log_.hard_state.term);
    case Step::kOverwrite:
      return Overwrite();
    case Step::kVote:
      return Vote();
    case Step::kCommitIndex:
      return MoveCommitIndex();
    case Step::kSeveralWrites:
      return SeveralWrites();
    case Step::kApply:
      return ApplyEntries();
    case Step::kSync:
      return SyncState();
    case Step::kCompact:
      return Compact();
    case Step::kInstall:
      return Install(/*give_up=*/false);
    case Step::kGiveUpInstall:
      return Install(/*give_up=*/true);
    case Step::kReadState:
      return ReadState();
    case Step::kReadLog:
      return ReadLog();
    case Step::kReopen:
      Close();
      return Open();
  }
  return Status::Ok();
}

Status DiskLife::Part(const char* part, Status status) {
  if (!status.ok()) failed_part_ = part;
  return status;
}

// ---- the log ----

std::string DiskLife::RandomValue() {
  const uint64_t bytes = random_.Chance(1, 10) ? random_.Below(9000) : random_.Below(1500);
  return std::string(bytes, static_cast<char>('a' + random_.Below(26)));
}

std::vector<raft::Entry> DiskLife::NewEntries(Index first, uint64_t count, Term term) {
  std::vector<raft::Entry> entries;
  for (uint64_t i = 0; i < count; ++i) {
    entries.push_back(storage::MakeEntry((first + i).value(), term.value(), RandomValue()));
  }
  return entries;
}

Status DiskLife::Write(const std::vector<node::LogWrite>& writes) {
  LogModel next = log_;
  for (const node::LogWrite& write : writes) next.Apply(write);
  ChangePromise([&](Promise* promise) { promise->attempted = next; });
  BATON_RETURN_IF_ERROR(Part("log", dir_->log().Write(writes, /*must_sync=*/true)));
  Acknowledge(next, /*durable_commit=*/true);
  return Status::Ok();
}

void DiskLife::Acknowledge(const LogModel& log, bool durable_commit) {
  log_ = log;
  ChangePromise([&](Promise* promise) {
    promise->acknowledged = promise->attempted = log;
    if (durable_commit) promise->commit_min = log.hard_state.commit;
  });
}

Status DiskLife::Append(Index first, Term term) {
  node::LogWrite write;
  if (term != log_.hard_state.term) {
    write.hard_state = {
        .term = term, .vote = NodeId(random_.Below(4)), .commit = log_.hard_state.commit};
  }
  write.entries = NewEntries(first, 1 + random_.Below(4), term);
  return Write({write});
}

// Entries that are not committed give way to those of a new leader.
Status DiskLife::Overwrite() {
  const uint64_t loose = log_.last() - std::max(log_.hard_state.commit, applied_);
  return Append(log_.last() + 1 - random_.Below(loose + 1), log_.hard_state.term + 1);
}

Status DiskLife::Vote() {
  node::LogWrite write;
  write.hard_state = {.term = log_.hard_state.term + 1,
                      .vote = NodeId(1 + random_.Below(3)),
                      .commit = log_.hard_state.commit};
  return Write({write});
}

Status DiskLife::MoveCommitIndex() {
  const Index commit = log_.hard_state.commit;
  node::LogWrite write;
  write.hard_state = log_.hard_state;
  write.hard_state->commit = commit + random_.Below(log_.last() - commit + 1);
  LogModel next = log_;
  next.Apply(write);
  ChangePromise([&](Promise* promise) { promise->attempted = next; });
  BATON_RETURN_IF_ERROR(Part("log", dir_->log().Write({&write, 1}, /*must_sync=*/false)));
  Acknowledge(next, /*durable_commit=*/false);
  return Status::Ok();
}

// As they gather while the disk works: entries, their replacement, a vote.
Status DiskLife::SeveralWrites() {
  const Term term = log_.hard_state.term;
  node::LogWrite first;
  first.entries = NewEntries(log_.last() + 1, 1 + random_.Below(4), term);
  node::LogWrite second;
  second.hard_state = {.term = term + 1, .vote = NodeId(2), .commit = log_.hard_state.commit};
  const uint64_t back = random_.Below(first.entries.size() + 1);
  second.entries = NewEntries(first.entries.back().index + 1 - back, random_.Below(3), term + 1);
  node::LogWrite third;
  third.hard_state = {.term = term + 2, .vote = NodeId(3), .commit = log_.hard_state.commit};
  return Write({first, second, third});
}

Status DiskLife::Compact() {
  if (applied_ == log_.start.index) return ApplyEntries();
  BATON_RETURN_IF_ERROR(SyncState());  // before the log forgets what the state was made from
  const Index index = applied_ - random_.Below(applied_ - log_.start.index);
  const raft::SnapshotMeta start = storage::MakeMeta(index.value(), log_.TermAt(index).value());
  LogModel next = log_;
  next.Compact(start);
  ChangePromise([&](Promise* promise) { promise->attempted = next; });
  BATON_RETURN_IF_ERROR(Part("log", dir_->log().Compact(start)));
  Acknowledge(next, /*durable_commit=*/false);
  return Status::Ok();
}

Status DiskLife::ReadLog() {
  const Index first = log_.start.index + 1;
  const auto entries = dir_->log().Entries(first, log_.last() + 1, SIZE_MAX);
  if (!entries.ok()) return entries.status();
  EXPECT_EQ(*entries, log_.entries) << "while it ran";
  return Status::Ok();
}

// ---- the state ----

Rows DiskLife::ChangedRows(Index applied, int changes) {
  Rows rows = rows_;
  rows[kVersionRow] = std::to_string(version_ + 1);
  rows[kAppliedRow] = std::to_string(applied.value());
  for (int i = 0; i < changes; ++i) {
    const std::string key = "key" + std::to_string(random_.Below(40));
    if (random_.Chance(1, 4)) {
      rows.erase(key);
    } else {
      rows[key] = RandomValue();
    }
  }
  return rows;
}

Status DiskLife::ApplyEntries() {
  if (applied_ >= log_.hard_state.commit) return MoveCommitIndex();
  const Index applied = applied_ + 1 + random_.Below(log_.hard_state.commit - applied_);
  const auto next =
      std::make_shared<const Rows>(ChangedRows(applied, static_cast<int>(random_.Below(6))));
  for (const auto& [key, value] : rows_) {
    if (!next->contains(key)) dir_->state().Delete(key);
  }
  for (const auto& [key, value] : *next) {
    const auto old = rows_.find(key);
    if (old == rows_.end() || old->second != value) dir_->state().Put(key, value);
  }
  ChangePromise([&](Promise* promise) { promise->states[version_ + 1] = next; });
  BATON_RETURN_IF_ERROR(Part("state", dir_->state().Commit()));
  ++version_;
  applied_ = applied;
  rows_ = *next;
  return Status::Ok();
}

Status DiskLife::SyncState() {
  BATON_RETURN_IF_ERROR(Part("state", dir_->state().Sync()));
  ChangePromise([&](Promise* promise) {
    promise->states.erase(promise->states.begin(), promise->states.find(version_));
  });
  return Status::Ok();
}

// The state is replaced first, the log after it.
Status DiskLife::Install(bool give_up) {
  const Index index = log_.last() + 1 + random_.Below(20);
  const auto next = std::make_shared<const Rows>(ChangedRows(index, 20));
  auto writer = dir_->state().BeginInstall();
  if (!writer.ok()) return writer.status();
  storage::SnapshotEncoder encoder;
  for (const auto& [key, value] : *next) {
    encoder.Add(key, value);
    if (encoder.pending_bytes() < 8000) continue;
    BATON_RETURN_IF_ERROR((*writer)->Append(encoder.RowsFrame()));
  }
  if (encoder.pending_bytes() > 0) BATON_RETURN_IF_ERROR((*writer)->Append(encoder.RowsFrame()));
  if (give_up) return Status::Ok();
  BATON_RETURN_IF_ERROR((*writer)->Append(encoder.EndFrame()));
  BATON_RETURN_IF_ERROR((*writer)->Finish());
  ChangePromise([&](Promise* promise) { promise->states[version_ + 1] = next; });
  BATON_RETURN_IF_ERROR(Part("state", dir_->state().Install(writer->get())));
  ++version_;
  applied_ = index;
  rows_ = *next;
  ChangePromise([&](Promise* promise) { promise->states = {{version_, next}}; });

  node::LogWrite write;
  write.hard_state = log_.hard_state;
  write.hard_state->commit = index;
  write.snapshot = storage::MakeMeta(index.value(), log_.hard_state.term.value());
  write.entries = NewEntries(index + 1, random_.Below(3), log_.hard_state.term);
  return Write({write});
}

Status DiskLife::ReadState() {
  const Result<Rows> rows = ReadRows(&dir_->state());
  if (!rows.ok()) return rows.status();
  EXPECT_EQ(*rows, rows_) << "while it ran";
  return Status::Ok();
}

// ---- the directory ----

Status DiskLife::Open() {
  auto dir = OpenDataDir(env_);
  if (!dir.ok()) return dir.status();
  dir_ = *std::move(dir);
  if (!close_may_fail_) {
    EXPECT_EQ(dir_->log().State().hard_state, log_.hard_state) << "after a stop";
    EXPECT_EQ(dir_->log().LastIndex(), log_.last()) << "after a stop";
    return Status::Ok();
  }
  log_.hard_state.commit = dir_->log().State().hard_state.commit;
  const Result<Rows> rows = ReadRows(&dir_->state());
  if (!rows.ok()) return rows.status();
  const auto version = rows->find(kVersionRow);
  const auto applied = rows->find(kAppliedRow);
  version_ = version == rows->end() ? 0 : std::stoull(version->second);
  applied_ = Index(applied == rows->end() ? 0 : std::stoull(applied->second));
  rows_ = *rows;
  ChangePromise([&](Promise* promise) {
    promise->acknowledged.hard_state.commit = log_.hard_state.commit;
    promise->attempted = promise->acknowledged;
    promise->states.erase(promise->states.upper_bound(version_), promise->states.end());
  });
  return Status::Ok();
}

void DiskLife::Close() {
  const bool was_open = dir_ != nullptr;
  dir_.reset();
  if (!was_open || close_may_fail_) return;
  ChangePromise([&](Promise* promise) {
    promise->states.erase(promise->states.begin(), promise->states.find(version_));
    promise->commit_min = log_.hard_state.commit;
  });
}

}  // namespace baton::fault
