#include "pkg/node/watches.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"

namespace baton::node {

void WatchIndex::Add(uint64_t watch, const coord::EventFilter& filter) {
  Space& space = spaces_[filter.space];
  if (filter.exact) {
    space.exact[filter.prefix].insert(watch);
    return;
  }
  std::set<uint64_t>& watches = space.prefixes[filter.prefix];
  if (watches.empty()) ++space.prefix_lengths[filter.prefix.size()];
  watches.insert(watch);
}

void WatchIndex::Remove(uint64_t watch, const coord::EventFilter& filter) {
  Space& space = spaces_[filter.space];
  Names& names = filter.exact ? space.exact : space.prefixes;
  const auto it = names.find(filter.prefix);
  if (it == names.end() || it->second.erase(watch) == 0 || !it->second.empty()) return;
  names.erase(it);
  if (filter.exact) return;
  const auto length = space.prefix_lengths.find(filter.prefix.size());
  if (--length->second == 0) space.prefix_lengths.erase(length);
}

void WatchIndex::Find(const coord::Event& event, std::vector<uint64_t>* watches) const {
  const auto space = spaces_.find(coord::SpaceOf(event.kind));
  if (space == spaces_.end()) return;
  const std::string_view key = event.key;
  const auto append = [watches](const Names& names, std::string_view name) {
    const auto it = names.find(name);
    if (it != names.end()) watches->insert(watches->end(), it->second.begin(), it->second.end());
  };
  append(space->second.exact, key);
  for (const auto& [length, count] : space->second.prefix_lengths) {
    if (length > key.size()) break;
    append(space->second.prefixes, key.substr(0, length));
  }
}

void Watches::Add(uint64_t id, coord::EventFilter filter, Revision from,
                  std::shared_ptr<WatchSink> sink) {
  if (watches_.size() >= watches_max_) {
    sink->OnEnd(Status(Code::kResourceExhausted, "too_many_watches",
                       "This node serves as many watches as it takes; try another node"));
    return;
  }
  Watch& watch = watches_[id];
  watch.filter = std::move(filter);
  watch.next = from ? from : state_->revision() + 1;
  watch.told_us = time_->now_us;
  watch.sink = std::move(sink);
  catching_up_.push_back(id);
}

void Watches::Cancel(uint64_t id) {
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  if (it->second.live) live_.Remove(id, it->second.filter);
  touched_.erase(id);
  watches_.erase(it);  // catching_up_ forgets it when its turn comes
}

void Watches::OnEvents(const std::vector<coord::Event>& events) {
  std::vector<uint64_t> wanted_by;
  for (const coord::Event& event : events) {
    wanted_by.clear();
    live_.Find(event, &wanted_by);
    const bool has_room = held_bytes() < kHeldBytesMax && !CRUEL("node.watch_falls_back");
    SharedEvent shared;
    for (const uint64_t id : wanted_by) {
      Watch& watch = watches_.at(id);
      if (event.revision < watch.next) continue;
      if (!has_room) {
        FallBack(id, watch);
        continue;
      }
      if (shared == nullptr) shared = Share(event);
      watch.batch.push_back(shared);
      touched_.insert(id);
    }
  }
}

SharedEvent Watches::Share(coord::Event event) {
  const size_t bytes = sizeof(WatchEvent) + event.key.size() + event.value.size();
  held_bytes_->fetch_add(bytes, std::memory_order_relaxed);
  return {new WatchEvent{std::move(event), nullptr}, [held = held_bytes_, bytes](WatchEvent* last) {
            delete last;
            held->fetch_sub(bytes, std::memory_order_relaxed);
          }};
}

// The history has what it was not given.
void Watches::FallBack(uint64_t id, Watch& watch) {
  live_.Remove(id, watch.filter);
  touched_.erase(id);
  watch.batch.clear();
  watch.live = false;
  if (!PLANTED("node.watch_repeats_events")) watch.next = std::max(watch.next, flushed_ + 1);
  catching_up_.push_back(id);
}

void Watches::Flush() {
  flushed_ = state_->revision();
  std::set<uint64_t> touched;
  touched.swap(touched_);
  for (const uint64_t id : touched) {
    const auto it = watches_.find(id);
    if (it == watches_.end()) continue;
    Tell(id, it->second, std::exchange(it->second.batch, {}), flushed_);
  }
}

void Watches::OnSnapshotInstalled() {
  if (PLANTED("node.watch_gap_at_snapshot")) return;
  for (auto& [id, watch] : watches_) {
    if (watch.live) FallBack(id, watch);
  }
}

bool Watches::CatchUp() {
  for (int slice = 0; slice < kSlicesPerStep && !catching_up_.empty(); ++slice) {
    if (held_bytes() >= kHeldBytesMax) return false;
    const uint64_t id = catching_up_.front();
    catching_up_.pop_front();
    const auto it = watches_.find(id);
    if (it != watches_.end()) CatchUpSlice(id, it->second);
  }
  return !catching_up_.empty();
}

void Watches::CatchUpSlice(uint64_t id, Watch& watch) {
  const Revision newest = state_->revision();
  if (watch.next > newest) {
    // At the end already. The mark tells a client that asked for "from now on" when that was.
    if (watch.next == newest + 1 && !Tell(id, watch, {}, newest)) return;
    GoLive(id, watch);
    return;
  }
  const coord::EventPageMax slice =
      CRUEL("node.watch_page_of_one") ? coord::EventPageMax{1, 1, 1} : kSlice;
  Result<coord::EventPage> page = state_->EventsPage(watch.filter, watch.next, slice);
  if (!page.ok()) {
    End(id, page.status());
    return;
  }
  watch.next = page->through + 1;
  std::vector<SharedEvent> events;
  events.reserve(page->events.size());
  for (coord::Event& event : page->events) events.push_back(Share(std::move(event)));
  const Revision mark = PLANTED("node.progress_mark_ahead") ? newest : page->through;
  if (!Tell(id, watch, events, mark)) return;
  if (watch.next > newest || PLANTED("node.watch_live_too_early")) {
    GoLive(id, watch);
  } else {
    catching_up_.push_back(id);
  }
}

void Watches::GoLive(uint64_t id, Watch& watch) {
  CHECK(touched_.empty()) << "catching up between applying and Flush would lose events";
  flushed_ = state_->revision();
  watch.live = true;
  live_.Add(id, watch.filter);
}

bool Watches::Tell(uint64_t id, Watch& watch, const std::vector<SharedEvent>& events,
                   Revision through) {
  watch.told_us = time_->now_us;
  metrics_->watch_events_sent.Add(events.size());
  if (!CRUEL("node.watch_evicted") && watch.sink->OnEvents(events, through)) return true;
  metrics_->watches_evicted.Add();
  End(id, Status(Code::kResourceExhausted, "slow_watcher",
                 "The client did not take the events as fast as they came"));
  return false;
}

void Watches::MeasureLag() {
  const Revision newest = state_->revision();
  lag_revisions_ = 0;
  for (const uint64_t id : catching_up_) {
    const auto it = watches_.find(id);
    if (it == watches_.end() || it->second.next > newest) continue;
    lag_revisions_ = std::max(lag_revisions_, newest - it->second.next + 1);
  }
}

void Watches::OnTick() {
  MeasureLag();
  std::vector<uint64_t> silent;
  for (const auto& [id, watch] : watches_) {
    const bool due =
        time_->now_us - watch.told_us >= kProgressIntervalUs || CRUEL("node.progress_mark_early");
    if (watch.live && due && watch.next <= flushed_ + 1) silent.push_back(id);
  }
  for (const uint64_t id : silent) Tell(id, watches_.at(id), {}, flushed_);
}

void Watches::End(uint64_t id, const Status& why) {
  const std::shared_ptr<WatchSink> sink = watches_.at(id).sink;
  Cancel(id);
  sink->OnEnd(why);
}

void Watches::Close(const Status& why) {
  while (!watches_.empty()) End(watches_.begin()->first, why);
}

}  // namespace baton::node
