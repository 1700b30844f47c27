#include "test/e2e/steps.h"

#include <algorithm>
#include <charconv>

namespace baton::e2e {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;

// More than a cluster has members.
constexpr uint64_t kNumberOfReplaced = 1000;
constexpr int64_t kUsPerMs = 1000;

bool IsChange(Kind kind) {
  return kind != Kind::kGet && kind != Kind::kGetStale && kind != Kind::kVerify &&
         kind != Kind::kHolder && kind != Kind::kSessionKeep;
}

// The longest time between two of `times` or between one and an end, within [begin, end].
int64_t LongestMs(const std::vector<int64_t>& times, int64_t begin, int64_t end) {
  int64_t last = begin;
  int64_t longest = 0;
  for (auto at = std::lower_bound(times.begin(), times.end(), begin);
       at != times.end() && *at <= end; ++at) {
    longest = std::max(longest, *at - last);
    last = *at;
  }
  return std::max(longest, end - last) / kUsPerMs;
}

uint64_t NumberAt(uint64_t node, int64_t at_us, const std::vector<Replacement>& replacements) {
  uint64_t number = node;
  for (const Replacement& one : replacements) {
    if (one.node == node && at_us >= one.at_us) number += kNumberOfReplaced;
  }
  return number;
}

}  // namespace

Status Script::Take(const std::string& line, int64_t now_us) {
  constexpr std::string_view kStep = "step ";
  constexpr std::string_view kReplaced = "replaced ";
  if (line.starts_with(kStep)) {
    steps.push_back({line.substr(kStep.size()), now_us});
    return Status();
  }
  uint64_t node = 0;
  const char* end = line.data() + line.size();
  if (line.starts_with(kReplaced)) {
    const auto [stop, error] = std::from_chars(line.data() + kReplaced.size(), end, node);
    if (error == std::errc() && stop == end && node > 0) {
      replacements.push_back({node, now_us});
      return Status();
    }
  }
  return Status(Code::kInvalidArgument, "neither \"step NAME\" nor \"replaced N\": " + line);
}

std::vector<Gap> Gaps(const history::History& history, const std::vector<Step>& steps,
                      int64_t end_us) {
  std::vector<int64_t> all;
  std::vector<int64_t> changes;
  for (const Operation& operation : history.operations) {
    if (operation.outcome != Outcome::kOk || !operation.return_us) continue;
    all.push_back(*operation.return_us);
    if (IsChange(operation.kind)) changes.push_back(*operation.return_us);
  }
  std::sort(all.begin(), all.end());
  std::sort(changes.begin(), changes.end());
  std::vector<Gap> gaps;
  for (size_t i = 0; i < steps.size(); ++i) {
    const int64_t begin = steps[i].start_us;
    const int64_t end = i + 1 < steps.size() ? steps[i + 1].start_us : end_us;
    Gap gap{.step = steps[i].name,
            .any_ms = LongestMs(all, begin, end),
            .change_ms = LongestMs(changes, begin, end)};
    gap.acknowledged = static_cast<uint64_t>(std::upper_bound(all.begin(), all.end(), end) -
                                             std::lower_bound(all.begin(), all.end(), begin));
    for (const Operation& operation : history.operations) {
      const bool within = operation.call_us >= begin && operation.call_us < end;
      if (within && operation.outcome == Outcome::kUnknown) ++gap.unknown;
    }
    gaps.push_back(gap);
  }
  return gaps;
}

void Renumber(const std::vector<Replacement>& replacements, history::History* history) {
  for (Operation& operation : history->operations) {
    operation.node = NumberAt(operation.node, operation.call_us, replacements);
  }
  for (history::Watch& watch : history->watches) {
    watch.node = NumberAt(watch.node, watch.call_us, replacements);
  }
}

}  // namespace baton::e2e
