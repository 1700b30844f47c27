#include "pkg/node/testing/memory_stores.h"

#include <algorithm>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"

namespace baton::node::testing {

LogState MemoryLogStore::State() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

Index MemoryLogStore::FirstIndex() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_.start.index + 1;
}

Index MemoryLogStore::LastIndex() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return LastIndexLocked();
}

Result<Term> MemoryLogStore::TermAtLocked(Index index) const {
  if (index < state_.start.index) return Status(Code::kGone, "compacted");
  if (index == state_.start.index) return state_.start.term;
  if (index > LastIndexLocked()) return Status(Code::kNotFound, "beyond the log");
  return entries_[index - state_.start.index - 1].term;
}

Result<Term> MemoryLogStore::TermAt(Index index) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return TermAtLocked(index);
}

Result<std::vector<raft::Entry>> MemoryLogStore::Entries(Index low, Index high,
                                                         size_t bytes_max) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (low <= state_.start.index) return Status(Code::kGone, "compacted");
  CHECK_LE(low, high);
  CHECK_LE(high, LastIndexLocked() + 1);
  std::vector<raft::Entry> found;
  size_t bytes = 0;
  for (Index index = low; index < high; ++index) {
    const raft::Entry& entry = entries_[index - state_.start.index - 1];
    bytes += entry.ApproximateBytes();
    if (!found.empty() && bytes > bytes_max) break;
    found.push_back(entry);
  }
  return found;
}

void MemoryLogStore::Resize(uint64_t entries) {
  for (; entries_.size() > entries; entries_.pop_back()) {
    entry_bytes_ -= entries_.back().ApproximateBytes();
  }
}

void MemoryLogStore::Apply(const LogWrite& write) {
  if (write.hard_state) state_.hard_state = *write.hard_state;
  if (write.snapshot) {
    state_.start = *write.snapshot;
    Resize(0);
  }
  for (const raft::Entry& entry : write.entries) {
    CHECK_GT(entry.index, state_.start.index);
    CHECK_LE(entry.index, LastIndexLocked() + 1) << "a hole in the log";
    Resize(entry.index - state_.start.index - 1);
    entries_.push_back(entry);
    entry_bytes_ += entry.ApproximateBytes();
  }
}

Status MemoryLogStore::Write(std::span<const LogWrite> writes, bool must_sync) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return failure_;
  ++writes_;
  if (must_sync) ++synced_writes_;
  for (const LogWrite& write : writes) {
    if (!must_sync) unsynced_.push_back(MakeUndo(write));
    Apply(write);
  }
  if (must_sync) unsynced_.clear();
  return Status::Ok();
}

MemoryLogStore::Undo MemoryLogStore::MakeUndo(const LogWrite& write) const {
  Undo undo{state_, LastIndexLocked() + 1, {}};
  if (write.snapshot) {
    undo.from = state_.start.index + 1;
  } else if (!write.entries.empty()) {
    undo.from = write.entries.front().index;
  }
  const auto first = static_cast<ptrdiff_t>(undo.from - state_.start.index - 1);
  undo.entries.assign(entries_.begin() + first, entries_.end());
  return undo;
}

void MemoryLogStore::Revert(Undo undo) {
  const bool other_log = state_.start.index != undo.state.start.index;
  state_ = std::move(undo.state);
  Resize(other_log ? 0 : undo.from - state_.start.index - 1);
  for (raft::Entry& entry : undo.entries) {
    entry_bytes_ += entry.ApproximateBytes();
    entries_.push_back(std::move(entry));
  }
}

void MemoryLogStore::Crash(size_t kept) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (; unsynced_.size() > kept; unsynced_.pop_back()) Revert(std::move(unsynced_.back()));
  unsynced_.clear();
}

size_t MemoryLogStore::unsynced_writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return unsynced_.size();
}

Status MemoryLogStore::Compact(const raft::SnapshotMeta& start) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return failure_;
  const Result<Term> term = TermAtLocked(start.index);
  if (!term.ok()) return term.status();
  CHECK_EQ(*term, start.term);
  for (; state_.start.index < start.index; ++state_.start.index) {
    entry_bytes_ -= entries_.front().ApproximateBytes();
    entries_.pop_front();
  }
  state_.start = start;
  unsynced_.clear();  // all before it is durable
  ++compactions_;
  return Status::Ok();
}

uint64_t MemoryLogStore::EntryBytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entry_bytes_;
}

Index MemoryLogStore::FirstWithin(uint64_t bytes_max) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  uint64_t count = 0;
  for (uint64_t bytes = 0; count < entries_.size(); ++count) {
    bytes += entries_[entries_.size() - 1 - count].ApproximateBytes();
    if (bytes > bytes_max) break;
  }
  return LastIndexLocked() + 1 - count;
}

void MemoryLogStore::Lose(raft::Memory memory, Index last) {
  const std::lock_guard<std::mutex> lock(mutex_);
  raft::HardState hard_state;
  hard_state.memory = memory;
  if (memory == raft::Memory::kLostEntries) {
    hard_state.term = state_.hard_state.term + 1;
    CHECK_GE(last, state_.start.index);
    Resize(last - state_.start.index);
  } else {
    state_.start = {};
    Resize(0);
  }
  state_.hard_state = hard_state;
  unsynced_.clear();
}

void MemoryLogStore::FailWrites(Status status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  failure_ = std::move(status);
}

uint64_t MemoryLogStore::writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return writes_;
}

uint64_t MemoryLogStore::synced_writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return synced_writes_;
}

uint64_t MemoryLogStore::compactions() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return compactions_;
}

namespace {

// A copy of the rows, one after the other: "R" key value ..., then "E" and the CRC of all before.
class MemorySnapshotReader final : public SnapshotReader {
 public:
  explicit MemorySnapshotReader(MemoryStateStore::Rows rows)
      : rows_(std::move(rows)), next_(rows_.begin()) {}

  Result<std::string> NextChunk(size_t bytes_max) override {
    std::string chunk;
    ByteWriter writer(&chunk);
    while (next_ != rows_.end() && chunk.size() < bytes_max) {
      writer.Raw("R");
      writer.String(next_->first);
      writer.String(next_->second);
      ++next_;
    }
    crc_ = Crc32c(chunk, crc_);
    if (next_ == rows_.end() && !ended_ && chunk.size() < bytes_max) {
      ended_ = true;
      writer.Raw("E");
      writer.U32(crc_);
    }
    return chunk;
  }

 private:
  MemoryStateStore::Rows rows_;
  MemoryStateStore::Rows::const_iterator next_;
  uint32_t crc_ = 0;
  bool ended_ = false;
};

class MemorySnapshotWriter final : public SnapshotWriter {
 public:
  Status Append(std::string_view chunk) override {
    bytes_.append(chunk);
    return Status::Ok();
  }

  Status Finish() override {
    ByteReader reader(bytes_);
    while (reader.ok() && !reader.rest().empty()) {
      const size_t at = bytes_.size() - reader.rest().size();
      if (reader.Raw(1) == "E") {
        const uint32_t crc = reader.U32();
        finished_ = reader.AtEnd() && crc == Crc32c(std::string_view(bytes_).substr(0, at));
        break;
      }
      std::string key(reader.String(bytes_.size()));
      rows_[std::move(key)] = std::string(reader.String(bytes_.size()));
    }
    if (!finished_) return Status(Code::kCorruption, "not a whole snapshot");
    bytes_.clear();
    return Status::Ok();
  }

  bool finished() const { return finished_; }
  MemoryStateStore::Rows TakeRows() { return std::move(rows_); }

 private:
  std::string bytes_;
  MemoryStateStore::Rows rows_;
  bool finished_ = false;
};

}  // namespace

std::optional<std::string> MemoryStateStore::Get(std::string_view key) const {
  const auto it = live_.find(key);
  if (it == live_.end()) return std::nullopt;
  return it->second;
}

void MemoryStateStore::Put(std::string_view key, std::string_view value) {
  live_.insert_or_assign(std::string(key), std::string(value));
  open_.emplace_back(std::string(key), std::string(value));
}

void MemoryStateStore::Delete(std::string_view key) {
  const auto it = live_.find(key);
  if (it == live_.end()) return;
  live_.erase(it);
  open_.emplace_back(std::string(key), std::nullopt);
}

void MemoryStateStore::Scan(std::string_view start, std::string_view end,
                            const Visitor& visit) const {
  ++scans_;
  for (auto it = live_.lower_bound(start); it != live_.end(); ++it) {
    if (!end.empty() && it->first >= end) break;
    if (!visit(it->first, it->second)) break;
  }
}

void MemoryStateStore::ApplyBatch(const Batch& batch, Rows* rows) {
  for (const auto& [key, value] : batch) {
    if (value) {
      rows->insert_or_assign(key, *value);
    } else {
      rows->erase(key);
    }
  }
}

Status MemoryStateStore::Commit() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return failure_;
  unsynced_.push_back(std::move(open_));
  open_.clear();
  while (unsynced_.size() > kUnsyncedBatchesMax) {
    ApplyBatch(unsynced_.front(), &durable_);
    unsynced_.pop_front();
  }
  return Status::Ok();
}

Status MemoryStateStore::Sync() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Batch& batch : unsynced_) ApplyBatch(batch, &durable_);
  unsynced_.clear();
  return Status::Ok();
}

Result<std::unique_ptr<SnapshotReader>> MemoryStateStore::OpenSnapshot() {
  CHECK(open_.empty()) << "a snapshot is of the last Commit";
  return std::unique_ptr<SnapshotReader>(std::make_unique<MemorySnapshotReader>(live_));
}

Result<std::unique_ptr<SnapshotWriter>> MemoryStateStore::BeginInstall() {
  const std::lock_guard<std::mutex> lock(mutex_);
  BATON_RETURN_IF_ERROR(failure_);
  return std::unique_ptr<SnapshotWriter>(std::make_unique<MemorySnapshotWriter>());
}

Status MemoryStateStore::Install(SnapshotWriter* finished) {
  auto* writer = dynamic_cast<MemorySnapshotWriter*>(finished);
  CHECK(writer != nullptr && writer->finished());
  const std::lock_guard<std::mutex> lock(mutex_);
  replaced_ = std::move(durable_);
  live_ = writer->TakeRows();
  durable_ = live_;
  open_.clear();
  unsynced_.clear();
  return Status::Ok();
}

uint64_t MemoryStateStore::ApproximateBytes() const {
  uint64_t bytes = 0;
  for (const auto& [key, value] : live_) bytes += key.size() + value.size();
  return bytes;
}

void MemoryStateStore::Discard(const std::string&) {
  const std::lock_guard<std::mutex> lock(mutex_);
  discarded_ = true;
}

void MemoryStateStore::StartOver() {
  const std::lock_guard<std::mutex> lock(mutex_);
  discarded_ = false;
  live_.clear();
  durable_.clear();
  open_.clear();
  unsynced_.clear();
}

void MemoryStateStore::Revert() {
  const std::lock_guard<std::mutex> lock(mutex_);
  live_ = durable_ = replaced_.value();
  replaced_.reset();
  open_.clear();
  unsynced_.clear();
}

bool MemoryStateStore::has_replaced() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return replaced_.has_value();
}

void MemoryStateStore::Crash(size_t kept) {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.clear();
  kept = std::min(kept, unsynced_.size());
  for (size_t i = 0; i < kept; ++i) ApplyBatch(unsynced_[i], &durable_);
  unsynced_.clear();
  live_ = durable_;
}

size_t MemoryStateStore::unsynced_batches() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return unsynced_.size();
}

void MemoryStateStore::FailCommits(Status status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  failure_ = std::move(status);
}

}  // namespace baton::node::testing
