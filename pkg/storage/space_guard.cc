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
  room_.reserve_bytes = HeldBytes();
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
  const std::lock_guard lock(reserve_mutex_);
  uint64_t free_bytes = 0;
  // What cannot be known is no reason to refuse.
  if (!base_->FreeBytes(directory_, &free_bytes).ok()) return;
  Restore(free_bytes);
  if (base_->FreeBytes(directory_, &free_bytes).ok()) Publish(free_bytes);
}

uint64_t SpaceGuard::HeldBytes() const {
  uint64_t bytes = 0;
  return base_->GetFileSize(reserve_path_, &bytes).ok() ? bytes : 0;
}

void SpaceGuard::Restore(uint64_t free_bytes) {
  if (!WantsReserve()) return;
  const uint64_t held = HeldBytes();
  const uint64_t wanted = options_.reserve_bytes;
  if (held == wanted && placed_) return;
  const uint64_t missing = wanted - std::min(held, wanted);
  if (missing > 0 && free_bytes < missing + WithMargin(options_.free_bytes_min)) return;
  const leveldb::Status made = base_->Resize(reserve_path_, wanted);
  supported_ = !made.IsNotSupportedError();
  placed_ = made.ok();
  // It had its length and no place, as after a copy: then there is none.
  if (!made.ok() && missing == 0) (void)base_->Resize(reserve_path_, 0);
}

void SpaceGuard::Publish(uint64_t free_bytes) {
  const uint64_t held = HeldBytes();
  const std::lock_guard lock(mutex_);
  room_.level = LevelFor(free_bytes, held, room_.level);
  room_.free_bytes = free_bytes;
  room_.reserve_bytes = held;
}

node::DiskLevel SpaceGuard::LevelFor(uint64_t free_bytes, uint64_t held_bytes,
                                     node::DiskLevel before) const {
  const bool reserve = WantsReserve();
  const uint64_t rest = reserve ? options_.reserve_bytes / 2 : options_.free_bytes_min / 4;
  if (free_bytes + held_bytes < rest) return node::DiskLevel::kExhausted;
  const bool whole = !reserve || held_bytes >= options_.reserve_bytes;
  const uint64_t enough = before == node::DiskLevel::kAmple ? options_.free_bytes_min
                                                            : WithMargin(options_.free_bytes_min);
  return whole && free_bytes >= enough ? node::DiskLevel::kAmple : node::DiskLevel::kLow;
}

bool SpaceGuard::MakeRoom() {
  {
    const std::lock_guard lock(reserve_mutex_);
    const uint64_t held = HeldBytes();
    const uint64_t slice = std::max<uint64_t>(1, options_.reserve_bytes / kSlices);
    if (held > 0 && base_->Resize(reserve_path_, held - std::min(held, slice)).ok()) {
      placed_ = false;
      Publish(0);
      return true;
    }
  }
  std::unique_lock lock(mutex_);
  // At the start a sentence is better than silence, and so it is at the end.
  if (!started_ || ending_) return false;
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
