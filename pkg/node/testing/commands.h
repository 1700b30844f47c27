// File: commands.h
//
// Short ways to write down commands, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/service.h"

namespace baton::node::testing {

inline coord::Command Put(std::string key, std::string value, std::string idempotency_key = "") {
  coord::KvPut put;
  put.key = std::move(key);
  put.value = std::move(value);
  return {"", std::move(idempotency_key), std::move(put)};
}

inline coord::Command CreateSession(uint64_t id, int64_t ttl_ms) {
  coord::SessionCreate create;
  create.id = SessionId(id);
  create.ttl_ms = ttl_ms;
  return {"", "", std::move(create)};
}

inline coord::Command Lock(std::string name, uint64_t session, int64_t wait_ms,
                           bool stay_queued = false, std::string idempotency_key = "") {
  coord::Acquire acquire;
  acquire.name = std::move(name);
  acquire.session = SessionId(session);
  acquire.wait_ms = wait_ms;
  acquire.stay_queued = stay_queued;
  return {"", std::move(idempotency_key), std::move(acquire)};
}

inline coord::Command Unlock(std::string name, uint64_t session, Token token) {
  coord::Release release;
  release.name = std::move(name);
  release.session = SessionId(session);
  release.token = token;
  return {"", "", std::move(release)};
}

// The value of a key, for reads: "-" when it is absent.
inline auto ValueOf(std::string key) {
  return [key = std::move(key)](const coord::StateMachine& state) -> std::string {
    const auto found = state.Get(key);
    return found ? found->value : "-";
  };
}

// Keeps what it is told. Refuses after `accepted_max` calls.
class RecordingSink final : public WatchSink {
 public:
  explicit RecordingSink(size_t accepted_max = SIZE_MAX) : accepted_max_(accepted_max) {}

  bool OnEvents(const std::vector<SharedEvent>& given, Revision upto) override {
    if (calls++ >= accepted_max_) return false;
    for (const SharedEvent& each : given) events.push_back(each->event);
    through = upto;
    if (given.empty()) ++marks;
    return true;
  }
  void OnEnd(Status why) override {
    end = std::move(why);
    ++ends;
  }

  std::vector<coord::Event> events;
  Revision through;
  size_t calls = 0;
  size_t marks = 0;  // calls without events
  Status end;
  int ends = 0;

 private:
  size_t accepted_max_;
};

}  // namespace baton::node::testing
