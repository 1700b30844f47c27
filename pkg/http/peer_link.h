// File: peer_link.h
//
// Everything that sends to one peer: a lane for small urgent messages, one for appends and large
// forwards, one for snapshots, each with a thread and a connection of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pkg/base/clock.h"
#include "pkg/base/histogram.h"
#include "pkg/base/logger.h"
#include "pkg/http/client.h"
#include "pkg/http/peer_outbox.h"
#include "pkg/http/peer_transport.h"
#include "pkg/node/ports.h"
#include "pkg/node/service.h"

namespace baton::http {

// What all links of a transport share.
struct PeerLinkContext {
  PeerTransportOptions options;
  Clock* clock = nullptr;
  Logger* logger = nullptr;
  node::Service* service = nullptr;  // set before Start
  std::mutex leadership_mutex;
  Term leading_term;            // 0: this node does not lead; under leadership_mutex
  int64_t cluster_time_ms = 0;  // likewise
};

class PeerLink {
 public:
  // The context must outlive the link. kInvalidArgument for a bad URL.
  static Result<std::unique_ptr<PeerLink>> Create(PeerLinkContext* context, NodeId peer,
                                                  const std::string& url);
  ~PeerLink();

  void Start();
  void Stop();
  void Send(node::PeerMessage message);  // any thread; never blocks
  // One snapshot at a time: a second one is reported as not delivered at once.
  void SendSnapshot(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot);
  PeerStats Stats() const;

 private:
  // A queue, the thread that empties it, and its connection.
  struct Lane {
    Lane(const PeerTransportOptions& options, std::unique_ptr<Client> lane_client)
        : outbox(options.outbox_messages_max, options.outbox_bytes_max),
          client(std::move(lane_client)) {}
    PeerOutbox outbox;
    std::unique_ptr<Client> client;
    std::thread thread;
  };
  struct SnapshotJob {
    raft::Message message;
    std::unique_ptr<node::SnapshotReader> snapshot;
  };

  PeerLink(PeerLinkContext* context, NodeId peer, std::unique_ptr<Client> urgent,
           std::unique_ptr<Client> bulk, std::unique_ptr<Client> snapshots);

  void RunLane(Lane& lane);
  Status Post(Client& client, ClientRequest request);
  bool PostEnvelope(Lane& lane, std::vector<node::PeerMessage> messages);
  void RunSnapshots();
  Status StreamSnapshot(SnapshotJob& job);
  Status PostChunk(uint64_t stream, uint64_t number, std::string chunk,
                   const raft::Message* message);
  void NoteReachable(bool reachable, const Status& why);

  PeerLinkContext* context_;
  const NodeId peer_;
  Lane urgent_;
  Lane bulk_;
  std::unique_ptr<Client> snapshot_client_;
  std::thread snapshot_thread_;
  std::mutex snapshot_mutex_;
  std::condition_variable snapshot_changed_;
  std::optional<SnapshotJob> snapshot_job_;  // under snapshot_mutex_, as the two below
  bool snapshot_busy_ = false;
  bool stopped_ = false;
  uint64_t next_stream_;  // of the snapshot thread

  std::atomic<bool> reachable_ = false;
  Counter sent_bytes_;
  Counter sent_envelopes_;
  Counter failures_;
  Counter dropped_messages_;
  LatencyHistogram round_trip_;
};

}  // namespace baton::http
