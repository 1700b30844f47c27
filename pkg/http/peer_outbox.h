// File: peer_outbox.h
//
// The bounded queue between those who send to a peer and the thread that does. Any thread may put;
// one thread takes. Full: the newest message is dropped, as a network would.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "pkg/node/peer.h"

namespace baton::http {

// What a message counts for: its bytes and an overhead.
size_t ApproximateBytes(const node::PeerMessage& message);

class PeerOutbox {
 public:
  PeerOutbox(size_t messages_max, size_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  // False when it was dropped.
  bool Put(node::PeerMessage message);
  // Waits for messages; takes all that fit into bytes_max, but at least one. Empty after Close.
  std::vector<node::PeerMessage> Take(size_t bytes_max);
  // Returns after timeout_ms, or at once after Close.
  void Pause(int64_t timeout_ms);
  void Close();

 private:
  struct Item {
    node::PeerMessage message;
    size_t bytes;
  };

  const size_t messages_max_;
  const size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Below: protected by mutex_.
  std::deque<Item> items_;
  size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace baton::http
