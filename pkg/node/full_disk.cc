#include "pkg/node/full_disk.h"

#include "pkg/coord/command.h"

namespace baton::node {

void FullDisk::OnTick() {
  if (space_ == nullptr) return;
  const DiskLevel before = room_.level;
  room_ = space_->Look();
  if (room_.level == before) return;
  logger_->Log(room_.level == DiskLevel::kAmple ? LogLevel::kInfo : LogLevel::kWarning,
               "disk space changed",
               {{"level", DiskLevelName(room_.level)},
                {"free_bytes", room_.free_bytes},
                {"reserve_bytes", room_.reserve_bytes},
                {"reserve_bytes_wanted", room_.reserve_bytes_wanted}});
}

void FullDisk::OnPeer(NodeId peer, bool full) {
  if (full) {
    full_peers_.insert(peer);
  } else {
    full_peers_.erase(peer);
  }
}

Status FullDisk::Admit(std::string_view command) const {
  if (exhausted()) {
    return Status(Code::kStorageFull,
                  "The disks of the cluster are full, and what was held in reserve is used up; "
                  "give them space, and writes go on by themselves");
  }
  if (low() && coord::MakesDataGrow(command)) {
    return Status(Code::kStorageFull,
                  "The disks of the cluster are nearly full; delete keys or give them space, and "
                  "writes go on by themselves. Deletes, releases and keepalives still pass");
  }
  return Status::Ok();
}

}  // namespace baton::node
