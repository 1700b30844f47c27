#include "pkg/http/readiness.h"

namespace baton::http {
namespace {

std::string LeaderTrouble(const node::StatusView& view) {
  return view.raft.leader ? "" : "no leader is known";
}

std::string LagTrouble(const node::StatusView& view) {
  const uint64_t commit = view.raft.commit.value();
  const uint64_t applied = view.raft.applied.value();
  if (commit <= applied || commit - applied <= kReadyLagEntriesMax) return "";
  return std::to_string(commit - applied) + " committed entries are not applied yet";
}

std::string DiskTrouble(const node::StatusView& view) {
  if (view.oldest_write_age_ms <= kReadyWriteAgeMsMax) return "";
  return "a write to the log has taken " + std::to_string(view.oldest_write_age_ms) +
         " ms and is not done";
}

}  // namespace

std::vector<ReadinessCheck> CheckReadiness(const node::StatusView& view) {
  return {
      {"leader", LeaderTrouble(view)},
      {"caught_up", LagTrouble(view)},
      {"disk", DiskTrouble(view)},
      {"disk_space", view.without_room ? "the disk is full, and the node falls behind" : ""},
      {"rebuilt", view.rebuilding ? "the node has lost data and rebuilds it from its peers" : ""},
      {"not_draining", view.draining ? "the node is shutting down" : ""}};
}

std::vector<std::string_view> ReadinessCheckNames() {
  return {"leader", "caught_up", "disk", "disk_space", "rebuilt", "not_draining"};
}

}  // namespace baton::http
