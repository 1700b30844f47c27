// File: check.h
//
// The judge: one call that holds a history against everything that Baton promises its clients.
//
//   Verdict verdict = Check(history, options);
//   for (const Violation& violation : verdict.violations) Print(violation.sentence);
//
// No violation is reported of a cluster that kept its promises: what the history leaves open is
// decided in its favour. The one exception has a name of its own: "undecided", a key for which the
// search ran out of steps, so that nothing is known of it.
#pragma once

#include <cstdint>
#include <vector>

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/options.h"

namespace baton::history {

struct Verdict {
  std::vector<Violation> violations;  // the first violations_max
  uint64_t violations_total = 0;
  uint64_t keys = 0;
  uint64_t keys_searched = 0;  // whose order revisions alone did not say
  uint64_t search_steps = 0;
  bool ok() const { return violations_total == 0; }
};

Verdict Check(const History& history, const Options& options);

}  // namespace baton::history
