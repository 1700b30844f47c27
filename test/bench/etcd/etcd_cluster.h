// File: etcd_cluster.h
//
// Three etcd members on loopback, as integration::Cluster is three of ours: real processes with
// their data in a temporary directory of the same disk, and with etcd's own defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/integration/process.h"

namespace baton::bench {

class EtcdCluster {
 public:
  // `program`: the server, by its path. Starts nothing.
  explicit EtcdCluster(std::string program);

  int size() const { return static_cast<int>(members_.size()); }
  void StartAll();
  void Start(int member);
  integration::Process& process(int member) { return at(member).process; }
  const std::string& client_url(int member) { return at(member).client_url; }
  std::string Log(int member) { return integration::ReadFile(at(member).log_path); }

  // Whether all that run are healthy within timeout_ms.
  bool WaitUntilReady(int64_t timeout_ms);
  // The member that leads and says so; -1 when none does within timeout_ms.
  int WaitForLeader(int64_t timeout_ms);

 private:
  struct Member {
    integration::Process process;
    std::string name, client_url, peer_url, data_dir, log_path;
  };
  Member& at(int member) { return members_[static_cast<size_t>(member)]; }
  bool Leads(int member);

  std::string program_;
  integration::TemporaryDirectory directory_;
  std::vector<Member> members_;
};

// What `program --version` says of itself, say "3.6.16"; "?" when that cannot be read.
std::string EtcdVersion(const std::string& program);

}  // namespace baton::bench
