// File: inbox.h
//
// What other threads want from the node. Three kinds, taken in this order:
//
//   completions  of work that the node gave away; never refused (as many as it gave away)
//   peers        bounded: beyond, the network is told to try later
//   clients      bounded: beyond, refused with kUnavailable/"overloaded"
//
// so that no number of clients can keep a heartbeat or a finished write waiting.
//
// The raft thread awaits them; whoever's turn it is (turn.h) takes them. To push wakes nobody: who
// has pushed announces it, or takes it himself. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/node/node.h"

namespace baton::node {

struct InboxItem {
  std::function<void(Node&)> run;
  std::function<void(const Status&)> refuse = {};  // instead of run; unset: nobody waits for it
  size_t bytes = 0;                                // that it keeps in memory, about
};

class Inbox {
 public:
  // Clients' items that one Take gives at most, so that ticks and peers get their turn.
  static constexpr size_t kClientItemsPerTake = 1024;
  // Of the clients' items, and of the peers'; one item is always taken.
  static constexpr size_t kBytesMax = 64 << 20;

  // items_max: of clients, and as many of peers.
  explicit Inbox(size_t items_max) : items_max_(items_max) {}

  void PushCompletion(std::function<void(Node&)> run);
  // OK, kUnavailable/"overloaded" or kUnavailable/"shutting_down"; `item` was not taken then.
  Status PushPeer(InboxItem item);
  Status PushClient(InboxItem item);
  // A client's item that makes work less: never refused while the inbox is open.
  void PushCancel(std::function<void(Node&)> run);

  // Waits until there is something, or Wake, or for wait_us; false: neither. One thread.
  bool Await(int64_t wait_us);
  // What there is, in order.
  std::vector<InboxItem> Take();
  // Ends Await if there is something.
  void Announce() { changed_.notify_one(); }
  // Ends Await, or the next one, whatever there is.
  void Wake();

  // Refuses everything from now on, and what is inside.
  void Close();

  size_t size() const;

 private:
  struct Queue {
    std::deque<InboxItem> items;
    size_t bytes = 0;
  };

  Status Push(Queue* queue, bool bounded, InboxItem item);
  bool HasItems() const;  // requires mutex_

  const size_t items_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Queue completions_;
  Queue peers_;
  Queue clients_;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace baton::node
