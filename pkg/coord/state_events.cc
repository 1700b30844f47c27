// Reading the history back for watchers.

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {

Result<EventPage> StateMachine::EventsPage(const EventFilter& filter, Revision from,
                                           const EventPageMax& max) const {
  from = std::max(from, Revision(1));
  if (from <= compact_revision() && !PLANTED("coord.compacted_not_told")) {
    return Status(Code::kGone, "compacted",
                  "Events up to revision " + std::to_string(compact_revision().value()) +
                      " are gone: read the state again and watch from then on.");
  }
  EventPage page;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  Revision last;  // of the last row looked at
  bool ended_early = false;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    const Revision revision = HistoryRowRevision(row_key);
    const bool full = page.events.size() >= max.events || rows >= max.rows || bytes >= max.bytes ||
                      CRUEL("coord.event_page_ends_early");
    if (full && (revision != last || PLANTED("coord.revision_split")) && rows > 0) {
      ended_early = true;
      return false;
    }
    last = revision;
    ++rows;
    const EventRowHead head = DecodeEventRowHead(value);
    if (!filter.Matches(head.kind, head.key)) return true;
    page.events.push_back(DecodeEventRow(revision, value));
    bytes += value.size();
    return true;
  };
  tables_->Scan(HistoryRowKey(from, 0), PrefixEnd("h"), visit);
  page.through = ended_early ? last : std::max(revision(), from - 1);
  return page;
}

Result<std::vector<Event>> StateMachine::EventsSince(const EventFilter& filter, Revision from,
                                                     uint64_t events_max) const {
  EventPageMax max;
  max.events = std::max<uint64_t>(events_max, 1);
  max.rows = UINT64_MAX;
  max.bytes = SIZE_MAX;
  Result<EventPage> page = EventsPage(filter, from, max);
  if (!page.ok()) return page.status();
  return std::move(page->events);
}

}  // namespace baton::coord
