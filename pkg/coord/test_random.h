// File: test_random.h
//
// Random commands from a seed, few names and sessions, so that they meet. For the tests of replay,
// of the codec and against the model.
#pragma once

#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/coord/command.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {

// Any command, valid or almost; numbers from the whole range now and then. For codecs.
Command RandomCommand(Random* random);

// A client that sends commands that make sense to the state: mostly living sessions, live tokens,
// due expiries; and now and then one of its own again, under the same idempotency key.
class RandomClient {
 public:
  Command Next(Random* random, const StateMachine& state);

 private:
  // Commands sent with an idempotency key.
  std::vector<Command> keyed_acquires_;
  std::vector<Command> keyed_;  // all others
};

inline constexpr uint64_t kRandomSessions = 6;
std::string RandomKey(Random* random);
std::string RandomLock(Random* random);

}  // namespace baton::coord
