// File: scene.h
//
// Small histories for tests, one operation after the other. Each call begins when the one before
// was answered, takes 10 microseconds and leaves 10; what is returned may be changed until the next
// one is added.
//
//   Scene scene;
//   scene.Put("k", "a", 1);
//   scene.Get("k", "a", 1, 1).client = 2;
//   EXPECT_EQ(scene.Wrong(), "");  // or the names of all violations
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "test/history/check.h"
#include "test/history/operation.h"

namespace baton::history {

inline WatchedEvent PutEvent(uint64_t revision, std::string key, std::string value,
                             uint64_t session = 0) {
  return {revision, "put", std::move(key), std::move(value), session, 0};
}
inline WatchedEvent DeleteEvent(uint64_t revision, std::string key, uint64_t session = 0) {
  return {revision, "delete", std::move(key), "", session, 0};
}
inline WatchedEvent LineEvent(uint64_t revision, std::string kind, std::string key,
                              uint64_t session, uint64_t token, std::string value = "") {
  return {revision, std::move(kind), std::move(key), std::move(value), session, token};
}

struct Scene {
  History history;
  Options options;
  int64_t now_us = 1'000'000;

  Operation& Add(Kind kind, std::string key, uint64_t revision) {
    Operation& operation = history.operations.emplace_back();
    operation.client = 1;
    operation.node = 1;
    operation.kind = kind;
    operation.key = std::move(key);
    operation.call_us = now_us;
    operation.return_us = now_us + 10;
    operation.outcome = Outcome::kOk;
    operation.revision = revision;
    now_us += 20;
    return operation;
  }
  Operation& Refused(Operation& operation, std::string error) {
    operation.outcome = Outcome::kRefused;
    operation.error = std::move(error);
    return operation;
  }
  Operation& Unknown(Operation& operation) {
    operation.outcome = Outcome::kUnknown;
    operation.return_us.reset();
    operation.revision = 0;
    return operation;
  }

  Operation& Put(std::string key, std::string value, uint64_t revision) {
    Operation& put = Add(Kind::kPut, std::move(key), revision);
    put.value = std::move(value);
    return put;
  }
  Operation& PutIf(std::string key, std::string value, uint64_t expected, uint64_t revision) {
    Operation& put = Put(std::move(key), std::move(value), revision);
    put.expected_revision = expected;
    return put;
  }
  Operation& Delete(std::string key, uint64_t mod, uint64_t revision) {
    Operation& del = Add(Kind::kDelete, std::move(key), revision);
    del.found = mod != 0;
    del.found_value_omitted = true;
    del.found_mod_revision = mod;
    return del;
  }
  Operation& Get(std::string key, std::string value, uint64_t mod, uint64_t revision) {
    Operation& get = Add(Kind::kGet, std::move(key), revision);
    get.found = mod != 0;
    get.found_value = std::move(value);
    get.found_mod_revision = mod;
    return get;
  }
  Operation& GetNothing(std::string key, uint64_t revision) {
    return Get(std::move(key), "", 0, revision);
  }
  Operation& Stale(Operation& get, uint64_t node) {
    get.kind = Kind::kGetStale;
    get.node = node;
    return get;
  }
  Operation& Create(uint64_t session, int64_t ttl_ms, uint64_t revision) {
    Operation& create = Add(Kind::kSessionCreate, "", revision);
    create.session = session;
    create.ttl_ms = ttl_ms;
    return create;
  }
  Operation& Keep(uint64_t session) {
    Operation& keep = Add(Kind::kSessionKeep, "", 0);
    keep.session = session;
    return keep;
  }
  Operation& Destroy(uint64_t session, uint64_t revision) {
    Operation& destroy = Add(Kind::kSessionDestroy, "", revision);
    destroy.session = session;
    return destroy;
  }
  Operation& OnLine(Kind kind, std::string name, uint64_t session, uint64_t token,
                    uint64_t revision) {
    Operation& operation = Add(kind, std::move(name), revision);
    operation.space = Space::kLock;
    operation.session = session;
    operation.token = token;
    return operation;
  }
  Operation& Acquire(std::string name, uint64_t session, uint64_t granted, uint64_t revision) {
    Operation& acquire = OnLine(Kind::kAcquire, std::move(name), session, 0, revision);
    acquire.granted_token = granted;
    return acquire;
  }
  Operation& Release(std::string name, uint64_t session, uint64_t token, uint64_t revision) {
    return OnLine(Kind::kRelease, std::move(name), session, token, revision);
  }
  Operation& Verify(std::string name, uint64_t token, uint64_t revision) {
    return OnLine(Kind::kVerify, std::move(name), 0, token, revision);
  }
  Operation& Holder(std::string name, uint64_t session, uint64_t token, uint64_t revision) {
    Operation& holder = OnLine(Kind::kHolder, std::move(name), 0, 0, revision);
    holder.found = token != 0;
    holder.found_value_omitted = true;
    holder.granted_token = token;
    holder.holder_session = session;
    return holder;
  }
  Operation& Guarded(Operation& change, std::string lock, uint64_t token) {
    change.guard_lock = std::move(lock);
    change.token = token;
    return change;
  }

  // All keys, or all locks.
  Watch& StartWatch(uint64_t from, Space space = Space::kKv) {
    Watch& watch = history.watches.emplace_back();
    watch.client = 9;
    watch.node = 1;
    watch.space = space;
    watch.from = from;
    watch.call_us = now_us;
    return watch;
  }
  void Deliver(Watch& watch, std::vector<WatchedEvent> events, uint64_t through) {
    watch.deliveries.push_back({now_us, std::move(events), through});
    now_us += 20;
  }
  void End(uint64_t session, bool expired, uint64_t revision) {
    history.session_ends.push_back({session, now_us, expired, revision});
    now_us += 20;
  }

  // The names of what is wrong, each once, in their order.
  std::string Wrong() const {
    std::vector<std::string> names;
    for (const Violation& violation : Check(history, options).violations) {
      names.push_back(violation.name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
    return all;
  }
};

}  // namespace baton::history
