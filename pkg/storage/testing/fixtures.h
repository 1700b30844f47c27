// File: fixtures.h
//
// Small words for the tests of this room.
#pragma once

#include <string>
#include <vector>

#include "pkg/node/ports.h"
#include "pkg/storage/identity.h"

namespace baton::storage {

inline Identity TestIdentity() { return {.cluster_id = "cluster-a", .node_id = NodeId(1)}; }

inline raft::Entry MakeEntry(uint64_t index, uint64_t term, std::string bytes) {
  return {.term = Term(term),
          .index = Index(index),
          .type = raft::EntryType::kNormal,
          .data = raft::Payload(std::move(bytes))};
}

// Entries [first, last] of one term, "entry 7" and so on.
inline std::vector<raft::Entry> MakeEntries(uint64_t first, uint64_t last, uint64_t term) {
  std::vector<raft::Entry> entries;
  for (uint64_t i = first; i <= last; ++i) {
    entries.push_back(MakeEntry(i, term, "entry " + std::to_string(i)));
  }
  return entries;
}

inline node::LogWrite AppendWrite(std::vector<raft::Entry> entries) {
  node::LogWrite write;
  write.entries = std::move(entries);
  return write;
}

inline node::LogWrite VoteWrite(uint64_t term, uint64_t vote, uint64_t commit) {
  node::LogWrite write;
  write.hard_state = {.term = Term(term), .vote = NodeId(vote), .commit = Index(commit)};
  return write;
}

inline raft::SnapshotMeta MakeMeta(uint64_t index, uint64_t term) {
  raft::SnapshotMeta meta;
  meta.index = Index(index);
  meta.term = Term(term);
  meta.config.voters = {NodeId(1), NodeId(2), NodeId(3)};
  return meta;
}

inline Status WriteOne(node::LogStore* log, const node::LogWrite& write, bool must_sync = true) {
  return log->Write({&write, 1}, must_sync);
}

}  // namespace baton::storage
