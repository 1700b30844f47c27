// What the driver of one node does and calls: see raft_story.h.
#include <utility>

#include "pkg/base/check.h"
#include "test/scenario/raft_story.h"
#include "test/scenario/story_settings.h"

namespace baton::scenario {

const RaftStory::Commands& RaftStory::Driver() {
  static const Commands commands = {
      {"pump", &RaftStory::Pump},
      {"persist", &RaftStory::Persist},
      {"write", &RaftStory::Write},
      {"report", &RaftStory::Report},
      {"apply", &RaftStory::Apply},
      {"hold-apply", &RaftStory::Storage},
      {"fail-disk", &RaftStory::Storage},
      {"fetch-later", &RaftStory::Storage},
      {"no-snapshot", &RaftStory::Storage},
      {"compact", &RaftStory::Storage},
      {"unreachable", &RaftStory::Peer},
      {"snapshot-sent", &RaftStory::Peer},
      {"cancel-snapshot", &RaftStory::Peer},
      {"entries-fetched", &RaftStory::Peer},
      {"campaign", &RaftStory::Ask},
      {"ping", &RaftStory::Ask},
      {"wake", &RaftStory::Ask},
      {"forget-leader", &RaftStory::Ask},
      {"request-snapshot", &RaftStory::Ask},
      {"transfer", &RaftStory::Transfer},
      {"propose", &RaftStory::Propose},
      {"forward", &RaftStory::Forward},
      {"change", &RaftStory::Change},
      {"leave-joint", &RaftStory::Change},
      {"read", &RaftStory::Read},
      {"cancel-read", &RaftStory::CancelRead},
      {"set-peer-window", &RaftStory::SetPeerWindow},
      {"set-commit-groups", &RaftStory::SetCommitGroups},
  };
  return commands;
}

std::string RaftStory::Done(NodeId id, const Status& status) {
  cluster_->Pump(id);
  return status.ok() ? "" : status.ToString() + "\n";
}

std::string RaftStory::Done(NodeId id, const Result<raft::Proposed>& proposed) {
  if (!proposed.ok()) return Done(id, proposed.status());
  return "proposed at " + std::to_string(proposed->index.value()) + "/" +
         std::to_string(proposed->term.value()) + "\n" + Done(id, Status::Ok());
}

std::string RaftStory::Pump(const Stanza& stanza) { return Done(Node(stanza), Status::Ok()); }

std::string RaftStory::Persist(const Stanza& stanza) {
  cluster_->node(Node(stanza)).Persist();
  return Done(Node(stanza), Status::Ok());
}

std::string RaftStory::Write(const Stanza& stanza) {
  raft::testing::TestNode& node = cluster_->node(Node(stanza));
  if (node.writes().empty()) return "nothing to write\n";
  node.WriteOne();
  return Done(node.id(), Status::Ok());
}

std::string RaftStory::Report(const Stanza& stanza) {
  const raft::LogMark mark{Term(Number(stanza, 1, 0)), Index(Number(stanza, 2, 0))};
  cluster_->raft(Node(stanza)).OnPersisted(mark);
  return Done(Node(stanza), Status::Ok());
}

std::string RaftStory::Apply(const Stanza& stanza) {
  const bool applied = cluster_->node(Node(stanza)).ApplyPage();
  return (applied ? "" : "nothing to apply\n") + Done(Node(stanza), Status::Ok());
}

std::string RaftStory::Storage(const Stanza& stanza) {
  raft::testing::TestNode& node = cluster_->node(Node(stanza));
  if (stanza.command == "hold-apply") node.HoldApply();
  if (stanza.command == "fail-disk") node.log().FailReads(Status(Code::kIo, "unplugged"));
  if (stanza.command == "fetch-later") node.log().FetchLater();
  if (stanza.command == "no-snapshot") node.log().OfferSnapshot({});
  if (stanza.command == "compact") node.Compact(Number(stanza, 1, 0));
  return "";
}

std::string RaftStory::Peer(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  const NodeId peer = Node(stanza, 1);
  raft::Raft& raft = cluster_->raft(id);
  if (stanza.command == "unreachable") raft.OnUnreachable(peer);
  if (stanza.command == "cancel-snapshot") raft.CancelSnapshot(peer);
  if (stanza.command == "snapshot-sent") {
    raft.OnSnapshotSent(peer, stanza.Value("delivered", "true") == "true");
  }
  if (stanza.command == "entries-fetched") {
    cluster_->node(id).log().EntriesFetched(peer);
    raft.OnEntriesFetched(peer);
  }
  return Done(id, Status::Ok());
}

std::string RaftStory::Ask(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  raft::Raft& raft = cluster_->raft(id);
  if (stanza.command == "wake") cluster_->Wake(id);
  if (stanza.command == "campaign") raft.Campaign();
  if (stanza.command == "ping") raft.Ping();
  if (stanza.command == "forget-leader") return Done(id, raft.ForgetLeader());
  if (stanza.command == "request-snapshot") return Done(id, raft.RequestSnapshot());
  return Done(id, Status::Ok());
}

std::string RaftStory::Transfer(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  return Done(id, cluster_->raft(id).TransferLeadership(Node(stanza, 1)));
}

std::string RaftStory::Propose(const Stanza& stanza) {
  CHECK_EQ(stanza.words.size(), 2u) << "line " << stanza.line;
  const NodeId id = Node(stanza);
  std::optional<Term> expected_term;
  if (stanza.Has("expected_term")) expected_term = Term(stanza.Number("expected_term", 0));
  return Done(id, cluster_->raft(id).Propose(raft::Payload(stanza.words[1]), expected_term));
}

std::string RaftStory::Forward(const Stanza& stanza) {
  CHECK_EQ(stanza.words.size(), 2u) << "line " << stanza.line;
  const NodeId id = Node(stanza);
  return Done(id, cluster_->raft(id).Forward(raft::Payload(stanza.words[1])));
}

std::string RaftStory::Change(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  const bool leave = stanza.command == "leave-joint";
  const raft::MembershipChange change = leave ? raft::MembershipChange() : ReadChange(stanza);
  return Done(id, cluster_->raft(id).ProposeMembership(change));
}

std::string RaftStory::Read(const Stanza& stanza) {
  const bool lease = stanza.Value("mode", "quorum") == "lease";
  const raft::ReadMode mode = lease ? raft::ReadMode::kLease : raft::ReadMode::kQuorum;
  std::string refusals;
  for (size_t i = 1; i < stanza.words.size(); ++i) {
    const Status asked = cluster_->Read(Node(stanza), Number(stanza, i, 0), mode);
    if (!asked.ok()) refusals += asked.ToString() + "\n";
  }
  return refusals + Done(Node(stanza), Status::Ok());
}

std::string RaftStory::CancelRead(const Stanza& stanza) {
  cluster_->raft(Node(stanza)).CancelRead(Number(stanza, 1, 0));
  return Done(Node(stanza), Status::Ok());
}

std::string RaftStory::SetPeerWindow(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  return Done(id, cluster_->raft(id).SetPeerWindow(Node(stanza, 1), Number(stanza, 2, 0),
                                                   Number(stanza, 3, 1 << 20)));
}

std::string RaftStory::SetCommitGroups(const Stanza& stanza) {
  std::map<NodeId, uint64_t> groups;
  for (const auto& [id, node] : cluster_->nodes()) {
    const uint64_t group = stanza.Number(std::to_string(id.value()), 0);
    if (group != 0) groups[id] = group;
  }
  cluster_->raft(Node(stanza)).SetCommitGroups(std::move(groups));
  return Done(Node(stanza), Status::Ok());
}

}  // namespace baton::scenario
