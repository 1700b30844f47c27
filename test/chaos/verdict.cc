#include "test/chaos/verdict.h"

#include <algorithm>
#include <fstream>

#include "test/history/check.h"
#include "test/history/json_lines.h"

namespace baton::chaos {

std::map<std::pair<std::string, std::string>, uint64_t> CountOperations(
    const history::History& history) {
  std::map<std::pair<std::string, std::string>, uint64_t> counts;
  for (const history::Operation& operation : history.operations) {
    ++counts[{history::KindName(operation.kind), history::OutcomeName(operation.outcome)}];
  }
  return counts;
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

std::vector<std::string> JudgeHistory(const history::History& history, const std::string& path) {
  std::vector<std::string> broken;
  std::ofstream file(path);
  history::WriteHistory(history, &file);
  file.close();
  if (!file.good()) broken.push_back(path + " cannot be written");
  history::Options options;
  options.history_revisions_kept = kHistoryRevisionsMax;
  const history::Verdict verdict = history::Check(history, options);
  for (const history::Violation& violation : verdict.violations) {
    broken.push_back(violation.name + ": " + violation.sentence);
  }
  if (verdict.violations_total > verdict.violations.size()) {
    broken.push_back("and " + std::to_string(verdict.violations_total - verdict.violations.size()) +
                     " more like these");
  }
  return broken;
}

}  // namespace baton::chaos
