#include "test/history/check.h"

#include <string>
#include <vector>

#include "test/history/key_history.h"
#include "test/history/linearizable.h"
#include "test/history/lock_check.h"
#include "test/history/order_check.h"
#include "test/history/reached.h"
#include "test/history/replay.h"
#include "test/history/seen_events.h"
#include "test/history/session_lives.h"
#include "test/history/watch_check.h"
#include "test/history/words.h"

namespace baton::history {
namespace {

void SearchKey(const KeyHistory& key, const SessionLives& lives, const Options& options,
               Verdict* verdict, Findings* findings) {
  const SearchResult result =
      FindOrder(key, &lives, options.search_steps_max, options.unknown_applied_us);
  ++verdict->keys_searched;
  verdict->search_steps += result.steps;
  if (result.order == Order::kFound) return;
  const bool undecided = result.order == Order::kUndecided;
  findings->Add(undecided ? "undecided" : "not_linearizable", [&] {
    return (undecided ? "not decided in " + std::to_string(result.steps) + " steps: the order of "
                      : std::string("no order explains all answers: those of the ")) +
           std::to_string(key.operations.size()) + " operations on " + Quoted(key.key) +
           "; after " + std::to_string(result.placed) + " of them " +
           (result.stuck == nullptr ? "what a watch told" : Describe(*result.stuck)) +
           " fits nowhere";
  });
}

void CheckKeys(const History& history, const SeenEvents& seen, const ReplayParts& parts,
               const Options& options, Verdict* verdict) {
  const std::vector<KeyHistory> keys = GroupByKey(history, seen);
  verdict->keys = keys.size();
  std::vector<const KeyHistory*> open;
  for (const KeyHistory& key : keys) {
    if (ReplayKey(key, parts) == Replay::kOpen) open.push_back(&key);
  }
  for (const KeyHistory* key : open) {
    SearchKey(*key, *parts.lives, options, verdict, parts.findings);
  }
}

}  // namespace

Verdict Check(const History& history, const Options& options) {
  Verdict verdict;
  Findings findings(options.violations_max);
  const SeenEvents seen = CollectEvents(history);
  const Reached reached(history);
  SessionLives lives(history, options);
  std::vector<KnownEvent> known;
  std::vector<KnownEvent>* wanted = history.watches.empty() ? nullptr : &known;

  CheckOrder(history, reached, &findings);
  CheckKeys(history, seen, {&reached, &lives, &findings, wanted}, options, &verdict);
  CheckLocks(history, {&seen, &lives, &findings, wanted});
  lives.Check(&findings);
  CheckWatches(history, {&seen, &reached, &known}, options, &findings);

  verdict.violations_total = findings.total();
  verdict.violations = findings.Take();
  return verdict;
}

}  // namespace baton::history
