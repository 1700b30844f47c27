// How a Node carries out what Raft asks for (pkg/raft/ready.h), in the order the contract gives.
#include <algorithm>
#include <optional>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/node/compaction.h"
#include "pkg/node/healing.h"
#include "pkg/node/node.h"
#include "pkg/node/node_rows.h"
#include "pkg/raft/membership_codec.h"

namespace baton::node {
namespace {

// One Step carries out at most this many Readys, so that ticks and messages get their turn while a
// long log is applied.
constexpr int kReadysPerStep = 8;

struct AppliedEntry {
  Index index;
  Term term;
  std::optional<coord::Reply> reply;  // none for an entry that is no command
};

raft::MembershipEntry ChangeOf(const raft::Entry& entry) {
  Result<raft::MembershipEntry> change = raft::DecodeMembershipEntry(entry.data.view());
  CHECK(change.ok()) << "the core has read it: " << change.status().ToString();
  return *std::move(change);
}

[[maybe_unused]] void DropReplies(StateStore* state) {
  std::vector<std::string> keys;
  state->Scan("i", "j", [&keys](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  for (const std::string& key : keys) state->Delete(key);
}

bool IsHeartbeat(const raft::Message& message) {
  return std::holds_alternative<raft::Heartbeat>(message.body);
}

bool IsSnapshotRequest(const raft::Message& message) {
  return std::holds_alternative<raft::SnapshotRequest>(message.body);
}

}  // namespace

bool Node::Step() {
  if (failed() || removed_) return false;
  const bool more = Advance();
  if (failed()) return false;
  NoticeRemoval();
  if (removed_) return false;
  return reads_.Run() || more;
}

bool Node::Advance() {
  // What is routed now shares a Ready, and its messages, with what has gathered. So the commands
  // that waited for this node to lead go out with its first append.
  if (LeadershipIsNew()) {
    if (core_->raft->role() == raft::Role::kLeader) {
      LearnOfAppended(core_->raft->entries_of_next_ready());
      NoticeLeadership();
    } else if (HandleReadys()) {
      return true;
    }
  }
  keepalives_.Start();
  forwards_.Route();
  commands_.Route();
  reads_.Ask();
  upgrade_.Run();
  if (std::exchange(expiry_due_, false)) expiry_.Run(core_->raft->has_committed_in_term());
  if (HandleReadys() || failed()) return !failed();
  commit_news_.Run();
  const bool catching_up = watches_.CatchUp();
  CompactIfDue();
  return catching_up || commands_.HasWork() || forwards_.HasWork() || core_->raft->HasReady();
}

bool Node::HandleReadys() {
  for (int i = 0; i < kReadysPerStep && !failed(); ++i) {
    if (!core_->raft->log_status().ok()) core_->Fail(core_->raft->log_status());
    if (failed() || !core_->raft->HasReady()) {
      snapshots_.DropFinished();  // the core has seen it, and installed it or not
      return false;
    }
    HandleReady(core_->raft->TakeReady());
    if (CRUEL("node.one_ready_per_step")) break;
  }
  return !failed() && core_->raft->HasReady();
}

void Node::HandleReady(raft::Ready ready) {
  LearnOfAppended(ready.entries);
  NoticeLeadership();
  if (ready.hard_state) repair_.OnMemory(ready.hard_state->memory);
  CancelSnapshots(ready.cancelled_snapshots);  // first: the next one may be among the messages
  Send(std::move(ready.messages));
  if (ready.snapshot) InstallSnapshot(*ready.snapshot, ready.entries);
  if (failed()) return;
  Persist(&ready);
  Apply(ready.committed_entries);
  for (const raft::ReadState& answer : ready.read_states) reads_.OnReadState(answer);
  for (const uint64_t question : ready.aborted_reads) reads_.OnAborted(question);
}

// Before leadership is noticed: a new leader goes on from the stamps of all it has in its log. And
// before anything is sent to whom they add.
void Node::LearnOfAppended(std::span<const raft::Entry> entries) {
  core_->cluster_time.OnAppended(entries);
  core_->roster.OnAppended(entries);
}

bool Node::LeadershipIsNew() const {
  return core_->raft->role() != role_ || core_->raft->leader() != leader_ ||
         core_->raft->term() != term_;
}

void Node::NoticeLeadership() {
  if (!LeadershipIsNew()) return;
  const raft::Role role = core_->raft->role();
  const NodeId leader = core_->raft->leader();
  const Term term = core_->raft->term();
  if (role != role_ || leader != leader_) LogLeadership(role, leader);
  if (leader && leader != leader_) {
    core_->parts.metrics->leader_changes.Add();
    leader_contact_us_ = core_->time.now_us;
  }
  if (term != term_) GiveUpSnapshots();
  role_ = role;
  leader_ = leader;
  term_ = term;
  if (role == raft::Role::kLeader) {
    core_->cluster_time.StartLeading(term);
    forwards_.OnLeading(term);
  } else {
    core_->cluster_time.StopLeading();
  }
  TellStamp();
  expiry_.OnLeaderChange();
  upgrade_.OnLeaderChange();
  commands_.OnLeaderChange();
  transfer_.OnLeaderChange();
}

void Node::LogLeadership(raft::Role role, NodeId leader) const {
  core_->parts.logger->Log(
      LogLevel::kInfo, role != role_ ? "role changed" : "leader changed",
      {{"role", raft::RoleName(role)}, {"term", core_->raft->term()}, {"leader", leader}});
}

void Node::TellStamp() {
  EnvelopeStamp stamp;
  if (core_->cluster_time.leading()) {
    stamp.term = core_->raft->term();
    stamp.cluster_time_ms = core_->cluster_time.NowMs();
  }
  stamp.disk_level = full_disk_.level();
  stamp.command_version = core_->config.command_version;
  core_->parts.transport->SetStamp(stamp);
}

void Node::Send(std::vector<raft::Message> messages) {
  for (raft::Message& message : messages) {
    if (IsSnapshotRequest(message)) {
      SendSnapshot(std::move(message));
    } else if (!CRUEL("node.outbox_full")) {
      const NodeId to = message.to;
      const bool heartbeat = IsHeartbeat(message);
      const bool taken = core_->parts.transport->Send(to, std::move(message));
      core_->parts.metrics->peer_messages_sent.Add();
      if (heartbeat && !taken) core_->parts.metrics->heartbeats_dropped.Add();
    }
  }
}

void Node::SendSnapshot(raft::Message message) {
  const NodeId to = message.to;
  if (snapshots_out_.contains(to) || snapshots_out_.size() >= core_->config.snapshots_out_max ||
      full_disk_.LevelOf(to) != DiskLevel::kAmple || CRUEL("node.snapshot_not_made")) {
    core_->raft->OnSnapshotSent(to, false);  // asked for again at the next heartbeat
    return;
  }
  Result<std::unique_ptr<SnapshotReader>> reader = core_->parts.state->OpenSnapshot();
  if (!reader.ok()) {
    core_->parts.logger->Log(LogLevel::kWarning, "snapshot not made",
                             {{"peer", to}, {"reason", reader.status().ToString()}});
    core_->raft->OnSnapshotSent(to, false);
    return;
  }
  // The copy is of now, which may be later than when the core decided to send one.
  std::get<raft::SnapshotRequest>(message.body).meta =
      raft::SnapshotMeta{core_->state.applied(), core_->state.applied_term(), core_->membership};
  core_->parts.metrics->snapshots_sent.Add();
  snapshots_out_.insert(to);
  core_->parts.transport->SendSnapshot(to, std::move(message), std::move(reader).value());
}

void Node::OnSnapshotSent(NodeId peer, bool delivered) {
  snapshots_out_.erase(peer);
  core_->raft->OnSnapshotSent(peer, delivered);
}

void Node::GiveUpSnapshots() {
  for (const NodeId peer : std::exchange(snapshots_out_, {})) {
    core_->parts.transport->CancelSnapshot(peer);
    core_->raft->OnSnapshotSent(peer, false);
  }
}

void Node::CancelSnapshots(const std::vector<NodeId>& receivers) {
  for (const NodeId peer : receivers) {
    if (snapshots_out_.erase(peer) > 0) core_->parts.transport->CancelSnapshot(peer);
  }
}

void Node::Persist(raft::Ready* ready) {
  if (!ready->NeedsPersist()) return;
  WriteUnderWay under_way{ready->mark, core_->time.now_us, {}};
  WriteJob job;
  job.write = {ready->hard_state, std::move(ready->snapshot), std::move(ready->entries)};
  job.must_sync = ready->must_sync || CRUEL("node.needless_sync");
  job.mark = ready->mark;
  for (raft::Message& message : ready->messages_after_persist) {
    // Snapshots are opened on this thread; the others leave from the log writer's at once.
    auto& waiting = IsSnapshotRequest(message) ? under_way.snapshot_requests : job.messages;
    waiting.push_back(std::move(message));
  }
  core_->parts.metrics->peer_messages_sent.Add(job.messages.size());
  const bool awaited = !OnlyMovesCommit(job) || !under_way.snapshot_requests.empty();
  if (awaited) writes_.push_back(std::move(under_way));
  core_->parts.log_writer->Write(std::move(job));
}

void Node::OnPersisted(raft::LogMark mark) {
  while (!writes_.empty() && writes_.front().mark <= mark) {
    Send(std::move(writes_.front().snapshot_requests));
    writes_.pop_front();
  }
  core_->raft->OnPersisted(mark);
}

// Without a state to apply them to. The snapshot that comes holds them all: it is asked for with
// the end of the log as its least index.
void Node::PassOver(const std::vector<raft::Entry>& entries) {
  for (const raft::Entry& entry : entries) {
    if (entry.type == raft::EntryType::kConfigChange) NoteMembership(entry);
  }
  core_->raft->OnApplied(entries.back().index);
}

void Node::Apply(const std::vector<raft::Entry>& entries) {
  if (entries.empty()) return;
  if (core_->state_lost) return PassOver(entries);
  std::vector<AppliedEntry> applied;
  std::vector<coord::WaitOutcome> outcomes;
  applied.reserve(entries.size());
  const int64_t before_us = core_->parts.stopwatch->MonotonicUs();
  for (const raft::Entry& entry : entries) {
    bool is_command = entry.type == raft::EntryType::kNormal && !entry.data.empty();
    if (PLANTED("node.future_stamp_not_applied")) {
      is_command &= StampOf(entry).value_or(0) <= core_->cluster_time.NowMs();
    }
    coord::Applied result = core_->state.Apply(entry.index, entry.term,
                                               is_command ? entry.data.view() : std::string_view());
    if (is_command) applied_counts_.Count(entry.data.view(), result, core_->state.now_ms());
    watches_.OnEvents(result.events);
    outcomes.insert(outcomes.end(), result.wait_outcomes.begin(), result.wait_outcomes.end());
    if (entry.type == raft::EntryType::kConfigChange) ApplyMembership(entry);
    repair_.OnApplied(entry.index);
    applied.push_back({entry.index, entry.term, std::nullopt});
    if (is_command) applied.back().reply = std::move(result.reply);
    if (entry.type == raft::EntryType::kConfigChange) applied.back().reply = PlainReply();
  }
  CountApply(core_->parts.stopwatch->MonotonicUs() - before_us);
  if (!CommitState() || !KnowsCommands()) return;
  core_->parts.metrics->entries_applied.Add(entries.size());
  core_->cluster_time.OnApplied(core_->state.applied(), core_->state.applied_term(),
                                core_->state.now_ms());
  core_->raft->OnApplied(core_->state.applied());
  history_.OnState(core_->state.revision(), core_->state.now_ms());
  waits_.OnOutcomes(outcomes);  // first: an acquire that is answered now may be over already
  for (const AppliedEntry& entry : applied) {
    proposals_.OnApplied(entry.index, entry.term, entry.reply ? &*entry.reply : nullptr);
  }
  waits_.OnApplied();
  reads_.OnApplied();
  watches_.Flush();
  expiry_due_ = true;  // a batch of expirations may have been full
}

void Node::CountApply(int64_t duration_us) {
  NodeMetrics& metrics = *core_->parts.metrics;
  metrics.apply.ObserveUs(duration_us);
  if (duration_us > NodeMetrics::kSlowUs) metrics.slow_applies.Add();
}

// Of what is decided in the log and is no command of the state machine.
coord::Reply Node::PlainReply() const {
  coord::Reply reply;
  reply.revision = core_->state.revision();
  reply.now_ms = core_->state.now_ms();
  return reply;
}

void Node::NoteMembership(const raft::Entry& entry) {
  const raft::MembershipEntry change = ChangeOf(entry);
  core_->demoted = DemotedAfter(core_->demoted, core_->membership, change);
  core_->membership = change.config;
}

void Node::ApplyMembership(const raft::Entry& entry) {
  NoteMembership(entry);
  PutConfigRow(core_->membership, core_->parts.state);
  PutDemotedRow(core_->demoted, core_->parts.state);
  std::optional<Members> members = MembersIn(entry);
  if (!members) return;
  PutMembersRow(*members, core_->parts.state);
  core_->roster.Set(*std::move(members));
}

// False: the state is further than this node can follow, and it has failed.
bool Node::KnowsCommands() {
  const Status known =
      CheckCommandVersion(core_->state.command_version(), core_->config.command_version);
  if (!known.ok()) core_->Fail(known);
  return known.ok();
}

bool Node::CommitState() {
  const int64_t before_us = core_->parts.stopwatch->MonotonicUs();
  const Status committed = core_->parts.state->Commit();
  core_->parts.metrics->state_commit.ObserveUs(core_->parts.stopwatch->MonotonicUs() - before_us);
  if (!committed.ok()) core_->Fail(committed);
  return committed.ok();
}

void Node::InstallSnapshot(const raft::SnapshotMeta& meta,
                           const std::vector<raft::Entry>& next_entries) {
  std::unique_ptr<SnapshotWriter> copy = snapshots_.Take(meta);
  CHECK(copy != nullptr) << "the core installs only what it was given with its bytes";
  const Status installed = core_->parts.state->Install(copy.get());
  core_->parts.snapshot_worker->Discard(std::move(copy));  // the old state
  if (!installed.ok()) {
    core_->Fail(installed);
    return;
  }
  if (PLANTED("node.replies_not_in_snapshot")) DropReplies(core_->parts.state);
  core_->state_lost = false;
  core_->state.Reload();
  if (core_->state.applied() != meta.index || core_->state.applied_term() != meta.term) {
    core_->Fail(Status(Code::kCorruption, "The snapshot is not of the entry it was sent for"));
    return;
  }
  core_->membership = meta.config;
  PutConfigRow(meta.config, core_->parts.state);
  if (!CommitState() || !KnowsCommands()) return;
  ReloadRows();
  if (failed()) return;
  core_->cluster_time.OnSnapshotInstalled(meta.index, meta.term, core_->state.now_ms(),
                                          next_entries);
  core_->raft->OnApplied(meta.index);
  history_.OnState(core_->state.revision(), core_->state.now_ms());
  core_->parts.metrics->snapshots_installed.Add();
  core_->parts.logger->Log(LogLevel::kInfo, "snapshot installed", {{"index", meta.index}});
  proposals_.OnSnapshotInstalled(meta.index, meta.term);
  waits_.OnSnapshotInstalled();
  reads_.OnApplied();
  watches_.OnSnapshotInstalled();
  applied_counts_.OnSnapshotInstalled();
  repair_.OnSnapshotInstalled();
}

void Node::ReloadRows() {
  if (const Status read = core_->ReadDemoted(); !read.ok()) return core_->Fail(read);
  Result<std::optional<Members>> members = GetMembersRow(*core_->parts.state);
  if (!members.ok()) return core_->Fail(members.status());
  if (members->has_value()) core_->roster.Set(**std::move(members));
}

void Node::CompactIfDue() {
  if (compacting_) return;
  const LogStore& log = *core_->parts.log;
  CompactionLimits limits{core_->config.log_entries_max, core_->config.log_entries_kept,
                          core_->config.log_bytes_max};
  if (CRUEL("node.compaction_at_once")) limits = {1, 0, limits.bytes_max};
  const Index applied = core_->state.applied();
  const uint64_t bytes = log.EntryBytes();
  const bool few = applied < log.FirstIndex() + limits.entries_max;
  if (few && bytes <= limits.bytes_max) return;  // the usual case, cheaply
  const LogSize size{bytes, [&log](uint64_t bytes_max) { return log.FirstWithin(bytes_max); }};
  raft::RaftStatus status = core_->raft->GetStatus();
  for (auto& [id, peer] : status.peers) {
    if (full_disk_.LevelOf(id) != DiskLevel::kAmple) peer.recently_active = false;  // it takes none
  }
  const std::optional<Index> drop_to = PlanCompaction(limits, status, size, applied);
  if (!drop_to || *drop_to > log.LastIndex()) return;
  const Result<Term> term = log.TermAt(*drop_to);
  if (!term.ok()) {
    core_->Fail(term.status());
    return;
  }
  compacting_ = true;
  core_->parts.log_writer->Compact({*drop_to, *term, core_->membership});
}

}  // namespace baton::node
