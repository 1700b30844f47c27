// File: verdict.h
//
// What is to be said of a finished history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/history/operation.h"

namespace baton::chaos {

// So many revisions the judge takes for kept: what the nodes must be told as history-revisions-max,
// unless it is their default.
inline constexpr uint64_t kHistoryRevisionsMax = 100'000;

// An operation without an answer is applied so long after its call at the latest: a log entry that
// is not committed is replaced as soon as others commit theirs, and nobody is cut off for longer
// than some seconds. Without a bound the search has every one of them to try at every place.
inline constexpr int64_t kUnknownAppliedUs = 120'000'000;

// A session ends so long after its time at the latest: when somebody leads again.
inline constexpr int64_t kSessionEndLateUs = 60'000'000;

// By the names of kind and outcome.
std::map<std::pair<std::string, std::string>, uint64_t> CountOperations(
    const history::History& history);

// Of the operations that were called from from_us on and before until_us.
struct Pace {
  uint64_t called = 0;
  uint64_t answered = 0;  // acknowledged or refused: the cluster decided
  uint64_t acknowledged = 0;
};
Pace PaceBetween(const history::History& history, int64_t from_us, int64_t until_us);
// 0 when there was no time.
double PerSecond(uint64_t count, double seconds);
// A sentence when fewer than `least` operations a second were answered.
std::optional<std::string> TooSlow(const Pace& pace, double seconds, int64_t least);

// The longest time between the answers to two operations that happened.
double LongestSilenceSeconds(const history::History& history);

// A sentence for each client that watched and was told no event at all, though what it watched was
// changed at or after the revision that it last asked for. (Which of the events were told that
// should have been is what the judge asks of each watch, as far as it says to have come.)
std::vector<std::string> SilentWatchers(const history::History& history);

// Writes it to `path`, as JSON lines, and has it judged, silent watchers included. Each sentence is
// a broken promise, or why it could not be written.
std::vector<std::string> JudgeHistory(const history::History& history, const std::string& path);

}  // namespace baton::chaos
