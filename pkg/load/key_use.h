// File: key_use.h
//
// The keys of a run as one worker uses them: which to write beforehand, which is next, and which to
// delete at the end. Shared by the clients of one worker; of one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/load/settings.h"

namespace baton::load {

class KeyUse {
 public:
  // The worker-th of `workers` fills the keys with number mod workers == worker.
  KeyUse(const Settings& settings, uint64_t worker, uint64_t workers);

  std::optional<uint64_t> NextToFill();
  uint64_t Choose();
  void Written(uint64_t number) { written_[number] = true; }
  // Each written key once, and again after DeleteFailed, up to kUndoTries times in all.
  std::optional<uint64_t> NextToDelete();
  void DeleteFailed(uint64_t number);
  // Written and not deleted. Exact when NextToDelete has no more.
  uint64_t LeftBehind() const;

 private:
  struct Retry {
    uint64_t number = 0;
    int tries = 0;
  };

  const uint64_t keys_;
  const bool sequential_;
  const uint64_t worker_;
  const uint64_t workers_;
  Random random_;
  uint64_t fill_next_;
  uint64_t next_;
  std::vector<bool> written_;
  uint64_t delete_next_ = 0;
  std::vector<Retry> failed_;       // waiting to be tried again
  std::vector<Retry> under_retry_;  // being tried again
  uint64_t given_up_ = 0;
};

}  // namespace baton::load
