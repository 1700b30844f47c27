// File: mixed_client.h
//
// A client that reads, writes, and takes a lock of its own, in the shares of the settings.
#pragma once

#include <cstdint>

#include "pkg/base/random.h"
#include "pkg/load/kv_client.h"
#include "pkg/load/lock_client.h"

namespace baton::load {

class MixedClient final : public Client {
 public:
  MixedClient(const Api* api, KeyUse* keys, const Settings& settings, uint64_t client)
      : kv_(api, keys, settings, client),
        lock_(api, settings, client, nullptr),
        lock_percent_(100 - settings.read_percent - settings.write_percent),
        random_(settings.seed * 7'777'777 + client) {}

  std::optional<Ask> Next(Phase phase, Outgoing to) override {
    if (phase == Phase::kRun) {
      if (!InOperation()) locks_ = random_.Below(100) < lock_percent_;
      return Current().Next(phase, to);
    }
    locks_ = lock_percent_ > 0;
    std::optional<Ask> ask = locks_ ? lock_.Next(phase, to) : std::nullopt;
    if (ask) return ask;
    locks_ = false;
    return kv_.Next(phase, to);
  }
  void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) override {
    Current().OnEnd(phase, end, recorder);
  }
  bool InOperation() const override { return lock_.InOperation(); }
  uint64_t LeftBehind() const override { return lock_.LeftBehind(); }

 private:
  Client& Current() {
    if (locks_) return lock_;
    return kv_;
  }

  KvClient kv_;
  LockClient lock_;
  const uint64_t lock_percent_;
  Random random_;
  bool locks_ = false;  // whether the call under way is of lock_
};

}  // namespace baton::load
