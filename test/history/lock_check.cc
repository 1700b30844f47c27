#include "test/history/lock_check.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "test/history/line_values.h"
#include "test/history/token_line.h"
#include "test/history/words.h"

namespace baton::history {
namespace {

using Lines = std::map<std::pair<Space, std::string_view>, TokenLine>;

class Collector {
 public:
  Collector(const LockParts& parts, Lines* lines) : parts_(parts), lines_(*lines) {}

  void Add(const Operation& operation);
  void Add(const SeenEvent& seen);

 private:
  TokenLine& Line(Space space, std::string_view name) {
    return lines_.try_emplace({space, name}, space, name, parts_).first->second;
  }
  void AddGuarded(const Operation& operation);
  void AddOnLine(const Operation& operation, TokenLine* line);

  const LockParts& parts_;
  Lines& lines_;
};

void Collector::Add(const Operation& operation) {
  if (operation.kind == Kind::kPut || operation.kind == Kind::kDelete) {
    if (!operation.guard_lock.empty()) AddGuarded(operation);
  } else if (operation.space != Space::kKv) {
    AddOnLine(operation, &Line(operation.space, operation.key));
  }
}

// A guard is looked at before anything else.
void Collector::AddGuarded(const Operation& operation) {
  TokenLine& line = Line(Space::kLock, operation.guard_lock);
  const std::string& error = operation.error;
  if (operation.outcome == Outcome::kOk) {
    line.Live(operation.token, 0, WitnessOf(operation));
  } else if (operation.outcome == Outcome::kRefused && error == "stale_token") {
    line.NotLive(operation.token, 0, WitnessOf(operation));
  } else if (operation.outcome == Outcome::kRefused &&
             (error == "precondition_failed" || error == "session_not_found" ||
              error == "too_many_owned")) {
    line.Live(operation.token, 0, WitnessOf(operation));
  }
}

void Collector::AddOnLine(const Operation& operation, TokenLine* line) {
  const bool ok = operation.outcome == Outcome::kOk;
  const bool stale = operation.outcome == Outcome::kRefused && operation.error == "stale_token";
  const uint64_t token = operation.token;
  const uint64_t session = operation.session;
  switch (operation.kind) {
    case Kind::kAcquire:
      line->Acquire(operation);
      break;
    case Kind::kRelease:
      if (ok || operation.outcome == Outcome::kUnknown) line->Release(token, operation);
      if (ok) line->Live(token, session, WitnessOf(operation, 1));
      if (ok || stale) line->NotLive(token, session, WitnessOf(operation));
      break;
    case Kind::kProclaim:
      if (ok) line->Live(token, session, WitnessOf(operation));
      if (stale) line->NotLive(token, session, WitnessOf(operation));
      break;
    case Kind::kVerify:
      if (ok) line->Live(token, 0, WitnessOf(operation));
      if (stale) line->NotLive(token, 0, WitnessOf(operation));
      break;
    case Kind::kHolder:
      if (ok && operation.found) {
        line->Live(operation.granted_token, operation.holder_session, WitnessOf(operation));
      } else if (ok && operation.revision != 0) {
        line->Nobody(WitnessOf(operation));
      }
      break;
    default:
      break;
  }
}

void Collector::Add(const SeenEvent& seen) {
  const WatchedEvent& event = *seen.event;
  const bool lock = event.kind == "acquired" || event.kind == "released";
  TokenLine& line = Line(lock ? Space::kLock : Space::kElection, event.key);
  const bool ends = event.kind == "released" || event.kind == "gone";
  line.Live(event.token, event.session, WitnessOf(event, seen.at_us, ends ? 1 : 0));
  if (ends) {
    line.NotLive(event.token, event.session, WitnessOf(event, seen.at_us));
    line.Nobody(WitnessOf(event, seen.at_us));
  }
}

// In the whole cluster a token is given once.
void CheckUnique(const Lines& lines, Findings* findings) {
  std::map<uint64_t, const TokenLine*> owner;
  for (const auto& [name, line] : lines) {
    for (const auto& [token, life] : line.tokens()) {
      if (!life.has_live) continue;
      const auto [first, added] = owner.try_emplace(token, &line);
      if (added) continue;
      const TokenLine& other = *first->second;
      findings->Add("token_reused", [&, token = token] {
        return "token " + std::to_string(token) + " was given twice: of the " +
               SpaceName(other.space()) + " " + Quoted(other.name()) + ", says " +
               Describe(other.tokens().at(token).first) + "; and of the " +
               SpaceName(line.space()) + " " + Quoted(line.name()) + ", says " +
               Describe(line.tokens().at(token).first);
      });
    }
  }
}

// Tokens rise with revisions over all lines.
void CheckRising(const SeenEvents& seen, Findings* findings) {
  std::map<uint64_t, std::vector<const WatchedEvent*>> begins;  // by revision
  for (const Space space : {Space::kLock, Space::kElection}) {
    for (const auto& [revision, events] : seen.of(space)) {
      for (const SeenEvent& event : events) {
        const std::string& kind = event.event->kind;
        if (kind == "acquired" || kind == "elected") begins[revision].push_back(event.event);
      }
    }
  }
  const WatchedEvent* greatest = nullptr;  // of the revisions before
  for (const auto& [revision, events] : begins) {
    const WatchedEvent* next = greatest;
    for (const WatchedEvent* event : events) {
      if (greatest != nullptr && event->token <= greatest->token) {
        findings->Add("token_order", [&] {
          return "a token is not greater than one before it: " + Describe(*event) + " came after " +
                 Describe(*greatest);
        });
      }
      if (next == nullptr || event->token > next->token) next = event;
    }
    greatest = next;
  }
}

}  // namespace

void CheckLocks(const History& history, const LockParts& parts) {
  Lines lines;
  Collector collector(parts, &lines);
  for (const Operation& operation : history.operations) collector.Add(operation);
  for (const Space space : {Space::kLock, Space::kElection}) {
    for (const auto& [revision, events] : parts.seen->of(space)) {
      for (const SeenEvent& event : events) collector.Add(event);
    }
  }
  for (auto& [name, line] : lines) line.Check();
  CheckUnique(lines, parts.findings);
  CheckRising(*parts.seen, parts.findings);
  CheckLineValues(history, *parts.seen, parts.findings);
  if (parts.known == nullptr) return;
  for (const Operation& operation : history.operations) {
    const bool told = operation.kind == Kind::kRelease ||
                      (operation.kind == Kind::kProclaim && operation.space == Space::kElection);
    if (!told || operation.outcome != Outcome::kOk || operation.revision == 0) continue;
    parts.known->push_back({operation.space, operation.key, 0, operation.revision,
                            operation.revision, WitnessOf(operation)});
  }
}

}  // namespace baton::history
