// File: forwards.h
//
// The leader's side of forwarding: commands that other nodes took from their clients are proposed
// here, and answered when they are applied.
//
// A network may repeat a request, and a command without idempotency key must not be applied twice.
// So a request is only ever proposed at its first arrival. What was seen is remembered in memory.
// The asker repeats what it has had no answer to: if the request is still under way its answer will
// come; if it was answered the answer was lost, and now it is "unknown". So is that to a request
// for a leadership that was not this process's: its predecessor may have seen it, and if it had
// another disk nothing else is left of that leadership.
//
// One thread. Inputs only take note; Route() does the work (see commands.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/peer.h"
#include "pkg/node/ports.h"
#include "pkg/node/proposals.h"
#include "pkg/node/status_view.h"

namespace baton::node {

// Remembers, of each peer's last incarnations, which of the last kRequestsRemembered numbers were
// seen. What is older counts as seen.
class SeenForwards {
 public:
  static constexpr size_t kIncarnationsRemembered = 4;
  static constexpr size_t kRequestsRemembered = 65'536;

  // True when this request was not seen before; it is now.
  bool Insert(NodeId from, uint64_t incarnation, uint64_t id);

 private:
  struct Incarnation {
    uint64_t number = 0;
    uint64_t floor = 0;      // ids up to here count as seen
    std::set<uint64_t> ids;  // seen above the floor
  };

  std::map<NodeId, std::deque<Incarnation>> peers_;  // newest incarnation last
};

class Forwards {
 public:
  static constexpr size_t kLeadershipsRemembered = 64;

  // pending_max: requests that are not answered yet; beyond, they are refused with
  // kUnavailable/"overloaded".
  Forwards(size_t pending_max, raft::Raft* raft, Proposals* proposals, Transport* transport,
           NodeMetrics* metrics)
      : pending_max_(pending_max),
        raft_(raft),
        proposals_(proposals),
        transport_(transport),
        metrics_(metrics) {}

  // This node leads in `term` from now on. Before anybody is told so.
  void OnLeading(Term term);
  void OnRequest(NodeId from, ForwardRequest request);
  void Route();
  bool HasWork() const { return !waiting_.empty(); }
  size_t pending() const { return pending_.size(); }

 private:
  struct Waiting {
    NodeId from;
    ForwardRequest request;
  };
  struct Key {
    NodeId from;
    uint64_t incarnation = 0;
    uint64_t id = 0;
    auto operator<=>(const Key&) const = default;
  };

  Status Propose(const Waiting& waiting);
  void OnResult(NodeId to, ForwardReply reply, const ProposalResult& result);
  void Refuse(NodeId to, const ForwardRequest& request, Status why);
  void Reply(NodeId to, ForwardReply reply);

  size_t pending_max_;
  raft::Raft* raft_;
  Proposals* proposals_;
  Transport* transport_;
  NodeMetrics* metrics_;
  SeenForwards seen_;
  std::set<Term> leaderships_;  // of this process, the newest of them
  std::deque<Waiting> waiting_;
  std::set<Key> pending_;  // not answered yet
};

}  // namespace baton::node
