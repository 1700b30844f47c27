// File: kv_client.h
//
// A client that writes and reads keys.
#pragma once

#include <cstdint>

#include "pkg/load/client.h"
#include "pkg/load/key_use.h"

namespace baton::load {

class KvClient final : public Client {
 public:
  // `keys` is shared with the other clients of the worker. When the run has reads, all keys are
  // written beforehand.
  KvClient(const Api* api, KeyUse* keys, const Settings& settings, uint64_t client);

  std::optional<Ask> Next(Phase phase, Outgoing to) override;
  void OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) override;
  bool InOperation() const override { return false; }
  uint64_t LeftBehind() const override { return 0; }  // KeyUse knows

 private:
  const Api* const api_;
  KeyUse* const keys_;
  const bool fills_;
  const bool deletes_;
  const uint64_t read_share_;  // of share_total_ operations
  const uint64_t share_total_;
  Random random_;
  uint64_t variant_;
  uint64_t number_ = 0;            // of the call under way
  std::optional<uint64_t> again_;  // a key whose filling failed
};

}  // namespace baton::load
