#include "pkg/coord/history.h"

#include <algorithm>
#include <string>
#include <vector>

#include "pkg/coord/limits.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

// A scan for every single revision would cost more than the rows it finds.
constexpr uint64_t kTrimEveryRevisions = 32;

bool NeedsTrim(const Meta& meta) {
  if (meta.history_bytes > kHistoryBytesMax) return true;
  return meta.compact_revision >= meta.history_first + (kTrimEveryRevisions - 1);
}

struct OldRows {
  std::vector<std::string> keys;
  uint64_t bytes = 0;
  Revision last;    // of the last row found
  bool all = true;  // no more rows are to go
};

// The oldest rows that are to go: compacted already, or too many bytes with them. A revision goes
// as a whole, if need be in the course of several calls.
OldRows FindOldRows(const ApplyContext& context) {
  const Meta& meta = context.meta;
  OldRows old;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    const Revision revision = HistoryRowRevision(row_key);
    const bool too_many_bytes = meta.history_bytes - old.bytes > kHistoryBytesMax;
    const bool compacted = revision <= std::max(meta.compact_revision, old.last);
    if (!compacted && !too_many_bytes) return false;
    if (old.keys.size() == kTrimRowsMax) {
      old.all = false;
      return false;
    }
    old.keys.emplace_back(row_key);
    old.bytes += row_key.size() + value.size();
    old.last = revision;
    return true;
  };
  context.rows.reads().Scan(HistoryRowKey(meta.history_first, 0), PrefixEnd("h"), visit);
  return old;
}

}  // namespace

void AppendHistory(ApplyContext& context) {
  uint32_t number = 0;
  for (const Event& event : context.events) {
    const std::string row_key = HistoryRowKey(event.revision, number++);
    const std::string value = EncodeEventRow(event);
    context.rows.Put(row_key, value);
    context.meta.history_bytes += row_key.size() + value.size();
  }
}

void TrimHistory(ApplyContext& context) {
  Meta& meta = context.meta;
  if (meta.revision > Revision(kHistoryRevisionsMax)) {
    meta.compact_revision = std::max(meta.compact_revision, meta.revision - kHistoryRevisionsMax);
  }
  if (!NeedsTrim(meta)) return;
  const OldRows old = FindOldRows(context);
  for (const std::string& row_key : old.keys) context.rows.Delete(row_key);
  meta.history_bytes -= old.bytes;
  meta.compact_revision = std::max(meta.compact_revision, old.last);
  meta.history_first = old.all ? meta.compact_revision + 1 : old.last;
}

Decision Execute(ApplyContext& context, CompactHistory compact) {
  Meta& meta = context.meta;
  if (compact.revision > meta.revision) {
    return {Status(Code::kUnprocessable, "future_revision",
                   "revision is " + std::to_string(compact.revision.value()) +
                       "; the newest one is " + std::to_string(meta.revision.value())),
            {}};
  }
  meta.compact_revision = std::max(meta.compact_revision, compact.revision);
  return {Status::Ok(), CompactReply{meta.compact_revision}};
}

}  // namespace baton::coord
