#include "test/history/testing/model_cluster.h"

#include <algorithm>
#include <array>

namespace baton::history {
namespace {

std::string Line(Space space, const char* lock, const char* election) {
  return space == Space::kLock ? lock : election;
}

}  // namespace

const char* BugName(Bug bug) {
  static constexpr std::array kNames = {
      "none",           "stale_read",       "node_goes_back",     "lost_write",
      "undone_write",   "split_cas",        "wrong_refusal",      "applied_twice",
      "not_applied",    "refused_happens",  "revision_reused",    "wrong_value",
      "guard_bypassed", "stale_token",      "live_token_refused", "double_grant",
      "token_reused",   "token_backwards",  "stale_release",      "deaf_release",
      "verify_any",     "holder_forgotten", "line_jumped",        "lost_wakeup",
      "proclaim_lost",  "early_expiry",     "late_expiry",        "end_in_two_steps",
      "key_outlives",   "lock_outlives",    "renewed_after_end",  "watch_gap",
      "watch_twice",    "watch_order",      "watch_split",        "watch_progress",
      "watch_value",    "watch_unasked",    "watch_resume_gap"};
  static_assert(kNames.size() == static_cast<size_t>(Bug::kLast) + 1);
  return kNames[static_cast<size_t>(bug)];
}

void ModelCluster::Emit(std::string kind, const std::string& key, std::string value,
                        uint64_t session, uint64_t token) {
  pending_.push_back({0, std::move(kind), key, std::move(value), session, token});
}

uint64_t ModelCluster::Commit() {
  if (Strikes(Bug::kRevisionReused) && revision() > 0) past_.pop_back();
  past_.push_back(keys_);
  for (WatchedEvent& event : pending_) event.revision = revision();
  std::vector<WatchedEvent>& events = events_[revision()];
  events.insert(events.end(), pending_.begin(), pending_.end());
  pending_.clear();
  return revision();
}

bool ModelCluster::TokenLives(const std::string& lock, uint64_t token) const {
  const Line* line = FindLine(Space::kLock, lock);
  return line != nullptr && token != 0 && line->token == token;
}

const ModelCluster::Line* ModelCluster::FindLine(Space space, const std::string& name) const {
  const auto found = lines_.find({space, name});
  return found == lines_.end() ? nullptr : &found->second;
}

void ModelCluster::ShowKey(Operation* operation, const Key* key) const {
  operation->found = key != nullptr;
  if (key == nullptr) return;
  operation->found_value = key->value;
  operation->found_mod_revision = key->mod;
  operation->found_session = key->session;
}

// nullptr: none.
const char* ModelCluster::Refusal(const Operation& change, const Key* current) {
  const std::string guard = current == nullptr ? "" : current->guard;
  if (change.guard_lock.empty()) {
    if (!guard.empty() && !Strikes(Bug::kGuardBypassed)) return "guard_required";
  } else if (!guard.empty() && guard != change.guard_lock) {
    return "guarded_by_other_lock";
  } else if (Strikes(Bug::kLiveTokenRefused)) {
    return "stale_token";
  } else if (!TokenLives(change.guard_lock, change.token) && !Strikes(Bug::kStaleTokenAccepted)) {
    return "stale_token";
  }
  if (change.expected_revision) {
    const uint64_t mod = current == nullptr ? 0 : current->mod;
    if (mod != *change.expected_revision && !Strikes(Bug::kSplitCas)) return "precondition_failed";
    if (Strikes(Bug::kWrongRefusal)) return "precondition_failed";
  }
  const bool owned = current != nullptr && current->session == change.session;
  if (change.session != 0 && !owned && !Lives(change.session)) return "session_not_found";
  return nullptr;
}

void ModelCluster::Put(Operation* operation) {
  const auto found = keys_.find(operation->key);
  const Key* current = found == keys_.end() ? nullptr : &found->second;
  const char* refusal = Refusal(*operation, current);
  if (refusal != nullptr) {
    Refuse(operation, refusal);
    operation->revision = revision();
    if (operation->error == "precondition_failed") ShowKey(operation, current);
    if (!Strikes(Bug::kRefusedHappens)) return;
  }
  const Key before = current == nullptr ? Key() : *current;
  const bool was = current != nullptr;
  const uint64_t mod = revision() + 1;
  keys_[operation->key] = {operation->value, mod, operation->session, operation->guard_lock};
  Emit("put", operation->key, operation->value, operation->session);
  const bool lost = Strikes(Bug::kLostWrite);
  if (lost) {
    pending_.clear();
    if (was) keys_[operation->key] = before;
    if (!was) keys_.erase(operation->key);
  }
  Commit();
  if (refusal != nullptr) return;
  operation->revision = lost ? mod : revision();
  operation->found = true;
  operation->found_value = operation->value;
  operation->found_mod_revision = operation->revision;
  if (!Strikes(Bug::kUndoneWrite)) return;
  if (was) keys_[operation->key] = before;
  if (!was) keys_.erase(operation->key);
}

void ModelCluster::Delete(Operation* operation) {
  const auto found = keys_.find(operation->key);
  const Key* current = found == keys_.end() ? nullptr : &found->second;
  const char* refusal = Refusal(*operation, current);
  operation->revision = revision();
  if (refusal != nullptr) {
    Refuse(operation, refusal);
    if (operation->error == "precondition_failed") ShowKey(operation, current);
    return;
  }
  ShowKey(operation, current);
  if (current == nullptr) return;
  Emit("delete", operation->key, "", current->session);
  keys_.erase(operation->key);
  operation->revision = Commit();
}

void ModelCluster::Get(Operation* operation) {
  uint64_t at = revision();
  if (Strikes(Bug::kStaleRead)) at -= std::min<uint64_t>(at, random_.Between(1, 4));
  ReadStale(operation, at);
  if (at == revision()) {  // what an undone write left behind is not in the past
    const auto found = keys_.find(operation->key);
    ShowKey(operation, found == keys_.end() ? nullptr : &found->second);
  }
  if (Strikes(Bug::kWrongValue)) {
    for (const auto& [name, key] : keys_) {
      if (name != operation->key) operation->found_value = key.value;
    }
  }
}

void ModelCluster::ReadStale(Operation* operation, uint64_t node_revision) const {
  const Keys& keys = past_.at(node_revision);
  const auto found = keys.find(operation->key);
  ShowKey(operation, found == keys.end() ? nullptr : &found->second);
  operation->revision = node_revision;
}

void ModelCluster::Grant(Space space, const std::string& name, Line* line, Waiter waiter) {
  if (!Strikes(Bug::kTokenReused) || last_token_ == 0) ++last_token_;
  line->token = last_token_;
  if (Strikes(Bug::kTokenBackwards)) line->token = last_token_ / 2 + 1;
  line->session = waiter.session;
  line->ticket = waiter.ticket;
  line->value = std::move(waiter.value);
  Emit(history::Line(space, "acquired", "elected"), name, line->value, line->session, line->token);
}

void ModelCluster::HandOn(Space space, const std::string& name, Line* line) {
  if (line->waiters.empty() || Strikes(Bug::kLostWakeup)) {
    Emit(history::Line(space, "released", "gone"), name, "", line->session, line->token);
    line->token = 0;
    line->session = 0;
    return;
  }
  Waiter next = line->waiters.front();
  if (Strikes(Bug::kLineJumped)) {
    next = line->waiters.back();
    line->waiters.pop_back();
  } else {
    line->waiters.pop_front();
  }
  Grant(space, name, line, std::move(next));
}

void ModelCluster::Acquire(Operation* operation, bool wait) {
  operation->revision = revision();
  if (!Lives(operation->session)) return Refuse(operation, "session_not_found");
  Line& line = lines_[{operation->space, operation->key}];
  const bool grant_anyway = line.session != operation->session && Strikes(Bug::kDoubleGrant);
  if (line.token == 0 || grant_anyway) {
    Grant(operation->space, operation->key, &line, {0, operation->session, operation->value});
    operation->revision = Commit();
  }
  if (line.session == operation->session) {
    operation->granted_token = line.token;
    return;
  }
  for (const Waiter& waiter : line.waiters) {
    if (waiter.session == operation->session) operation->ticket = waiter.ticket;
  }
  if (operation->ticket != 0) return;
  if (!wait) return Refuse(operation, "lock_held");
  operation->ticket = ++last_ticket_;
  line.waiters.push_back({operation->ticket, operation->session, operation->value});
  operation->revision = Commit();
}

void ModelCluster::LeaveLine(const Operation& acquire) {
  std::deque<Waiter>& waiters = lines_[{acquire.space, acquire.key}].waiters;
  const auto gone = std::erase_if(
      waiters, [&acquire](const Waiter& waiter) { return waiter.ticket == acquire.ticket; });
  if (gone > 0) Commit();
}

void ModelCluster::Release(Operation* operation) {
  Line& line = lines_[{operation->space, operation->key}];
  operation->revision = revision();
  const bool right =
      line.token != 0 && line.token == operation->token && line.session == operation->session;
  const bool anyway = line.token != 0 && Strikes(Bug::kStaleRelease);
  if (!right && !anyway) return Refuse(operation, "stale_token");
  if (!Strikes(Bug::kDeafRelease)) HandOn(operation->space, operation->key, &line);
  operation->revision = Commit();
}

void ModelCluster::Proclaim(Operation* operation) {
  Line& line = lines_[{operation->space, operation->key}];
  operation->revision = revision();
  if (line.token == 0 || line.token != operation->token || line.session != operation->session) {
    return Refuse(operation, "stale_token");
  }
  if (!Strikes(Bug::kProclaimLost)) line.value = operation->value;
  if (operation->space == Space::kElection) {
    Emit("proclaimed", operation->key, operation->value, line.session, line.token);
  }
  operation->revision = Commit();
}

void ModelCluster::Look(Operation* operation) {
  operation->revision = revision();
  const Line& line = lines_[{operation->space, operation->key}];
  if (operation->kind == Kind::kVerify) {
    const bool right = line.token != 0 && line.token == operation->token;
    if (!right && !Strikes(Bug::kVerifyAnything)) Refuse(operation, "stale_token");
    return;
  }
  operation->found = line.token != 0 && !Strikes(Bug::kHolderForgotten);
  if (!operation->found) return;
  operation->granted_token = line.token;
  operation->holder_session = line.session;
  operation->found_value = line.value;
}

void ModelCluster::Renew(Operation* operation, int64_t now_us) {
  if (operation->kind == Kind::kSessionCreate) {
    sessions_[operation->session] = {operation->ttl_ms, now_us + operation->ttl_ms * 1000};
    operation->revision = Commit();
    return;
  }
  const auto found = sessions_.find(operation->session);
  if (found == sessions_.end()) {
    if (!Strikes(Bug::kRenewedAfterEnd)) Refuse(operation, "session_not_found");
    return;
  }
  found->second.deadline_us = now_us + found->second.ttl_ms * 1000;
}

void ModelCluster::EndSession(uint64_t session, bool expired, int64_t now_us) {
  sessions_.erase(session);
  for (auto& [name, line] : lines_) {
    std::erase_if(line.waiters, [&](const Waiter& waiter) { return waiter.session == session; });
  }
  for (auto it = keys_.begin(); it != keys_.end();) {
    if (it->second.session != session || Strikes(Bug::kKeyOutlivesSession)) {
      ++it;
      continue;
    }
    Emit("delete", it->first, "", session);
    it = keys_.erase(it);
  }
  if (Strikes(Bug::kEndInTwoSteps)) Commit();
  for (auto& [name, line] : lines_) {
    if (line.token == 0 || line.session != session) continue;
    if (!Strikes(Bug::kLockOutlivesSession)) HandOn(name.first, name.second, &line);
  }
  ends_.push_back({session, now_us, expired, Commit()});
}

void ModelCluster::Expire(int64_t now_us, std::vector<SessionEnd>* ends) {
  std::vector<uint64_t> due;
  for (const auto& [id, session] : sessions_) {
    int64_t deadline_us = session.deadline_us;
    if (bug_ == Bug::kEarlyExpiry) deadline_us -= session.ttl_ms * 500;
    if (bug_ == Bug::kLateExpiry) deadline_us += session.ttl_ms * 3000;
    if (deadline_us <= now_us) due.push_back(id);
  }
  for (const uint64_t id : due) EndSession(id, /*expired=*/true, now_us);
  for (SessionEnd& end : ends_) ends->push_back(end);
  ends_.clear();
}

void ModelCluster::Apply(Operation* operation, bool wait, int64_t now_us) {
  operation->outcome = Outcome::kOk;
  switch (operation->kind) {
    case Kind::kPut:
      return Put(operation);
    case Kind::kDelete:
      return Delete(operation);
    case Kind::kGet:
    case Kind::kGetStale:
      return Get(operation);
    case Kind::kSessionCreate:
    case Kind::kSessionKeep:
      return Renew(operation, now_us);
    case Kind::kSessionDestroy:
      if (!Lives(operation->session)) return Refuse(operation, "session_not_found");
      EndSession(operation->session, /*expired=*/false, now_us);
      operation->revision = revision();
      return;
    case Kind::kAcquire:
      return Acquire(operation, wait);
    case Kind::kRelease:
      return Release(operation);
    case Kind::kProclaim:
      return Proclaim(operation);
    case Kind::kVerify:
    case Kind::kHolder:
      return Look(operation);
    case Kind::kCompact:
      return;
  }
}

}  // namespace baton::history
