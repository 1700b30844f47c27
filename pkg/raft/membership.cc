#include "pkg/raft/membership.h"

#include <algorithm>
#include <string>

namespace baton::raft {
namespace {

bool Contains(const std::vector<NodeId>& ids, NodeId id) {
  return std::binary_search(ids.begin(), ids.end(), id);
}

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
  return CheckList("learners_next", config.learners_next);
}

}  // namespace

bool IsVoter(const ConfigState& config, NodeId id) {
  return Contains(config.voters, id) || Contains(config.voters_outgoing, id);
}

bool IsLearner(const ConfigState& config, NodeId id) { return Contains(config.learners, id); }

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
  if (config.voters.empty() && !Members(config).empty()) {
    return Status(Code::kInvalidArgument,
                  "voters: must not be empty while there are other members");
  }
  if (config.voters_outgoing.empty() && config.auto_leave) {
    return Status(Code::kInvalidArgument, "auto_leave: only a joint configuration can be left");
  }
  return Status::Ok();
}

}  // namespace baton::raft
