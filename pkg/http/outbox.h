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

#include "pkg/http/wakeup.h"
#include "pkg/node/peer.h"

namespace baton::http {

struct OutboxLimits {
  size_t messages_max = 4096;
  size_t bytes_max = 64 << 20;  // by EncodedBytesMax
};

class Outbox {
 public:
  // `wakeup` is where the taker waits: it is rung once for all that is pushed after a Take that
  // found nothing, and by Close. It must outlive the outbox.
  Outbox(const OutboxLimits& limits, Wakeup* wakeup) : limits_(limits), wakeup_(wakeup) {}

  // False: full, or closed.
  bool Push(node::PeerMessage message);
  // Takes the oldest messages, as many as fit into batch_bytes_max, at least one. Empty: there are
  // none, or closed.
  std::vector<node::PeerMessage> Take(size_t batch_bytes_max);
  // Says that of what was taken nothing is under way any more.
  void Settle();
  // Gives up what waits, and returns it. What was taken is lost, too.
  std::vector<node::PeerMessage> Clear();
  // Waits for pause_ms. False: closed before that.
  bool Pause(int64_t pause_ms);
  // Waits until nothing is left: what was pushed has been taken, and has arrived or is lost. False:
  // timeout_ms was over first.
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
  Wakeup* const wakeup_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // idle, or closed
  // State below is protected by mutex_.
  std::deque<Item> items_;
  size_t bytes_ = 0;
  bool awaited_ = false;  // the taker has found nothing, and waits
  bool taken_ = false;    // what was taken is still under way
  bool closed_ = false;
};

}  // namespace baton::http
