// File: worker.h
//
// One client's life: a session that it keeps alive, and whatever the dice say on a few keys, locks
// and elections that everybody wants. Values are never used twice. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "test/chaos/client.h"

namespace baton::chaos {

// What all clients work on.
inline constexpr uint64_t kHotKeys = 10;
inline constexpr uint64_t kLocks = 3;
inline constexpr uint64_t kElections = 2;
std::vector<std::string> AllKeys();

class Worker {
 public:
  Worker(const ClientOptions& options, int64_t think_ms_max, Recorder* recorder);

  // Until *stop.
  void Run(const std::atomic<bool>& stop);

 private:
  using Place = std::pair<history::Space, std::string>;  // a lock or an election

  void Step();
  void KeepSession();
  history::Operation Do(history::Operation operation, const Client::Call& call);
  history::Operation Do(history::Operation operation) {
    return Do(std::move(operation), Client::Call());
  }

  // One of each kind of thing that a client may do.
  void Put();
  void PutIfUnchanged();
  void PutEphemeral();
  void PutGuarded();
  void Delete();
  void Get();
  void GetStale();
  void Acquire();
  void Release();
  void Proclaim();
  void Verify();
  void LookAtHolder();
  void EndSession();
  void UseForgottenSession();
  void Compact();

  std::string HotKey();
  std::string EphemeralKey();
  std::string NewValue();
  Place AnyPlace();
  std::pair<Place, uint64_t> AnyOf(const std::map<Place, uint64_t>& places);
  // Of those of that space; nothing: there are none.
  std::optional<std::pair<Place, uint64_t>> AnyOf(const std::map<Place, uint64_t>& places,
                                                  history::Space space);

  const ClientOptions options_;
  const int64_t think_ms_max_;
  Random random_;
  Client client_;
  uint64_t values_ = 0;
  uint64_t session_ = 0;
  uint64_t forgotten_session_ = 0;  // nobody keeps it alive any more
  int64_t ttl_ms_ = 0;
  int64_t kept_us_ = 0;                        // when the last keepalive that succeeded was sent
  uint64_t newest_revision_ = 0;               // that was seen
  std::map<std::string, uint64_t> revisions_;  // of keys, as last seen
  std::map<Place, uint64_t> held_;             // with its token
  std::map<Place, uint64_t> tokens_;           // as last seen, of whomever
};

}  // namespace baton::chaos
