#include "pkg/node/node.h"

#include <variant>

#include "pkg/base/planted.h"
#include "pkg/base/random.h"
#include "pkg/coord/command.h"
#include "pkg/raft/membership.h"

namespace baton::node {
namespace {

// A command waits for a leader as long as an election with one split vote may take.
constexpr int64_t kLeaderWaitElections = 3;
// A leader that handed over has this long to answer what it was asked; one that leads is asked
// again after this time.
constexpr int64_t kAnswerWaitElections = 2;

CommandsOptions OptionsOfCommands(const NodeCore& core) {
  CommandsOptions options;
  options.self = core.config.id;
  options.incarnation = IncarnationOf(core.config);
  options.pending_max = core.config.pending_proposals_max;
  options.leader_wait_us = kLeaderWaitElections * core.election_timeout_us();
  options.answer_wait_us = kAnswerWaitElections * core.election_timeout_us();
  return options;
}

ReadsOptions OptionsOfReads(const NodeCore& core) {
  ReadsOptions options;
  options.first_question = uint64_t{Random(core.config.seed).NextU32()} << 32;
  if (PLANTED("node.question_numbers_reused")) options.first_question = 1;
  options.pending_max = core.config.pending_proposals_max;
  options.leader_wait_us = kLeaderWaitElections * core.election_timeout_us();
  options.ask_again_us = core.election_timeout_us() / 2;
  options.metrics = core.parts.metrics;
  return options;
}

bool HasEntries(const raft::Message& message) {
  const auto* append = std::get_if<raft::AppendRequest>(&message.body);
  return append != nullptr && !append->entries.empty();
}

}  // namespace

Result<std::unique_ptr<Node>> Node::Create(const NodeConfig& config, const NodeParts& parts,
                                           int64_t now_us) {
  Result<std::unique_ptr<NodeCore>> core = NodeCore::Open(config, parts);
  if (!core.ok()) return core.status();
  std::unique_ptr<Node> node(new Node(std::move(core).value()));
  node->AdvanceTo(now_us);
  return node;
}

Node::Node(std::unique_ptr<NodeCore> core)
    : core_(std::move(core)),
      full_disk_(core_->parts.disk_space, core_->parts.logger,
                 [this](std::string_view command) { return core_->state.AddsNothing(command); }),
      proposals_(core_->raft.get(), &core_->cluster_time, &core_->time, &full_disk_, &core_->state,
                 [this](std::string_view request) { return ChangeMembers(request); }),
      commands_(OptionsOfCommands(*core_), &core_->time, core_->raft.get(), &proposals_,
                core_->parts.transport, core_->parts.metrics),
      forwards_(core_->config.pending_proposals_max, core_->raft.get(), &proposals_,
                core_->parts.transport, core_->parts.metrics),
      keepalives_(core_->config.pending_proposals_max, &core_->time, &commands_),
      reads_(OptionsOfReads(*core_), &core_->time, core_->raft.get(), &core_->state),
      waits_(core_->config.waits_max, &core_->time, &core_->cluster_time, &commands_, &core_->state,
             core_->parts.metrics),
      watches_(core_->config.watches_max, &core_->time, &core_->state, core_->parts.metrics),
      applied_counts_(&core_->parts.metrics->applied),
      history_({core_->config.history_age_max_ms, core_->config.history_revisions_max}),
      expiry_(&proposals_, &core_->cluster_time, &core_->state, &history_),
      commit_news_(&core_->time, core_->raft.get()),
      upgrade_(core_->config.id, core_->config.command_version, &proposals_, &core_->state,
               &core_->membership),
      transfer_(2 * core_->election_timeout_us(), 2 * core_->heartbeat_interval_us(), &core_->time,
                core_->raft.get()),
      repair_(core_.get(), &reads_, &transfer_),
      snapshots_(core_->parts.snapshot_worker, &core_->time, core_->parts.metrics),
      term_(core_->raft->term()) {
  history_.OnState(core_->state.revision(), core_->state.now_ms());
}

void Node::AdvanceTo(int64_t now_us) {
  core_->time.now_us = now_us;
  core_->cluster_time.AdvanceTo(now_us);
}

void Node::Tick() {
  if (removed_) return;
  core_->raft->Tick();
  SaveDiskSpace();
  TellStamp();
  commands_.OnTick();
  keepalives_.OnTick();
  reads_.OnTick();
  waits_.OnTick();
  watches_.OnTick();
  transfer_.OnTick();
  snapshots_.OnTick();
  if (draining_) transfer_.Drain();
  repair_.OnTick();
  expiry_.OnTick();
  expiry_due_ = true;
}

void Node::SaveDiskSpace() {
  full_disk_.OnTick();
  const bool leads = core_->raft->role() == raft::Role::kLeader;
  full_disk_.OnStatus(leads ? core_->raft->GetStatus() : raft::RaftStatus());
  if (!full_disk_.low()) return;
  snapshots_.DropPart();
  transfer_.HandOver(full_disk_.Unfit());
}

int64_t Node::DeadlineUs(int64_t timeout_ms) const {
  return core_->time.now_us + timeout_ms * 1000;
}

void Node::Submit(EncodedCommand command, int64_t timeout_ms, Service::ReplyCallback done) {
  if (const Status serves = CheckServes(); !serves.ok()) return done(serves);
  Submission submission;
  submission.command = std::move(command.bytes);
  submission.repeatable = command.repeatable;
  submission.deadline_us = DeadlineUs(timeout_ms);
  submission.done = [done = std::move(done)](Result<Answer> answer) {
    if (answer.ok()) {
      done(std::move(answer->reply));
    } else {
      done(answer.status());
    }
  };
  commands_.Submit(std::move(submission));
}

void Node::Acquire(uint64_t id, coord::Acquire acquire, EncodedCommand command, int64_t timeout_ms,
                   Service::AcquireCallback done) {
  if (const Status serves = CheckServes(); !serves.ok()) return done(serves);
  waits_.Start(id, std::move(acquire), std::move(command), timeout_ms * 1000, std::move(done));
}

void Node::KeepAlive(SessionId session, int64_t timeout_ms, Keepalives::Callback done) {
  if (const Status serves = CheckServes(); !serves.ok()) return done(serves);
  keepalives_.Add(session, DeadlineUs(timeout_ms), std::move(done));
}

void Node::Read(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                Service::ReadCallback done) {
  if (const Status serves = CheckServes(); !serves.ok()) return done(serves);
  if (repair_.rebuilding() && consistency == Consistency::kStale &&
      !PLANTED("node.rebuilding_node_answers")) {
    done(Status(Code::kUnavailable, "rebuilding",
                "This node has lost data and rebuilds it from its peers; ask another one"));
    return;
  }
  reads_.Add(consistency, min_revision, DeadlineUs(timeout_ms), std::move(done));
}

// Reads are answered between Readys, when all that was applied is committed: the copy is of exactly
// the state that the read sees.
void Node::OpenBackup(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                      Service::BackupCallback done) {
  Read(consistency, min_revision, timeout_ms,
       [this, done = std::move(done)](const Result<ReadView>& view) {
         if (!view.ok()) return done(view.status());
         Result<std::unique_ptr<SnapshotReader>> pieces = core_->parts.state->OpenSnapshot();
         if (!pieces.ok()) return done(pieces.status());
         BackupHeader header;
         header.cluster_id = core_->config.cluster_id;
         header.node = core_->config.id;
         header.index = view->state.applied();
         header.term = view->state.applied_term();
         header.revision = view->state.revision();
         header.cluster_time_ms = view->state.now_ms();
         header.members = core_->membership;
         done(Backup{std::move(header), std::move(pieces).value()});
       });
}

void Node::Watch(uint64_t id, coord::EventFilter filter, Revision from,
                 std::shared_ptr<WatchSink> sink) {
  if (const Status serves = CheckServes(); !serves.ok()) return sink->OnEnd(serves);
  watches_.Add(id, std::move(filter), from, std::move(sink));
}

void Node::TransferLeadership(NodeId target, Service::StatusCallback done) {
  transfer_.Start(target, std::move(done));
}

Status CheckAddress(const NodeConfig& config, const PeerEnvelope& envelope) {
  if (envelope.cluster_id != config.cluster_id) {
    return Status(Code::kPermissionDenied, "wrong_cluster", "The envelope is for another cluster");
  }
  if (envelope.to != config.id) {
    return Status(Code::kInvalidArgument, "wrong_receiver", "The envelope is for another node");
  }
  if (!envelope.from || envelope.from == config.id) {
    return Status(Code::kPermissionDenied, "unknown_peer", "The sender is not another node");
  }
  return Status::Ok();
}

Status Node::CheckEnvelope(const PeerEnvelope& envelope) const {
  BATON_RETURN_IF_ERROR(CheckAddress(core_->config, envelope));
  for (const PeerMessage& message : envelope.messages) {
    const auto* raft_message = std::get_if<raft::Message>(&message);
    if (raft_message == nullptr) continue;
    const bool snapshot = std::holds_alternative<raft::SnapshotRequest>(raft_message->body);
    if (raft_message->from != envelope.from || raft_message->to != envelope.to || snapshot) {
      return Status(Code::kInvalidArgument, "bad_message",
                    "A message must have its envelope's sender and receiver, and a snapshot "
                    "travels in pieces");
    }
  }
  return Status::Ok();
}

Status Node::Receive(PeerEnvelope envelope) {
  if (removed_) return CheckServes();
  Status checked = CheckEnvelope(envelope);
  if (!checked.ok()) {
    core_->parts.metrics->peer_envelopes_rejected.Add();
    return checked;
  }
  core_->parts.metrics->peer_messages_received.Add(envelope.messages.size());
  if (raft::IsMember(core_->membership, envelope.from) || envelope.from == core_->raft->leader()) {
    full_disk_.OnPeer(envelope.from, envelope.stamp.disk_level);
    upgrade_.OnPeer(envelope.from, envelope.stamp.command_version);
  }
  for (PeerMessage& message : envelope.messages) {
    ReceiveMessage(envelope.from, std::move(message));
  }
  NoteLeaderContact(envelope);
  return checked;
}

void Node::OnUnreachable(NodeId peer, const std::vector<uint64_t>& undelivered_forwards) {
  core_->raft->OnUnreachable(peer);
  commands_.OnUnreachable(peer, undelivered_forwards);
}

void Node::ReceiveMessage(NodeId from, PeerMessage message) {
  if (auto* raft_message = std::get_if<raft::Message>(&message)) {
    if (full_disk_.CannotFollow(from) && HasEntries(*raft_message)) {
      core_->parts.metrics->appends_without_room.Add();
      return;
    }
    const Status stepped = core_->raft->Step(std::move(*raft_message));
    if (stepped.ok()) return;
    core_->parts.metrics->peer_envelopes_rejected.Add();
    core_->parts.logger->Log(LogLevel::kWarning, "peer message refused",
                             {{"peer", from}, {"reason", stepped.ToString()}});
  } else if (auto* reply = std::get_if<ForwardReply>(&message)) {
    commands_.OnForwardReply(from, std::move(*reply));  // which knows whom it has asked
  } else if (!raft::IsMember(core_->membership, from)) {
    // Of members alone something is remembered between messages; they ask again.
    core_->parts.metrics->peer_envelopes_rejected.Add();
  } else if (auto* request = std::get_if<ForwardRequest>(&message)) {
    forwards_.OnRequest(from, std::move(*request));
  } else if (const auto* checkpoint = std::get_if<StateCheckpoint>(&message)) {
    repair_.OnCheckpoint(from, *checkpoint);
  } else {
    repair_.OnDiverged(from, std::get<StateDiverged>(message));
  }
}

void Node::NoteLeaderContact(const PeerEnvelope& envelope) {
  if (envelope.from != core_->raft->leader()) return;
  leader_contact_us_ = core_->time.now_us;
  const EnvelopeStamp& stamp = envelope.stamp;
  if (stamp.term && stamp.term == core_->raft->term()) {
    core_->cluster_time.OnHeard(stamp.term, stamp.cluster_time_ms);
  }
}

void Node::OnSnapshotChunk(Service::SnapshotChunk chunk, Service::StatusCallback done) {
  const bool misaddressed =
      chunk.message && (chunk.message->from != chunk.from || chunk.message->to != core_->config.id);
  if (!chunk.from || chunk.from == core_->config.id || misaddressed) {
    core_->parts.metrics->peer_envelopes_rejected.Add();
    done(Status(Code::kPermissionDenied, "unknown_peer",
                "The sender is not another node, or its message is not its own"));
    return;
  }
  if (full_disk_.low()) {
    core_->parts.metrics->snapshot_pieces_refused.Add();
    done(Status(Code::kStorageFull, "The disk of this node has no room for a snapshot"));
    return;
  }
  snapshots_.OnChunk(std::move(chunk), std::move(done));
}

Result<Service::SnapshotReach> Node::GetSnapshotReach(NodeId from, uint64_t stream) const {
  return snapshots_.Reach(from, stream);
}

void Node::OnChunkWritten(SnapshotWritten written) {
  const Status status = written.status;
  std::optional<raft::Message> message = snapshots_.OnChunkWritten(std::move(written));
  // The part is dropped and promised nothing; but a disk that fails once is not believed again.
  if (status.code() == Code::kIo) core_->Fail(status);
  if (message) ReceiveMessage(message->from, std::move(*message));
}

void Node::StartDrain() {
  draining_ = true;
  transfer_.Drain();
}

bool Node::drained() const {
  return draining_ && transfer_.drained() && commands_.pending() == 0 &&
         keepalives_.pending() == 0 && forwards_.pending() == 0;
}

void Node::Close() {
  End(Status(Code::kUnavailable, "shutting_down", "This node is shutting down"));
}

void Node::End(const Status& why) {
  transfer_.Close(why);
  waits_.Close(why);
  keepalives_.Close(why);
  reads_.Close(why);
  watches_.Close(why);
  snapshots_.Close(why);
  commands_.Close(why);
}

StatusView Node::MakeStatus() const {
  StatusView view;
  const int64_t now_us = core_->time.now_us;
  view.cluster_id = core_->config.cluster_id;
  view.raft = core_->raft->GetStatus();
  view.standing = GetStanding();
  view.members = core_->roster.members();
  view.revision = core_->state.revision();
  view.compact_revision = core_->state.compact_revision();
  view.state_index = core_->state.applied();
  view.state_hash = core_->state.hash();
  view.log_entry_bytes = core_->parts.log->EntryBytes();
  view.cluster_time_ms = core_->cluster_time.NowMs();
  view.counts = core_->state.counts();
  view.proposals_pending = commands_.pending();
  view.reads_pending = reads_.pending();
  view.waits_pending = waits_.pending();
  view.watches = watches_.size();
  view.watches_catching_up = watches_.catching_up();
  view.watch_lag_revisions = watches_.lag_revisions();
  view.watch_held_bytes = watches_.held_bytes();
  if (!writes_.empty()) view.oldest_write_age_ms = (now_us - writes_.front().given_us) / 1000;
  if (core_->raft->role() != raft::Role::kLeader) {
    view.last_leader_contact_ms = (now_us - leader_contact_us_) / 1000;
  }
  view.election_timeout_ms = core_->election_timeout_us() / 1000;
  view.draining = draining_;
  view.rebuilding = repair_.rebuilding();
  view.snapshot_in = snapshots_.Progress();
  view.disk = full_disk_.room();
  const NodeId leader = core_->raft->leader();
  view.without_room = leader && leader != core_->config.id && full_disk_.CannotFollow(leader);
  return view;
}

}  // namespace baton::node
