#include "test/history/linearizable.h"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "test/history/key_model.h"

namespace baton::history {
namespace {

constexpr int64_t kBegin = std::numeric_limits<int64_t>::min();
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

struct Fingerprint {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  Fingerprint operator^(const Fingerprint& other) const {
    return {high ^ other.high, low ^ other.low};
  }
};

// The finalizer of splitmix64 (S. Vigna).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Fingerprint OfPlaced(uint32_t step) { return {Mix(step), Mix(step + (1ULL << 40))}; }

Fingerprint OfState(const KeyState& state) {
  Fingerprint print;
  const auto add = [&print](uint64_t x) {
    print.high = Mix(print.high ^ x);
    print.low = Mix(print.low + 3 * x + 1);
  };
  add(state.value * 2 + (state.present ? 1 : 0));
  add(state.mod);
  add(state.mod_least);
  add(state.mod_most);
  add(state.session);
  add(state.guard);
  add(state.revision);
  return print;
}

// A set in open addressing. The fingerprint of nothing is not distinguished from an empty place.
class Seen {
 public:
  // False: it was there.
  bool Insert(const Fingerprint& print) {
    if (2 * (size_ + 1) > table_.size()) Grow();
    Fingerprint& place = Find(print);
    if (place == print) return false;
    place = print;
    ++size_;
    return true;
  }

 private:
  Fingerprint& Find(const Fingerprint& print) {
    size_t i = print.low & (table_.size() - 1);
    while (table_[i] != Fingerprint() && table_[i] != print) i = (i + 1) & (table_.size() - 1);
    return table_[i];
  }
  void Grow() {
    std::vector<Fingerprint> old(std::max<size_t>(64, 2 * table_.size()));
    old.swap(table_);
    for (const Fingerprint& print : old) {
      if (print != Fingerprint()) Find(print) = print;
    }
  }

  std::vector<Fingerprint> table_;
  size_t size_ = 0;
};

class Search {
 public:
  Search(const KeyHistory& key, const SessionLives* lives,
         std::optional<int64_t> unknown_applied_us)
      : model_(key),
        steps_(model_.steps()),
        lives_(lives),
        unknown_applied_us_(unknown_applied_us) {
    Chain();
    Link();
  }

  SearchResult Run(uint64_t steps_max);

 private:
  // Calls and returns in the order of time, in a list from which what is placed is taken out.
  struct Entry {
    int64_t at_us = 0;
    bool is_return = false;
    uint32_t step = 0;
    uint32_t next = kNone;
    uint32_t before = kNone;
  };
  // A state, and what was tried from it so far.
  struct Frame {
    KeyState state;
    Fingerprint placed;
    enum class Phase : uint8_t { kAnswered, kSessionEnd, kOptional, kOver };
    Phase phase = Phase::kAnswered;
    bool free_step = false;  // an optional step, or a session's end, led here from an unguarded key
    int64_t from_us = kBegin;  // when the latest of what was placed was called
    uint32_t cursor = kNone;   // an entry, or a place in optional_
    uint32_t chosen = kNone;   // the step that led on from here
  };

  void Chain();
  void Link();
  void Take(uint32_t step);
  void PutBack(uint32_t step);
  bool IsNextInChain(uint32_t step) const {
    return chain_place_[step] == kNone || chain_place_[step] == chain_at_;
  }
  // The next step to try from the frame; kNone: none. kEnd: the session ends.
  uint32_t NextChoice(Frame* frame);
  int64_t FirstReturnUs() const;
  // A change that happens for nobody, and another of the kind that would do without the first.
  static bool IsIdle(const Frame& frame, const KeyStep& step) {
    return frame.free_step && !step.has_condition && step.guard == 0;
  }
  bool Advance(Frame* frame);
  void Note(SearchResult* result) const;

  // Nobody can apply it any more: what is placed already was asked for too late.
  bool IsOver(const Frame& frame, const KeyStep& step) const {
    return unknown_applied_us_ && step.call_us + *unknown_applied_us_ < frame.from_us;
  }

  static constexpr uint32_t kEnd = kNone - 1;

  KeyModel model_;
  std::vector<KeyStep> steps_;
  const SessionLives* lives_;
  std::optional<int64_t> unknown_applied_us_;
  std::vector<uint32_t> chain_place_;  // by step; kNone: says no revision
  uint32_t chain_at_ = 0;
  std::vector<Entry> list_;  // [0] is the head
  std::vector<uint32_t> call_entry_;
  std::vector<uint32_t> return_entry_;
  std::vector<uint32_t> optional_;     // by call
  std::vector<bool> optional_placed_;  // by step
  size_t to_place_ = 0;
  std::vector<Frame> stack_;
  Seen seen_;
};

// What says a revision stands in one order: by revision, the change first. What has no call of its
// own (stale reads, events) is not before the calls of what stands before it.
void Search::Chain() {
  std::vector<uint32_t> chain;
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].revision != 0 && !steps_[i].optional) chain.push_back(i);
  }
  const auto changes = [this](uint32_t i) { return steps_[i].does <= KeyStep::Does::kDelete; };
  std::stable_sort(chain.begin(), chain.end(), [&](uint32_t one, uint32_t other) {
    if (steps_[one].revision != steps_[other].revision) {
      return steps_[one].revision < steps_[other].revision;
    }
    if (changes(one) != changes(other)) return changes(one);
    return steps_[one].call_us < steps_[other].call_us;
  });
  chain_place_.assign(steps_.size(), kNone);
  int64_t called_us = kBegin;
  for (uint32_t place = 0; place < chain.size(); ++place) {
    KeyStep& step = steps_[chain[place]];
    chain_place_[chain[place]] = place;
    if (step.call_us == kBegin) step.call_us = called_us;
    called_us = std::max(called_us, step.call_us);
  }
}

void Search::Link() {
  list_.push_back({kBegin, false, kNone, kNone, kNone});
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].optional) {
      optional_.push_back(i);
      continue;
    }
    ++to_place_;
    list_.push_back({steps_[i].call_us, false, i, kNone, kNone});
    if (steps_[i].return_us != kNever)
      list_.push_back({steps_[i].return_us, true, i, kNone, kNone});
  }
  std::stable_sort(list_.begin() + 1, list_.end(), [](const Entry& one, const Entry& other) {
    return one.at_us != other.at_us ? one.at_us < other.at_us : one.is_return < other.is_return;
  });
  std::stable_sort(optional_.begin(), optional_.end(), [this](uint32_t one, uint32_t other) {
    return steps_[one].call_us < steps_[other].call_us;
  });
  optional_placed_.assign(steps_.size(), false);
  call_entry_.assign(steps_.size(), kNone);
  return_entry_.assign(steps_.size(), kNone);
  for (uint32_t i = 0; i < list_.size(); ++i) {
    if (i > 0) (list_[i].is_return ? return_entry_ : call_entry_)[list_[i].step] = i;
    list_[i].before = i == 0 ? kNone : i - 1;
    list_[i].next = i + 1 < list_.size() ? i + 1 : kNone;
  }
}

void Search::Take(uint32_t step) {
  if (steps_[step].optional) {
    optional_placed_[step] = true;
    return;
  }
  for (const uint32_t i : {call_entry_[step], return_entry_[step]}) {
    if (i == kNone) continue;
    list_[list_[i].before].next = list_[i].next;
    if (list_[i].next != kNone) list_[list_[i].next].before = list_[i].before;
  }
  if (chain_place_[step] != kNone) ++chain_at_;
  --to_place_;
}

void Search::PutBack(uint32_t step) {
  if (steps_[step].optional) {
    optional_placed_[step] = false;
    return;
  }
  for (const uint32_t i : {return_entry_[step], call_entry_[step]}) {
    if (i == kNone) continue;
    list_[list_[i].before].next = i;
    if (list_[i].next != kNone) list_[list_[i].next].before = i;
  }
  if (chain_place_[step] != kNone) --chain_at_;
  ++to_place_;
}

int64_t Search::FirstReturnUs() const {
  uint32_t i = list_[0].next;
  while (i != kNone && !list_[i].is_return) i = list_[i].next;
  return i == kNone ? kNever : list_[i].at_us;
}

// Answered steps first: of what may have happened only as much is taken as an answer needs.
uint32_t Search::NextChoice(Frame* frame) {
  using Phase = Frame::Phase;
  if (frame->phase == Phase::kAnswered) {
    uint32_t i = list_[frame->cursor == kNone ? 0 : frame->cursor].next;
    while (i != kNone && !list_[i].is_return && !IsNextInChain(list_[i].step)) i = list_[i].next;
    if (i != kNone && !list_[i].is_return) {
      frame->cursor = i;
      return list_[i].step;
    }
    frame->phase = Phase::kSessionEnd;
  }
  const int64_t until_us = FirstReturnUs();
  if (frame->phase == Phase::kSessionEnd) {
    frame->phase = Phase::kOptional;
    frame->cursor = 0;
    const uint64_t session = frame->state.session;
    if (frame->state.present && session != 0 &&
        (lives_ == nullptr || lives_->EarliestEndUs(session) <= until_us)) {
      return kEnd;
    }
  }
  while (frame->phase == Phase::kOptional) {
    if (frame->cursor == optional_.size()) break;
    const uint32_t step = optional_[frame->cursor++];
    if (steps_[step].call_us > until_us) break;
    if (optional_placed_[step] || IsOver(*frame, steps_[step])) continue;
    if (!IsIdle(*frame, steps_[step])) return step;
  }
  frame->phase = Phase::kOver;
  return kNone;
}

// One step on from the frame, or false.
bool Search::Advance(Frame* frame) {
  const uint32_t choice = NextChoice(frame);
  frame->chosen = choice;
  if (choice == kNone) return false;
  Frame next;
  next.state = frame->state;
  next.placed = frame->placed;
  next.from_us = choice == kEnd ? frame->from_us : std::max(frame->from_us, steps_[choice].call_us);
  if (choice == kEnd) {
    KeyModel::EndSession(&next.state);
  } else {
    if (!model_.Apply(steps_[choice], &next.state)) return true;
    next.placed = frame->placed ^ OfPlaced(choice);
  }
  next.free_step = (choice == kEnd || steps_[choice].optional) && frame->state.guard == 0;
  if (!seen_.Insert(next.placed ^ OfState(next.state))) return true;
  if (choice != kEnd) Take(choice);
  stack_.push_back(next);
  return true;
}

void Search::Note(SearchResult* result) const {
  const size_t placed = steps_.size() - optional_.size() - to_place_;
  if (placed < result->placed || (result->stuck != nullptr && placed == result->placed)) return;
  result->placed = placed;
  uint32_t i = list_[0].next;
  while (i != kNone && !list_[i].is_return) i = list_[i].next;
  result->stuck = i == kNone ? nullptr : steps_[list_[i].step].operation;
}

SearchResult Search::Run(uint64_t steps_max) {
  SearchResult result;
  stack_.push_back({});
  while (to_place_ > 0) {
    if (stack_.empty()) {
      result.order = Order::kNone;
      return result;
    }
    if (result.steps == steps_max) return result;
    ++result.steps;
    if (Advance(&stack_.back())) continue;
    Note(&result);
    stack_.pop_back();
    if (!stack_.empty() && stack_.back().chosen < kEnd) PutBack(stack_.back().chosen);
  }
  result.order = Order::kFound;
  return result;
}

}  // namespace

SearchResult FindOrder(const KeyHistory& key, const SessionLives* lives, uint64_t steps_max,
                       std::optional<int64_t> unknown_applied_us) {
  return Search(key, lives, unknown_applied_us).Run(steps_max);
}

}  // namespace baton::history
