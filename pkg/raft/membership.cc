#include "pkg/raft/membership.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace baton::raft {
namespace {

Status Wrong(std::string_view list, NodeId id, std::string_view what) {
  return Status(Code::kInvalidArgument, std::string(list) + ": node " + std::to_string(id.value()) +
                                            " " + std::string(what));
}

Status CheckList(std::string_view name, const std::vector<NodeId>& ids) {
  NodeId previous;
  for (const NodeId id : ids) {
    if (!id) return Wrong(name, id, "is not a node (ids start at 1)");
    if (id <= previous) return Wrong(name, id, "is out of order (ids ascend, each once)");
    previous = id;
  }
  return Status::Ok();
}

Status CheckLists(const ConfigState& config) {
  BATON_RETURN_IF_ERROR(CheckList("voters", config.voters));
  BATON_RETURN_IF_ERROR(CheckList("voters_outgoing", config.voters_outgoing));
  BATON_RETURN_IF_ERROR(CheckList("learners", config.learners));
  BATON_RETURN_IF_ERROR(CheckList("learners_next", config.learners_next));
  return CheckList("witnesses", config.witnesses);
}

// A half that only witnesses hold would have nobody to lead it and nobody to hold its data.
Status CheckWitnesses(const ConfigState& config) {
  for (const NodeId id : config.witnesses) {
    if (Contains(config.learners, id)) return Wrong("witnesses", id, "is a learner");
    if (Contains(config.learners_next, id))
      return Wrong("witnesses", id, "cannot become a learner");
  }
  const auto only_witnesses = [&](const std::vector<NodeId>& voters) {
    return !voters.empty() && std::includes(config.witnesses.begin(), config.witnesses.end(),
                                            voters.begin(), voters.end());
  };
  if (only_witnesses(config.voters) || only_witnesses(config.voters_outgoing)) {
    return Status(Code::kInvalidArgument, "witnesses: at least one voter must hold the data");
  }
  return Status::Ok();
}

Status CheckCommitQuorum(std::string_view name, uint32_t quorum, size_t voters) {
  if (quorum <= voters) return Status::Ok();
  return Status(Code::kInvalidArgument, std::string(name) + ": must be at most the number of " +
                                            "voters, " + std::to_string(voters));
}

}  // namespace

bool IsLearner(const ConfigState& config, NodeId id) { return Contains(config.learners, id); }

bool IsMember(const ConfigState& config, NodeId id) {
  return IsVoter(config, id) || IsLearner(config, id);
}

std::vector<NodeId> AllVoters(const ConfigState& config) {
  std::vector<NodeId> voters;
  voters.reserve(config.voters.size() + config.voters_outgoing.size());
  std::set_union(config.voters.begin(), config.voters.end(), config.voters_outgoing.begin(),
                 config.voters_outgoing.end(), std::back_inserter(voters));
  return voters;
}

std::vector<NodeId> Members(const ConfigState& config) {
  std::vector<NodeId> members = config.voters;
  members.insert(members.end(), config.voters_outgoing.begin(), config.voters_outgoing.end());
  members.insert(members.end(), config.learners.begin(), config.learners.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

Status ValidateMembership(const ConfigState& config) {
  BATON_RETURN_IF_ERROR(CheckLists(config));
  for (const NodeId id : config.learners) {
    if (IsVoter(config, id)) return Wrong("learners", id, "is a voter too");
  }
  for (const NodeId id : config.learners_next) {
    if (!Contains(config.voters_outgoing, id)) {
      return Wrong("learners_next", id, "is not in voters_outgoing");
    }
    if (Contains(config.voters, id)) return Wrong("learners_next", id, "stays a voter");
  }
  BATON_RETURN_IF_ERROR(CheckWitnesses(config));
  BATON_RETURN_IF_ERROR(
      CheckCommitQuorum("commit_quorum", config.commit_quorum, config.voters.size()));
  BATON_RETURN_IF_ERROR(CheckCommitQuorum("commit_quorum_outgoing", config.commit_quorum_outgoing,
                                          config.voters_outgoing.size()));
  if (config.voters.empty() && !(config.voters_outgoing.empty() && config.learners.empty())) {
    return Status(Code::kInvalidArgument,
                  "voters: must not be empty while there are other members");
  }
  if (config.voters_outgoing.empty() && config.auto_leave) {
    return Status(Code::kInvalidArgument, "auto_leave: only a joint configuration can be left");
  }
  return Status::Ok();
}

}  // namespace baton::raft
