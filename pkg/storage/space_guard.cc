#include "pkg/storage/space_guard.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "pkg/storage/files.h"

namespace baton::storage {
namespace {

// A level that was reached is left when there is a quarter more: else it would flicker.
uint64_t WithMargin(uint64_t bytes) { return bytes + bytes / 4; }

}  // namespace

SpaceGuard::SpaceGuard(DurableEnv* base, std::string directory, const SpaceOptions& options)
    : base_(base),
      directory_(std::move(directory)),
      reserve_path_(JoinPath(directory_, "RESERVE")),
      options_(options) {
  room_.reserve_bytes_wanted = options_.reserve_bytes;
  uint64_t bytes = 0;
  if (base_->GetFileSize(reserve_path_, &bytes).ok()) room_.reserve_bytes = bytes;
}

SpaceGuard::~SpaceGuard() {
  GiveUp();
  if (thread_.joinable()) thread_.join();
}

void SpaceGuard::Start() {
  Poll();
  const std::lock_guard lock(mutex_);
  started_ = true;
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "disk-space");
}

void SpaceGuard::GiveUp() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
}

void SpaceGuard::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::milliseconds(kPollMs), [this] { return ending_; });
      if (ending_) return;
    }
    Poll();
  }
}

void SpaceGuard::Poll() {
  uint64_t free_bytes = 0;
  const leveldb::Status looked = base_->FreeBytes(directory_, &free_bytes);
  const std::lock_guard lock(mutex_);
  if (!looked.ok()) return;  // what cannot be known is no reason to refuse
  if (RefillIfRoom(free_bytes)) (void)base_->FreeBytes(directory_, &free_bytes);
  room_.free_bytes = free_bytes;
  room_.level = LevelFor(free_bytes);
}

bool SpaceGuard::RefillIfRoom(uint64_t free_bytes) {
  if (!WantsReserve() || room_.reserve_bytes >= options_.reserve_bytes) return false;
  const uint64_t missing = options_.reserve_bytes - room_.reserve_bytes;
  if (free_bytes < missing + WithMargin(options_.free_bytes_min)) return false;
  const leveldb::Status made = base_->Resize(reserve_path_, options_.reserve_bytes);
  supported_ = !made.IsNotSupportedError();
  uint64_t bytes = 0;
  if (base_->GetFileSize(reserve_path_, &bytes).ok()) room_.reserve_bytes = bytes;
  return true;
}

node::DiskLevel SpaceGuard::LevelFor(uint64_t free_bytes) const {
  const bool reserve = WantsReserve();
  const uint64_t rest = reserve ? options_.reserve_bytes / 2 : options_.free_bytes_min / 4;
  if (free_bytes + room_.reserve_bytes < rest) return node::DiskLevel::kExhausted;
  const bool whole = !reserve || room_.reserve_bytes >= options_.reserve_bytes;
  const uint64_t enough = room_.level == node::DiskLevel::kAmple
                              ? options_.free_bytes_min
                              : WithMargin(options_.free_bytes_min);
  return whole && free_bytes >= enough ? node::DiskLevel::kAmple : node::DiskLevel::kLow;
}

bool SpaceGuard::MakeRoom() {
  std::unique_lock lock(mutex_);
  if (ending_) return false;
  if (room_.reserve_bytes > 0) {
    const uint64_t slice = std::max<uint64_t>(1, options_.reserve_bytes / kSlices);
    const uint64_t left = room_.reserve_bytes - std::min(room_.reserve_bytes, slice);
    if (base_->Resize(reserve_path_, left).ok()) {
      room_.reserve_bytes = left;
      room_.level = std::max(room_.level, LevelFor(0));
      return true;
    }
  }
  if (!started_) return false;  // at the start a sentence is better than silence
  ++waits_;
  changed_.wait_for(lock, std::chrono::milliseconds(kPollMs), [this] { return ending_; });
  return !ending_;
}

uint64_t SpaceGuard::waits() const {
  const std::lock_guard lock(mutex_);
  return waits_;
}

node::DiskRoom SpaceGuard::Look() const {
  const std::lock_guard lock(mutex_);
  return room_;
}

}  // namespace baton::storage
