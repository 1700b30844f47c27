// File: space_guard.h
//
// Room on the disk, so that a full one is a state of the node and not its end. LevelDB takes a
// failed write for final, and so does this room (wal_sync_env.h): a write must not fail because
// somebody else has filled the volume. Three means:
//
//   1. A reserve: DIR/RESERVE, a file whose only content is its place on the disk. When a write
//      finds no space it is cut by a slice, and the write is tried again (space_env.h).
//   2. A level for the node (node/ports.h), which stops to take what makes the data grow as long as
//      the reserve is not whole or there is little beside it.
//   3. Patience: when the reserve is used up a write waits until there is space again.
//
// The reserve is made whole again by itself when there is space for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "pkg/node/ports.h"
#include "pkg/storage/env.h"

namespace baton::storage {

struct SpaceOptions {
  // 0: no reserve. A process should have kReserveBytesMin or more.
  uint64_t reserve_bytes = 0;
  // Less than this beside the reserve is little.
  uint64_t free_bytes_min = 0;
  friend bool operator==(const SpaceOptions&, const SpaceOptions&) = default;
};

class SpaceGuard final : public node::DiskSpace {
 public:
  // What LevelDB may need at once: to write two memtables of 4 MiB, and to merge four such tables
  // of the first level with 10 MiB of the next.
  static constexpr uint64_t kReserveBytesMin = 32 << 20;
  static constexpr uint64_t kSlices = 8;
  static constexpr int kPollMs = 250;

  // `base` must outlive it. Looks for a reserve in the directory, which need not exist yet.
  SpaceGuard(DurableEnv* base, std::string directory, const SpaceOptions& options);
  ~SpaceGuard() override;

  // From now on it looks every kPollMs on a thread of its own, and writes wait for space.
  void Start();
  // The process is to end: what is left of the reserve is used, but nothing waits. Any thread.
  void GiveUp();

  // Looks how much there is, and makes the reserve whole if it can. Of the thread, and for tests.
  void Poll();
  // A write has found no space. True: try again (there is some more, or some time has passed).
  // Any thread.
  bool MakeRoom();

  node::DiskRoom Look() const override;
  // How often a write has waited.
  uint64_t waits() const;

 private:
  void Run();
  // All three require reserve_mutex_.
  uint64_t HeldBytes() const;
  // Makes the reserve what it should be, if it can.
  void Restore(uint64_t free_bytes);
  void Publish(uint64_t free_bytes);
  bool WantsReserve() const { return supported_ && options_.reserve_bytes > 0; }
  node::DiskLevel LevelFor(uint64_t free_bytes, uint64_t held_bytes, node::DiskLevel before) const;

  DurableEnv* const base_;
  const std::string directory_;
  const std::string reserve_path_;
  const SpaceOptions options_;

  // Of the reserve's file, and held while it is changed, which may take a while.
  std::mutex reserve_mutex_;
  bool supported_ = true;  // by the file system; protected by reserve_mutex_
  bool placed_ = false;    // the file's place was taken by this process; protected by the same

  mutable std::mutex mutex_;  // of all below; never held over a call of the system
  std::condition_variable changed_;
  node::DiskRoom room_;
  bool started_ = false;
  uint64_t waits_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace baton::storage
