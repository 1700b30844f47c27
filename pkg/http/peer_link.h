// File: peer_link.h
//
// What the senders of one peer share: where it is, how it was last found, and what was counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "pkg/base/clock.h"
#include "pkg/base/histogram.h"
#include "pkg/base/ids.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/http/client.h"
#include "pkg/node/service.h"

namespace baton::http {

// What envelopes say of this node, as the raft thread has last told.
class SharedStamp {
 public:
  void Set(const node::EnvelopeStamp& stamp) {
    const std::lock_guard lock(mutex_);
    stamp_ = stamp;
  }
  node::EnvelopeStamp Get() const {
    const std::lock_guard lock(mutex_);
    return stamp_;
  }

 private:
  mutable std::mutex mutex_;
  node::EnvelopeStamp stamp_;
};

struct PeerLink {
  // Constant after construction (service: after SetService).
  std::string cluster_id;
  NodeId self;
  NodeId peer;
  std::string address;  // HOST:PORT
  Clock* clock = nullptr;
  Logger* logger = nullptr;
  node::Service* service = nullptr;

  // Counted by the senders, read by anybody.
  std::atomic<bool> reachable{false};
  Counter sent_bytes;
  Counter received_bytes;  // counted by the listener
  Counter sent_envelopes;
  Counter failures;
  Counter dropped_messages;
  Counter snapshot_pieces;   // taken by the peer
  Counter snapshot_bytes;    // of them
  Counter snapshot_resumes;  // a piece got no answer, and the peer was asked how far it is
  Counter snapshots_delivered;
  Counter snapshots_failed;
  Counter snapshots_cancelled;
  LatencyHistogram round_trip;

  std::string Url() const { return "http://" + address; }
  // What sends snapshots to the peer. kInvalidArgument: its address is none.
  Result<std::unique_ptr<Client>> MakeClient(const ClientOptions& options) const;
  // The outcome of a call. Logs when the peer comes or goes.
  void OnDelivered();
  void OnFailed(std::string_view why);
};

}  // namespace baton::http
