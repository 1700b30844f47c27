#include "test/history/watch_check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "test/history/words.h"

namespace baton::history {
namespace {

Space SpaceOf(const WatchedEvent& event) {
  if (event.kind == "put" || event.kind == "delete") return Space::kKv;
  if (event.kind == "acquired" || event.kind == "released") return Space::kLock;
  return Space::kElection;
}

bool SameEvent(const WatchedEvent& one, const WatchedEvent& other) {
  return one.kind == other.kind && one.key == other.key;
}

bool IsEarlier(const WatchedEvent* one, const WatchedEvent* other) {
  return one->revision < other->revision;
}

bool IsAmong(const EventsByRevision& all, const KnownEvent& known) {
  const auto found = all.find(known.low);
  if (found == all.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&known](const SeenEvent& seen) { return seen.event->key == known.key; });
}

class OneWatch {
 public:
  OneWatch(const Watch& watch, Findings* findings)
      : watch_(watch), findings_(findings), vouched_(VouchedBy(watch)) {
    for (const Delivery& delivery : watch.deliveries) {
      for (const WatchedEvent& event : delivery.events) {
        by_revision_[event.revision].push_back(&event);
        by_key_[event.key].push_back(&event);
      }
    }
    for (auto& [key, events] : by_key_) std::stable_sort(events.begin(), events.end(), IsEarlier);
  }

  void CheckItself();
  void CheckHolders();
  void CheckAgainst(const EventsByRevision& all);
  void CheckKnown(const KnownEvent& known, const EventsByRevision& all);

 private:
  void CheckDelivery(const Delivery& delivery);
  void Repeated(const WatchedEvent& event);
  void CheckRevision(uint64_t revision, const std::vector<SeenEvent>& all);
  void CheckHolder(const WatchedEvent& event, uint64_t* token, bool* known);

  template <typename Sentence>
  void Wrong(std::string_view name, Sentence sentence) {
    findings_->Add(name, [&] { return sentence() + ", " + Describe(watch_); });
  }

  const Watch& watch_;
  Findings* findings_;
  Vouched vouched_;
  std::map<uint64_t, std::vector<const WatchedEvent*>> by_revision_;
  // In the order of their revisions.
  std::unordered_map<std::string_view, std::vector<const WatchedEvent*>> by_key_;
  uint64_t through_ = 0;
};

void OneWatch::CheckItself() {
  for (const Delivery& delivery : watch_.deliveries) CheckDelivery(delivery);
}

void OneWatch::CheckDelivery(const Delivery& delivery) {
  const uint64_t before = through_;
  uint64_t last = 0;
  std::set<std::pair<std::string_view, std::string_view>> of_revision;  // kinds and keys
  for (const WatchedEvent& event : delivery.events) {
    if (event.revision != last) of_revision.clear();
    if (!of_revision.emplace(event.kind, event.key).second) {
      Wrong("watch_duplicate", [&] { return Describe(event) + " was delivered twice"; });
    } else if (event.revision < watch_.from) {
      Wrong("watch_unasked",
            [&] { return Describe(event) + " is from before what was asked for"; });
    } else if (event.revision <= before) {
      Repeated(event);
    } else if (event.revision < last) {
      Wrong("watch_order", [&] {
        return Describe(event) + " came after one of revision " + std::to_string(last);
      });
    }
    if (SpaceOf(event) != watch_.space || !Matches(watch_, event)) {
      Wrong("watch_unasked", [&] { return Describe(event) + " is not of what was asked for"; });
    }
    last = std::max(last, event.revision);
  }
  const uint64_t least = std::max(last, before);
  if (delivery.through < least) {
    Wrong("watch_progress", [&] {
      return "progress up to revision " + std::to_string(delivery.through) + " was told at " +
             Seconds(delivery.at_us) + " though revision " + std::to_string(least) +
             " had been reached";
    });
  }
  through_ = std::max(through_, delivery.through);
}

// At or before the progress that was told.
void OneWatch::Repeated(const WatchedEvent& event) {
  bool same = false;
  for (const WatchedEvent* other : by_revision_[event.revision]) {
    if (other == &event) break;
    same = same || SameEvent(*other, event);
  }
  if (same) {
    Wrong("watch_duplicate", [&] { return Describe(event) + " was delivered again"; });
  } else {
    Wrong("watch_split", [&] {
      return Describe(event) + " came after progress up to revision " + std::to_string(through_) +
             " had been told";
    });
  }
}

void OneWatch::CheckAgainst(const EventsByRevision& all) {
  if (vouched_.first > vouched_.last) return;
  const auto end = all.upper_bound(vouched_.last);
  for (auto it = all.lower_bound(vouched_.first); it != end; ++it) {
    CheckRevision(it->first, it->second);
  }
}

// What others were given of this revision, as far as it was asked for here.
void OneWatch::CheckRevision(uint64_t revision, const std::vector<SeenEvent>& all) {
  static const std::vector<const WatchedEvent*> kNothing;
  const auto found = by_revision_.find(revision);
  const auto& mine = found == by_revision_.end() ? kNothing : found->second;
  size_t at = 0;
  bool in_order = true;
  const Watch* from = nullptr;
  for (const SeenEvent& seen : all) {
    if (!Matches(watch_, *seen.event)) continue;
    in_order = in_order && (from == nullptr || from == seen.watch);
    from = seen.watch;
    const auto same = std::find_if(mine.begin(), mine.end(), [&](const WatchedEvent* event) {
      return SameEvent(*event, *seen.event);
    });
    if (same == mine.end()) {
      const bool split = !mine.empty();
      Wrong(split ? "watch_not_atomic" : "watch_gap", [&] {
        return Describe(*seen.event) + " is missing, which was given to " + Describe(*seen.watch) +
               "; not so to";
      });
      continue;
    }
    const auto place = static_cast<size_t>(same - mine.begin());
    const bool moved = in_order && place < at;
    at = std::max(at, place);
    if (!moved && **same == *seen.event) continue;
    Wrong("watch_differs", [&] {
      return Describe(**same) + (moved ? " stands in another order" : " is another") + " than " +
             Describe(*seen.event) + " for " + Describe(*seen.watch) + "; so to";
    });
  }
}

// What acknowledged operations prove.
void OneWatch::CheckKnown(const KnownEvent& known, const EventsByRevision& all) {
  if (known.space != watch_.space || known.low > known.high) return;
  if (known.low < vouched_.first || known.high > vouched_.last) return;
  const bool asked =
      watch_.exact ? known.key == watch_.prefix : known.key.starts_with(watch_.prefix);
  if (!asked) return;
  const auto found = by_key_.find(known.key);
  if (found != by_key_.end()) {
    const std::vector<const WatchedEvent*>& events = found->second;
    auto event = std::lower_bound(
        events.begin(), events.end(), known.low,
        [](const WatchedEvent* one, uint64_t revision) { return one->revision < revision; });
    for (; event != events.end() && (*event)->revision <= known.high; ++event) {
      if (known.token == 0 || (*event)->token == known.token) return;
    }
  }
  if (known.low == known.high && IsAmong(all, known)) return;  // CheckAgainst has said so
  Wrong("watch_gap", [&] {
    const std::string where = known.low == known.high
                                  ? "of revision " + std::to_string(known.low)
                                  : "between revisions " + std::to_string(known.low) + " and " +
                                        std::to_string(known.high);
    return "an event of " + Quoted(known.key) + " " + where + " is missing, as " +
           Describe(known.by) + " proves; it was not given to";
  });
}

void OneWatch::CheckHolders() {
  if (watch_.space == Space::kKv) return;
  struct Line {
    uint64_t token = 0;
    bool known = false;
  };
  std::unordered_map<std::string_view, Line> lines;
  for (const Delivery& delivery : watch_.deliveries) {
    for (const WatchedEvent& event : delivery.events) {
      Line& line = lines[event.key];
      CheckHolder(event, &line.token, &line.known);
    }
  }
}

// *token: of the last holder; *known: whether the line is as the events before say. A line that is
// free keeps the last token.
void OneWatch::CheckHolder(const WatchedEvent& event, uint64_t* token, bool* known) {
  const bool begins = event.kind == "acquired" || event.kind == "elected";
  const bool ends = event.kind == "released" || event.kind == "gone";
  if (begins && event.token <= *token) {
    Wrong("holder_order", [&] {
      return Describe(event) + " came after the holder with token " + std::to_string(*token);
    });
  }
  if (!begins && *token != 0 && (event.token != *token || !*known)) {
    Wrong("holder_order", [&] {
      return Describe(event) + " is not of the holder, who " +
             (*known ? "has token " + std::to_string(*token) : "is nobody");
    });
  }
  *token = std::max(*token, event.token);
  *known = !ends;
}

uint64_t NextNeeded(const Watch& watch) {
  uint64_t next = watch.from;
  for (const Delivery& delivery : watch.deliveries) next = std::max(next, delivery.through + 1);
  return next;
}

void CheckCompacted(const Watch& watch, const History& history, const WatchParts& parts,
                    const Options& options, Findings* findings) {
  if (watch.end_error != "compacted" || !options.history_revisions_kept) return;
  const uint64_t needed = NextNeeded(watch);
  const int64_t end_us = watch.end_us.value_or(std::numeric_limits<int64_t>::max());
  for (const Operation& operation : history.operations) {
    if (operation.kind == Kind::kCompact && operation.compact_to >= needed &&
        operation.outcome != Outcome::kNotApplied && operation.outcome != Outcome::kRefused &&
        operation.call_us <= end_us) {
      return;
    }
  }
  const Sight* newest = parts.reached->Before(std::numeric_limits<int64_t>::max());
  uint64_t revision = newest == nullptr ? 0 : newest->revision;
  // There may be some that nobody saw.
  revision += history.session_ends.size() +
              std::count_if(history.operations.begin(), history.operations.end(),
                            [](const Operation& one) { return one.outcome != Outcome::kOk; });
  if (revision >= needed + *options.history_revisions_kept) return;
  findings->Add("compacted_wrongly", [&] {
    return "a watch ended as compacted though nothing can have compacted revision " +
           std::to_string(needed) + " (the newest can be " + std::to_string(revision) + "), " +
           Describe(watch);
  });
}

}  // namespace

void CheckWatches(const History& history, const WatchParts& parts, const Options& options,
                  Findings* findings) {
  for (const Watch& watch : history.watches) {
    OneWatch one(watch, findings);
    one.CheckItself();
    one.CheckHolders();
    one.CheckAgainst(parts.seen->of(watch.space));
    for (const KnownEvent& known : *parts.known) {
      one.CheckKnown(known, parts.seen->of(watch.space));
    }
    CheckCompacted(watch, history, parts, options, findings);
  }
}

}  // namespace baton::history
