// File: load.h
//
// Clients of every kind at a cluster, gently: what they do is meant to be seen, not to be fast.
// Keys, sessions, locks with guarded writes and late holders, elections, watches, backups, retries
// and mistakes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pkg/http/client.h"
#include "test/integration/cluster.h"

namespace baton::dashboards {

class Load {
 public:
  // Starts about a dozen threads. `cluster` must outlive it.
  explicit Load(const integration::Cluster& cluster);
  ~Load() { Stop(); }
  void Stop();

  // How often a loop of any client went round.
  uint64_t rounds() const { return rounds_; }

 private:
  class Client;

  // Calls `work` again and again, `pause_ms` apart, until Stop.
  void Repeat(int64_t pause_ms, std::function<void()> work);
  void AddKeyClients();
  void AddLockClients();
  void AddElectionClients();
  void AddSessionClients();
  void AddWatchers();
  void AddOperators();

  std::string Url(int node) const { return cluster_.client_url(node % cluster_.size()); }
  void Pause(int64_t ms) const;

  const integration::Cluster& cluster_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> rounds_{0};
  std::vector<std::unique_ptr<http::Client>> watchers_;
  std::vector<std::thread> threads_;
};

}  // namespace baton::dashboards
