// File: lock_client.h
//
// A client with a session that takes a lock and gives it back. Several may want the same one; then
// they wait in line, and the time from one's release to the next one's grant is measured.
#pragma once

#include <cstdint>
#include <string>

#include "pkg/load/client.h"

namespace baton::load {

// What the clients of one lock share; all of them are of one thread.
struct SharedLock {
  int64_t release_sent_ns = 0;  // of the last one; 0: none
};

class LockClient final : public Client {
 public:
  LockClient(const Api* api, const Settings& settings, uint64_t lock, SharedLock* shared);

  std::optional<Ask> Next(Phase phase, Outgoing to) override;
  void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) override;
  bool InOperation() const override { return in_operation_; }
  uint64_t LeftBehind() const override { return left_behind_ + (session_.empty() ? 0 : 1); }

 private:
  void OnSessionEnd(const CallEnd& end);  // created or kept alive
  void OnAcquireEnd(const CallEnd& end, Recorder* recorder);
  void OnReleaseEnd(const CallEnd& end, Recorder* recorder);
  void OnCloseEnd(const CallEnd& end);
  // An error of the operation: the first one is counted.
  void Fail(std::string_view reason, Recorder* recorder);
  void EndOperation();

  const Api* const api_;
  const uint64_t lock_;
  SharedLock* const shared_;
  const int64_t keep_every_ns_;
  std::string session_;  // empty: there is none
  int64_t kept_ns_ = 0;  // when the last keepalive that was answered was sent
  std::string grant_;    // empty: it does not hold the lock
  bool in_operation_ = false;
  bool failed_ = false;   // the operation
  bool leaving_ = false;  // the session is to be closed, so that others get the lock
  int tries_ = 0;         // to release, or to close
  uint64_t left_behind_ = 0;
};

}  // namespace baton::load
