#include "pkg/node/testing/sim_trace.h"

#include <variant>

#include "pkg/raft/message.h"

namespace baton::node::testing {
namespace {

struct Describer {
  std::string operator()(const raft::Message& message) const { return raft::Describe(message); }
  std::string operator()(const ForwardRequest& request) const {
    return "ForwardRequest " + std::to_string(request.id);
  }
  std::string operator()(const ForwardReply& reply) const {
    return "ForwardReply " + std::to_string(reply.id) + " " + reply.status.ToString();
  }
  std::string operator()(const StateCheckpoint& checkpoint) const {
    return "StateCheckpoint " + std::to_string(checkpoint.index.value());
  }
  std::string operator()(const StateDiverged& verdict) const {
    return "StateDiverged " + std::to_string(verdict.index.value());
  }
};

}  // namespace

std::string Describe(const PeerEnvelope& envelope) {
  std::string line =
      std::to_string(envelope.from.value()) + "->" + std::to_string(envelope.to.value());
  for (const PeerMessage& message : envelope.messages) {
    line += "  " + std::visit(Describer{}, message);
  }
  return line;
}

}  // namespace baton::node::testing
