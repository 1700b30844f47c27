// File: apply_context.h
//
// What one Apply works with: the tables, whose writes all count into the rolling hash, the meta
// row in memory, and what the command has brought about so far. Internal to this room.
//
// A command is a function  Decision Execute(ApplyContext& context, SomeCommand command):  it first
// checks everything, then writes; a refused command has written nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/coord/event.h"
#include "pkg/coord/meta.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/state_hash.h"
#include "pkg/coord/tables.h"

namespace baton::coord {

class HashedTables {
 public:
  HashedTables(Tables* tables, uint64_t* hash) : tables_(tables), hash_(hash) {}

  void Put(std::string_view key, std::string_view value) {
    *hash_ = MixPut(*hash_, key, value);
    tables_->Put(key, value);
  }
  void Delete(std::string_view key) {
    *hash_ = MixDelete(*hash_, key);
    tables_->Delete(key);
  }
  std::optional<std::string> Get(std::string_view key) const { return tables_->Get(key); }
  const Tables& reads() const { return *tables_; }

 private:
  Tables* tables_;
  uint64_t* hash_;
};

struct ApplyContext {
  ApplyContext(Tables* tables, Meta* meta_row, DueFrom* due, uint32_t* version)
      : rows(tables, &meta_row->hash), meta(*meta_row), due_from(*due), command_version(*version) {}

  // The revision of this command's changes. They all have the same one.
  Revision revision() const { return meta.revision + 1; }

  // Something users can see has changed; without this the revision does not move.
  void MarkChanged() { changed = true; }
  void Emit(Event event) {
    event.revision = revision();
    events.push_back(std::move(event));
    MarkChanged();
  }

  HashedTables rows;
  Meta& meta;
  DueFrom& due_from;
  uint32_t& command_version;  // in force
  int64_t stamp_ms = 0;       // of the entry; meta.now_ms is the same or later
  bool changed = false;
  std::vector<Event> events;
  std::vector<WaitOutcome> wait_outcomes;
};

struct Decision {
  Status status;
  ReplyBody body;
};

}  // namespace baton::coord
