// File: snapshot_sender.h
//
// One thread that sends snapshots to one peer (outgoing_snapshot.h), one at a time; the outcome of
// each goes to Service::OnSnapshotSent, unless it was cancelled.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pkg/http/client.h"
#include "pkg/http/outgoing_snapshot.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/token_bucket.h"
#include "pkg/node/ports.h"

namespace baton::http {

struct SnapshotSenderOptions {
  std::string thread_name;  // at most 15 characters
  OutgoingSnapshotOptions snapshot;
  ClientOptions client;
};

class SnapshotSender {
 public:
  // `bandwidth` is shared by the senders of all peers.
  static Result<std::unique_ptr<SnapshotSender>> Create(const SnapshotSenderOptions& options,
                                                        PeerLink* link,
                                                        SharedTokenBucket* bandwidth);
  ~SnapshotSender() { Stop(); }

  // As StartThread. What was pushed before waits.
  Status Start();
  // Does not block. While another one is under way that was not cancelled, or after Stop: it has
  // failed.
  void Push(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot);
  // Does not block. Ends what waits, or what is under way after the piece under way; its outcome is
  // not told.
  void Cancel();
  void Stop();
  // After Stop: one was cut off whose outcome somebody waits for.
  bool HasUnfinished() const;

  // Of the snapshot under way.
  std::optional<node::SnapshotTransfer> Progress() const;

 private:
  struct Job {
    raft::Message message;
    std::unique_ptr<node::SnapshotReader> snapshot;
  };

  SnapshotSender(const SnapshotSenderOptions& options, PeerLink* link, SharedTokenBucket* bandwidth,
                 std::unique_ptr<Client> client);

  void Run();
  void Report(const Status& sent);
  // False: stopped or cancelled.
  bool Wait(int64_t wait_us);

  const SnapshotSenderOptions options_;
  PeerLink* const link_;
  SharedTokenBucket* const bandwidth_;
  const std::unique_ptr<Client> client_;
  uint64_t stream_;  // this thread's; another one for each snapshot

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  std::optional<Job> job_;  // waits
  std::shared_ptr<OutgoingSnapshot> under_way_;
  bool cancelled_ = false;  // what is under way
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace baton::http
