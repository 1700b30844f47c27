// File: protocol_rules.h
//
// What nodes may say to each other and believe of each other, checked as they do: the part of
// invariants.h that is about messages rather than about disks. The names are those of the table in
// the room's README.
//
// One thread; Invariants calls it with what it is told.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "pkg/node/testing/sim_cluster.h"

namespace baton::sim {

class ProtocolRules {
 public:
  // The cluster must outlive it. `pre_vote_always`: no cruel site lets a node skip the pre-vote.
  ProtocolRules(node::testing::SimCluster* cluster, bool pre_vote_always)
      : cluster_(cluster), pre_vote_always_(pre_vote_always) {}

  void OnStart(NodeId id, const raft::HardState& found);
  void OnCrash(NodeId id);
  void OnSend(NodeId from, NodeId to, const node::PeerMessage& message);
  void OnReceive(NodeId to, const node::PeerEnvelope& envelope);
  void OnStep(NodeId id, const node::Node& node);

 private:
  // Of one leadership, as long as it lasts.
  struct Leadership {
    Term term;
    int64_t since_us = 0;                // it leads, or was paused last
    int64_t changed_us = 0;              // its members
    std::map<NodeId, int64_t> voter_us;  // since when it counts whom
    raft::ConfigState config;            // the newest of its log
    Index config_index;
    std::map<NodeId, int64_t> heard_us;      // when it was last answered, by whom
    std::map<NodeId, uint64_t> read_rounds;  // the newest that each was seen to confirm
    std::map<uint64_t, int64_t> rounds_us;   // when each was first asked about
    // When it first got a question of another node, known by the asker and its number.
    std::map<std::pair<NodeId, uint64_t>, int64_t> questions_us;
    int64_t looked_us = 0;   // at all of it
    bool confirmed = false;  // something confirmed reads since its last step
  };

  void CheckMemory(NodeId from, const raft::Message& message) const;
  void CheckCampaign(NodeId from, Term term) const;
  void CheckQuestion(NodeId from, uint64_t id);
  void CheckAnswer(NodeId from, NodeId to, uint64_t id) const;
  void CheckMatch(NodeId from, NodeId to, Term term, const raft::AppendResponse& response) const;
  void NoteVoteRequest(NodeId to, NodeId from, Term term, const raft::VoteRequest& request,
                       bool log_known);
  void CheckVote(NodeId from, NodeId to, Term term, bool pre_vote) const;
  void CheckCommit(NodeId id, const node::Node& node, Index known, Term term) const;
  void CheckChange(NodeId id, const raft::Raft& raft, Leadership* lead) const;
  void NoteVoters(Leadership* lead) const;
  void CheckContact(NodeId id, const raft::ConfigState& members, const Leadership& lead) const;
  void CheckReads(NodeId id, const raft::RaftStatus& status, const Leadership& lead) const;

  node::testing::SimCluster* const cluster_;
  const bool pre_vote_always_;
  std::map<NodeId, Leadership> leaders_;
  Index committed_;  // that any node knows to be committed
  // Who has told a node, in this life, that it would get the vote of that term.
  std::map<NodeId, std::map<Term, std::set<NodeId>>> pre_votes_;
  // By who was asked for a vote, or a pre-vote, of a term: whether the candidate's log was no
  // older.
  std::map<NodeId, std::map<std::tuple<NodeId, Term, bool>, bool>> up_to_date_;
  std::map<NodeId, Term> lost_in_;  // its term when it was first seen to have lost its memory
  // In which life of its asker a question had this number.
  std::map<std::pair<NodeId, uint64_t>, uint64_t> questions_;
};

}  // namespace baton::sim
