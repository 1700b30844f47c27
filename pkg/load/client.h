// File: client.h
//
// One client of the server under load: what it asks next, and what it makes of the answers. It
// knows nothing of sockets, of the schedule, or of other threads; a Group gives it a connection
// when it is its turn. A run has three phases: clients prepare (keys, sessions), then do operations
// of one or more calls each, then take back what they made.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pkg/load/api.h"
#include "pkg/load/recorder.h"

namespace baton::load {

enum class Phase { kSetup, kRun, kUndo };

// How a call ended.
struct CallEnd {
  Ask ask = Ask::kGet;
  std::string_view error;   // empty: it was done
  AnswerView answer;        // status 0: there was none
  int64_t intended_ns = 0;  // when the operation was meant to start
  int64_t sent_ns = 0;      // when this call of it was sent
  int64_t ended_ns = 0;
  bool in_time = true;  // before the end of the run

  bool ok() const { return error.empty(); }
};

class Client {
 public:
  virtual ~Client() = default;

  // Appends the next call of the phase. nullopt, never in kRun: the phase has nothing more to do.
  virtual std::optional<Ask> Next(Phase phase, Outgoing to) = 0;
  virtual void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) = 0;
  // In kRun: whether the operation goes on with another call, which follows at once.
  virtual bool InOperation() const = 0;
  // How many things it made and has not taken back; after kUndo, could not.
  virtual uint64_t LeftBehind() const = 0;
};

// How often taking one thing back is tried.
inline constexpr int kUndoTries = 8;

}  // namespace baton::load
