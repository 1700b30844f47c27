// File: delayed_calls.h
//
// Functions that are called later, from one thread for all of them: the end of a long poll. Or
// soon, but elsewhere: the pieces of a backup, which are read from the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace baton::http {

class DelayedCalls {
 public:
  // Starts the thread.
  static std::unique_ptr<DelayedCalls> Start();
  // Drops what has not been called and ends the thread. Not from within a call.
  virtual ~DelayedCalls() = default;

  // Any thread. `work` is called once, on the thread of this object; it keeps the others of this
  // object waiting.
  virtual uint64_t After(int64_t delay_ms, std::function<void()> work) = 0;
  // Any thread. A call that is due may still come.
  virtual void Cancel(uint64_t id) = 0;
};

}  // namespace baton::http
