#include "pkg/http/readiness.h"

namespace baton::http {
namespace {

std::string LeaderTrouble(const node::StatusView& view) {
  return view.raft.leader ? "" : "no leader is known";
}

std::string MemberTrouble(const node::StatusView& view) {
  if (view.standing == node::Standing::kVoter) return "";
  if (!view.standing_detail.empty()) return view.standing_detail;
  if (view.standing == node::Standing::kLearner) {
    return "the node is a learner: it has no vote until it is promoted";
  }
  return view.standing == node::Standing::kRemoved ? "the node was removed from the cluster"
                                                   : "the node is no member of the cluster yet";
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

std::vector<ReadinessCheck> CheckReadiness(const node::StatusView& view, bool about_to_stop) {
  const std::string stopping = about_to_stop ? "the node is about to stop" : "";
  return {
      {"member", MemberTrouble(view)},
      {"leader", LeaderTrouble(view)},
      {"caught_up", LagTrouble(view)},
      {"disk", DiskTrouble(view)},
      {"disk_space", view.without_room ? "the disk is full, and the node falls behind" : ""},
      {"rebuilt", view.rebuilding ? "the node has lost data and rebuilds it from its peers" : ""},
      {"not_draining", view.draining ? "the node is shutting down" : stopping}};
}

std::vector<std::string_view> ReadinessCheckNames() {
  return {"member", "leader", "caught_up", "disk", "disk_space", "rebuilt", "not_draining"};
}

ReadinessCheck LinearizableCheck(const Status& confirmed) {
  if (confirmed.ok()) return {"linearizable", ""};
  if (confirmed.code() == Code::kDeadlineExceeded) {
    return {"linearizable", "no majority has confirmed a read within " +
                                std::to_string(kReadyConfirmMsMax) + " ms"};
  }
  return {"linearizable", "a read was not confirmed: " + confirmed.message()};
}

}  // namespace baton::http
