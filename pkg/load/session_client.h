// File: session_client.h
//
// Clients of sessions: one that makes, keeps and ends them, over and over; and one that has many
// and only keeps them alive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pkg/load/client.h"

namespace baton::load {

// An operation is a session's life: its creation, `keepalives` of them, its end.
class SessionClient final : public Client {
 public:
  SessionClient(const Api* api, const Settings& settings);

  std::optional<Ask> Next(Phase phase, Outgoing to) override;
  void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) override;
  bool InOperation() const override { return in_operation_; }
  uint64_t LeftBehind() const override { return left_behind_ + (session_.empty() ? 0 : 1); }

 private:
  void OnCloseEnd(Phase phase, const CallEnd& end, Recorder* recorder);

  const Api* const api_;
  const uint64_t keepalives_;
  std::string session_;
  uint64_t kept_ = 0;    // keepalives that it has been given
  bool failed_ = false;  // a call of the operation had an error
  bool in_operation_ = false;
  int close_tries_ = 0;
  uint64_t left_behind_ = 0;
};

// Makes `sessions` of them beforehand. An operation is the keepalive of the next one in the ring.
class SessionKeeper final : public Client {
 public:
  SessionKeeper(const Api* api, uint64_t sessions);

  std::optional<Ask> Next(Phase phase, Outgoing to) override;
  void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) override;
  bool InOperation() const override { return false; }
  uint64_t LeftBehind() const override { return left_behind_ + sessions_.size(); }

 private:
  void DropCurrent();

  const Api* const api_;
  const uint64_t sessions_wanted_;
  std::vector<std::string> sessions_;
  size_t current_ = 0;
  int close_tries_ = 0;
  uint64_t left_behind_ = 0;
};

}  // namespace baton::load
