#include "test/scenario/raft_story.h"

#include <charconv>
#include <sstream>
#include <utility>

#include "pkg/base/check.h"

namespace baton::scenario {
namespace {

std::vector<NodeId> Ids(const std::vector<uint64_t>& numbers) {
  std::vector<NodeId> ids;
  for (uint64_t number : numbers) ids.push_back(NodeId(number));
  return ids;
}

bool IsHeartbeat(const std::string& line) {
  return line.find(" Heartbeat ") != std::string::npos ||
         line.find(" HeartbeatResponse ") != std::string::npos;
}

// Long runs of heartbeats and their answers as one line: they tell nothing but that time passed.
std::string FoldHeartbeats(const std::string& transcript) {
  constexpr size_t kRunShown = 4;
  std::istringstream in(transcript);
  std::string text;
  std::vector<std::string> run;
  const auto end_run = [&] {
    if (run.size() > kRunShown) {
      text += "(" + std::to_string(run.size()) + " heartbeats and answers)\n";
    } else {
      for (const std::string& line : run) text += line + "\n";
    }
    run.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (IsHeartbeat(line)) {
      run.push_back(line);
      continue;
    }
    end_run();
    text += line + "\n";
  }
  end_run();
  return text;
}

std::string_view StateName(raft::ReplicationState state) {
  switch (state) {
    case raft::ReplicationState::kProbe:
      return "probe";
    case raft::ReplicationState::kReplicate:
      return "replicate";
    case raft::ReplicationState::kSnapshot:
      return "snapshot";
  }
  return "?";
}

}  // namespace

const std::map<std::string, RaftStory::Command>& RaftStory::Commands() {
  static const std::map<std::string, Command> commands = {
      {"cluster", &RaftStory::Start},
      {"campaign", &RaftStory::Campaign},
      {"tick", &RaftStory::Tick},
      {"tick-all", &RaftStory::TickAll},
      {"settle", &RaftStory::Settle},
      {"pump", &RaftStory::Pump},
      {"persist", &RaftStory::Persist},
      {"deliver", &RaftStory::Deliver},
      {"drop", &RaftStory::Drop},
      {"propose", &RaftStory::Propose},
      {"read", &RaftStory::Read},
      {"transfer", &RaftStory::Transfer},
      {"unreachable", &RaftStory::Unreachable},
      {"compact", &RaftStory::Compact},
      {"cut", &RaftStory::Network},
      {"cut-one-way", &RaftStory::Network},
      {"isolate", &RaftStory::Network},
      {"heal", &RaftStory::Network},
      {"crash", &RaftStory::Process},
      {"restart", &RaftStory::Process},
      {"hold-disk", &RaftStory::Process},
      {"release-disk", &RaftStory::Process},
      {"status", &RaftStory::StatusOfAll},
      {"log", &RaftStory::Log},
      {"on-the-way", &RaftStory::OnTheWay},
  };
  return commands;
}

std::string RaftStory::Run(const Stanza& stanza) {
  const auto found = Commands().find(stanza.command);
  if (found == Commands().end()) return "unknown command " + stanza.command;
  if (cluster_ == nullptr && stanza.command != "cluster") return "begin with: cluster voters=(...)";
  const std::string answer = (this->*found->second)(stanza);
  const std::string account = Account();
  return answer.empty() && account.empty() ? "ok" : answer + account;
}

std::string RaftStory::Start(const Stanza& stanza) {
  raft::testing::ClusterOptions options;
  options.membership = raft::ConfigState();
  options.membership.voters = Ids(stanza.Numbers("voters"));
  options.membership.voters_outgoing = Ids(stanza.Numbers("joint"));
  options.membership.learners = Ids(stanza.Numbers("learners"));
  options.config.pre_vote = stanza.Value("pre_vote", "true") == "true";
  options.config.check_quorum = stanza.Value("check_quorum", "true") == "true";
  options.config.append_bytes_max = stanza.Number("append_bytes", options.config.append_bytes_max);
  options.config.inflight_messages_max =
      stanza.Number("inflight", options.config.inflight_messages_max);
  cluster_ = std::make_unique<raft::testing::Cluster>(std::move(options));
  cluster_->Record();
  last_seen_.clear();
  return "";
}

std::string RaftStory::Campaign(const Stanza& stanza) {
  cluster_->raft(Node(stanza)).Campaign();
  cluster_->Pump(Node(stanza));
  return "";
}

std::string RaftStory::Tick(const Stanza& stanza) {
  for (uint64_t i = 0; i < Number(stanza, 1, 1); ++i) cluster_->Tick(Node(stanza));
  return "";
}

std::string RaftStory::TickAll(const Stanza& stanza) {
  cluster_->TickAll(Number(stanza, 0, 1));
  return "";
}

std::string RaftStory::Settle(const Stanza&) {
  cluster_->Settle();
  return "";
}

std::string RaftStory::Pump(const Stanza& stanza) {
  cluster_->Pump(Node(stanza));
  return "";
}

std::string RaftStory::Persist(const Stanza& stanza) {
  cluster_->node(Node(stanza)).Persist();
  cluster_->Pump(Node(stanza));
  return "";
}

// "AppendRequest" is the second word of a described message.
bool RaftStory::Chosen(const Stanza& stanza, const raft::Message& message) const {
  const std::string kind = stanza.Value("type", "");
  if (!kind.empty() && raft::Describe(message).find(" " + kind + " ") == std::string::npos) {
    return false;
  }
  return message.to.value() == stanza.Number("to", message.to.value());
}

std::string RaftStory::Deliver(const Stanza& stanza) {
  const uint64_t count = Number(stanza, 0, cluster_->on_the_way().size());
  uint64_t delivered = 0;
  // Only what is on its way now: answers wait for the next command.
  size_t candidates = cluster_->on_the_way().size();
  for (size_t place = 0; place < candidates && delivered < count;) {
    if (!Chosen(stanza, cluster_->on_the_way()[place])) {
      ++place;
      continue;
    }
    cluster_->DeliverOne(place);
    --candidates;
    ++delivered;
  }
  return delivered == 0 ? "nothing to deliver\n" : "";
}

std::string RaftStory::Drop(const Stanza& stanza) {
  auto& messages = cluster_->on_the_way();
  const size_t dropped =
      std::erase_if(messages, [&](const raft::Message& m) { return Chosen(stanza, m); });
  return "dropped " + std::to_string(dropped) + "\n";
}

std::string RaftStory::Propose(const Stanza& stanza) {
  CHECK_EQ(stanza.words.size(), 2u) << "line " << stanza.line;
  const auto proposed = cluster_->raft(Node(stanza)).Propose(raft::Payload(stanza.words[1]));
  if (!proposed.ok()) return proposed.status().ToString() + "\n";
  cluster_->Pump(Node(stanza));
  std::ostringstream out;
  out << "proposed at " << proposed->index << "/" << proposed->term << "\n";
  return out.str();
}

std::string RaftStory::Read(const Stanza& stanza) {
  std::string refusals;
  for (size_t i = 1; i < stanza.words.size(); ++i) {
    const Status asked = cluster_->Read(Node(stanza), Number(stanza, i, 0));
    if (!asked.ok()) refusals += asked.ToString() + "\n";
  }
  cluster_->Pump(Node(stanza));
  return refusals;
}

std::string RaftStory::Transfer(const Stanza& stanza) {
  const Status asked = cluster_->raft(Node(stanza)).TransferLeadership(Node(stanza, 1));
  cluster_->Pump(Node(stanza));
  return asked.ok() ? "" : asked.ToString() + "\n";
}

std::string RaftStory::Unreachable(const Stanza& stanza) {
  cluster_->raft(Node(stanza)).OnUnreachable(Node(stanza, 1));
  cluster_->Pump(Node(stanza));
  return "";
}

std::string RaftStory::Compact(const Stanza& stanza) {
  cluster_->node(Node(stanza)).Compact(Number(stanza, 1, 0));
  return "";
}

std::string RaftStory::Network(const Stanza& stanza) {
  if (stanza.command == "heal") cluster_->Heal();
  if (stanza.command == "isolate") cluster_->Isolate(Node(stanza));
  if (stanza.command == "cut") cluster_->Cut(Node(stanza), Node(stanza, 1));
  if (stanza.command == "cut-one-way") cluster_->CutOneWay(Node(stanza), Node(stanza, 1));
  return "";
}

std::string RaftStory::Process(const Stanza& stanza) {
  if (stanza.command == "crash") cluster_->Crash(Node(stanza));
  if (stanza.command == "restart") cluster_->Restart(Node(stanza));
  if (stanza.command == "hold-disk") cluster_->HoldDisk(Node(stanza));
  if (stanza.command == "release-disk") cluster_->ReleaseDisk(Node(stanza));
  return "";
}

std::string RaftStory::StatusOfAll(const Stanza&) {
  std::ostringstream out;
  for (const auto& [id, node] : cluster_->nodes()) {
    out << DescribeNode(id) << "\n";
    if (!node.running()) continue;
    for (const auto& [peer, progress] : node.raft().GetStatus().peers) {
      if (peer == id) continue;
      out << "   -> " << peer << ": " << StateName(progress.state) << " match=" << progress.match
          << " next=" << progress.next;
      if (progress.inflight_messages > 0) out << " inflight=" << progress.inflight_messages;
      if (!progress.recently_active) out << " silent";
      out << "\n";
    }
  }
  return out.str();
}

std::string RaftStory::Log(const Stanza& stanza) {
  const auto& log = cluster_->node(Node(stanza)).log();
  std::ostringstream out;
  if (log.start().index) out << "snapshot " << log.start().index << "/" << log.start().term << "\n";
  for (const raft::Entry& entry : log.entries()) {
    out << entry.index << "/" << entry.term;
    if (!entry.data.empty()) out << " " << entry.data.view();
    out << "\n";
  }
  const std::string text = out.str();
  return text.empty() ? "empty\n" : text;
}

std::string RaftStory::OnTheWay(const Stanza&) {
  std::string text;
  for (const raft::Message& message : cluster_->on_the_way()) {
    text += raft::Describe(message) + "\n";
  }
  return text.empty() ? "nothing\n" : text;
}

NodeId RaftStory::Node(const Stanza& stanza, size_t place) const {
  const uint64_t number = Number(stanza, place, 0);
  CHECK(cluster_->nodes().contains(NodeId(number)))
      << "line " << stanza.line << ": no node " << number;
  return NodeId(number);
}

uint64_t RaftStory::Number(const Stanza& stanza, size_t place, uint64_t fallback) const {
  if (place >= stanza.words.size()) return fallback;
  const std::string& text = stanza.words[place];
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(end.ptr == text.data() + text.size()) << "line " << stanza.line << ": " << text;
  return number;
}

std::string RaftStory::Account() {
  std::string account = FoldHeartbeats(cluster_->TakeTranscript());
  for (auto& [id, node] : cluster_->nodes()) {
    for (const raft::ReadState& read : std::exchange(node.read_states(), {})) {
      std::ostringstream out;
      out << id << ": read " << read.id << " at index " << read.index << "\n";
      account += out.str();
    }
    for (uint64_t read : std::exchange(node.aborted_reads(), {})) {
      account += std::to_string(id.value()) + ": read " + std::to_string(read) + " aborted\n";
    }
    const std::string now = DescribeNode(id);
    if (std::exchange(last_seen_[id], now) != now) account += now + "\n";
  }
  return account;
}

std::string RaftStory::DescribeNode(NodeId id) const {
  const raft::testing::TestNode& node = cluster_->nodes().at(id);
  std::ostringstream out;
  out << id << ": ";
  if (!node.running()) {
    out << "crashed";
    return out.str();
  }
  const raft::RaftStatus status = node.raft().GetStatus();
  out << raft::RoleName(status.role) << " term=" << status.term;
  if (status.leader && status.leader != id) out << " leader=" << status.leader;
  out << " commit=" << status.commit << " last=" << status.last_index;
  if (status.persisted != status.last_index) out << " persisted=" << status.persisted;
  if (status.transfer_target) out << " transfer=" << status.transfer_target;
  if (!cluster_->Applied(id).empty()) out << " applied=[" << cluster_->Applied(id) << "]";
  return out.str();
}

}  // namespace baton::scenario
