// File: snapshot_sender.h
//
// One thread that streams snapshots to one peer, piece after piece: the next is read and sent when
// the peer has the one before on its disk. One snapshot at a time; the outcome of each goes to
// Service::OnSnapshotSent.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pkg/http/client.h"
#include "pkg/http/peer_link.h"
#include "pkg/node/ports.h"

namespace baton::http {

struct SnapshotSenderOptions {
  std::string thread_name;  // at most 15 characters
  size_t piece_bytes = 1 << 20;
  ClientOptions client;
};

class SnapshotSender {
 public:
  static Result<std::unique_ptr<SnapshotSender>> Create(const SnapshotSenderOptions& options,
                                                        PeerLink* link);
  ~SnapshotSender() { Stop(); }

  void Start();
  // Does not block. While another one is under way: it has failed.
  void Push(raft::Message message, std::unique_ptr<node::SnapshotReader> snapshot);
  void Stop();

 private:
  struct Job {
    raft::Message message;
    std::unique_ptr<node::SnapshotReader> snapshot;
  };

  SnapshotSender(const SnapshotSenderOptions& options, PeerLink* link,
                 std::unique_ptr<Client> client);

  void Run();
  bool stopping();
  Status Stream(const Job& job);
  Status SendPiece(uint64_t number, std::string bytes, const std::optional<raft::Message>& message);

  const SnapshotSenderOptions options_;
  PeerLink* const link_;
  const std::unique_ptr<Client> client_;
  uint64_t stream_;  // this thread's; another one for each snapshot

  std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  std::optional<Job> job_;
  bool busy_ = false;  // a job waits or is under way
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace baton::http
