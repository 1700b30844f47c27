#include "test/history/order_check.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "test/history/words.h"

namespace baton::history {
namespace {

void CheckRealTime(const Operation& operation, const Reached& reached, Findings* findings) {
  const Sight* seen = reached.Before(operation.call_us);
  if (seen == nullptr) return;
  const bool change = IsChange(operation);
  if (operation.revision > seen->revision) return;
  if (!change && operation.revision == seen->revision) return;
  findings->Add(change ? "write_went_back" : "stale_read", [&] {
    return std::string(change ? "a change was put into the past: " : "a read went back: ") +
           Describe(operation) + " was called after revision " + std::to_string(seen->revision) +
           " had been seen by " + Describe(*seen);
  });
}

void CheckUnique(std::vector<const Operation*> changes, Findings* findings) {
  const auto earlier = [](const Operation* one, const Operation* other) {
    return one->revision < other->revision;
  };
  if (!std::is_sorted(changes.begin(), changes.end(), earlier)) {
    std::stable_sort(changes.begin(), changes.end(), earlier);
  }
  for (size_t i = 1; i < changes.size(); ++i) {
    if (changes[i - 1]->revision != changes[i]->revision) continue;
    findings->Add("revision_reused", [&] {
      return "two changes have one revision: " + Describe(*changes[i - 1]) + " and " +
             Describe(*changes[i]);
    });
  }
}

void CheckWanted(const Operation& operation, Findings* findings) {
  if (operation.revision >= operation.min_revision) return;
  findings->Add("older_than_wanted", [&] {
    return "a read that wanted revision " + std::to_string(operation.min_revision) +
           " was answered from an older state: " + Describe(operation);
  });
}

bool ReadsNode(const Operation& operation) {
  switch (operation.kind) {
    case Kind::kGet:
    case Kind::kGetStale:
    case Kind::kVerify:
    case Kind::kHolder:
      return SaysRevision(operation);
    default:
      return false;
  }
}

// Of one client at one node, in the order of its calls.
void CheckNodes(std::vector<const Operation*> reads, Findings* findings) {
  const auto earlier = [](const Operation* one, const Operation* other) {
    return one->call_us < other->call_us;
  };
  if (!std::is_sorted(reads.begin(), reads.end(), earlier)) {
    std::stable_sort(reads.begin(), reads.end(), earlier);
  }
  std::map<std::pair<uint64_t, uint64_t>, const Operation*> newest;
  for (const Operation* read : reads) {
    const Operation*& before = newest[{read->client, read->node}];
    if (before != nullptr && read->revision < before->revision &&
        *before->return_us < read->call_us) {
      findings->Add("node_went_back", [&] {
        return "a node went back for one client: " + Describe(*read) + " came after " +
               Describe(*before);
      });
    }
    if (before == nullptr || before->revision <= read->revision) before = read;
  }
}

}  // namespace

void CheckOrder(const History& history, const Reached& reached, Findings* findings) {
  std::vector<const Operation*> changes;
  std::vector<const Operation*> node_reads;
  bool stale = false;
  for (const Operation& operation : history.operations) {
    if (!SaysRevision(operation)) continue;
    CheckWanted(operation, findings);
    if (operation.kind != Kind::kGetStale) {
      CheckRealTime(operation, reached, findings);
    } else {
      stale = true;
    }
    if (IsChange(operation)) changes.push_back(&operation);
    if (ReadsNode(operation)) node_reads.push_back(&operation);
  }
  CheckUnique(std::move(changes), findings);
  // Without stale reads, real-time order says it all.
  if (stale) CheckNodes(std::move(node_reads), findings);
}

}  // namespace baton::history
