#include "test/sim/watcher.h"

#include <algorithm>
#include <utility>

namespace baton::sim {
namespace {

using node::testing::SimCluster;

constexpr int64_t kLookMs = 500;
constexpr uint64_t kWatchMaxMs = 10'000;

std::string NameOf(coord::EventKind kind) {
  switch (kind) {
    case coord::EventKind::kKvPut:
      return "put";
    case coord::EventKind::kKvDelete:
      return "delete";
    case coord::EventKind::kLockAcquired:
      return "acquired";
    case coord::EventKind::kLockReleased:
      return "released";
    case coord::EventKind::kLeaderElected:
      return "elected";
    case coord::EventKind::kLeaderProclaimed:
      return "proclaimed";
    case coord::EventKind::kLeaderGone:
      return "gone";
  }
  return "";
}

history::WatchedEvent Seen(const coord::Event& event) {
  return {event.revision.value(), NameOf(event.kind), event.key, event.value,
          event.session.value(),  event.token.value()};
}

coord::EventFilter FilterOf(history::Space space, const std::string& prefix) {
  coord::EventFilter filter;
  filter.prefix = prefix;
  if (space == history::Space::kLock) filter.space = coord::EventSpace::kLock;
  if (space == history::Space::kElection) filter.space = coord::EventSpace::kElection;
  return filter;
}

}  // namespace

// One watch. What it is given goes into the history.
class Watcher::Sink final : public node::WatchSink {
 public:
  Sink(Watcher* owner, history::Watch* watch) : owner_(owner), watch_(watch) {}

  bool OnEvents(const std::vector<node::SharedEvent>& events, Revision through) override {
    CHECK(!ended()) << "a watch goes on after its end";
    history::Delivery delivery;
    delivery.at_us = owner_->cluster_->MonotonicUs();
    for (const node::SharedEvent& event : events) delivery.events.push_back(Seen(event->event));
    delivery.through = through.value();
    owner_->through_ = std::max(owner_->through_, delivery.through);
    watch_->deliveries.push_back(std::move(delivery));
    return true;
  }
  void OnEnd(Status why) override { End(why.reason()); }

  void End(const std::string& why) {
    if (ended()) return;
    watch_->end_us = owner_->cluster_->MonotonicUs();
    watch_->end_error = why;
    const bool has_seen = !watch_->deliveries.empty();
    const uint64_t next = has_seen ? watch_->deliveries.back().through + 1 : watch_->from;
    owner_->GoOn(why == "compacted" ? 0 : next);
  }
  bool ended() const { return watch_->end_us.has_value(); }

  NodeId node;
  uint64_t life = 0;  // of the node's process
  uint64_t number = 0;
  int64_t close_us = 0;

 private:
  Watcher* const owner_;
  history::Watch* const watch_;
};

Watcher::Watcher(uint64_t id, const ClientPlan& plan, const Plan& world, SimCluster* cluster,
                 Recorder* recorder)
    : id_(id),
      plan_(plan),
      keys_(world.keys),
      cluster_(cluster),
      recorder_(recorder),
      random_(plan.seed) {
  const uint64_t dice = random_.Below(4);
  if (dice == 0) space_ = history::Space::kLock;
  if (dice == 1) space_ = history::Space::kElection;
  if (dice == 2) prefix_ = "key" + std::to_string(random_.Below(keys_));
}

// Somebody must be there to ask; a node that is not member any more is not.
void Watcher::Open(uint64_t from) {
  const std::vector<NodeId> ids = cluster_->ids();
  const NodeId node = ids[random_.Below(ids.size())];
  if (!cluster_->alive(node)) return GoOn(from);
  history::Watch watch;
  watch.client = id_;
  watch.node = node.value() + 1000 * cluster_->life(node);
  watch.space = space_;
  watch.prefix = prefix_;
  watch.from = from;
  watch.call_us = cluster_->MonotonicUs();
  auto sink = std::make_shared<Sink>(this, &recorder_->BeginWatch(std::move(watch)));
  sink->node = node;
  sink->life = cluster_->life(node);
  sink->close_us =
      cluster_->MonotonicUs() + static_cast<int64_t>(random_.Below(kWatchMaxMs)) * 1000;
  sink->number = (id_ << 32) + ++watches_;
  cluster_->With(node, [=, filter = FilterOf(space_, prefix_)](node::Node& it) {
    // A node that was paused takes it up late, when nobody waits any more.
    if (!sink->ended()) it.Watch(sink->number, filter, Revision(from), sink);
  });
  LookAfter(sink);
}

void Watcher::LookAfter(const std::shared_ptr<Sink>& sink) {
  cluster_->After(kLookMs * 1000, [this, sink] {
    if (sink->ended()) return;
    if (!cluster_->alive(sink->node) || cluster_->life(sink->node) != sink->life) {
      return sink->End("connection_lost");
    }
    if (settled_ || cluster_->MonotonicUs() < sink->close_us || cluster_->paused(sink->node)) {
      return LookAfter(sink);
    }
    cluster_->With(sink->node, [sink](node::Node& node) { node.CancelWatch(sink->number); });
    sink->End("");
  });
}

void Watcher::GoOn(uint64_t from) {
  // Now and then it wants to see again what it has seen.
  const bool again = from > 0 && random_.Chance(1, 4);
  if (again) from -= std::min(from - 1, random_.Below(100));
  cluster_->After(static_cast<int64_t>(random_.Below(500'000)), [this, from] { Open(from); });
}

}  // namespace baton::sim
