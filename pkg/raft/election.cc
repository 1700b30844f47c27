#include "pkg/raft/election.h"

#include <map>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/amnesia.h"
#include "pkg/raft/leadership.h"
#include "pkg/raft/lease.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/quorum.h"
#include "pkg/raft/tracing.h"

namespace baton::raft {
namespace {

VoteResult Count(const Core& core, const std::map<NodeId, bool>& votes) {
  return QuorumVote(core.membership(), [&](NodeId id) -> std::optional<bool> {
    if (id == core.id()) return true;
    const auto vote = votes.find(id);
    if (vote == votes.end()) return std::nullopt;
    return vote->second;
  });
}

// Nobody else's vote is needed. (As Count, without votes to search.)
bool WinsAlone(const Core& core) {
  return QuorumVote(core.membership(), [&](NodeId id) {
           return id == core.id() ? std::optional(true) : std::nullopt;
         }) == VoteResult::kWon;
}

// The newest point of this log that is known to be committed; both 0 if there is none.
struct CommitPoint {
  Index index;
  Term term;
};

CommitPoint CommitPointOf(const Core& core) {
  const Result<Term> term = core.log.TermAt(core.log.committed());
  return term.ok() ? CommitPoint{core.log.committed(), *term} : CommitPoint();
}

// What is committed is so for good, whoever tells of it; and who holds this point holds all before.
void LearnCommit(Core& core, Index commit, Term commit_term) {
  if (commit > core.log.committed() && core.log.Matches(commit, commit_term)) {
    core.log.CommitTo(commit);
  }
}

// Requests leave only when this node's own vote and its whole log are durable: who answers then
// implies both.
void AskForVotes(Core& core, Term in_term, bool pre_vote, bool leader_transfer) {
  const CommitPoint commit = CommitPointOf(core);
  const VoteRequest request{.pre_vote = pre_vote,
                            .leader_transfer = leader_transfer,
                            .last_index = core.log.last_index(),
                            .last_term = core.log.last_term(),
                            .priority = core.config.priority,
                            .commit = commit.index,
                            .commit_term = commit.term};
  const ConfigState& config = core.membership();
  const std::vector<NodeId> both = config.joint() ? AllVoters(config) : std::vector<NodeId>();
  const std::vector<NodeId>& voters = config.joint() ? both : config.voters;
  core.out.messages_after_persist.reserve(core.out.messages_after_persist.size() + voters.size());
  for (const NodeId voter : voters) {
    if (voter == core.id()) continue;
    if (PLANTED("raft.votes_asked_before_disk") && !pre_vote) {
      core.Send(voter, request);
    } else {
      core.SendAfterPersist(voter, in_term, request);
    }
  }
}

void StartElection(Core& core, bool leader_transfer) {
  core.EnterTerm(core.term + 1);
  core.vote = core.id();
  core.RestartElectionTimer();
  core.role.emplace<Candidate>();
  Trace(core, TraceEventKind::kBecomeCandidate);
  TraceOwnVote(core);
  if (WinsAlone(core)) {
    BecomeLeader(core, false);
  } else {
    AskForVotes(core, core.term, false, leader_transfer);
  }
}

void StartPreVote(Core& core) {
  core.SetLeader(NodeId());
  core.RestartElectionTimer();
  core.role.emplace<PreCandidate>();
  if (WinsAlone(core)) {
    StartElection(core, false);
  } else {
    AskForVotes(core, core.term + 1, true, false);
  }
}

// A leader that is known to live is not disturbed, so that a node that merely lost touch cannot
// depose it. The leader's own request is no disturbance: it leads no more.
bool ProtectsLiveLeader(const Core& core, NodeId candidate) {
  if (core.leader == candidate) return false;
  if (IsBoundByLease(core)) return true;
  if (!core.leader) return false;
  if (core.leading()) return core.config.check_quorum;  // only then it knows that it is alive
  if (!core.config.check_quorum && !core.config.pre_vote) return false;
  return core.now - core.leader_heard_at < core.config.election_timeout_ticks;
}

// A leader was heard not so long ago that this node must give up its wishes.
bool IsPatient(const Core& core) {
  return core.now - core.leader_heard_at <
         kPriorityPatienceTimeouts * uint64_t{core.config.election_timeout_ticks};
}

bool PrefersItself(Core& core, const VoteRequest& request) {
  const bool patient = IsPatient(core);
  const bool no_older_log =
      request.last_term == core.log.last_term() && request.last_index == core.log.last_index();
  const bool prefers = request.priority < core.config.priority && !request.leader_transfer &&
                       patient && no_older_log && MayCampaign(core);
  if (prefers) ++core.counters.priority_refusals;
  return prefers;
}

void Refuse(Core& core, NodeId candidate, const VoteRequest& request) {
  VoteResponse response{.pre_vote = request.pre_vote, .granted = false};
  const CommitPoint commit = CommitPointOf(core);
  if (commit.index > request.commit) {
    response.commit = commit.index;
    response.commit_term = commit.term;
  }
  core.Send(candidate, response);
}

// The vote of this node in `in_term` is not given to anybody else.
bool VoteIsFree(const Core& core, Term in_term, NodeId candidate) {
  if (in_term > core.term || PLANTED("raft.votes_for_everybody")) return true;
  return core.vote == candidate || (!core.vote && !core.leader);
}

// A node that the latest change leaves out may be the only one that has it: until that is committed
// the others may not be able to elect anybody without it (thesis section 4.2.2).
bool CouldLead(const Core& core) {
  if (CanLead(core.membership(), core.id())) return true;
  const Index committed = core.log.committed();
  return core.log.membership_index() > committed &&
         CanLead(core.log.MembershipAt(committed), core.id());
}

bool IsUpToDate(const Core& core, const VoteRequest& request) {
  if (PLANTED("raft.pre_vote_unchecked") && request.pre_vote) return true;
  if (PLANTED("raft.vote_unchecked") && !request.pre_vote) return true;
  return core.log.IsUpToDate(request.last_index, request.last_term);
}

}  // namespace

bool MayCampaign(const Core& core) {
  if (core.snapshot_wanted && IsPatient(core)) return false;
  return MayVoteFor(core, core.log.last_index()) && CouldLead(core) &&
         !core.log.snapshot_pending() && !core.DiskHangs() && core.term.value() < kNumberMax;
}

void Campaign(Core& core) {
  if (core.leading() || !MayCampaign(core) || IsBoundByLease(core)) return;
  ++core.counters.elections_started;
  if (core.config.pre_vote && !CRUEL("raft.no_pre_vote")) {
    StartPreVote(core);
  } else {
    StartElection(core, false);
  }
}

Status ForgetLeader(Core& core) {
  if (core.leading()) {
    return Status(Code::kPreconditionFailed, "is_leader", "A leader cannot forget itself.");
  }
  if (core.config.lease_reads) {
    return Status(Code::kPreconditionFailed, "lease_reads",
                  "A node that has promised a lease must remember the leader.");
  }
  core.SetLeader(NodeId());
  return Status::Ok();
}

void HandleTimeoutNow(Core& core, NodeId from) {
  if (!core.IsFollower() || core.leader != from || !MayCampaign(core)) return;
  ++core.counters.elections_started;
  StartElection(core, true);
}

void TickElection(Core& core) {
  if (!core.ElectionTimedOut() && !CRUEL("raft.campaign_at_once")) return;
  if (MayCampaign(core)) {
    Campaign(core);
    return;
  }
  core.BecomeFollower(NodeId());  // it only knows that the leader is gone
  core.RestartElectionTimer();
}

void HandleVoteRequest(Core& core, const Message& message, const VoteRequest& request) {
  LearnCommit(core, request.commit, request.commit_term);
  const bool protects = !request.leader_transfer && ProtectsLiveLeader(core, message.from);
  if (message.term < core.term || protects || !MayVoteFor(core, request.last_index) ||
      CRUEL("raft.vote_refused")) {
    Refuse(core, message.from, request);
    return;
  }
  if (message.term > core.term && !request.pre_vote) {
    core.FollowTerm(message.term);
  }
  if (!VoteIsFree(core, message.term, message.from) || !IsUpToDate(core, request) ||
      PrefersItself(core, request)) {
    Refuse(core, message.from, request);
    return;
  }
  if (!request.pre_vote) {
    core.vote = message.from;
    core.RestartElectionTimer();  // not for a pre-vote: it promises nothing
  }
  const VoteResponse granted{.pre_vote = request.pre_vote, .granted = true};
  if (PLANTED("raft.vote_before_disk") && !request.pre_vote) {
    return core.Send(message.from, granted);
  }
  core.SendAfterPersist(message.from, message.term, granted);
}

void HandleVoteResponse(Core& core, const Message& message, const VoteResponse& response) {
  LearnCommit(core, response.commit, response.commit_term);
  if (PreCandidate* const candidate = std::get_if<PreCandidate>(&core.role)) {
    const Term expected = response.granted ? core.term + 1 : core.term;
    if (!response.pre_vote || message.term != expected) return;
    candidate->votes.emplace(message.from, response.granted);
    const VoteResult result = Count(core, candidate->votes);
    if (result == VoteResult::kWon) StartElection(core, false);
    if (result == VoteResult::kLost) core.BecomeFollower(NodeId());
    return;
  }
  if (Candidate* const candidate = std::get_if<Candidate>(&core.role)) {
    if (response.pre_vote && !PLANTED("raft.pre_vote_counts_as_vote")) return;
    if (message.term != core.term) return;
    candidate->votes.emplace(message.from, response.granted);
    const VoteResult result = Count(core, candidate->votes);
    if (result == VoteResult::kWon) BecomeLeader(core, true);
    if (result == VoteResult::kLost) core.BecomeFollower(NodeId());
  }
}

}  // namespace baton::raft
