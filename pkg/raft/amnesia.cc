#include "pkg/raft/amnesia.h"

#include <algorithm>

#include "pkg/raft/membership.h"

namespace baton::raft {

bool CheckForAmnesia(Core& core, Index acknowledged) {
  core.commit_heard = std::max(core.commit_heard, acknowledged);
  if (core.log.last_index() >= acknowledged || core.log.snapshot_pending()) return core.amnesia;
  if (!core.amnesia && !IsLearner(core.membership(), core.id())) {
    core.amnesia = true;
    ++core.counters.amnesia_found;
  }
  return true;
}

void CheckForCure(Core& core, Index leader_commit) {
  core.commit_heard = std::max(core.commit_heard, leader_commit);
  if (!core.amnesia || core.membership().voters.empty()) return;
  const Index committed = core.log.committed();
  if (committed < core.commit_heard || committed < core.log.membership_index()) return;
  if (!IsVoter(core.membership(), core.id())) core.amnesia = false;
}

bool AwaitsCure(const Core& core, const Progress& peer) {
  return peer.amnesia() && !IsVoter(core.membership(), peer.id()) &&
         peer.state() == ReplicationState::kReplicate && peer.match() == core.log.last_index();
}

void NoteAmnesia(Core& core, Progress& peer, bool amnesia) {
  if (amnesia) {
    if (!peer.amnesia()) peer.Forget(core.log.last_index() + 1);
    return;
  }
  // A late message from before the loss cures nobody.
  if (!IsVoter(core.membership(), peer.id())) peer.EndAmnesia();
}

}  // namespace baton::raft
