// File: watcher.h
//
// A client that watches: a stream of a node, resumed at another one from the last revision it was
// told, again and again. Each stream becomes one watch of the history.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/http/client.h"
#include "test/chaos/recorder.h"
#include "test/history/operation.h"

namespace baton::chaos {

// What one stream has told, line by line (NDJSON).
class StreamReader {
 public:
  explicit StreamReader(history::Watch* watch) : watch_(watch) {}
  // The next bytes, wherever they were cut.
  void Take(std::string_view bytes, int64_t now_us);
  // The first revision to ask for next.
  uint64_t next() const { return next_; }
  // Where the history begins, when this one was compacted away; 0: it was not.
  uint64_t compacted_to() const { return compacted_to_; }

 private:
  void TakeLine(const std::string& line, int64_t now_us);

  history::Watch* const watch_;
  std::string line_;
  history::Delivery delivery_;  // a revision of which the last event is yet to come
  uint64_t next_ = 0;
  uint64_t compacted_to_ = 0;
};

struct WatcherOptions {
  uint64_t number = 0;  // of this client in the history
  std::vector<std::string> urls;
  history::Space space = history::Space::kKv;
  std::string prefix;  // of keys; an election's whole name
  uint64_t seed = 1;
};

class Watcher {
 public:
  Watcher(const WatcherOptions& options, Recorder* recorder)
      : options_(options), recorder_(recorder), random_(options.seed) {}

  // Until Stop, which any thread may call.
  void Run();
  void Stop();

  // Any thread. It was told all up to this revision, or that it is compacted away. 0: nothing yet.
  uint64_t through() const { return through_; }
  // "the watcher of kv "hot-""
  std::string Name() const;

 private:
  std::string Target(uint64_t from) const;
  // One stream, to its end.
  void Watch(int node);

  const WatcherOptions options_;
  Recorder* const recorder_;
  Random random_;
  uint64_t next_ = 1;
  std::atomic<uint64_t> through_{0};

  std::mutex mutex_;
  // Guarded by mutex_.
  bool stopped_ = false;
  std::unique_ptr<http::Client> connection_;
};

}  // namespace baton::chaos
