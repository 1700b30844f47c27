#include "pkg/coord/event.h"

namespace baton::coord {

EventSpace SpaceOf(EventKind kind) {
  switch (kind) {
    case EventKind::kKvPut:
    case EventKind::kKvDelete:
      return EventSpace::kKv;
    case EventKind::kLockAcquired:
    case EventKind::kLockReleased:
      return EventSpace::kLock;
    case EventKind::kLeaderElected:
    case EventKind::kLeaderProclaimed:
    case EventKind::kLeaderGone:
      return EventSpace::kElection;
  }
  return EventSpace::kKv;
}

bool EventFilter::Matches(EventKind kind, std::string_view key) const {
  if (SpaceOf(kind) != space) return false;
  return exact ? key == prefix : key.starts_with(prefix);
}

bool EventFilter::Matches(const Event& event) const { return Matches(event.kind, event.key); }

}  // namespace baton::coord
