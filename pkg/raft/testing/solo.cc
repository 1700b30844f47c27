#include "pkg/raft/testing/solo.h"

#include "pkg/base/check.h"
#include "pkg/raft/membership.h"

namespace baton::raft::testing {

std::vector<NodeId> Ids(const std::vector<uint64_t>& numbers) {
  std::vector<NodeId> ids;
  for (const uint64_t number : numbers) ids.push_back(NodeId(number));
  return ids;
}

ConfigState Voters(const std::vector<uint64_t>& numbers) {
  ConfigState config;
  config.voters = Ids(numbers);
  return config;
}

MembershipChange OneChange(MemberChange::Type type, uint64_t id) {
  MembershipChange change;
  change.changes = {{type, NodeId(id)}};
  return change;
}

std::vector<Entry> EntriesOf(uint64_t first, const std::vector<uint64_t>& terms) {
  std::vector<Entry> entries;
  for (const uint64_t term : terms) {
    const std::string command = "e" + std::to_string(first) + "t" + std::to_string(term);
    entries.push_back(Entry{Term(term), Index(first++), EntryType::kNormal, Payload(command)});
  }
  return entries;
}

AppendRequest Append(At prev, uint64_t commit, std::vector<Entry> entries) {
  return AppendRequest{Index(prev.index), Term(prev.term), Index(commit), std::move(entries)};
}

AppendResponse Acknowledge(uint64_t match) { return AppendResponse{.match_index = Index(match)}; }

namespace {

Config WithId(Config config) {
  config.id = NodeId(1);
  return config;
}

}  // namespace

Solo::Solo(ConfigState membership, Config config)
    : config_(WithId(config)), node_(config_, std::move(membership)) {}

void Solo::StartWith(const std::vector<uint64_t>& terms, uint64_t term, uint64_t commit) {
  node_.Crash();
  node_.log().Wipe();
  node_.log().Write(HardState{Term(term), NodeId(), Index(commit)}, std::nullopt,
                    EntriesOf(1, terms), true);
  node_.Restart();
  node_.TakeReadys();
  node_.Persist();
  Said();
}

Status Solo::Hear(uint64_t from, uint64_t term, MessageBody body) {
  return raft().Step(Message{NodeId(from), NodeId(1), Term(term), std::move(body)});
}

void Solo::Tick(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) raft().Tick();
}

std::vector<Message> Solo::Sent() {
  do {
    node_.TakeReadys();
    node_.Persist();
  } while (raft().HasReady());
  return std::exchange(node_.outbox(), {});
}

namespace {

std::string Lines(const std::vector<Message>& messages) {
  std::string lines;
  for (const Message& message : messages) lines += Describe(message) + "\n";
  return lines;
}

}  // namespace

std::string Solo::Said() { return Lines(Sent()); }

std::string Solo::SaidAtOnce() {
  node_.TakeReadys();
  return Lines(std::exchange(node_.outbox(), {}));
}

void Solo::Lead() {
  const Term term = raft().term() + 1;
  raft().Campaign();
  Sent();
  const auto answer_all = [&](bool pre_vote) {
    for (const NodeId id : Members(status().config)) {
      if (id == NodeId(1)) continue;
      const VoteResponse granted{.pre_vote = pre_vote, .granted = true};
      CHECK(Hear(id.value(), term.value(), granted).ok());
    }
    Sent();
  };
  if (config_.pre_vote) answer_all(true);
  answer_all(false);
  CHECK(raft().role() == Role::kLeader);
}

void Solo::AcknowledgeAll() {
  Sent();
  const RaftStatus now = status();
  for (const NodeId id : Members(now.config)) {
    if (id == NodeId(1)) continue;
    CHECK(Hear(id.value(), now.term.value(), Acknowledge(now.last_index.value())).ok());
  }
  Sent();
}

Proposed Solo::Propose(const std::string& command) {
  const Result<Proposed> proposed = raft().Propose(Payload(command));
  CHECK(proposed.ok()) << proposed.status().ToString();
  return *proposed;
}

}  // namespace baton::raft::testing
