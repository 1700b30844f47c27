// File: monitor.h
//
// Looks at all nodes, several times a second and past all faults, for what must hold at every
// moment: one leader in a term, and one state at an index of the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pkg/http/client.h"

namespace baton::chaos {

// What one node says of itself (GET /v1/cluster).
struct NodeReport {
  uint64_t term = 0;
  bool leads = false;
  uint64_t leader = 0;  // 0: it knows none
  uint64_t state_index = 0;
  std::string state_hash = {};
};

// What must hold of all reports together. One thread.
class ReportJudge {
 public:
  // A sentence, when the report contradicts an earlier one.
  std::optional<std::string> Take(int node, const NodeReport& report);
  uint64_t leaders_seen() const { return leaders_.size(); }

 private:
  struct Seen {
    int node = 0;
    std::string hash;
  };
  // The newest ones; older ones are forgotten.
  std::map<uint64_t, int> leaders_;  // by term
  std::map<uint64_t, Seen> states_;  // by index
};

std::optional<NodeReport> ParseReport(const std::string& body);

class Monitor {
 public:
  explicit Monitor(std::vector<std::string> urls);
  ~Monitor();

  // Any thread. The node that said last that it leads, with the highest term; -1: none did.
  int leader() const { return leader_; }
  uint64_t leaders_seen() const { return leaders_seen_; }
  std::vector<std::string> TakeViolations();

 private:
  void Run();
  std::optional<NodeReport> Ask(size_t node);

  const std::vector<std::string> urls_;
  std::vector<std::unique_ptr<http::Client>> connections_;
  std::atomic<int> leader_{-1};
  std::atomic<uint64_t> leaders_seen_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::string> violations_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace baton::chaos
