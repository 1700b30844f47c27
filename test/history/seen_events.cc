#include "test/history/seen_events.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace baton::history {
namespace {

bool SameEvent(const SeenEvent& one, const SeenEvent& other) {
  return one.event->kind == other.event->kind && one.event->key == other.event->key;
}

// Adds what `seen` lacks. The longer list gives the order.
void Merge(std::vector<SeenEvent> more, std::vector<SeenEvent>* seen) {
  if (more.size() > seen->size()) std::swap(more, *seen);
  for (SeenEvent& event : more) {
    const auto same = std::find_if(seen->begin(), seen->end(), [&event](const SeenEvent& other) {
      return SameEvent(event, other);
    });
    if (same == seen->end()) {
      seen->push_back(event);
    } else if (event.at_us < same->at_us) {
      same->at_us = event.at_us;
    }
  }
}

void Collect(const Watch& watch, EventsByRevision* all) {
  for (const Delivery& delivery : watch.deliveries) {
    for (size_t i = 0; i < delivery.events.size();) {
      const uint64_t revision = delivery.events[i].revision;
      std::vector<SeenEvent> events;
      for (; i < delivery.events.size() && delivery.events[i].revision == revision; ++i) {
        events.push_back({&delivery.events[i], delivery.at_us, &watch});
      }
      Merge(std::move(events), &(*all)[revision]);
    }
  }
}

}  // namespace

SeenEvents CollectEvents(const History& history) {
  SeenEvents seen;
  for (const Watch& watch : history.watches) {
    Collect(watch, &seen.by_space[static_cast<size_t>(watch.space)]);
  }
  return seen;
}

bool Matches(const Watch& watch, const WatchedEvent& event) {
  if (watch.exact) return event.key == watch.prefix;
  return std::string_view(event.key).starts_with(watch.prefix);
}

Vouched VouchedBy(const Watch& watch) {
  Vouched vouched{watch.from, 0};
  for (const Delivery& delivery : watch.deliveries) {
    if (vouched.first == 0) {  // from now on: from its first event, or after its first mark
      vouched.first =
          delivery.events.empty() ? delivery.through + 1 : delivery.events.front().revision;
    }
    vouched.last = std::max(vouched.last, delivery.through);
  }
  if (vouched.first == 0) vouched.first = vouched.last + 1;
  return vouched;
}

}  // namespace baton::history
