#include "test/sim/client.h"

#include <algorithm>
#include <utility>

#include "pkg/coord/command.h"

namespace baton::sim {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;
using node::testing::SimCluster;

constexpr int64_t kPatienceMs = 500;  // beyond the timeout, for an answer that says so
constexpr uint64_t kAttemptsMax = 4;
constexpr size_t kFormerMax = 4;      // of what it held it remembers so much
constexpr int64_t kWayMaxUs = 2'000;  // from a client to a node

coord::Precondition PreconditionOf(const Operation& operation) {
  coord::Precondition precondition;
  if (!operation.expected_revision) return precondition;
  precondition.kind = *operation.expected_revision == 0 ? coord::Precondition::Kind::kAbsent
                                                        : coord::Precondition::Kind::kModRevision;
  precondition.revision = Revision(*operation.expected_revision);
  return precondition;
}

std::optional<coord::Guard> GuardOf(const Operation& operation) {
  if (operation.guard_lock.empty()) return std::nullopt;
  return coord::Guard{operation.guard_lock, Token(operation.token)};
}

coord::QueueKind QueueOf(Space space) {
  return space == Space::kLock ? coord::QueueKind::kLock : coord::QueueKind::kElection;
}

coord::CommandBody BodyOf(const Operation& operation) {
  const SessionId session(operation.session);
  switch (operation.kind) {
    case Kind::kPut:
      return coord::KvPut{operation.key, operation.value, PreconditionOf(operation), session,
                          GuardOf(operation)};
    case Kind::kDelete:
      return coord::KvDelete{operation.key, PreconditionOf(operation), GuardOf(operation)};
    case Kind::kSessionCreate:
      return coord::SessionCreate{session, operation.ttl_ms, "", ""};
    case Kind::kSessionDestroy:
      return coord::SessionDestroy{session};
    case Kind::kRelease:
      return coord::Release{QueueOf(operation.space), operation.key, session,
                            Token(operation.token)};
    case Kind::kProclaim:
      return coord::Proclaim{QueueOf(operation.space), operation.key, session,
                             Token(operation.token), operation.value};
    case Kind::kCompact:
      return coord::CompactHistory{Revision(operation.compact_to)};
    default:
      CHECK(false) << "not a command";
      return coord::AdvanceTime{};
  }
}

void TakeFound(const std::optional<coord::KeyValue>& found, Operation* operation) {
  operation->found = found.has_value();
  if (!found) return;
  operation->found_value = found->value;
  operation->found_mod_revision = found->mod_revision.value();
  operation->found_session = found->session.value();
}

void TakeReply(const coord::Reply& reply, Operation* operation) {
  operation->outcome = reply.status.ok() ? Outcome::kOk : Outcome::kRefused;
  operation->error = reply.status.reason();
  operation->revision = reply.revision.value();
  operation->replayed = reply.replayed;
  if (const auto* kv = std::get_if<coord::KvReply>(&reply.body)) {
    TakeFound(kv->current, operation);
  }
}

void TakeAcquired(const node::AcquireResult& result, Operation* operation) {
  operation->outcome = result.refusal.ok() ? Outcome::kOk : Outcome::kRefused;
  operation->error = result.refusal.reason();
  operation->replayed = result.replayed;
  operation->granted_token = result.token.value();
  operation->ticket = result.ticket.value();
  if (result.holder) operation->holder_session = result.holder->session.value();
}

void TakeRead(const coord::StateMachine& state, Operation* operation) {
  operation->outcome = Outcome::kOk;
  operation->revision = state.revision().value();
  switch (operation->kind) {
    case Kind::kVerify: {
      const Status verified =
          state.Verify(QueueOf(operation->space), operation->key, Token(operation->token));
      if (verified.ok()) return;
      operation->outcome = Outcome::kRefused;
      operation->error = verified.reason();
      return;
    }
    case Kind::kHolder: {
      const coord::QueueInfo info = state.Queue(QueueOf(operation->space), operation->key);
      operation->found = info.holder.has_value();
      if (!info.holder) return;
      operation->holder_session = info.holder->session.value();
      operation->granted_token = info.holder->token.value();
      operation->found_value = info.holder->value;
      return;
    }
    default:
      TakeFound(state.Get(operation->key), operation);
  }
}

bool IsRead(Kind kind) {
  return kind == Kind::kGet || kind == Kind::kGetStale || kind == Kind::kVerify ||
         kind == Kind::kHolder;
}

}  // namespace

struct Client::Attempt {
  NodeId node;
  bool settled = false;
  Outcome failed_as = Outcome::kUnknown;  // of one that failed
  bool decided = false;                   // the cluster has said what became of it
};

Client::Client(uint64_t id, const ClientPlan& plan, const Plan& world, SimCluster* cluster,
               Recorder* recorder)
    : id_(id),
      plan_(plan),
      keys_(world.keys),
      lines_(world.lines),
      cluster_(cluster),
      recorder_(recorder),
      random_(plan.seed) {}

void Client::Start() { Next(); }

void Client::Next() {
  const auto pause_us =
      static_cast<int64_t>(random_.Below(static_cast<uint64_t>(plan_.pause_max_ms) * 1000 + 1));
  cluster_->After(pause_us, [this] {
    if (stopped_ || operations_ >= plan_.operations_max) return;
    Begin(Choose());
  });
}

void Client::Get(NodeId node, const std::string& key) {
  CHECK(idle());
  Operation operation;
  operation.kind = Kind::kGet;
  operation.key = key;
  only_node_ = node;
  Begin(std::move(operation));
}

void Client::Put(NodeId node, const std::string& key) {
  CHECK(idle());
  Operation operation;
  operation.kind = Kind::kPut;
  operation.key = key;
  operation.value = Unique();
  only_node_ = node;
  Begin(std::move(operation));
}

// --- doing it ---

void Client::Begin(Operation operation) {
  ++operations_;
  busy_ = true;
  operation.client = id_;
  operation.call_us = cluster_->MonotonicUs();
  operation.attempts = 0;
  may_have_happened_ = false;
  idempotency_key_.clear();
  const bool in_a_line = operation.kind == Kind::kAcquire;
  if (!IsRead(operation.kind) && operation.kind != Kind::kSessionKeep &&
      (in_a_line || random_.Chance(1, 2))) {
    idempotency_key_ = "c" + Unique();
  }
  if (operation.kind == Kind::kSessionCreate) recorder_->OnSession(SessionId(operation.session));
  last_ = &recorder_->Begin(std::move(operation));
  Try();
}

NodeId Client::PickNode() {
  if (only_node_) return *only_node_;
  const std::vector<NodeId> ids = cluster_->ids();
  // A pinned client that had no answer looks for another node, too.
  const bool there = plan_.pinned != 0 && plan_.pinned <= ids.size();
  if (there && last_->attempts == 0) return NodeId(plan_.pinned);
  return ids[random_.Below(ids.size())];
}

void Client::Try() {
  ++last_->attempts;
  auto attempt = std::make_shared<Attempt>();
  attempt_ = attempt;
  attempt->node = PickNode();
  // After a start it is another one: a stale answer of its own may be behind the last.
  last_->node = attempt->node.value() + 1000 * cluster_->life(attempt->node);
  cluster_->After(static_cast<int64_t>(random_.Below(kWayMaxUs)),
                  [this, attempt] { Reach(attempt); });
  cluster_->After((plan_.timeout_ms + kPatienceMs) * 1000, [this, attempt] {
    if (attempt->settled) return;
    attempt->settled = true;
    last_->error = "no_answer";
    Settle(attempt);
  });
}

void Client::Reach(const std::shared_ptr<Attempt>& attempt) {
  if (attempt->settled) return;
  if (!cluster_->alive(attempt->node)) {
    Fail(attempt, Status(Code::kUnavailable, "connection_refused", "Nobody listens"));
    return;
  }
  cluster_->With(attempt->node,
                 [ask = MakeAsk(), attempt](node::Node& node) { ask(node, attempt); });
}

void Client::Answer(const std::shared_ptr<Attempt>& attempt, std::function<void(Operation&)> take) {
  if (plan_.in_doubt && random_.Chance(1, 20)) return;  // lost on its way back
  cluster_->After(static_cast<int64_t>(random_.Below(kWayMaxUs)),
                  [this, attempt, take = std::move(take)] {
                    if (std::exchange(attempt->settled, true)) return;
                    attempt->decided = true;
                    take(*last_);
                    Settle(attempt);
                  });
}

void Client::Fail(const std::shared_ptr<Attempt>& attempt, const Status& status) {
  if (plan_.in_doubt && random_.Chance(1, 20)) return;
  cluster_->After(static_cast<int64_t>(random_.Below(kWayMaxUs)), [this, attempt, status] {
    if (std::exchange(attempt->settled, true)) return;
    attempt->failed_as =
        status.outcome() == baton::Outcome::kNotApplied ? Outcome::kNotApplied : Outcome::kUnknown;
    attempt->decided = status.outcome() == baton::Outcome::kApplied;
    last_->outcome = attempt->decided ? Outcome::kOk : attempt->failed_as;
    last_->error = status.reason();
    Settle(attempt);
  });
}

// What is known now is the answer, or there is another attempt.
void Client::Settle(const std::shared_ptr<Attempt>& attempt) {
  if (!attempt->decided) {
    if (attempt->failed_as == Outcome::kUnknown) may_have_happened_ = true;
    const bool harmless = IsRead(last_->kind) || !idempotency_key_.empty() || !may_have_happened_;
    if (harmless && !stopped_ && last_->attempts < kAttemptsMax) {
      last_->outcome = Outcome::kUnknown;
      cluster_->After(static_cast<int64_t>(random_.Below(200'000)), [this] { Try(); });
      return;
    }
    last_->outcome = may_have_happened_ ? Outcome::kUnknown : Outcome::kNotApplied;
  }
  busy_ = false;
  only_node_.reset();
  last_->return_us = cluster_->MonotonicUs();
  if (cluster_->tracing()) {
    cluster_->Trace("client " + std::to_string(id_) + ": " + history::KindName(last_->kind) + " " +
                    last_->key + " " + last_->value + " at " + std::to_string(last_->node) + ": " +
                    history::OutcomeName(last_->outcome) + " " + last_->error + " revision " +
                    std::to_string(last_->revision) + (last_->found ? " found " : "") +
                    last_->found_value + " token " + std::to_string(last_->granted_token));
  }
  Learn(*last_);
  Next();
}

void Client::Learn(const Operation& operation) {
  const bool ok = operation.outcome == Outcome::kOk;
  if (ok && operation.kind != Kind::kCompact) {
    newest_revision_ = std::max(newest_revision_, operation.revision);
  }
  switch (operation.kind) {
    case Kind::kPut:
      if (ok) mod_revisions_[operation.key] = operation.revision;
      break;
    case Kind::kGet:
      if (ok && operation.found) mod_revisions_[operation.key] = operation.found_mod_revision;
      if (ok && !operation.found) mod_revisions_.erase(operation.key);
      break;
    case Kind::kSessionCreate:
      if (ok) session_ = operation.session;
      break;
    case Kind::kSessionKeep:
    case Kind::kSessionDestroy:
      if (ok && operation.kind == Kind::kSessionKeep) break;
      if (operation.outcome == Outcome::kUnknown && operation.kind == Kind::kSessionKeep) break;
      if (operation.outcome == Outcome::kNotApplied) break;
      session_ = 0;
      held_.reset();
      break;
    case Kind::kAcquire:
      if (ok && operation.granted_token != 0) {
        held_ = Held{operation.space, operation.key, operation.granted_token};
        former_.push_back(*held_);
        if (former_.size() > kFormerMax) former_.erase(former_.begin());
      }
      break;
    case Kind::kRelease:
      if (operation.outcome == Outcome::kNotApplied) break;
      if (held_ && held_->token == operation.token) held_.reset();
      break;
    case Kind::kVerify:
      // Now and then it goes on with a token that is stale: it must not do any harm.
      if (operation.outcome == Outcome::kRefused && random_.Chance(1, 2)) held_.reset();
      break;
    default:
      break;
  }
}

// --- how to ask ---

Client::Ask Client::MakeAsk() {
  if (IsRead(last_->kind)) return AskRead();
  if (last_->kind == Kind::kAcquire) return AskAcquire();
  if (last_->kind == Kind::kSessionKeep) return AskKeepAlive();
  return AskCommand();
}

Client::Ask Client::AskCommand() {
  Result<node::EncodedCommand> command = node::Encode({"", idempotency_key_, BodyOf(*last_)});
  CHECK(command.ok()) << command.status().ToString();
  return [this, command = *std::move(command)](node::Node& node,
                                               const std::shared_ptr<Attempt>& attempt) {
    node.Submit(command, plan_.timeout_ms, [this, attempt](Result<coord::Reply> reply) {
      if (!reply.ok()) return Fail(attempt, reply.status());
      Answer(attempt,
             [reply = *std::move(reply)](Operation& operation) { TakeReply(reply, &operation); });
    });
  };
}

Client::Ask Client::AskAcquire() {
  coord::Acquire acquire;
  acquire.kind = QueueOf(last_->space);
  acquire.name = last_->key;
  acquire.session = SessionId(last_->session);
  acquire.value = last_->value;
  acquire.wait_ms = static_cast<int64_t>(last_->call_us / 1000 % 3) * 500;
  const Result<node::testing::PreparedAcquire> made =
      cluster_->Prepare(attempt_->node, {"", idempotency_key_, acquire});
  CHECK(made.ok()) << made.status().ToString();
  return [this, prepared = *made](node::Node& node, const std::shared_ptr<Attempt>& attempt) {
    node.Acquire(prepared.number, prepared.acquire, prepared.command, plan_.timeout_ms * 2 / 3,
                 [this, attempt](Result<node::AcquireResult> result) {
                   if (!result.ok()) return Fail(attempt, result.status());
                   Answer(attempt, [result = *std::move(result)](Operation& operation) {
                     TakeAcquired(result, &operation);
                   });
                 });
  };
}

Client::Ask Client::AskKeepAlive() {
  return [this, session = SessionId(last_->session)](node::Node& node,
                                                     const std::shared_ptr<Attempt>& attempt) {
    node.KeepAlive(session, plan_.timeout_ms, [this, attempt](Result<coord::SessionInfo> info) {
      if (info.ok()) return Answer(attempt, [](Operation& o) { o.outcome = Outcome::kOk; });
      if (info.status().code() != Code::kNotFound) return Fail(attempt, info.status());
      Answer(attempt, [reason = info.status().reason()](Operation& operation) {
        operation.outcome = Outcome::kRefused;
        operation.error = reason;
      });
    });
  };
}

Client::Ask Client::AskRead() {
  const auto consistency =
      last_->kind == Kind::kGetStale ? node::Consistency::kStale : node::Consistency::kLinearizable;
  return [this, consistency](node::Node& node, const std::shared_ptr<Attempt>& attempt) {
    node.Read(consistency, Revision(last_->min_revision), plan_.timeout_ms,
              [this, attempt](const Result<node::ReadView>& view) {
                if (!view.ok()) return Fail(attempt, view.status());
                if (attempt->settled) return;
                Operation seen = *last_;
                TakeRead(view->state, &seen);
                CHECK_GE(seen.revision, recorder_->floor(attempt->node))
                    << "S3: node " << attempt->node << " answers before it has its state again";
                Answer(attempt, [seen](Operation& operation) {
                  const uint64_t attempts = operation.attempts;
                  operation = seen;
                  operation.attempts = attempts;
                });
              });
  };
}

}  // namespace baton::sim
