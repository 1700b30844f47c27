// File: outbox.h
//
// Messages that wait for their sender. Bounded: what does not fit is dropped, as a network would.
// Any thread may push; one thread takes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "pkg/node/peer.h"

namespace baton::http {

struct OutboxLimits {
  size_t messages_max = 4096;
  size_t bytes_max = 64 << 20;  // by EncodedBytesMax
};

class Outbox {
 public:
  explicit Outbox(const OutboxLimits& limits) : limits_(limits) {}

  // False: full, or closed.
  bool Push(node::PeerMessage message);
  // Waits until there is something, then takes the oldest messages, as many as fit into
  // batch_bytes_max, at least one. Empty: closed.
  std::vector<node::PeerMessage> Take(size_t batch_bytes_max);
  // Drops what waits, and says how many messages that were.
  size_t Clear();
  // Waits for pause_ms. False: closed before that.
  bool Pause(int64_t pause_ms);
  // Waits until nothing is left: what was pushed has been taken, and its taker has come back for
  // more (it was sent) or has cleared the rest (it was lost). False: timeout_ms was over first.
  bool WaitUntilIdle(int64_t timeout_ms);
  // Ends all waits for good.
  void Close();
  bool closed() const;
  size_t size() const;

 private:
  struct Item {
    node::PeerMessage message;
    size_t bytes = 0;
  };

  const OutboxLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  std::deque<Item> items_;
  size_t bytes_ = 0;
  bool taken_ = false;  // what was taken last is still under way
  bool closed_ = false;
};

}  // namespace baton::http
