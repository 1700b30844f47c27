// File: row_tables.h
//
// Rows as they are found in a backup: of which table a row is, and what those who read backups must
// know of it. Unlike rows.h nothing here CHECKs: a file may hold anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/coord/meta.h"

namespace baton::coord {

enum class RowTable : uint8_t {
  kMeta,
  kVersion,  // one row: of the commands in force
  kKey,
  kEvent,
  kSession,  // one row for each session, beside its index rows
  kLock,     // that is held
  kElection,
  kLockWaiter,
  kElectionWaiter,
  kReply,     // by idempotency key
  kReplyAge,  // one for each kReply
  kIndex,     // says nothing that another row does not: lives, deadlines, what a session owns
  kNode,      // pkg/node's own
  kUnknown,   // of a later build, or no row at all
};

RowTable TableOf(std::string_view row_key);

// Who owns the key of this row (0: nobody); nullopt: no row of a key.
std::optional<SessionId> SessionOfKvRow(std::string_view value);
// nullopt: no meta row, or one of another format.
std::optional<Meta> FindMeta(std::string_view value);

// What a state holds, counted row by row.
class StateSummary {
 public:
  void Add(std::string_view key, std::string_view value);

  uint64_t Count(RowTable table) const { return counts_[static_cast<size_t>(table)]; }
  uint64_t session_keys() const { return session_keys_; }
  uint64_t rows() const { return rows_; }
  uint64_t bytes() const { return bytes_; }  // of keys and values of rows
  const Meta& meta() const { return meta_; }
  // state_hash.h, over all rows but pkg/node's in their order: equal for equal states. (The rolling
  // hash in the meta row tells different histories of equal states apart, too.)
  uint64_t hash() const { return hash_; }

 private:
  uint64_t counts_[static_cast<size_t>(RowTable::kUnknown) + 1] = {};
  uint64_t session_keys_ = 0;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
  uint64_t hash_ = 0;
  Meta meta_;
};

}  // namespace baton::coord
