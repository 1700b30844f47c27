#include "test/chaos/verdict.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "test/history/check.h"
#include "test/history/json_lines.h"

namespace baton::chaos {
namespace {

using history::Kind;

bool IsChange(Kind kind) {
  return kind == Kind::kPut || kind == Kind::kDelete || kind == Kind::kAcquire ||
         kind == Kind::kRelease || kind == Kind::kProclaim;
}

// Whether it changed something that this watch was to be told.
bool IsWatched(const history::Operation& operation, const history::Watch& watch) {
  const bool is_there =
      watch.exact ? operation.key == watch.prefix : operation.key.starts_with(watch.prefix);
  return is_there && operation.space == watch.space && IsChange(operation.kind) &&
         operation.outcome == history::Outcome::kOk && operation.revision >= watch.from;
}

}  // namespace

std::map<std::pair<std::string, std::string>, uint64_t> CountOperations(
    const history::History& history) {
  std::map<std::pair<std::string, std::string>, uint64_t> counts;
  for (const history::Operation& operation : history.operations) {
    ++counts[{history::KindName(operation.kind), history::OutcomeName(operation.outcome)}];
  }
  return counts;
}

Pace PaceBetween(const history::History& history, int64_t from_us, int64_t until_us) {
  Pace pace;
  for (const history::Operation& operation : history.operations) {
    if (operation.call_us < from_us || operation.call_us >= until_us) continue;
    const bool is_done = operation.outcome == history::Outcome::kOk;
    ++pace.called;
    if (is_done) ++pace.acknowledged;
    if (is_done || operation.outcome == history::Outcome::kRefused) ++pace.answered;
  }
  return pace;
}

double PerSecond(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::optional<std::string> TooSlow(const Pace& pace, double seconds, int64_t least) {
  const double answered = PerSecond(pace.answered, seconds);
  if (answered >= static_cast<double>(least)) return std::nullopt;
  return "only " + std::to_string(static_cast<int64_t>(answered)) +
         " operations a second were answered, fewer than " + std::to_string(least);
}

double LongestSilenceSeconds(const history::History& history) {
  std::vector<int64_t> answers_us;
  for (const history::Operation& operation : history.operations) {
    if (operation.outcome == history::Outcome::kOk && operation.return_us) {
      answers_us.push_back(*operation.return_us);
    }
  }
  std::sort(answers_us.begin(), answers_us.end());
  int64_t longest_us = 0;
  for (size_t i = 1; i < answers_us.size(); ++i) {
    longest_us = std::max(longest_us, answers_us[i] - answers_us[i - 1]);
  }
  return static_cast<double>(longest_us) / 1e6;
}

std::vector<std::string> SilentWatchers(const history::History& history) {
  struct Watcher {
    const history::Watch* last = nullptr;
    size_t events = 0;
  };
  std::map<uint64_t, Watcher> watchers;  // by client
  for (const history::Watch& watch : history.watches) {
    Watcher& watcher = watchers[watch.client];
    if (watcher.last == nullptr || watcher.last->call_us < watch.call_us) watcher.last = &watch;
    for (const history::Delivery& delivery : watch.deliveries) {
      watcher.events += delivery.events.size();
    }
  }
  std::vector<std::string> silent;
  for (const auto& [client, watcher] : watchers) {
    if (watcher.events > 0) continue;
    const auto changes = std::count_if(
        history.operations.begin(), history.operations.end(),
        [last = watcher.last](const auto& operation) { return IsWatched(operation, *last); });
    if (changes == 0) continue;
    silent.push_back("client " + std::to_string(client) + " watched " +
                     history::SpaceName(watcher.last->space) + " \"" + watcher.last->prefix +
                     "\" and was told nothing of " + std::to_string(changes) + " changes");
  }
  return silent;
}

std::vector<std::string> JudgeHistory(const history::History& history, const std::string& path) {
  std::vector<std::string> broken;
  std::ofstream file(path);
  history::WriteHistory(history, &file);
  file.close();
  if (!file.good()) broken.push_back(path + " cannot be written");
  history::Options options;
  options.history_revisions_kept = kHistoryRevisionsMax;
  options.unknown_applied_us = kUnknownAppliedUs;
  options.session_end_late_us = kSessionEndLateUs;
  const history::Verdict verdict = history::Check(history, options);
  for (const history::Violation& violation : verdict.violations) {
    broken.push_back(violation.name + ": " + violation.sentence);
  }
  if (verdict.violations_total > verdict.violations.size()) {
    broken.push_back("and " + std::to_string(verdict.violations_total - verdict.violations.size()) +
                     " more like these");
  }
  for (std::string& silent : SilentWatchers(history)) broken.push_back(std::move(silent));
  return broken;
}

}  // namespace baton::chaos
