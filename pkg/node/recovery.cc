#include "pkg/node/recovery.h"

#include <algorithm>
#include <string>
#include <utility>

#include "pkg/node/node_rows.h"

namespace baton::node {
namespace {

// The configuration as of the applied index: from the state's row; before there is one, from the
// log's start; in a new cluster, from the caller.
Result<raft::ConfigState> FindConfig(const std::vector<NodeId>& voters, const LogStore& log,
                                     const StateStore& state) {
  Result<std::optional<raft::ConfigState>> row = GetConfigRow(state);
  if (!row.ok()) return row.status();
  if (row->has_value()) return std::move(**row);
  raft::ConfigState start = log.State().start.config;
  if (!start.voters.empty()) return start;
  raft::ConfigState config;  // nobody: this node joins a cluster that there is
  config.voters = voters;
  std::sort(config.voters.begin(), config.voters.end());
  return config;
}

// Whether the log goes through (index, term). An error of the disk is an error, not a "no": a log
// must never be dropped because it could not be read.
Result<bool> LogHolds(const LogStore& log, Index index, Term term) {
  const raft::SnapshotMeta start = log.State().start;
  if (index == start.index) return term == start.term;
  if (index > log.LastIndex()) return false;
  const Result<Term> found = log.TermAt(index);
  if (!found.ok()) return found.status();
  return *found == term;
}

Status StartLogAt(const raft::SnapshotMeta& start, LogStore* log) {
  LogWrite write;
  raft::HardState hard_state = log->State().hard_state;
  hard_state.commit = std::max(hard_state.commit, start.index);
  hard_state.term = std::max(hard_state.term, start.term);
  write.hard_state = hard_state;
  write.snapshot = start;
  return log->Write({&write, 1}, /*must_sync=*/true);
}

bool IsAlone(const raft::ConfigState& config, NodeId self) {
  return config.voters == std::vector<NodeId>{self} && config.voters_outgoing.empty();
}

Status NobodyHelps(const std::string& what) {
  return Status(Code::kCorruption,
                what +
                    ", and this node is the only voter: nobody else has it. Restore the cluster "
                    "from a backup (batonctl snapshot restore); the damaged files are still in "
                    "the data directory.");
}

// The state is lost: the log alone is what this node has.
Result<Recovered> RecoverFromLog(NodeId self, const LogState& found) {
  if (found.start.config.voters.empty() || IsAlone(found.start.config, self)) {
    return NobodyHelps("The state up to entry " + std::to_string(found.start.index.value()) +
                       " is lost, and the log begins after it");
  }
  Recovered recovered;
  recovered.initial = {found.hard_state, found.start.config, found.start.index};
  recovered.initial.hard_state.commit = std::max(found.hard_state.commit, found.start.index);
  recovered.state_lost = true;
  return recovered;
}

}  // namespace

Result<Recovered> Recover(NodeId self, const std::vector<NodeId>& voters, Index applied,
                          Term applied_term, LogStore* log, StateStore* state) {
  const LogState found = log->State();
  if (applied < found.start.index) return RecoverFromLog(self, found);
  const Result<raft::ConfigState> config = FindConfig(voters, *log, *state);
  if (!config.ok()) return config.status();
  const bool lacks = found.hard_state.memory == raft::Memory::kLostEntries ||
                     found.hard_state.memory == raft::Memory::kLost;
  if (lacks && IsAlone(*config, self)) {
    return NobodyHelps("The log has lost entries that were acknowledged");
  }
  const bool new_log = found.start.config.voters.empty() && !found.start.index && !log->LastIndex();
  const Result<bool> holds = LogHolds(*log, applied, applied_term);
  if (!holds.ok()) return holds.status();
  if (new_log || !*holds) {
    BATON_RETURN_IF_ERROR(StartLogAt({applied, applied_term, *config}, log));
  }
  Recovered recovered;
  recovered.initial = {log->State().hard_state, *config, applied};
  recovered.initial.hard_state.commit = std::max(recovered.initial.hard_state.commit, applied);
  raft::Memory& memory = recovered.initial.hard_state.memory;
  // Who joins under an id of its own has no past that an empty disk could hide.
  const bool joins = voters.empty() && new_log && !applied;
  if (joins && memory == raft::Memory::kNewborn) memory = raft::Memory::kWhole;
  return recovered;
}

}  // namespace baton::node
