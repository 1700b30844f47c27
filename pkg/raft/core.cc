#include "pkg/raft/core.h"

#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/tracing.h"

namespace baton::raft {
namespace {

// Nodes that share a seed must not share their timeouts.
uint64_t SeedOf(const Config& config) {
  return config.seed * 0x9E3779B97F4A7C15ULL + config.id.value();
}

}  // namespace

Core::Core(const Config& settings, const InitialState& initial, const LogReader* reader)
    : config(settings),
      term(initial.hard_state.term),
      vote(PLANTED("raft.vote_forgotten_at_start") ? NodeId() : initial.hard_state.vote),
      memory(initial.hard_state.memory),
      log(reader, initial),
      random(SeedOf(settings)) {
  log.SetApplyLimits(settings.committed_bytes_max, settings.apply_unpersisted_entries_max);
  RestartElectionTimer();
  // Who stands for election asks every voter: the room is there before it is needed.
  out.messages_after_persist.reserve(initial.config.voters.size());
}

// By more than vector does itself, for moving messages costs more than their room.
void Core::MakeRoom(std::vector<Message>* queue) {
  queue->reserve(std::max<size_t>(8, 4 * queue->size()));
}

void Core::TraceQueued(const Message& message) { TraceSend(*this, message); }

void Core::EnterTerm(Term new_term) {
  CHECK_GT(new_term, term);
  if (leading()) StepDown(NodeId());
  SetLeader(NodeId());
  term = new_term;
  vote = NodeId();
  validated = Index();
}

void Core::FollowTerm(Term new_term) {
  EnterTerm(new_term);
  StepDown(NodeId());
  Trace(*this, TraceEventKind::kBecomeFollower);
}

void Core::BecomeFollower(NodeId new_leader) {
  const bool was_follower = IsFollower();
  StepDown(new_leader);
  if (!was_follower) Trace(*this, TraceEventKind::kBecomeFollower);
}

void Core::StepDown(NodeId new_leader) {
  if (Leader* const lead = leading()) {
    for (const uint64_t read : lead->reads.Abort()) out.Note().aborted_reads.push_back(read);
    for (const Progress& peer : lead->peers) {
      if (peer.state() != ReplicationState::kSnapshot) continue;
      out.Note().cancelled_snapshots.push_back(peer.id());
    }
    leader_heard_at = now;
    if (snapshot_wanted) snapshot_wanted = std::max(log.last_index(), Index(1));  // it has grown
  }
  if (!IsFollower()) {
    role = Follower{};
    RestartElectionTimer();
  }
  SetLeader(new_leader);
}

void Core::SetLeader(NodeId new_leader) {
  if (new_leader == leader) return;
  for (const uint64_t read : forwarded_reads) out.Note().aborted_reads.push_back(read);
  forwarded_reads.clear();
  leader = new_leader;
  if (leader) ++counters.leader_changes;
}

void Core::RestartElectionTimer() {
  election_timer_at = now;
  const uint64_t ticks = config.election_timeout_ticks;
  election_timeout = random.Between(ticks, 2 * ticks);
  if (CRUEL("raft.election_timeout_shortest")) election_timeout = ticks;
  if (CRUEL("raft.election_timeout_longest")) election_timeout = 2 * ticks - 1;
}

bool Core::DiskHangs() const {
  return !writes.empty() &&
         now - writes.front().given_at >= 2 * uint64_t{config.election_timeout_ticks};
}

}  // namespace baton::raft
