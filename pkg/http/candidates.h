// File: candidates.h
//
// Nodes that wait to be added to the cluster, as they said themselves lately (hello.h): what
// `member add NAME` needs to know of NAME. Bounded: the longest silent is forgotten first.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/node/founding.h"

namespace baton::http {

inline constexpr size_t kCandidatesMax = 64;
// They say hello every second.
inline constexpr int64_t kCandidateAgeMaxMs = 15'000;

struct Candidate {
  node::Hello hello;
  int64_t heard_ms = 0;  // monotonic
};

class Candidates {
 public:
  // A node said so. Whoever does not wait for anything is forgotten.
  void Note(const node::Hello& hello, int64_t now_ms);
  // Those heard within kCandidateAgeMaxMs, by id.
  std::vector<Candidate> List(int64_t now_ms) const;
  // The one heard last of those with this name; of several disks under one name only one can be of
  // a process that lives.
  std::optional<node::Hello> FindByName(const std::string& name, int64_t now_ms) const;
  std::optional<node::Hello> FindById(NodeId id, int64_t now_ms) const;

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, Candidate> candidates_;  // guarded by mutex_
};

}  // namespace baton::http
