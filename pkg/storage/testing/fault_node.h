// File: fault_node.h
//
// What fault_env.cc (the calls of a program) and fault_power.cc (what becomes of the files) share.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {

struct FaultEnv::Node {
  bool is_directory = false;
  std::string bytes;
  size_t synced_bytes = 0;
  size_t filled_bytes = 0;    // whose rest, beyond `bytes`, are zeros that a writer writes over
  uint64_t placed_bytes = 0;  // set aside for it, or less than it has
  // [begin, end) of what failed syncs did not keep.
  std::vector<std::pair<size_t, size_t>> dropped = {};

  size_t size() const { return std::max(bytes.size(), filled_bytes); }
};

// What a reader sees.
inline std::string Whole(const FaultEnv::Node& node) {
  std::string whole = node.bytes;
  whole.resize(node.size());
  return whole;
}

struct FaultEnv::Disk {
  Names names;
  Names durable_names;
};

inline std::string Clean(const std::string& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

inline std::string Parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

inline std::string Name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace baton::storage
