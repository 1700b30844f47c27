#include "test/bench/raft/loop.h"

#include <utility>

#include "pkg/base/check.h"

namespace baton::bench {

Result<Term> BoundedLog::TermAt(Index index) const {
  if (index < start_) return Status(Code::kGone, "forgotten");
  if (index == start_) return start_term_;
  if (index > LastIndex()) return Status(Code::kNotFound, "beyond the end");
  return entries_[index - start_ - 1].term;
}

Result<std::vector<raft::Entry>> BoundedLog::Entries(Index low, Index high,
                                                     size_t bytes_max) const {
  if (low < FirstIndex()) return Status(Code::kGone, "forgotten");
  std::vector<raft::Entry> entries;
  size_t bytes = 0;
  for (; low < high; ++low) {
    const raft::Entry& entry = entries_[low - start_ - 1];
    bytes += entry.ApproximateBytes();
    if (bytes > bytes_max && !entries.empty()) break;
    entries.push_back(entry);
  }
  return entries;
}

Result<raft::SnapshotMeta> BoundedLog::Snapshot() const {
  return Status(Code::kUnavailable, "nobody lags behind here");
}

void BoundedLog::Write(std::vector<raft::Entry>* entries) {
  if (entries->empty()) return;
  entries_.resize(entries->front().index - start_ - 1);
  for (raft::Entry& entry : *entries) entries_.push_back(std::move(entry));
}

void BoundedLog::Trim(Index applied) {
  if (entries_.size() < 2 * kKept || applied < start_ + kKept) return;
  const size_t count = applied - start_ - kKept;
  if (count == 0) return;
  start_term_ = entries_[count - 1].term;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
  start_ = start_ + count;
}

raft::ConfigState Members(uint64_t voters, uint64_t learners) {
  raft::ConfigState members;
  for (uint64_t id = 1; id <= voters; ++id) members.voters.push_back(NodeId(id));
  for (uint64_t id = voters + 1; id <= voters + learners; ++id) {
    members.learners.push_back(NodeId(id));
  }
  return members;
}

Loop::Loop(const LoopOptions& options) {
  const raft::ConfigState members = Members(options.voters, options.learners);
  for (uint64_t id = 1; id <= options.voters + options.learners; ++id) {
    Node node;
    node.log = std::make_unique<BoundedLog>(members);
    raft::Config config = options.config;
    config.id = NodeId(id);
    raft::InitialState initial;
    initial.config = members;
    auto raft = raft::Raft::Create(config, initial, node.log.get());
    CHECK(raft.ok()) << raft.status().ToString();
    node.raft = *std::move(raft);
    nodes_.push_back(std::move(node));
  }
}

void Loop::Elect() {
  leader().Campaign();
  RunAll();
  CHECK(leader().has_committed_in_term());
}

void Loop::Commit(const raft::Payload& command, size_t count) {
  for (size_t i = 0; i < count; ++i) CHECK(leader().Propose(command).ok());
  RunAll();
}

void Loop::Post(std::vector<raft::Message>* messages) {
  for (raft::Message& message : *messages) {
    nodes_[message.to.value() - 1].inbox.push_back(std::move(message));
  }
}

void Loop::Read(Node& node) {
  node.read.clear();
  node.read.swap(node.inbox);
  for (raft::Message& message : node.read) CHECK(node.raft->Step(std::move(message)).ok());
}

void Loop::Take(Node& node) {
  raft::Ready& ready = node.ready;
  node.raft->TakeReady(&ready);
  if (!ready.messages.empty()) Post(&ready.messages);
  if (ready.NeedsPersist()) {
    node.log->Write(&ready.entries);
    if (!ready.messages_after_persist.empty()) Post(&ready.messages_after_persist);
    node.raft->OnPersisted(ready.mark);
  }
  if (!ready.committed_entries.empty()) {
    node.raft->OnApplied(ready.committed_entries.back().index);
    node.log->Trim(ready.committed_entries.back().index);
  }
}

void Loop::RunAll() {
  for (bool more = true; more;) {
    more = false;
    for (Node& node : nodes_) {
      const bool heard = !node.inbox.empty();
      if (heard) Read(node);
      const bool ready = node.raft->HasReady();
      if (ready) Take(node);
      more = more || heard || ready;
    }
  }
}

}  // namespace baton::bench
