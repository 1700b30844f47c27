// File: backup_stream.h
//
// A backup on its way to a client. A piece is read from the disk when the client has taken the one
// before, on a thread for all backups of the listener: neither the raft thread nor the loop waits
// for the disk, and a slow client makes nobody's memory grow.
//
//   backup thread                           loop's thread              socket
//   read a piece, Write ------------------> buffer ------------------> client
//        ^                                    |
//        +------- OnDrained (all is taken) ---+
//
// Limits of time are those of every stream: who takes nothing for write_timeout_ms, or less than
// write_bytes_per_second_min, is cut off, and with it the end of the backup is missing.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "pkg/base/status.h"
#include "pkg/http/api_call.h"
#include "pkg/http/delayed_calls.h"
#include "pkg/node/backup_format.h"
#include "pkg/node/service.h"

namespace baton::http {

// How many backups are under way, bounded. Any thread.
class BackupSlots {
 public:
  // Of one node: each keeps old data from being freed and reads at the disk's full speed.
  static constexpr size_t kBackupsMax = 2;

  // Taken until the result is dropped; nullptr: none is free.
  static std::shared_ptr<const void> Take(const std::shared_ptr<BackupSlots>& slots);

 private:
  std::atomic<size_t> taken_{0};
};

class BackupStream final : public std::enable_shared_from_this<BackupStream> {
 public:
  // About that much is in memory for one backup; more for a larger row.
  static constexpr size_t kPieceBytes = 256 << 10;

  // `thread` outlives what it is asked to call, or drops it.
  BackupStream(Call call, std::weak_ptr<DelayedCalls> thread, std::shared_ptr<const void> slot)
      : call_(std::move(call)), thread_(std::move(thread)), slot_(std::move(slot)) {}

  ~BackupStream();  // what was begun and not completed has failed

  // Loop's thread. Begins the response, and goes on by itself.
  void Start(node::Backup backup, node::Consistency consistency);

 private:
  // Backup thread.
  void WritePieces();
  bool WritePiece();
  bool Write(std::string piece);
  void Completed();
  void AskForThread();  // any thread

  const Call call_;
  const std::weak_ptr<DelayedCalls> thread_;
  const std::shared_ptr<const void> slot_;
  // Set by Start, then used by the backup thread only.
  std::unique_ptr<node::SnapshotReader> pieces_;
  std::shared_ptr<ResponseStream> stream_;
  node::BackupEncoder encoder_;
  int64_t begun_ms_ = 0;
  bool begun_ = false;
  bool completed_ = false;
};

}  // namespace baton::http
