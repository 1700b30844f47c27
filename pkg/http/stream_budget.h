// File: stream_budget.h
//
// Unsent bytes of all streams of one server, bounded. A text that several streams share is charged
// once, for as long as one of them holds it. Any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace baton::http {

class StreamBudget {
 public:
  explicit StreamBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  bool Take(size_t bytes);
  // Over the bound, if need be: for what is small, and comes once in a stream.
  void TakeAnyway(size_t bytes);
  void Return(size_t bytes);
  // `text` is known by its address, so it must live until it is returned, as often as taken.
  bool TakeShared(const std::string* text);
  void ReturnShared(const std::string* text);

  size_t used() const;
  // What one stream may hold unless its reader has taken everything before: as much as would still
  // be free. So streams that are not read leave as much to the next one as each of them has, and a
  // last quarter to those that are read.
  size_t share_bytes() const;

 private:
  bool TakeLocked(size_t bytes);

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  // State below is protected by mutex_.
  size_t used_ = 0;
  std::unordered_map<const std::string*, size_t> holders_;  // how many hold it
};

}  // namespace baton::http
