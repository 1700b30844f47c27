// File: key_history.h
//
// What a history says of one key: every operation on it, and every event of it that a watch saw.
#pragma once

#include <string_view>
#include <vector>

#include "test/history/operation.h"
#include "test/history/seen_events.h"

namespace baton::history {

struct KeyHistory {
  std::string_view key;
  std::vector<const Operation*> operations;
  std::vector<SeenEvent> events;  // ascending in revision
};

// In the order of the keys' bytes. Both arguments must outlive what is returned.
std::vector<KeyHistory> GroupByKey(const History& history, const SeenEvents& seen);

}  // namespace baton::history
