// File: worker.h
//
// One thread of the generator: an event loop over groups of clients (load.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pkg/load/endpoint.h"
#include "pkg/load/group.h"
#include "pkg/load/key_use.h"
#include "pkg/load/load.h"
#include "pkg/load/lock_client.h"
#include "pkg/load/poller.h"
#include "pkg/load/settings.h"

namespace baton::load {

class Worker final : public Load {
 public:
  // The worker-th of settings.threads, with its share of clients, connections and locks.
  Worker(const Settings& settings, const Api* api, const std::vector<Endpoint>* endpoints,
         uint64_t worker);

  void Setup() override;
  void Run(int64_t start_ns) override;
  void Undo() override;
  std::string SetupProblem() const override;
  int64_t finished_ns() const override;
  uint64_t NotStarted() const override;
  uint64_t LeftBehind() const override;

 private:
  void AddClients(std::vector<std::unique_ptr<Client>> clients, size_t connections, bool keepers);
  std::vector<std::unique_ptr<Client>> MakeClients();
  std::vector<std::unique_ptr<Client>> MakeKeepers();
  Schedule MakeSchedule(const Group* group, int64_t start_ns) const;
  void Begin(Phase phase, int64_t start_ns);
  void Loop();
  bool Done() const;
  void Beat(int64_t now_ns);  // what is done now and then

  const Settings settings_;
  const Api* const api_;
  const std::vector<Endpoint>* const endpoints_;
  const uint64_t worker_;
  uint64_t idle_sessions_ = 0;  // of this worker
  KeyUse keys_;
  std::vector<SharedLock> locks_;
  Poller poller_;
  std::vector<std::unique_ptr<Group>> groups_;  // the clients; then, if any, the keepers
  std::array<char, 64 * 1024> scratch_{};

  Phase phase_ = Phase::kSetup;
  bool stop_seen_ = false;
  int64_t publish_ns_ = 0;
};

}  // namespace baton::load
