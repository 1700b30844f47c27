#include "test/history/key_history.h"

#include <algorithm>
#include <unordered_map>

namespace baton::history {
namespace {

bool IsOfKeys(const Operation& operation) {
  switch (operation.kind) {
    case Kind::kPut:
    case Kind::kDelete:
    case Kind::kGet:
    case Kind::kGetStale:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<KeyHistory> GroupByKey(const History& history, const SeenEvents& seen) {
  std::vector<KeyHistory> keys;
  std::unordered_map<std::string_view, size_t> places;
  const auto of = [&](std::string_view key) -> KeyHistory& {
    const auto [place, added] = places.try_emplace(key, keys.size());
    if (added) keys.emplace_back().key = key;
    return keys[place->second];
  };
  for (const Operation& operation : history.operations) {
    if (IsOfKeys(operation)) of(operation.key).operations.push_back(&operation);
  }
  for (const auto& [revision, events] : seen.of(Space::kKv)) {
    for (const SeenEvent& event : events) of(event.event->key).events.push_back(event);
  }
  std::sort(keys.begin(), keys.end(),
            [](const KeyHistory& one, const KeyHistory& other) { return one.key < other.key; });
  return keys;
}

}  // namespace baton::history
