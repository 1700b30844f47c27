// File: promise.h
//
// What a disk owes to a node that was acknowledged something, and whether a start gets it. Any one
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/node/ports.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::fault {

using Rows = std::map<std::string, std::string>;

inline constexpr char kDataPath[] = "/data";
// Rows that every commit of the state writes: its number, and the last entry in it.
inline constexpr char kVersionRow[] = "version";
inline constexpr char kAppliedRow[] = "applied";

// A log in plain memory.
struct LogModel {
  raft::HardState hard_state = {
      .term = {}, .vote = {}, .commit = {}, .memory = raft::Memory::kNewborn};
  raft::SnapshotMeta start;
  std::vector<raft::Entry> entries;  // from start.index + 1 on

  Index last() const { return start.index + entries.size(); }
  Term TermAt(Index index) const;  // requires start.index <= index <= last()
  void Apply(const node::LogWrite& write);
  void Compact(const raft::SnapshotMeta& new_start);
};

struct Promise {
  LogModel acknowledged;
  // With the write that is under way; equal to `acknowledged` when there is none.
  LogModel attempted;
  // The commit index may be any from here to that of `attempted`: alone it is not synced.
  Index commit_min;
  // The commits of the state that may be the last one, by their version. At first: 0, no rows.
  std::map<uint64_t, std::shared_ptr<const Rows>> states = {{0, std::make_shared<const Rows>()}};
};

// Small buffers, so that a short life turns write-ahead files and makes tables.
Result<std::unique_ptr<storage::DataDir>> OpenDataDir(storage::FaultEnv* env);

// All rows of the state, through a snapshot.
Result<Rows> ReadRows(node::StateStore* state);

// Starts on the disk and looks at everything; then writes, ends (`how` chooses: stopped, killed or
// without power), starts again and looks for what was written. Empty: the promise was kept.
// Otherwise what was not, in words.
std::string FindBrokenPromise(storage::FaultEnv* env, const Promise& promise, Random* how);

}  // namespace baton::fault
