// How long the judge takes: a simulator's runs, with everything and watches; then get, put and swap
// by 16 clients, up to a million of them over 10 keys and over 1000, by revisions, and by the
// search alone (answers without revisions). README.md says how to run it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "test/history/check.h"
#include "test/history/testing/random_history.h"

namespace baton::history {
namespace {

struct Key {
  std::string value;
  uint64_t mod = 0;
};

// Each operation is decided at a random moment between its call and its answer.
History Load(uint64_t operations, uint64_t keys) {
  constexpr uint64_t kClients = 16;
  Random random(1);
  History history;
  std::vector<Key> state(keys);
  std::vector<Operation> under_way(kClients);
  std::vector<int> stage(kClients, 0);
  uint64_t revision = 0;
  for (int64_t now_us = 1; history.operations.size() < operations; ++now_us) {
    const uint64_t client = random.Below(kClients);
    Operation& one = under_way[client];
    if (stage[client] == 0) {
      const uint64_t which = random.Below(keys);
      one = Operation();
      one.client = client;
      one.key = "key-" + std::to_string(which);
      one.call_us = now_us;
      one.compact_to = which;  // kept here until it is decided
      const uint64_t roll = random.Below(3);
      one.kind = roll == 0 ? Kind::kGet : Kind::kPut;
      if (roll == 2) one.expected_revision = state[which].mod;
    } else if (stage[client] == 1) {
      Key& key = state[std::exchange(one.compact_to, 0)];
      one.outcome = Outcome::kOk;
      const bool fails = one.expected_revision && *one.expected_revision != key.mod;
      if (fails) {
        one.outcome = Outcome::kRefused;
        one.error = "precondition_failed";
      } else if (one.kind == Kind::kPut) {
        one.value = "value-" + std::to_string(++revision);
        key = {one.value, revision};
      }
      one.revision = revision;
      one.found = key.mod != 0;
      one.found_value = key.value;
      one.found_mod_revision = key.mod;
    } else {
      one.return_us = now_us;
      history.operations.push_back(std::move(one));
    }
    stage[client] = (stage[client] + 1) % 3;
  }
  return history;
}

double SecondsOf(const History& history, Verdict* verdict) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    *verdict = Check(history, Options());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

void Measure(uint64_t operations, uint64_t keys) {
  History history = Load(operations, keys);
  Verdict verdict;
  const double by_revisions = SecondsOf(history, &verdict);
  const bool fast_ok = verdict.ok() && verdict.keys_searched == 0;
  for (Operation& operation : history.operations) {
    operation.revision = 0;
    // Without these a put stands where the search finds it.
    if (operation.kind == Kind::kPut && operation.outcome == Outcome::kOk) {
      operation.found = false;
      operation.found_mod_revision = 0;
    }
  }
  const double by_search = SecondsOf(history, &verdict);
  const bool search_ok = verdict.ok() && verdict.keys_searched == keys;
  std::printf(
      "%8llu operations, %5llu keys: %.3f s by revisions%s, %.3f s by search%s, %llu steps\n",
      static_cast<unsigned long long>(operations), static_cast<unsigned long long>(keys),
      by_revisions, fast_ok ? "" : " (WRONG)", by_search, search_ok ? "" : " (WRONG)",
      static_cast<unsigned long long>(verdict.search_steps));
}

// What a simulator's run is like: everything, with watches.
void MeasureRuns() {
  constexpr uint64_t kRuns = 200;
  std::vector<RandomRun> runs;
  uint64_t operations = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    RandomShape shape;
    shape.seed = seed;
    operations += runs.emplace_back(MakeRun(shape)).history.operations.size();
  }
  const auto begin = std::chrono::steady_clock::now();
  uint64_t wrong = 0;
  for (const RandomRun& run : runs) wrong += Check(run.history, run.options).violations_total;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu runs of %llu operations each: %.3f ms a run, %.3f ms for 100 operations%s\n",
              static_cast<unsigned long long>(kRuns),
              static_cast<unsigned long long>(operations / kRuns), took.count() / kRuns,
              100 * took.count() / static_cast<double>(operations), wrong == 0 ? "" : " (WRONG)");
}

}  // namespace
}  // namespace baton::history

int main() {
  baton::history::MeasureRuns();
  baton::history::Measure(100'000, 10);
  baton::history::Measure(100'000, 1'000);
  baton::history::Measure(1'000'000, 1'000);
  baton::history::Measure(1'000'000, 10);
  return 0;
}
