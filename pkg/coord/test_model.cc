#include "pkg/coord/test_model.h"

#include <algorithm>

namespace baton::coord {
namespace {

// What counts when a retry is compared with the first command.
CommandBody Remembered(CommandBody body) {
  if (auto* create = std::get_if<SessionCreate>(&body)) create->id = SessionId();
  if (auto* acquire = std::get_if<Acquire>(&body)) acquire->listener = 0;
  return body;
}

bool IsTry(const Acquire& acquire) { return acquire.wait_ms == 0 && !acquire.stay_queued; }

void Attach(uint64_t listener, Waiter* waiter) {
  if (waiter->deadline_ms == 0) waiter->listeners.clear();
  if (waiter->deadline_ms == 0 || listener == 0) return;
  const auto& all = waiter->listeners;
  if (std::count(all.begin(), all.end(), listener) == 0) waiter->listeners.push_back(listener);
}

Status Refused(Code code, std::string reason) { return Status(code, std::move(reason), ""); }

}  // namespace

Reply Model::Apply(int64_t stamp_ms, const Command& command) {
  now_ms_ = std::max(now_ms_, stamp_ms);
  stamp_ms_ = stamp_ms;
  const std::pair id(command.principal, command.idempotency_key);
  const auto found = replies_.find(id);
  if (found != replies_.end() && !IsSpentTicket(command, found->second)) {
    Reply reply = found->second.second;
    reply.replayed = true;
    if (found->second.first == Remembered(command.body)) {
      ListenToo(command, reply);
      return reply;
    }
    return {Refused(Code::kUnprocessable, "idempotency_key_reused"), revision_, now_ms_, false, {}};
  }
  changed_ = false;
  Answer answer = std::visit([this](const auto& body) { return Do(body); }, command.body);
  if (changed_) ++revision_;
  Reply reply{answer.status, revision_, now_ms_, false, std::move(answer.body)};
  if (!command.idempotency_key.empty()) replies_[id] = {Remembered(command.body), reply};
  return reply;
}

bool Model::IsSpentTicket(const Command& command, const std::pair<CommandBody, Reply>& remembered) {
  const auto* acquire = std::get_if<Acquire>(&command.body);
  const auto* answer = std::get_if<AcquireReply>(&remembered.second.body);
  if (acquire == nullptr || answer == nullptr || !answer->ticket) return false;
  if (remembered.first != Remembered(command.body)) return false;
  const auto line = lines_.find({acquire->kind, acquire->name});
  const bool over =
      line == lines_.end() ||
      (line->second.holder->ticket != answer->ticket &&
       std::none_of(line->second.waiters.begin(), line->second.waiters.end(),
                    [&](const Waiter& waiter) { return waiter.ticket == answer->ticket; }));
  tickets_spent_ += over ? 1 : 0;
  return over;
}

void Model::ListenToo(const Command& command, const Reply& reply) {
  const auto* acquire = std::get_if<Acquire>(&command.body);
  const auto* answer = std::get_if<AcquireReply>(&reply.body);
  if (acquire == nullptr || answer == nullptr || !answer->ticket || IsTry(*acquire)) return;
  for (Waiter& waiter : lines_[{acquire->kind, acquire->name}].waiters) {
    if (waiter.ticket == answer->ticket) Attach(acquire->listener, &waiter);
  }
}

std::optional<KeyValue> Model::Find(const std::string& key) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

std::optional<Model::Answer> Model::Refuse(const std::string& key, const Precondition& precondition,
                                           const std::optional<Guard>& guard) const {
  const std::optional<KeyValue> current = Find(key);
  const bool guarded = current && !current->guard_lock.empty();
  if (guarded && !guard) {
    return Answer{Refused(Code::kPreconditionRequired, "guard_required"), {}};
  }
  if (guarded && guard->lock != current->guard_lock) {
    return Answer{Refused(Code::kConflict, "guarded_by_other_lock"), {}};
  }
  if (guard) {
    const auto line = lines_.find({QueueKind::kLock, guard->lock});
    if (line == lines_.end() || line->second.holder->token != guard->token) {
      return Answer{Refused(Code::kConflict, "stale_token"), {}};
    }
  }
  bool holds = true;
  if (precondition.kind == Precondition::Kind::kAbsent) holds = !current;
  if (precondition.kind == Precondition::Kind::kModRevision) {
    holds = current && current->mod_revision == precondition.revision;
  }
  if (holds) return std::nullopt;
  return Answer{Refused(Code::kPreconditionFailed, "precondition_failed"), KvReply{current}};
}

Model::Answer Model::Do(const KvPut& put) {
  if (auto refused = Refuse(put.key, put.precondition, put.guard)) return *refused;
  if (put.session && sessions_.count(put.session) == 0) {
    return {Refused(Code::kNotFound, "session_not_found"), {}};
  }
  changed_ = true;
  KeyValue kv = Find(put.key).value_or(KeyValue());
  kv.key = put.key;
  kv.value = put.value;
  kv.mod_revision = revision_ + 1;
  if (!kv.create_revision) kv.create_revision = kv.mod_revision;
  ++kv.version;
  kv.session = put.session;
  kv.guard_lock = put.guard ? put.guard->lock : "";
  keys_[put.key] = kv;
  return {Status::Ok(), KvReply{kv}};
}

Model::Answer Model::Do(const KvDelete& del) {
  if (auto refused = Refuse(del.key, del.precondition, del.guard)) return *refused;
  const std::optional<KeyValue> before = Find(del.key);
  changed_ = keys_.erase(del.key) > 0;
  return {Status::Ok(), KvReply{before}};
}

Model::Answer Model::Do(const SessionCreate& create) {
  if (sessions_.count(create.id) > 0) return {Refused(Code::kConflict, "session_exists"), {}};
  changed_ = true;
  const SessionInfo session{
      create.id, create.name, create.metadata, create.ttl_ms, now_ms_ + create.ttl_ms, 1};
  sessions_[create.id] = session;
  return {Status::Ok(), SessionReply{session}};
}

Model::Answer Model::Do(const SessionRenew& renew) {
  RenewReply reply;
  for (SessionId id : renew.ids) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      reply.sessions.push_back({id, "", "", 0, 0, 0});
      continue;
    }
    found->second.deadline_ms = now_ms_ + found->second.ttl_ms;
    ++found->second.renewal_epoch;
    reply.sessions.push_back(found->second);
  }
  return {Status::Ok(), reply};
}

Model::Answer Model::Do(const SessionDestroy& destroy) {
  if (sessions_.count(destroy.id) == 0) {
    return {Refused(Code::kNotFound, "session_not_found"), {}};
  }
  End({destroy.id});
  return {};
}

Model::Answer Model::Do(const SessionExpire& expire) {
  std::vector<SessionId> due;
  for (const auto& item : expire.items) {
    const auto found = sessions_.find(item.id);
    if (found == sessions_.end() || found->second.renewal_epoch != item.renewal_epoch) continue;
    if (found->second.deadline_ms > stamp_ms_) continue;
    if (std::count(due.begin(), due.end(), item.id) == 0) due.push_back(item.id);
  }
  if (!due.empty()) End(due);
  return {};
}

void Model::End(const std::vector<SessionId>& ids) {
  changed_ = true;
  const auto ends = [&ids](SessionId id) { return std::count(ids.begin(), ids.end(), id) > 0; };
  for (auto& [name, line] : lines_) {
    std::erase_if(line.waiters, [&](const Waiter& waiter) { return ends(waiter.session); });
  }
  for (SessionId id : ids) {
    sessions_.erase(id);
    for (auto& [name, line] : lines_) {
      if (line.holder->session == id) HandOn(&line);
    }
    std::erase_if(lines_, [](const auto& entry) { return !entry.second.holder; });
    std::erase_if(keys_, [id](const auto& entry) { return entry.second.session == id; });
  }
}

Holder Model::Take(SessionId session, Ticket ticket, const std::string& value) {
  changed_ = true;
  return {session, ++last_token_, ticket, value, now_ms_};
}

void Model::HandOn(Line* line) {
  changed_ = true;
  line->holder.reset();
  if (line->waiters.empty()) return;
  const Waiter next = line->waiters.front();
  line->waiters.erase(line->waiters.begin());
  line->holder = Take(next.session, next.ticket, next.value);
}

Model::Answer Model::Do(const Acquire& acquire) {
  if (sessions_.count(acquire.session) == 0) {
    return {Refused(Code::kNotFound, "session_not_found"), {}};
  }
  Line& line = lines_[{acquire.kind, acquire.name}];
  if (!line.holder) line.holder = Take(acquire.session, Ticket(), acquire.value);
  if (line.holder->session == acquire.session) {
    return {Status::Ok(), AcquireReply{line.holder->token, Ticket(), 0, line.holder}};
  }
  const int64_t deadline_ms = acquire.stay_queued ? 0 : now_ms_ + acquire.wait_ms;
  uint64_t position = 1;
  for (Waiter& waiter : line.waiters) {
    if (waiter.session == acquire.session) {
      if (!IsTry(acquire)) {
        changed_ = waiter.value != acquire.value;
        waiter.value = acquire.value;
        const bool stays = waiter.deadline_ms == 0 || deadline_ms == 0;
        waiter.deadline_ms = stays ? 0 : std::max(waiter.deadline_ms, deadline_ms);
        Attach(acquire.listener, &waiter);
      }
      return {Status::Ok(), AcquireReply{Token(), waiter.ticket, position, line.holder}};
    }
    ++position;
  }
  if (IsTry(acquire)) {
    return {Refused(Code::kConflict, "lock_held"), AcquireReply{Token(), Ticket(), 0, line.holder}};
  }
  changed_ = true;
  line.waiters.push_back({++last_ticket_, acquire.session, acquire.value, deadline_ms, {}});
  Attach(acquire.listener, &line.waiters.back());
  return {Status::Ok(), AcquireReply{Token(), last_ticket_, position, line.holder}};
}

Model::Line* Model::HeldBy(QueueKind kind, const std::string& name, SessionId session,
                           Token token) {
  const auto found = lines_.find({kind, name});
  if (found == lines_.end()) return nullptr;
  const Holder& holder = *found->second.holder;
  return holder.session == session && holder.token == token ? &found->second : nullptr;
}

Model::Answer Model::Do(const Release& release) {
  Line* line = HeldBy(release.kind, release.name, release.session, release.token);
  if (line == nullptr) return {Refused(Code::kConflict, "stale_token"), {}};
  HandOn(line);
  if (!line->holder) lines_.erase({release.kind, release.name});
  return {};
}

Model::Answer Model::Do(const CancelWait& cancel) {
  const auto found = lines_.find({cancel.kind, cancel.name});
  if (found != lines_.end()) {
    std::vector<Waiter>& waiters = found->second.waiters;
    for (auto waiter = waiters.begin(); waiter != waiters.end(); ++waiter) {
      if (waiter->ticket != cancel.ticket) continue;
      const bool listened = std::erase(waiter->listeners, cancel.listener) > 0;
      changed_ = cancel.listener == 0 || (listened && waiter->listeners.empty());
      if (changed_) waiters.erase(waiter);
      return {};
    }
  }
  return {Refused(Code::kNotFound, "ticket_not_found"), {}};
}

Model::Answer Model::Do(const WaitExpire& expire) {
  for (const auto& item : expire.items) {
    const auto found = lines_.find({item.kind, item.name});
    if (found == lines_.end()) continue;
    const auto over = [&](const Waiter& waiter) {
      return waiter.ticket == item.ticket && waiter.deadline_ms != 0 &&
             waiter.deadline_ms <= stamp_ms_;
    };
    if (std::erase_if(found->second.waiters, over) > 0) changed_ = true;
  }
  return {};
}

Model::Answer Model::Do(const Proclaim& proclaim) {
  Line* line = HeldBy(proclaim.kind, proclaim.name, proclaim.session, proclaim.token);
  if (line == nullptr) return {Refused(Code::kConflict, "stale_token"), {}};
  line->holder->value = proclaim.value;
  changed_ = true;
  return {};
}

Model::Answer Model::Do(const CompactHistory& compact) {
  if (compact.revision > revision_) {
    return {Refused(Code::kUnprocessable, "future_revision"), {}};
  }
  compact_revision_ = std::max(compact_revision_, compact.revision);
  return {Status::Ok(), CompactReply{compact_revision_}};
}

}  // namespace baton::coord
