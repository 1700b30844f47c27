#include "pkg/http/testing/fake_service.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/coord/command_version.h"

namespace baton::http {
namespace {

std::vector<node::SharedEvent> Share(const std::vector<coord::Event>& events) {
  std::vector<node::SharedEvent> shared;
  for (const coord::Event& event : events) {
    shared.push_back(std::make_shared<const node::WatchEvent>(node::WatchEvent{event, nullptr}));
  }
  return shared;
}

}  // namespace

FakeService::FakeService(NodeId self) {
  auto view = std::make_shared<node::StatusView>();
  view->cluster_id = kClusterId;
  view->raft.id = self;
  view->raft.role = raft::Role::kLeader;
  view->raft.leader = self;
  view->raft.term = Term(1);
  view->raft.config.voters = {NodeId(1), NodeId(2), NodeId(3)};
  view->cluster_time_ms = now_ms_;
  status_ = std::move(view);
  coord::Command all_commands;
  all_commands.body = coord::RaiseVersion{coord::kCommandVersion};
  Apply(all_commands);
  thread_ = std::thread([this] { Loop(); });
}

void FakeService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FakeService::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto next = std::find_if(work_.begin(), work_.end(),
                                   [this](const auto& item) { return !closed_ || item.second; });
    if (stopping_) return;
    if (next == work_.end()) {
      changed_.wait(lock);
      continue;
    }
    std::function<void()> work = std::move(next->first);
    work_.erase(next);
    lock.unlock();
    {
      const std::lock_guard at_work(at_work_);
      work();
      work = nullptr;
    }
    lock.lock();
  }
}

void FakeService::Post(std::function<void()> work, bool even_if_closed) {
  if (inside_the_call_.load() && !even_if_closed) {
    const std::lock_guard at_work(at_work_);
    return work();
  }
  {
    const std::lock_guard lock(mutex_);
    work_.emplace_back(std::move(work), even_if_closed);
  }
  changed_.notify_all();
}

void FakeService::Run(const std::function<void()>& work) {
  bool done = false;
  Post(
      [&] {
        work();
        const std::lock_guard lock(mutex_);
        done = true;
        changed_.notify_all();
      },
      true);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done; });
}

void FakeService::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void FakeService::Open() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }
  changed_.notify_all();
}

void FakeService::FailNext(Status status) {
  Run([&] { failures_.push_back(std::move(status)); });
}

bool FakeService::TakeFailure(Status* status) {
  if (failures_.empty()) return false;
  *status = std::move(failures_.front());
  failures_.erase(failures_.begin());
  return true;
}

void FakeService::ChangeStatus(const std::function<void(node::StatusView*)>& change) {
  const std::lock_guard lock(mutex_);
  auto view = std::make_shared<node::StatusView>(*status_);
  change(view.get());
  status_ = std::move(view);
}

void FakeService::SetCompactRevision(Revision revision) {
  Run([&] {
    compact_revision_ = revision;
    Publish();
  });
}

void FakeService::Publish() {
  ChangeStatus([this](node::StatusView* view) {
    view->revision = machine_.revision();
    view->compact_revision = std::max(compact_revision_, machine_.compact_revision());
    view->state_index = machine_.applied();
    view->state_hash = machine_.hash();
    view->raft.commit = view->raft.applied = view->raft.last_index = machine_.applied();
    view->counts = machine_.counts();
    view->cluster_time_ms = now_ms_;
  });
}

coord::Reply FakeService::Apply(const coord::Command& command) {
  const std::string entry = coord::EncodeEntry(now_ms_, coord::EncodeCommand(command));
  ++index_;
  coord::Applied applied = machine_.Apply(index_, Term(1), entry);
  Publish();
  TellWatches(applied.events);
  EndWaits(applied.wait_outcomes);
  RunLateReads();
  return std::move(applied.reply);
}

void FakeService::AdvanceMs(int64_t distance_ms) {
  Run([&] {
    now_ms_ += distance_ms;
    Publish();
    coord::Command command;
    command.body = machine_.DueSessions(now_ms_);
    Apply(command);
    command.body = machine_.DueWaits(now_ms_);
    Apply(command);
    std::vector<Wait> impatient;
    for (auto it = waits_.begin(); it != waits_.end();) {
      const bool over = it->second.acquire.stay_queued && it->second.patience_end_ms <= now_ms_;
      if (over) impatient.push_back(std::move(it->second));
      it = over ? waits_.erase(it) : std::next(it);
    }
    for (Wait& wait : impatient) {
      node::AcquireResult result = Describe(wait.acquire, Token(), wait.ticket);
      result.replayed = wait.replayed;
      wait.done(std::move(result));
    }
    RunLateReads();
  });
}

size_t FakeService::waits() {
  size_t count = 0;
  Run([&] { count = waits_.size(); });
  return count;
}

size_t FakeService::watches() {
  size_t count = 0;
  Run([&] { count = watches_.size(); });
  return count;
}

void FakeService::Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) {
  last_timeout_ms_.store(timeout_ms);
  CHECK(coord::Validate(command).ok()) << "handlers check before they submit";
  Post([this, command = std::move(command), done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    done(Apply(command));
  });
}

node::AcquireResult FakeService::Describe(const coord::Acquire& acquire, Token token,
                                          Ticket ticket) const {
  node::AcquireResult result;
  result.token = token;
  result.ticket = ticket;
  result.holder = machine_.Queue(acquire.kind, acquire.name).holder;
  if (ticket) {
    result.position = machine_.FindTicket(acquire.kind, acquire.name, ticket).position;
  }
  const auto session = machine_.Session(acquire.session);
  if (session) result.session_remaining_ms = session->deadline_ms - now_ms_;
  result.revision = machine_.revision();
  return result;
}

uint64_t FakeService::Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) {
  last_timeout_ms_.store(timeout_ms);
  CHECK(coord::Validate(command).ok()) << "handlers check before they submit";
  const uint64_t id = ++last_number_;
  Post([this, id, command = std::move(command), done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    const auto& acquire = std::get<coord::Acquire>(command.body);
    const coord::Reply reply = Apply(command);
    const auto* answer = std::get_if<coord::AcquireReply>(&reply.body);
    const coord::AcquireReply body = answer == nullptr ? coord::AcquireReply() : *answer;
    node::AcquireResult result = reply.status.ok() ? Describe(acquire, body.token, body.ticket)
                                                   : Refuse(acquire, reply.status, body.holder);
    result.replayed = reply.replayed;
    if (!reply.status.ok() || body.token || acquire.wait_ms == 0) return done(std::move(result));
    const Wait wait{id, acquire, body.ticket, now_ms_ + acquire.wait_ms, reply.replayed, done};
    waits_[body.ticket] = wait;
  });
  return id;
}

node::AcquireResult FakeService::Refuse(const coord::Acquire& acquire, Status why,
                                        std::optional<coord::Holder> holder) const {
  node::AcquireResult result = Describe(acquire, Token(), Ticket());
  result.refusal = std::move(why);
  result.holder = std::move(holder);
  if (!result.holder) return result;
  const auto session = machine_.Session(result.holder->session);
  if (session) result.holder_remaining_ms = session->deadline_ms - now_ms_;
  return result;
}

void FakeService::EndWaits(const std::vector<coord::WaitOutcome>& outcomes) {
  for (const coord::WaitOutcome& outcome : outcomes) {
    auto taken = waits_.extract(outcome.ticket);
    if (!taken.empty()) EndWait(taken.mapped(), outcome);
  }
}

void FakeService::EndWait(const Wait& wait, const coord::WaitOutcome& outcome) const {
  const auto refuse = [&](Status why) {
    return Refuse(wait.acquire, std::move(why),
                  machine_.Queue(wait.acquire.kind, wait.acquire.name).holder);
  };
  node::AcquireResult result;
  switch (outcome.kind) {
    case coord::WaitOutcome::Kind::kGranted:
      result = Describe(wait.acquire, outcome.token, Ticket());
      break;
    case coord::WaitOutcome::Kind::kTimedOut:
      result = refuse(Status(Code::kConflict, "wait_timed_out", "The wait is over"));
      break;
    case coord::WaitOutcome::Kind::kCancelled:
      result = refuse(Status(Code::kUnavailable, "cancelled", "The wait was cancelled"));
      break;
    case coord::WaitOutcome::Kind::kSessionEnded:
      result = refuse(Status(Code::kNotFound, "session_not_found", "The session ended"));
      break;
  }
  result.replayed = wait.replayed;
  wait.done(std::move(result));
}

void FakeService::CancelAcquire(uint64_t acquire) {
  Post([this, acquire] {
    const auto found = std::find_if(waits_.begin(), waits_.end(), [acquire](const auto& item) {
      return item.second.id == acquire;
    });
    if (found == waits_.end()) return;
    ++acquires_cancelled_;
    const Wait wait = std::move(found->second);
    waits_.erase(found);
    if (!wait.acquire.stay_queued) {
      coord::Command command;
      command.body = coord::CancelWait{wait.acquire.kind, wait.acquire.name, wait.ticket};
      Apply(command);
    }
    wait.done(Status(Code::kUnavailable, "cancelled", "The caller went away"));
  });
}

void FakeService::KeepAlive(SessionId session, int64_t timeout_ms,
                            std::function<void(Result<coord::SessionInfo>)> done) {
  last_timeout_ms_.store(timeout_ms);
  Post([this, session, done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    coord::Command command;
    command.body = coord::SessionRenew{{session}};
    const coord::Reply reply = Apply(command);
    const auto& renewed = std::get<coord::RenewReply>(reply.body).sessions.at(0);
    if (renewed.ttl_ms == 0) {
      return done(Status(Code::kNotFound, "session_not_found", "The session has ended"));
    }
    done(renewed);
  });
}

void FakeService::Read(node::Consistency consistency, Revision min_revision, int64_t timeout_ms,
                       ReadCallback done) {
  last_timeout_ms_.store(timeout_ms);
  Post([this, consistency, min_revision, timeout_ms, done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    late_reads_.push_back({min_revision, now_ms_ + timeout_ms, consistency, done});
    RunLateReads();
  });
}

void FakeService::RunLateReads() {
  std::vector<LateRead> late;
  late.swap(late_reads_);
  for (LateRead& read : late) {
    if (machine_.revision() >= read.min_revision) {
      read.done(node::ReadView{machine_, read.consistency});
    } else if (now_ms_ >= read.deadline_ms) {
      read.done(Status(Code::kDeadlineExceeded, "The time allowed for the read ran out"));
    } else {
      late_reads_.push_back(std::move(read));
    }
  }
}

void FakeService::SetBackupPieces(MakePieces make) {
  Run([&] { make_pieces_ = std::move(make); });
}

void FakeService::OpenBackup(node::Consistency consistency, Revision min_revision,
                             int64_t timeout_ms, BackupCallback done) {
  Read(consistency, min_revision, timeout_ms, [this, done](const Result<node::ReadView>& view) {
    if (!view.ok()) return done(view.status());
    node::Backup backup;
    backup.header.cluster_id = kClusterId;
    backup.header.node = NodeId(1);
    backup.header.index = index_;
    backup.header.revision = view->state.revision();
    backup.pieces = make_pieces_();
    done(std::move(backup));
  });
}

uint64_t FakeService::Watch(coord::EventFilter filter, Revision from,
                            std::shared_ptr<node::WatchSink> sink) {
  const uint64_t id = ++last_number_;
  Post([this, id, filter = std::move(filter), from, sink = std::move(sink)] {
    Status failure;
    if (TakeFailure(&failure)) return sink->OnEnd(failure);
    if (from && from <= std::max(compact_revision_, machine_.compact_revision())) {
      return sink->OnEnd(Status(Code::kGone, "compacted", "The revision is compacted"));
    }
    const Revision newest = machine_.revision();
    watches_[id] = LiveWatch{filter, from ? from : newest + 1, sink};
    if (from > newest + 1) return;
    const auto events = machine_.EventsSince(filter, watches_[id].from, 1'000'000);
    CHECK(events.ok());
    CHECK(sink->OnEvents(Share(*events), newest));
  });
  return id;
}

void FakeService::TellWatches(const std::vector<coord::Event>& events) {
  if (events.empty()) return;
  std::vector<uint64_t> slow;
  const std::vector<node::SharedEvent> all = Share(events);
  for (const auto& [id, watch] : watches_) {
    std::vector<node::SharedEvent> matching;
    for (const node::SharedEvent& each : all) {
      const bool due = each->event.revision >= watch.from;
      if (due && watch.filter.Matches(each->event)) matching.push_back(each);
    }
    if (matching.empty()) continue;
    if (!watch.sink->OnEvents(matching, machine_.revision())) slow.push_back(id);
  }
  for (const uint64_t id : slow) {
    const auto sink = watches_.at(id).sink;
    watches_.erase(id);
    metrics_.watches_evicted.Add();
    sink->OnEnd(Status(Code::kResourceExhausted, "slow_watcher", "The client was too slow"));
  }
}

void FakeService::SendBookmarks() {
  Run([this] {
    for (const auto& [id, watch] : watches_) (void)watch.sink->OnEvents({}, machine_.revision());
  });
}

void FakeService::EndWatches(const Status& why) {
  Run([&] {
    const auto watches = std::exchange(watches_, {});
    for (const auto& [id, watch] : watches) watch.sink->OnEnd(why);
  });
}

void FakeService::CancelWatch(uint64_t watch) {
  Post([this, watch] { watches_cancelled_ += watches_.erase(watch); });
}

void FakeService::ChangeMembers(node::MembershipRequest request, int64_t timeout_ms,
                                StatusCallback done) {
  last_timeout_ms_.store(timeout_ms);
  Post([this, request = std::move(request), done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    membership_requests_.push_back(request);
    done(Status::Ok());
  });
}

std::vector<node::MembershipRequest> FakeService::TakeMembershipRequests() {
  std::vector<node::MembershipRequest> taken;
  Run([&] { taken.swap(membership_requests_); });
  return taken;
}

void FakeService::TransferLeadership(NodeId target, StatusCallback done) {
  Post([this, target, done = std::move(done)] {
    Status failure;
    if (TakeFailure(&failure)) return done(failure);
    ChangeStatus([&](node::StatusView* view) { view->raft.leader = target ? target : NodeId(2); });
    done(Status::Ok());
  });
}

Status FakeService::Deliver(node::PeerEnvelope envelope) {
  const std::lock_guard lock(mutex_);
  if (envelope.cluster_id != kClusterId) {
    return Status(Code::kPermissionDenied, "wrong_cluster", "The envelope is for another cluster");
  }
  if (!peer_answer_.ok()) return peer_answer_;
  envelopes_.push_back(std::move(envelope));
  return Status::Ok();
}

void FakeService::OnUnreachable(NodeId, std::vector<uint64_t>) {}
void FakeService::OnSnapshotSent(NodeId, bool) {}

void FakeService::OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) {
  Post([this, chunk = std::move(chunk), done = std::move(done)] {
    Status answer;
    {
      const std::lock_guard lock(mutex_);
      answer = peer_answer_;
      if (answer.ok()) chunks_.push_back(chunk);
    }
    done(answer);
  });
}

void FakeService::GetSnapshotReach(NodeId, uint64_t, ReachCallback done) {
  Post([this, done = std::move(done)] {
    Status answer;
    {
      const std::lock_guard lock(mutex_);
      answer = peer_answer_;
    }
    done(answer.ok() ? Result<SnapshotReach>(SnapshotReach{5, false}) : answer);
  });
}

std::vector<node::PeerEnvelope> FakeService::TakeEnvelopes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(envelopes_, {});
}

std::vector<node::Service::SnapshotChunk> FakeService::TakeChunks() {
  const std::lock_guard lock(mutex_);
  return std::exchange(chunks_, {});
}

void FakeService::SetPeerAnswer(Status status) {
  const std::lock_guard lock(mutex_);
  peer_answer_ = std::move(status);
}

std::shared_ptr<const node::StatusView> FakeService::GetStatus() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace baton::http
