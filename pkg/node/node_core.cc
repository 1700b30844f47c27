#include "pkg/node/node_core.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/node/node_rows.h"
#include "pkg/node/recovery.h"
#include "pkg/node/upgrade.h"

namespace baton::node {
namespace {

constexpr size_t kReadBytesMax = 4 << 20;

Status CheckParts(const NodeParts& parts) {
  const bool complete = parts.log && parts.state && parts.transport && parts.log_writer &&
                        parts.snapshot_worker && parts.logger && parts.metrics && parts.stopwatch &&
                        parts.fatal;
  if (complete) return Status::Ok();
  return Status(Code::kInvalidArgument, "Every port of a node must be set");
}

}  // namespace

NodeCore::NodeCore(const NodeConfig& node_config, const NodeParts& node_parts)
    : config(node_config),
      parts(node_parts),
      state(node_parts.state),
      roster(node_config.id, node_parts.transport),
      cluster_time(node_config.tick_ms * node_config.election_timeout_ticks * 1000),
      stored_log_(
          node_parts.log, [this] { return SnapshotPoint(); },
          [this](const Status& status) { Fail(status); }) {}

// A lost state is not that of any entry, whatever its rows say: nobody may begin with it.
Result<raft::SnapshotMeta> NodeCore::SnapshotPoint() const {
  if (state_lost) return Status(Code::kUnavailable, "state_lost", "This node has no state");
  return raft::SnapshotMeta{state.applied(), state.applied_term(), membership};
}

Result<std::unique_ptr<NodeCore>> NodeCore::Open(const NodeConfig& config, const NodeParts& parts) {
  BATON_RETURN_IF_ERROR(Validate(config));
  BATON_RETURN_IF_ERROR(CheckParts(parts));
  std::unique_ptr<NodeCore> core(new NodeCore(config, parts));
  BATON_RETURN_IF_ERROR(CheckCommandVersion(core->state.command_version(), config.command_version));
  const Result<Recovered> recovered = Recover(config.id, config.voters, core->state.applied(),
                                              core->state.applied_term(), parts.log, parts.state);
  if (!recovered.ok()) return recovered.status();
  const raft::InitialState& initial = recovered->initial;
  core->membership = initial.config;
  core->state_lost = recovered->state_lost;
  if (!core->state_lost) {
    PutConfigRow(initial.config, parts.state);
    BATON_RETURN_IF_ERROR(parts.state->Commit());
  }
  BATON_RETURN_IF_ERROR(core->OpenRoster());
  core->cluster_time.OnApplied(core->state.applied(), core->state.applied_term(),
                               core->state.now_ms());
  BATON_RETURN_IF_ERROR(core->NoteLogAboveApplied());

  raft::Config raft_config;
  raft_config.id = config.id;
  raft_config.seed = config.seed;
  raft_config.election_timeout_ticks = config.election_timeout_ticks;
  raft_config.heartbeat_interval_ticks = config.heartbeat_interval_ticks;
  raft_config.delegate_snapshots = config.delegate_snapshots;
  raft_config.commit_news = false;  // commit_news.h says when
  // No more than the log keeps in memory: a window that is lost is sent again without the disk.
  raft_config.inflight_bytes_max = 2 << 20;
  Result<std::unique_ptr<raft::Raft>> raft =
      raft::Raft::Create(raft_config, initial, &core->stored_log_);
  if (!raft.ok()) return raft.status();
  core->raft = std::move(raft).value();
  return core;
}

// A new cluster knows its first members from its configuration, the same on each of them.
Status NodeCore::OpenRoster() {
  Result<std::optional<Members>> row = GetMembersRow(*parts.state);
  if (!row.ok()) return row.status();
  Members members = row->value_or(Members{.known = config.members, .removed = {}});
  if (!row->has_value() && !state_lost && !members.empty()) {
    PutMembersRow(members, parts.state);
    BATON_RETURN_IF_ERROR(parts.state->Commit());
  }
  roster.Set(std::move(members));
  return ReadDemoted();
}

Status NodeCore::ReadDemoted() {
  Result<std::vector<NodeId>> row = GetDemotedRow(*parts.state);
  if (!row.ok()) return row.status();
  demoted = *std::move(row);
  return Status::Ok();
}

Status NodeCore::NoteLogAboveApplied() {
  Index next = std::max(state.applied() + 1, parts.log->FirstIndex());
  while (next <= parts.log->LastIndex()) {
    const Result<std::vector<raft::Entry>> entries =
        parts.log->Entries(next, parts.log->LastIndex() + 1, kReadBytesMax);
    if (!entries.ok()) return entries.status();
    CHECK(!entries->empty());
    cluster_time.OnAppended(*entries);
    roster.OnAppended(*entries);
    next = entries->back().index + 1;
  }
  return Status::Ok();
}

void NodeCore::Fail(const Status& status) {
  if (failed) return;
  failed = true;
  parts.logger->Log(LogLevel::kError, "node cannot go on", {{"reason", status.ToString()}});
  parts.fatal(status);
}

}  // namespace baton::node
