// File: restore.h
//
// What becomes of a state that is restored from a backup as a new cluster. A pure function of the
// rows: all nodes that are restored from one backup with one step have the same rows and hash.
//
// The old cluster may have gone on after the backup was taken, and its clients may still be there.
// So nothing that the old cluster gave out after the backup may mean anything in the new one:
//
//   revision, last token, last ticket   moved on by `step`, beyond whatever the old cluster reached
//   sessions, locks, elections, waits   gone: who held them holds of the old cluster. A free lock
//                                       has no live token, so `verify` and guarded keys refuse
//                                       every old one
//   keys of sessions                    gone with them
//   other keys                          kept, with their revisions and guards
//   events                              gone; all up to the new revision count as compacted, so a
//                                       watch or long poll from any old revision is told
//                                       "compacted" and reads anew
//   replies by idempotency key          kept: what was acknowledged before the backup is in the
//                                       state, and a retry of it must not happen twice. A ticket in
//                                       them is spent, so its retry runs anew; a token is not live,
//                                       and pkg/node answers only those that are
//   cluster time, index, term           kept; the log of the new cluster begins behind them
//
// `rows` of pkg/node ("n...") are left out; the caller writes the new members'.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/meta.h"

namespace baton::coord {

inline constexpr uint64_t kRestoreStepDefault = 1'000'000'000;
// The numbers of the API stay below 2^53, where JSON's are exact. A restore may use them up to half
// of that; the other half is for the life of the new cluster.
inline constexpr uint64_t kRestoredNumberMax = uint64_t{1} << 52;

class StateRestorer {
 public:
  using Sink = std::function<void(std::string_view key, std::string_view value)>;

  struct Dropped {
    uint64_t keys = 0;  // of sessions
    uint64_t sessions = 0;
    uint64_t locks = 0;
    uint64_t elections = 0;
    uint64_t waiters = 0;
    uint64_t events = 0;
  };

  // `step`: 1 to kRestoredNumberMax, the same for all nodes.
  explicit StateRestorer(uint64_t step) : step_(step) {}

  // All rows of the backup in their order. `sink` gets the rows of the restored state, in the same
  // order. kInvalidArgument/"newer_format": a row of a kind that this build does not know, or
  // /"number_too_large": the step leads beyond kRestoredNumberMax. kCorruption: rows that
  // contradict each other.
  Status Add(std::string_view key, std::string_view value, const Sink& sink);
  // After the last row.
  Status Finish() const;

  // Known after the meta row.
  const Meta& before() const { return before_; }
  const Meta& after() const { return after_; }
  const Dropped& dropped() const { return dropped_; }

 private:
  void Keep(std::string_view key, std::string_view value, const Sink& sink);
  Status AddKey(std::string_view key, std::string_view value, const Sink& sink);
  Status AddMeta(std::string_view value, const Sink& sink);
  Status CheckNumber(uint64_t number, std::string_view name) const;

  const uint64_t step_;
  bool has_meta_ = false;
  Meta before_;
  Meta after_;
  Dropped dropped_;
  uint64_t kept_keys_ = 0;
  uint64_t hash_ = 0;  // state_hash.h, over the rows that were kept
};

}  // namespace baton::coord
