#include "test/history/line_values.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "test/history/words.h"

namespace baton::history {
namespace {

using LineName = std::pair<Space, std::string_view>;

// The proclaims of one token and the acquires of one session that may have happened.
struct Words {
  std::map<uint64_t, std::vector<const Operation*>> proclaims;  // by token
  std::map<uint64_t, std::vector<const Operation*>> acquires;   // by session
  std::map<uint64_t, uint64_t> session_of;                      // by token
};

bool MayHaveHappened(const Operation& operation) {
  return operation.outcome != Outcome::kNotApplied && operation.outcome != Outcome::kRefused;
}

std::map<LineName, Words> Collect(const History& history, const SeenEvents& seen) {
  std::map<LineName, Words> lines;
  for (const Operation& operation : history.operations) {
    if (operation.space == Space::kKv) continue;
    Words& words = lines[{operation.space, operation.key}];
    if (operation.kind == Kind::kProclaim && MayHaveHappened(operation)) {
      words.proclaims[operation.token].push_back(&operation);
    }
    // A wait that was given up has left its value, and may have held for a moment.
    if (operation.kind == Kind::kAcquire && operation.outcome != Outcome::kNotApplied) {
      words.acquires[operation.session].push_back(&operation);
      if (operation.granted_token != 0)
        words.session_of[operation.granted_token] = operation.session;
    }
  }
  for (const Space space : {Space::kLock, Space::kElection}) {
    for (const auto& [revision, events] : seen.of(space)) {
      for (const SeenEvent& event : events) {
        lines[{space, event.event->key}].session_of[event.event->token] = event.event->session;
      }
    }
  }
  return lines;
}

bool Says(const std::vector<const Operation*>& operations, const std::string& value,
          int64_t until_us) {
  return std::any_of(operations.begin(), operations.end(), [&](const Operation* operation) {
    return operation->value == value && operation->call_us <= until_us;
  });
}

class LineValues {
 public:
  LineValues(Words* words, Findings* findings) : words_(*words), findings_(findings) {}

  void CheckEvent(const SeenEvent& seen);
  void CheckHolder(const Operation& holder);

 private:
  void NobodySaid(const std::string& who, const std::string& value) {
    findings_->Add("value_from_nowhere", [&] {
      return "a holder's value that nobody gave: " + who + " shows " + Quoted(value);
    });
  }

  Words& words_;
  Findings* findings_;
  std::map<std::pair<uint64_t, std::string_view>, std::vector<uint64_t>> told_;  // revisions
};

void LineValues::CheckEvent(const SeenEvent& seen) {
  const WatchedEvent& event = *seen.event;
  if (event.kind == "acquired" || event.kind == "elected") {
    if (Says(words_.acquires[event.session], event.value, seen.at_us)) return;
    return NobodySaid(Describe(event), event.value);
  }
  if (event.kind != "proclaimed") return;
  const std::vector<const Operation*>& proclaims = words_.proclaims[event.token];
  const auto says = [&event](const Operation* one) { return one->value == event.value; };
  const auto saying = static_cast<size_t>(std::count_if(proclaims.begin(), proclaims.end(), says));
  if (!Says(proclaims, event.value, seen.at_us)) return NobodySaid(Describe(event), event.value);
  std::vector<uint64_t>& told = told_[{event.token, event.value}];
  told.push_back(event.revision);
  const Operation* only = *std::find_if(proclaims.begin(), proclaims.end(), says);
  const bool elsewhere = saying == 1 && only->outcome == Outcome::kOk && only->revision != 0 &&
                         only->revision != event.revision;
  if (told.size() <= saying && !elsewhere) return;
  findings_->Add("applied_twice", [&] {
    return "an operation took effect more than once: " + Describe(*only) +
           " was told at revision " + std::to_string(event.revision) + " as well";
  });
}

void LineValues::CheckHolder(const Operation& holder) {
  if (!holder.found || holder.found_value_omitted || holder.granted_token == 0) return;
  const int64_t until_us = holder.return_us.value_or(holder.call_us);
  const std::vector<const Operation*>& proclaims = words_.proclaims[holder.granted_token];
  const Operation* newest = nullptr;  // acknowledged, up to the state that was read
  bool said = false;                  // by one that may be as new
  for (const Operation* proclaim : proclaims) {
    const bool done = proclaim->outcome == Outcome::kOk && proclaim->revision != 0;
    if (done && proclaim->revision <= holder.revision &&
        (newest == nullptr || proclaim->revision > newest->revision)) {
      newest = proclaim;
    }
    const bool same = proclaim->value == holder.found_value && proclaim->call_us <= until_us;
    said = said || (!done && same);
  }
  if (said || (newest != nullptr && newest->value == holder.found_value)) return;
  if (newest != nullptr) {
    findings_->Add("lost_write", [&] {
      return "a proclaimed value is lost: " + Describe(holder) + " shows " +
             Quoted(holder.found_value) + " after " + Describe(*newest);
    });
    return;
  }
  const auto session = words_.session_of.find(holder.granted_token);
  const uint64_t of = session == words_.session_of.end() ? holder.holder_session : session->second;
  if (Says(words_.acquires[of], holder.found_value, until_us)) return;
  NobodySaid(Describe(holder), holder.found_value);
}

}  // namespace

void CheckLineValues(const History& history, const SeenEvents& seen, Findings* findings) {
  std::map<LineName, Words> lines = Collect(history, seen);
  std::map<LineName, LineValues> values;
  for (auto& [name, words] : lines) values.emplace(name, LineValues(&words, findings));
  for (const Space space : {Space::kLock, Space::kElection}) {
    for (const auto& [revision, events] : seen.of(space)) {
      for (const SeenEvent& event : events) values.at({space, event.event->key}).CheckEvent(event);
    }
  }
  for (const Operation& operation : history.operations) {
    if (operation.kind != Kind::kHolder || operation.outcome != Outcome::kOk) continue;
    if (operation.space == Space::kKv || operation.revision == 0) continue;
    values.at({operation.space, operation.key}).CheckHolder(operation);
  }
}

}  // namespace baton::history
