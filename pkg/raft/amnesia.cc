#include "pkg/raft/amnesia.h"

#include "pkg/base/planted.h"
#include "pkg/raft/membership.h"

namespace baton::raft {
namespace {

void LoseMemory(Core& core) {
  core.memory = Memory::kLost;
  core.cure = Cure();
  ++core.counters.amnesia_found;
}

// No configuration that may still hold takes this node for a voter.
bool IsKnownNonVoter(const Core& core) {
  const ConfigState& config = core.membership();
  return !config.voters.empty() && !IsVoter(config, core.id()) &&
         core.log.membership_index() <= core.log.committed();
}

bool IsCured(const Core& core) {
  if (!core.cure.needs || core.log.committed() < *core.cure.needs) return false;
  return core.memory == Memory::kLostEntries || IsKnownNonVoter(core);
}

void Ask(Core& core) {
  Cure& cure = core.cure;
  const bool waits =
      cure.read_id != 0 && core.now - cure.asked_at < core.config.election_timeout_ticks;
  if (waits || !core.leader) return;
  if (cure.read_id == 0) cure.read_id = core.random.Between(1, kNumberMax);
  cure.asked_at = core.now;
  core.Send(core.leader, ReadIndexRequest{.id = cure.read_id});
}

}  // namespace

bool MayVoteFor(const Core& core, Index last_index) {
  if (PLANTED("raft.amnesiac_votes")) return true;
  if (core.memory == Memory::kNewborn) return !last_index && !core.log.last_index();
  return core.memory == Memory::kWhole;
}

void CheckForAmnesia(Core& core, Index acknowledged) {
  if (core.amnesia() || core.log.last_index() >= acknowledged || core.log.snapshot_pending()) {
    return;
  }
  LoseMemory(core);
}

void amnesia_internal::CheckForPast(Core& core, Index prev_index,
                                    const std::vector<Entry>& entries) {
  if (!prev_index && entries.empty()) return;
  if (!prev_index && entries[0].term == core.term) {
    core.memory = Memory::kWhole;
  } else {
    LoseMemory(core);
  }
}

void amnesia_internal::SeekCure(Core& core) {
  if (IsCured(core)) {
    core.memory = Memory::kWhole;
    core.cure = Cure();
  } else if (!core.cure.needs) {
    Ask(core);
  }
}

bool TakeCure(Core& core, const ReadIndexResponse& response) {
  if (core.cure.read_id == 0 || response.id != core.cure.read_id) return false;
  core.cure.needs = response.index;
  SeekCure(core);
  return true;
}

void Forget(const Core& core, Progress& peer) { peer.Forget(core.log.last_index() + 1, core.now); }

void LearnOfMemory(const Core& core, Progress& peer, bool amnesia, uint64_t stamp) {
  if (amnesia == peer.amnesia() || stamp <= peer.memory_stamp()) return;
  if (amnesia) {
    Forget(core, peer);
  } else if (!IsVoter(core.membership(), peer.id())) {  // no voter can be cured
    peer.EndAmnesia();
  }
}

}  // namespace baton::raft
