#include "test/sim/protocol_rules.h"

#include <algorithm>

#include "test/sim/quorum.h"

namespace baton::sim {
namespace {

using node::Node;

// A clock of a node may be so much too slow (plan.h, kClockRate), and a little for rounding.
constexpr int64_t kSlowestClockPercent = 112;
constexpr int64_t kLookUs = 200'000;  // how often a leader that hears nobody is looked at

}  // namespace

void ProtocolRules::OnStart(NodeId id, const raft::HardState& found) {
  if (raft::HasLost(found.memory)) lost_in_[id] = found.term;
}

void ProtocolRules::OnCrash(NodeId id) {
  leaders_.erase(id);
  lost_in_.erase(id);
  pre_votes_.erase(id);
  up_to_date_.erase(id);
}

void ProtocolRules::OnSend(NodeId from, NodeId to, const node::PeerMessage& message) {
  const auto* raft_message = std::get_if<raft::Message>(&message);
  if (raft_message == nullptr) return;
  const Term term = raft_message->term;
  CheckMemory(from, *raft_message);
  if (const auto* vote = std::get_if<raft::VoteRequest>(&raft_message->body)) {
    if (!vote->pre_vote && !vote->leader_transfer && pre_vote_always_) CheckCampaign(from, term);
  } else if (const auto* given = std::get_if<raft::VoteResponse>(&raft_message->body)) {
    if (given->granted) CheckVote(from, to, term, given->pre_vote);
  } else if (const auto* question = std::get_if<raft::ReadIndexRequest>(&raft_message->body)) {
    CheckQuestion(from, question->id);
  } else if (const auto* told = std::get_if<raft::ReadIndexResponse>(&raft_message->body)) {
    CheckAnswer(from, to, told->id);
  } else if (const auto* heartbeat = std::get_if<raft::Heartbeat>(&raft_message->body)) {
    const auto lead = leaders_.find(from);
    if (lead == leaders_.end() || lead->second.term != term) return;
    lead->second.rounds_us.try_emplace(heartbeat->read_counter, cluster_->MonotonicUs());
  } else if (const auto* append = std::get_if<raft::AppendResponse>(&raft_message->body)) {
    CheckMatch(from, to, term, *append);
  } else if (const auto* answer = std::get_if<raft::HeartbeatResponse>(&raft_message->body)) {
    const auto lead = leaders_.find(to);
    if (lead == leaders_.end() || lead->second.term != term) return;
    uint64_t& round = lead->second.read_rounds[from];
    round = std::max(round, answer->read_counter);
  }
}

void ProtocolRules::OnReceive(NodeId to, const node::PeerEnvelope& envelope) {
  const auto lead = leaders_.find(to);
  for (const node::PeerMessage& message : envelope.messages) {
    const auto* raft_message = std::get_if<raft::Message>(&message);
    if (raft_message == nullptr) continue;
    if (const auto* request = std::get_if<raft::VoteRequest>(&raft_message->body)) {
      // What comes before it in the envelope may change the log first.
      const bool first = &message == envelope.messages.data();
      NoteVoteRequest(to, envelope.from, raft_message->term, *request, first);
    }
    const auto* vote = std::get_if<raft::VoteResponse>(&raft_message->body);
    if (vote != nullptr && vote->pre_vote && vote->granted) {
      pre_votes_[to][raft_message->term].insert(envelope.from);
    }
    if (lead == leaders_.end() || raft_message->term != lead->second.term) continue;
    lead->second.heard_us[envelope.from] = cluster_->MonotonicUs();
    if (const auto* question = std::get_if<raft::ReadIndexRequest>(&raft_message->body)) {
      lead->second.questions_us.try_emplace({envelope.from, question->id}, cluster_->MonotonicUs());
    }
    lead->second.confirmed |= std::holds_alternative<raft::HeartbeatResponse>(raft_message->body);
  }
}

void ProtocolRules::OnStep(NodeId id, const Node& node) {
  const Index known = committed_;
  committed_ = std::max(committed_, node.raft().commit());
  if (raft::HasLost(node.raft().memory())) {
    lost_in_.try_emplace(id, node.raft().term());
  } else if (!lost_in_.empty()) {
    lost_in_.erase(id);
  }
  if (node.raft().role() != raft::Role::kLeader) {
    leaders_.erase(id);
    return;
  }
  Leadership& lead = leaders_[id];
  const int64_t now_us = cluster_->MonotonicUs();
  if (lead.term != node.raft().term()) {
    lead = Leadership();
    lead.term = node.raft().term();
    lead.since_us = now_us;
    lead.config = node.raft().membership();
    lead.config_index = node.raft().GetStatus().config_index;
    NoteVoters(&lead);
    pre_votes_.erase(id);
  }
  if (node.raft().membership() != lead.config) CheckChange(id, node.raft(), &lead);
  if (cluster_->resumed_us(id) > lead.since_us) lead.since_us = cluster_->resumed_us(id);
  CheckCommit(id, node, known, lead.term);
  if (!lead.confirmed && now_us < lead.looked_us + kLookUs) return;
  if (lead.confirmed) CheckReads(id, node.raft().GetStatus(), lead);
  CheckContact(id, node.raft().membership(), lead);
  lead.confirmed = false;
  lead.looked_us = now_us;
}

// R9: who has lost what it had said votes for nobody and stands for nothing in a later term, before
// it is cured. (What it said before it knew may leave it afterwards.)
void ProtocolRules::CheckMemory(NodeId from, const raft::Message& message) const {
  const auto lost = lost_in_.find(from);
  if (lost == lost_in_.end() || message.term <= lost->second) return;
  const auto* answer = std::get_if<raft::VoteResponse>(&message.body);
  const auto* request = std::get_if<raft::VoteRequest>(&message.body);
  const bool votes = answer != nullptr && answer->granted && !answer->pre_vote;
  const bool stands = request != nullptr && !request->pre_vote;
  CHECK(!votes && !stands) << "R9: node " << from << " votes or stands in term " << message.term
                           << " though it has lost its memory";
}

// S2: a leader that answers a question has heard from a quorum, since it was asked, that it leads.
void ProtocolRules::CheckAnswer(NodeId from, NodeId to, uint64_t id) const {
  const auto found = leaders_.find(from);
  if (found == leaders_.end()) return;
  const Leadership& lead = found->second;
  const auto asked = lead.questions_us.find({to, id});
  if (asked == lead.questions_us.end()) return;  // before this leadership was seen
  const auto confirms = [&](NodeId voter) {
    const auto round = lead.read_rounds.find(voter);
    if (voter == from || round == lead.read_rounds.end()) return voter == from;
    const auto began = lead.rounds_us.find(round->second);
    return began != lead.rounds_us.end() && began->second >= asked->second;
  };
  CHECK(QuorumIs(cluster_->node(from).raft().membership(), confirms))
      << "S2: node " << from << " answers a question of node " << to
      << " without asking whether it still leads";
}

void ProtocolRules::NoteVoteRequest(NodeId to, NodeId from, Term term,
                                    const raft::VoteRequest& request, bool log_known) {
  const raft::RaftStatus own = cluster_->node(to).raft().GetStatus();
  const bool up_to_date =
      std::pair(request.last_term, request.last_index) >= std::pair(own.last_term, own.last_index);
  up_to_date_[to][{from, term, request.pre_vote}] |= up_to_date || !log_known;  // it may come twice
}

// R4, R14: nobody votes for, or would vote for, whose log is older than its own was when it was
// asked (Raft paper, section 5.4.1).
void ProtocolRules::CheckVote(NodeId from, NodeId to, Term term, bool pre_vote) const {
  const auto asked = up_to_date_.find(from);
  if (asked == up_to_date_.end()) return;
  const auto request = asked->second.find({to, term, pre_vote});
  CHECK(request == asked->second.end() || request->second)
      << (pre_vote ? "R14" : "R4") << ": node " << from << " would vote in term " << term
      << " for node " << to << ", whose log is older than its own";
}

// R14: who comes back does not raise the term: a campaign begins when a quorum has said, in this
// life of the node, that it would vote.
void ProtocolRules::CheckCampaign(NodeId from, Term term) const {
  const auto heard = pre_votes_.find(from);
  std::set<NodeId> willing = {from};
  if (heard != pre_votes_.end()) {
    const auto of_term = heard->second.find(term);
    if (of_term != heard->second.end())
      willing.insert(of_term->second.begin(), of_term->second.end());
  }
  const raft::ConfigState& config = cluster_->node(from).raft().membership();
  CHECK(QuorumIs(config, [&](NodeId id) { return willing.contains(id); }))
      << "R14: node " << from << " stands in term " << term << " though only " << willing.size()
      << " would vote for it";
}

// S2: an answer to a question of an earlier life must not be taken for one to a question of this.
void ProtocolRules::CheckQuestion(NodeId from, uint64_t id) {
  const uint64_t life = cluster_->life(from);
  const auto [known, first] = questions_.try_emplace({from, id}, life);
  CHECK(first || known->second == life)
      << "S2: node " << from << " asks again with the number " << id << " of an earlier life";
}

// R3, R7: what is acknowledged is what the leader has.
void ProtocolRules::CheckMatch(NodeId from, NodeId to, Term term,
                               const raft::AppendResponse& response) const {
  if (response.rejected || response.amnesia || !cluster_->alive(to)) return;
  const raft::Raft& leader = cluster_->node(to).raft();
  if (leader.role() != raft::Role::kLeader || leader.term() != term) return;
  const Index match = response.match_index;
  const auto& mine = cluster_->log(from);
  const auto& theirs = cluster_->log(to);
  // Compacted is committed; what the leader's own disk does not have yet is compared later.
  for (const auto* log : {&mine, &theirs}) {
    if (match < log->FirstIndex() || match > log->LastIndex()) return;
  }
  const Result<Term> own = mine.TermAt(match);
  const Result<Term> other = theirs.TermAt(match);
  CHECK(own.ok() && other.ok() && *own == *other)
      << "R3: node " << from << " acknowledges entry " << match << " to node " << to
      << ", which has another one there";
}

// R8: a leader counts copies of entries of its own term alone. What others have committed before,
// as far as `known`, it may have been told.
void ProtocolRules::CheckCommit(NodeId id, const Node& node, Index known, Term term) const {
  const Index commit = node.raft().commit();
  const auto& log = cluster_->log(id);
  if (commit <= known || commit < log.FirstIndex() || commit > log.LastIndex()) return;
  const Result<Term> of_entry = log.TermAt(commit);
  CHECK(of_entry.ok() && *of_entry == term)
      << "R8: the leader of term " << term << " commits entry " << commit << " of term "
      << *of_entry << " by itself";
}

// R10: a leader changes members when it has committed the change before, and an entry of its own
// term: else two quorums need not meet (Ongaro, "bug in single-server membership changes", 2015).
void ProtocolRules::CheckChange(NodeId id, const raft::Raft& raft, Leadership* lead) const {
  const raft::RaftStatus status = raft.GetStatus();
  CHECK_LE(lead->config_index, status.commit)
      << "R10: node " << id << " changes members with entry " << status.config_index
      << " while the change before is open";
  CHECK_GE(status.commit, status.first_index_in_term)
      << "R10: node " << id << " changes members with entry " << status.config_index
      << " before it has committed anything of its term " << status.term;
  lead->config = status.config;
  NoteVoters(lead);
  lead->config_index = status.config_index;
  lead->changed_us = cluster_->MonotonicUs();
}

void ProtocolRules::NoteVoters(Leadership* lead) const {
  std::map<NodeId, int64_t> voter_us;
  for (const std::vector<NodeId>* list : {&lead->config.voters, &lead->config.voters_outgoing}) {
    for (const NodeId voter : *list) {
      const auto known = lead->voter_us.find(voter);
      voter_us[voter] = known == lead->voter_us.end() ? cluster_->MonotonicUs() : known->second;
    }
  }
  lead->voter_us = std::move(voter_us);
}

// R13: a leader that hears no quorum steps down within an election timeout. Who becomes a voter
// under it has that long to be heard for the first time, and who is removed may leave it with those
// whom it has not heard for longer: it looks once a tick.
void ProtocolRules::CheckContact(NodeId id, const raft::ConfigState& members,
                                 const Leadership& lead) const {
  const int64_t now_us = cluster_->MonotonicUs();
  const node::NodeConfig& config = cluster_->config(id);
  const int64_t limit_us =
      (config.election_timeout_ticks + 2) * config.tick_ms * 1000 * kSlowestClockPercent / 100;
  const int64_t ticks_us = 2 * config.tick_ms * 1000 * kSlowestClockPercent / 100;
  if (now_us <= lead.changed_us + ticks_us) return;
  const auto heard = [&](NodeId voter) {
    const auto answer = lead.heard_us.find(voter);
    const int64_t at_us = answer == lead.heard_us.end() ? 0 : answer->second;
    const int64_t from_us = std::max({lead.since_us, lead.voter_us.at(voter), at_us});
    return voter == id || now_us <= from_us + limit_us;
  };
  CHECK(QuorumIs(members, heard)) << "R13: node " << id << " leads on though it hears no quorum";
}

// S2: a round of reads is confirmed by answers to it, not to an earlier one.
void ProtocolRules::CheckReads(NodeId id, const raft::RaftStatus& status,
                               const Leadership& lead) const {
  for (const auto& [peer, view] : status.peers) {
    if (peer == id) continue;
    const auto said = lead.read_rounds.find(peer);
    CHECK_LE(view.read_counter, said == lead.read_rounds.end() ? 0 : said->second)
        << "S2: node " << id << " takes an older answer of node " << peer << " for a newer one";
  }
}

}  // namespace baton::sim
