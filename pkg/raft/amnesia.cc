#include "pkg/raft/amnesia.h"

#include "pkg/raft/membership.h"

namespace baton::raft {

bool CheckForAmnesia(Core& core, Index acknowledged) {
  if (core.log.last_index() >= acknowledged || core.log.snapshot_pending()) return core.amnesia;
  if (!core.amnesia && !IsLearner(core.membership(), core.id())) {
    core.amnesia = true;
    ++core.counters.amnesia_found;
  }
  return true;
}

void CheckForCure(Core& core) {
  if (!core.amnesia || core.membership().voters.empty()) return;
  if (!IsVoter(core.membership(), core.id())) core.amnesia = false;
}

void NoteAmnesia(Core& core, Progress& peer, bool amnesia) {
  const bool voter = IsVoter(core.membership(), peer.id());
  if (amnesia) {
    if (!peer.amnesia()) peer.Forget(core.log.last_index() + 1, voter);
    return;
  }
  // A late message from before the loss cures nobody.
  if (!voter) peer.EndAmnesia();
}

}  // namespace baton::raft
