#include "test/history/testing/random_history.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace baton::history {
namespace {

constexpr int kClients = 6;
constexpr int kNodes = 3;
constexpr int64_t kAppliedWithinUs = 50'000;

struct Held {
  Space space = Space::kLock;
  std::string name;
  uint64_t session = 0;
  uint64_t token = 0;
};

// An operation on its way.
struct Pending {
  Operation operation;
  Operation asked;  // without what the cluster answers
  bool waits = false;
  bool applied = false;
};

struct Client {
  uint64_t id = 0;
  std::optional<Pending> pending;
  std::vector<uint64_t> sessions;
  std::vector<Held> held;
  std::vector<std::pair<std::string, uint64_t>> seen;  // keys and their revisions
};

struct LiveWatch {
  size_t index = 0;
  uint64_t next = 0;
};

class Run {
 public:
  explicit Run(const RandomShape& shape)
      : shape_(shape), random_(shape.seed), cluster_(shape.bug, &random_) {
    for (int i = 0; i < kClients; ++i) clients_.emplace_back().id = i + 1;
  }
  RandomRun Make();

 private:
  bool Chance(uint64_t percent) { return random_.Chance(percent, 100); }
  template <typename List>
  auto& Pick(List& list) {
    return list[random_.Below(list.size())];
  }
  std::string KeyName() { return "k" + std::to_string(random_.Below(4)); }
  std::string Value() {
    return "v" + std::to_string(shape_.unique_values ? ++values_ : random_.Below(5));
  }

  void Step();
  void Act(Client* client);
  void Begin(Client* client);
  void BeginOnKey(Client* client, Pending* pending);
  void BeginOnSession(Client* client, Pending* pending);
  void BeginOnLine(Client* client, Pending* pending);
  void Arrive(Client* client);
  void Decide(Operation* operation, bool waits);
  void Wait(Client* client);
  void Answer(Client* client);
  void Retry(Pending* pending);
  void Lose(Client* client, bool may_arrive);
  void Return(Client* client);
  void Learn(Client* client, const Operation& operation);
  void StartWatch(uint64_t from);
  void Deliver(LiveWatch* live);
  void Spoil(LiveWatch* live, Delivery* delivery);
  void EndWatch(size_t which);

  RandomShape shape_;
  Random random_;
  ModelCluster cluster_;
  int64_t now_us_ = 1'000'000;
  uint64_t values_ = 0;
  uint64_t sessions_ = 1000;
  std::vector<Client> clients_;
  std::vector<Pending> late_;  // given up by their clients, still on their way
  std::array<uint64_t, kNodes> node_revision_ = {};
  std::vector<LiveWatch> watches_;
  History history_;
};

RandomRun Run::Make() {
  for (int i = 0; i < shape_.steps; ++i) Step();
  for (Client& client : clients_) {
    if (client.pending) Lose(&client, /*may_arrive=*/false);
  }
  Options options;
  options.session_end_late_us = 60'000;
  options.unknown_applied_us = kAppliedWithinUs;
  options.session_ends_complete = shape_.truth;
  if (!shape_.truth) history_.session_ends.clear();
  return {std::move(history_), options};
}

void Run::Step() {
  now_us_ += static_cast<int64_t>(random_.Between(1, 200));
  if (Chance(25)) cluster_.Expire(now_us_, &history_.session_ends);
  for (uint64_t& revision : node_revision_) {
    if (revision > cluster_.revision()) revision = cluster_.revision();  // a bug took one back
    if (Chance(30)) revision = random_.Between(revision, cluster_.revision() + 1);
  }
  for (size_t i = 0; i < late_.size(); ++i) {
    if (!Chance(5)) continue;
    if (Chance(50)) Decide(&late_[i].operation, late_[i].waits);
    std::swap(late_[i], late_.back());
    late_.pop_back();
  }
  std::erase_if(late_, [this](const Pending& pending) {
    return pending.operation.call_us + kAppliedWithinUs / 2 < now_us_;
  });
  if (watches_.size() < 3 && Chance(3)) {
    StartWatch(Chance(30) ? 0 : random_.Between(1, cluster_.revision() + 2));
  }
  for (LiveWatch& live : watches_) {
    if (Chance(20)) Deliver(&live);
  }
  if (!watches_.empty() && Chance(1)) EndWatch(random_.Below(watches_.size()));
  Act(&Pick(clients_));
  for (const SessionEnd& end : cluster_.TakeEnds()) history_.session_ends.push_back(end);
}

void Run::Act(Client* client) {
  if (!client->pending) return Begin(client);
  Pending& pending = *client->pending;
  if (!pending.applied) return Arrive(client);
  if (pending.operation.kind == Kind::kAcquire && pending.operation.ticket != 0 &&
      pending.operation.granted_token == 0 && pending.operation.outcome == Outcome::kOk) {
    return Wait(client);
  }
  Answer(client);
}

void Run::Begin(Client* client) {
  Pending& pending = client->pending.emplace();
  Operation& operation = pending.operation;
  operation.client = client->id;
  operation.node = 1 + random_.Below(kNodes);
  operation.call_us = now_us_;
  const uint64_t roll = random_.Below(100);
  if (roll < (shape_.busy ? 25 : 45)) {
    BeginOnKey(client, &pending);
  } else if (roll < (shape_.busy ? 40 : 58) || client->sessions.empty()) {
    BeginOnSession(client, &pending);
  } else {
    BeginOnLine(client, &pending);
  }
  pending.asked = operation;
}

void Run::BeginOnKey(Client* client, Pending* pending) {
  Operation& operation = pending->operation;
  operation.key = KeyName();
  const uint64_t roll = random_.Below(100);
  operation.kind = roll < 35   ? Kind::kGet
                   : roll < 50 ? Kind::kGetStale
                   : roll < 90 ? Kind::kPut
                               : Kind::kDelete;
  if (operation.kind == Kind::kGet || operation.kind == Kind::kGetStale) return;
  if (operation.kind == Kind::kPut) {
    operation.value = Value();
    if (!client->sessions.empty() && Chance(50)) operation.session = Pick(client->sessions);
  }
  if (Chance(40)) operation.expected_revision = 0;
  if (operation.expected_revision && !client->seen.empty() && Chance(80)) {
    const auto& [key, mod] = client->seen[client->seen.size() - 1];
    operation.key = key;
    operation.expected_revision = mod;
  }
  if (Chance(50) && !client->held.empty()) {
    const Held& held = Pick(client->held);
    if (held.space == Space::kLock) {
      operation.guard_lock = held.name;
      operation.token = held.token;
    }
  }
}

void Run::BeginOnSession(Client* client, Pending* pending) {
  Operation& operation = pending->operation;
  if (client->sessions.size() < 2 || Chance(10)) {
    operation.kind = Kind::kSessionCreate;
    operation.session = ++sessions_;
    operation.ttl_ms = static_cast<int64_t>(random_.Between(10, 50));
    return;
  }
  operation.kind = Chance(85) ? Kind::kSessionKeep : Kind::kSessionDestroy;
  operation.session = Pick(client->sessions);
}

void Run::BeginOnLine(Client* client, Pending* pending) {
  Operation& operation = pending->operation;
  operation.space = Chance(60) ? Space::kLock : Space::kElection;
  operation.key = shape_.busy || Chance(70) ? "l0" : "l1";
  const uint64_t roll = random_.Below(100);
  if (roll < (shape_.busy ? 45 : 35) || client->held.empty()) {
    operation.kind = Kind::kAcquire;
    operation.session = Pick(client->sessions);
    operation.value = Value();
    pending->waits = Chance(80);
  } else if (roll < 55) {
    operation.kind = Kind::kHolder;
  } else {
    const Held& held = client->held.back();
    operation.kind = roll < 62 ? Kind::kVerify : roll < 85 ? Kind::kRelease : Kind::kProclaim;
    operation.space = held.space;
    operation.key = held.name;
    operation.token = held.token;
    if (operation.kind != Kind::kVerify) operation.session = held.session;
    if (operation.kind == Kind::kProclaim) operation.value = Value();
  }
}

void Run::Decide(Operation* operation, bool waits) {
  if (operation->kind == Kind::kGetStale) {
    uint64_t at = node_revision_[operation->node - 1];
    if (cluster_.Strikes(Bug::kNodeGoesBack)) at -= std::min<uint64_t>(at, 3);
    operation->outcome = Outcome::kOk;
    return cluster_.ReadStale(operation, at);
  }
  const uint64_t before = cluster_.revision();
  cluster_.Apply(operation, waits, now_us_);
  // A node that answered a read of now has all up to now.
  const bool reads = operation->kind == Kind::kGet || operation->kind == Kind::kHolder ||
                     operation->kind == Kind::kVerify;
  if (reads) node_revision_[operation->node - 1] = before;
}

void Run::Arrive(Client* client) {
  Pending& pending = *client->pending;
  const bool too_late = pending.operation.call_us + kAppliedWithinUs / 2 < now_us_;
  if (Chance(5)) return Lose(client, /*may_arrive=*/true);
  if (too_late || Chance(4)) {
    if (cluster_.Strikes(Bug::kNotAppliedHappens)) {
      Operation copy = pending.operation;
      Decide(&copy, pending.waits);
    }
    pending.operation.outcome = Outcome::kNotApplied;
    pending.operation.error = "no_leader";
    return Return(client);
  }
  if (!Chance(70)) return;
  Decide(&pending.operation, pending.waits);
  pending.applied = true;
}

// For its turn in the line.
void Run::Wait(Client* client) {
  Operation& operation = client->pending->operation;
  const ModelCluster::Line* line = cluster_.FindLine(operation.space, operation.key);
  operation.revision = cluster_.revision();
  if (line->token != 0 && line->ticket == operation.ticket) {
    operation.granted_token = line->token;
    return Answer(client);
  }
  const bool in_line =
      std::any_of(line->waiters.begin(), line->waiters.end(),
                  [&](const ModelCluster::Waiter& one) { return one.ticket == operation.ticket; });
  if (!in_line && !cluster_.Lives(operation.session)) {
    operation.outcome = Outcome::kRefused;
    operation.error = "session_not_found";
    return Return(client);
  }
  if (!in_line) return Lose(client, /*may_arrive=*/false);
  if (Chance(5)) return Answer(client);  // its place
  if (!Chance(2)) return;
  cluster_.LeaveLine(operation);
  operation.outcome = Outcome::kRefused;
  operation.error = "wait_timed_out";
  Return(client);
}

void Run::Answer(Client* client) {
  Pending& pending = *client->pending;
  if (Chance(5)) return Lose(client, /*may_arrive=*/false);
  const Kind kind = pending.operation.kind;
  const bool change = kind == Kind::kPut || kind == Kind::kDelete || kind == Kind::kRelease ||
                      kind == Kind::kProclaim || kind == Kind::kSessionDestroy;
  if (change && Chance(15)) Retry(&pending);
  if (Chance(75)) Return(client);
}

void Run::Retry(Pending* pending) {
  Operation& operation = pending->operation;
  if (cluster_.Strikes(Bug::kAppliedTwice)) {
    const uint64_t attempts = operation.attempts + 1;
    operation = pending->asked;
    operation.attempts = attempts;
    return Decide(&operation, pending->waits);
  }
  ++operation.attempts;
  operation.replayed = true;
}

// Its client never learns what became of it.
void Run::Lose(Client* client, bool may_arrive) {
  Pending& pending = *client->pending;
  if (may_arrive) late_.push_back({pending.asked, pending.asked, pending.waits, false});
  const uint64_t attempts = pending.operation.attempts;
  pending.operation = pending.asked;
  pending.operation.attempts = attempts;
  pending.operation.outcome = Outcome::kUnknown;
  if (Chance(50)) pending.operation.return_us = now_us_;
  history_.operations.push_back(pending.operation);
  client->pending.reset();
}

void Run::Return(Client* client) {
  Operation& operation = client->pending->operation;
  operation.return_us = now_us_;
  if (operation.outcome == Outcome::kOk) Learn(client, operation);
  const bool of_key = operation.kind == Kind::kPut || operation.kind == Kind::kGet ||
                      operation.kind == Kind::kDelete;
  if (!shape_.all_revisions && of_key && Chance(30)) operation.revision = 0;
  history_.operations.push_back(operation);
  client->pending.reset();
}

void Run::Learn(Client* client, const Operation& operation) {
  if (operation.found && operation.space == Space::kKv && operation.kind != Kind::kDelete) {
    client->seen.emplace_back(operation.key, operation.found_mod_revision);
  }
  if (operation.kind == Kind::kSessionCreate) {
    client->sessions.push_back(operation.session);
    if (client->sessions.size() > 4) client->sessions.erase(client->sessions.begin());
  }
  if (operation.kind == Kind::kAcquire && operation.granted_token != 0) {
    client->held.push_back(
        {operation.space, operation.key, operation.session, operation.granted_token});
    if (client->held.size() > 4) client->held.erase(client->held.begin());
  }
}

void Run::StartWatch(uint64_t from) {
  Watch& watch = history_.watches.emplace_back();
  watch.client = 100;
  watch.node = 1 + random_.Below(kNodes);
  const uint64_t space = random_.Below(4);
  watch.space = space < 2 ? Space::kKv : space == 2 ? Space::kLock : Space::kElection;
  const uint64_t roll = random_.Below(4);
  watch.prefix = roll < 2 ? "" : watch.space == Space::kKv ? KeyName() : "l0";
  watch.exact = roll == 3;
  watch.from = from;
  watch.call_us = now_us_;
  uint64_t next = from == 0 ? node_revision_[watch.node - 1] + 1 : from;
  if (from > 0 && cluster_.Strikes(Bug::kWatchResumeGap)) next += random_.Between(1, 8);
  watches_.push_back({history_.watches.size() - 1, next});
}

void Run::Deliver(LiveWatch* live) {
  Watch& watch = history_.watches[live->index];
  const uint64_t reached = node_revision_[watch.node - 1];
  if (reached < live->next) return;
  Delivery delivery;
  delivery.at_us = now_us_;
  delivery.through = random_.Between(live->next, reached + 1);
  for (uint64_t revision = live->next; revision <= delivery.through; ++revision) {
    for (const WatchedEvent& event : cluster_.events(revision)) {
      const bool of_keys = event.kind == "put" || event.kind == "delete";
      const bool of_locks = event.kind == "acquired" || event.kind == "released";
      const Space space = of_keys ? Space::kKv : of_locks ? Space::kLock : Space::kElection;
      const bool wanted =
          watch.exact ? event.key == watch.prefix : event.key.starts_with(watch.prefix);
      if (space == watch.space && wanted) delivery.events.push_back(event);
    }
  }
  Spoil(live, &delivery);
  live->next = delivery.through + 1;
  watch.deliveries.push_back(std::move(delivery));
}

// What a bug makes of a delivery.
void Run::Spoil(LiveWatch* live, Delivery* delivery) {
  Watch& watch = history_.watches[live->index];
  std::vector<WatchedEvent>& events = delivery->events;
  if (events.empty()) return;
  if (cluster_.Strikes(Bug::kWatchGap)) events.erase(events.begin());
  if (cluster_.Strikes(Bug::kWatchDuplicate)) events.push_back(events.back());
  if (cluster_.Strikes(Bug::kWatchOrder)) std::swap(events.front(), events.back());
  if (events.empty()) return;
  if (cluster_.Strikes(Bug::kWatchValue)) events.front().value += "x";
  if (cluster_.Strikes(Bug::kWatchProgress)) {
    delivery->through = events.back().revision - 1;
  }
  if (cluster_.Strikes(Bug::kWatchSplit)) {
    const WatchedEvent last = events.back();
    events.pop_back();
    Delivery first = *delivery;
    watch.deliveries.push_back(first);
    events = {last};
  }
  if (watch.from > 1 && watch.deliveries.empty() && cluster_.Strikes(Bug::kWatchUnasked)) {
    events.front().revision = watch.from - 1;
  }
}

void Run::EndWatch(size_t which) {
  Watch& watch = history_.watches[watches_[which].index];
  watch.end_us = now_us_;
  const uint64_t next = watches_[which].next;
  const Space space = watch.space;
  std::swap(watches_[which], watches_.back());
  watches_.pop_back();
  if (!Chance(70)) return;
  StartWatch(next);
  history_.watches.back().space = space;
}

}  // namespace

RandomRun MakeRun(const RandomShape& shape) { return Run(shape).Make(); }

}  // namespace baton::history
