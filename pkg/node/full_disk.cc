#include "pkg/node/full_disk.h"

#include <algorithm>
#include <vector>

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

void FullDisk::OnPeer(NodeId peer, DiskLevel level) {
  if (level == DiskLevel::kAmple) {
    peers_.erase(peer);
  } else {
    peers_[peer] = level;
  }
}

void FullDisk::OnStatus(const raft::RaftStatus& status) {
  quorum_lacks_room_ = false;
  for (const auto* voters : {&status.config.voters, &status.config.voters_outgoing}) {
    size_t alive = 0;
    size_t with_room = 0;
    for (const NodeId voter : *voters) {
      const auto peer = status.peers.find(voter);
      const bool self = voter == status.id;
      if (!self && (peer == status.peers.end() || !peer->second.recently_active)) continue;
      ++alive;
      const DiskLevel level = self ? room_.level : LevelOf(voter);
      if (level != DiskLevel::kExhausted) ++with_room;
    }
    const size_t quorum = voters->size() / 2 + 1;
    // Without a living quorum the disks are not what is missing.
    if (!voters->empty() && alive >= quorum && with_room < quorum) quorum_lacks_room_ = true;
  }
}

DiskLevel FullDisk::level() const {
  return quorum_lacks_room_ ? DiskLevel::kExhausted : room_.level;
}

DiskLevel FullDisk::LevelOf(NodeId peer) const {
  const auto known = peers_.find(peer);
  return known == peers_.end() ? DiskLevel::kAmple : known->second;
}

std::set<NodeId> FullDisk::Unfit() const {
  std::set<NodeId> unfit;
  for (const auto& [peer, level] : peers_) {
    if (level >= room_.level) unfit.insert(peer);
  }
  return unfit;
}

Status FullDisk::Admit(std::string_view command) const {
  if (level() == DiskLevel::kExhausted) {
    return Status(Code::kStorageFull,
                  "The disks of the cluster are full, and what was held in reserve is used up; "
                  "give them space, and writes go on by themselves");
  }
  if (low() && coord::MakesDataGrow(command) && !adds_nothing_(command)) {
    return Status(Code::kStorageFull,
                  "The disks of the cluster are nearly full; delete keys or give them space, and "
                  "writes go on by themselves. Deletes, releases and keepalives still pass");
  }
  return Status::Ok();
}

}  // namespace baton::node
