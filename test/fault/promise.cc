#include "test/fault/promise.h"

#include <utility>

#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::fault {
namespace {

std::string Number(Index index) { return std::to_string(index.value()); }

// Empty: this is the log, but for its commit index.
std::string Difference(const LogModel& stored, const LogModel& expected) {
  const raft::HardState& is = stored.hard_state;
  const raft::HardState& should = expected.hard_state;
  if (is.term != should.term || is.vote != should.vote) {
    return "term " + std::to_string(is.term.value()) + " and vote " +
           std::to_string(is.vote.value()) + " instead of " + std::to_string(should.term.value()) +
           " and " + std::to_string(should.vote.value());
  }
  if (stored.start != expected.start) {
    return "it starts after " + Number(stored.start.index) + " instead of " +
           Number(expected.start.index);
  }
  if (stored.last() != expected.last()) {
    return "it ends at " + Number(stored.last()) + " instead of " + Number(expected.last());
  }
  if (stored.entries != expected.entries) return "its entries differ";
  raft::HardState same_commit = is;
  same_commit.commit = should.commit;
  return same_commit == should ? "" : "its hard state has a mark";
}

std::string CheckLog(const node::LogStore& log, const Promise& promise) {
  LogModel stored;
  stored.hard_state = log.State().hard_state;
  stored.start = log.State().start;
  if (log.FirstIndex() != stored.start.index + 1) return "the log does not begin after its start";
  auto entries = log.Entries(log.FirstIndex(), log.LastIndex() + 1, SIZE_MAX);
  if (!entries.ok()) return entries.status().ToString();
  stored.entries = *std::move(entries);
  for (size_t i = 0; i < stored.entries.size(); ++i) {
    if (stored.entries[i].index != stored.start.index + 1 + i) return "the log has a hole";
  }
  if (stored.last() != log.LastIndex()) return "the log does not end where it says";
  const std::string lacking = Difference(stored, promise.acknowledged);
  if (!lacking.empty() && !Difference(stored, promise.attempted).empty()) {
    return "the log is not what was acknowledged: " + lacking;
  }
  const Index commit = stored.hard_state.commit;
  if (commit < promise.commit_min || commit > promise.attempted.hard_state.commit) {
    return "the commit index is " + Number(commit) + ", not between " + Number(promise.commit_min) +
           " and " + Number(promise.attempted.hard_state.commit);
  }
  return "";
}

uint64_t NumberIn(const Rows& rows, const char* key) {
  const auto row = rows.find(key);
  return row == rows.end() ? 0 : std::stoull(row->second);
}

std::string CheckState(const Rows& rows, Index log_start, const Promise& promise) {
  const uint64_t version = NumberIn(rows, kVersionRow);
  const auto expected = promise.states.find(version);
  if (expected == promise.states.end()) {
    return "the state is of commit " + std::to_string(version) + ", before the last sync";
  }
  if (rows != *expected->second) {
    return "the state is not what it was after commit " + std::to_string(version);
  }
  const Index applied(NumberIn(rows, kAppliedRow));
  if (applied < log_start) {
    return "the state ends at " + Number(applied) + ", before the start of the log after " +
           Number(log_start);
  }
  return "";
}

std::string CheckAll(storage::DataDir* dir, const Promise& promise) {
  if (!dir->repairs().empty()) return "a crash was taken for damage: " + dir->repairs()[0];
  std::string broken = CheckLog(dir->log(), promise);
  if (!broken.empty()) return broken;
  const Result<Rows> rows = ReadRows(&dir->state());
  if (!rows.ok()) return rows.status().ToString();
  return CheckState(*rows, dir->log().State().start.index, promise);
}

// One write to each store, durable, and what is promised after it.
Result<Promise> GoOn(storage::DataDir* dir, const Promise& before) {
  const node::LogState state = dir->log().State();
  node::LogWrite write =
      storage::VoteWrite(state.hard_state.term.value() + 1, 3, state.hard_state.commit.value());
  const Index next = dir->log().LastIndex() + 1;
  write.entries = {storage::MakeEntry(next.value(), write.hard_state->term.value(), "after")};
  BATON_RETURN_IF_ERROR(storage::WriteOne(&dir->log(), write));
  dir->state().Put("after", "the crash");
  BATON_RETURN_IF_ERROR(dir->state().Commit());
  BATON_RETURN_IF_ERROR(dir->state().Sync());

  Promise after = before;
  LogModel& log = after.acknowledged;
  log.start = state.start;
  const auto entries = dir->log().Entries(dir->log().FirstIndex(), next + 1, SIZE_MAX);
  if (!entries.ok()) return entries.status();
  log.entries = *entries;
  log.hard_state = *write.hard_state;
  after.attempted = log;
  after.commit_min = log.hard_state.commit;
  Result<Rows> rows = ReadRows(&dir->state());
  if (!rows.ok()) return rows.status();
  const uint64_t version = NumberIn(*rows, kVersionRow);
  after.states = {{version, std::make_shared<const Rows>(*std::move(rows))}};
  return after;
}

}  // namespace

Term LogModel::TermAt(Index index) const {
  return index == start.index ? start.term : entries[index - start.index - 1].term;
}

void LogModel::Apply(const node::LogWrite& write) {
  if (write.hard_state) hard_state = *write.hard_state;
  if (write.snapshot) {
    start = *write.snapshot;
    entries.clear();
  }
  if (write.entries.empty()) return;
  entries.resize(write.entries.front().index - start.index - 1);
  entries.insert(entries.end(), write.entries.begin(), write.entries.end());
}

void LogModel::Compact(const raft::SnapshotMeta& new_start) {
  const uint64_t dropped = new_start.index - start.index;
  entries.erase(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(dropped));
  start = new_start;
}

Result<std::unique_ptr<storage::DataDir>> OpenDataDir(storage::FaultEnv* env) {
  storage::DataDirOptions options;
  options.env = env;
  options.log.write_buffer_bytes = 64 << 10;
  options.log.cache_bytes_max = 8 << 10;  // older entries are read from the disk
  options.state.write_buffer_bytes = 64 << 10;
  options.state.block_cache_bytes = 64 << 10;
  return storage::DataDir::Open(kDataPath, storage::TestIdentity(), options);
}

Result<Rows> ReadRows(node::StateStore* state) {
  const auto reader = state->OpenSnapshot();
  if (!reader.ok()) return reader.status();
  Rows rows;
  storage::SnapshotDecoder decoder;
  while (!decoder.complete()) {
    const Result<std::string> chunk = (*reader)->NextChunk(1 << 20);
    if (!chunk.ok()) return chunk.status();
    BATON_RETURN_IF_ERROR(decoder.Decode(
        *chunk, [&](std::string_view key, std::string_view value) { rows.emplace(key, value); }));
  }
  return rows;
}

std::string FindBrokenPromise(storage::FaultEnv* env, const Promise& promise, Random* how) {
  auto dir = OpenDataDir(env);
  if (!dir.ok()) return "it does not start: " + dir.status().ToString();
  const std::string broken = CheckAll(dir->get(), promise);
  if (!broken.empty()) return broken;
  const Result<Promise> after = GoOn(dir->get(), promise);
  if (!after.ok()) return "it does not go on: " + after.status().ToString();
  const uint64_t end = how->Below(3);
  if (end > 0) env->PowerOff();
  dir = Status(Code::kUnavailable, "closed");
  if (end == 1) env->Restart();
  if (end == 2) env->PowerOn(how);
  dir = OpenDataDir(env);
  if (!dir.ok()) return "it does not start a second time: " + dir.status().ToString();
  const std::string broken_later = CheckAll(dir->get(), *after);
  return broken_later.empty() ? "" : "after the second start " + broken_later;
}

}  // namespace baton::fault
