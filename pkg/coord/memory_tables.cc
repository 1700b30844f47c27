#include "pkg/coord/memory_tables.h"

namespace baton::coord {

std::optional<std::string> MemoryTables::Get(std::string_view key) const {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

void MemoryTables::Put(std::string_view key, std::string_view value) {
  const auto place = rows_.lower_bound(key);
  if (place != rows_.end() && place->first == key) {
    place->second.assign(value);
  } else {
    rows_.emplace_hint(place, key, value);
  }
}

void MemoryTables::Delete(std::string_view key) {
  const auto found = rows_.find(key);
  if (found != rows_.end()) rows_.erase(found);
}

void MemoryTables::Scan(std::string_view start, std::string_view end, const Visitor& visit) const {
  for (auto row = rows_.lower_bound(start); row != rows_.end(); ++row) {
    if (!end.empty() && row->first >= end) return;
    if (!visit(row->first, row->second)) return;
  }
}

}  // namespace baton::coord
