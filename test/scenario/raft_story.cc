#include "test/scenario/raft_story.h"

#include <charconv>
#include <sstream>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/raft/describe.h"
#include "test/scenario/story_settings.h"
#include "test/scenario/story_text.h"

namespace baton::scenario {
namespace {

const std::vector<std::string> kClusterKeys = {"voters",        "joint",     "learners",
                                               "learners_next", "witnesses", "auto_leave",
                                               "commit_quorum", "messages"};

raft::Memory MemoryOf(const Stanza& stanza) {
  const std::string name = stanza.Value("memory", "whole");
  if (name == "newborn") return raft::Memory::kNewborn;
  if (name == "lost") return raft::Memory::kLost;
  CHECK(name == "whole") << "line " << stanza.line << ": unknown memory " << name;
  return raft::Memory::kWhole;
}

}  // namespace

const RaftStory::Commands& RaftStory::Stage() {
  static const Commands commands = {
      {"cluster", &RaftStory::Start},
      {"reconfigure", &RaftStory::Reconfigure},
      {"add-node", &RaftStory::AddNode},
      {"elect", &RaftStory::Elect},
      {"tick", &RaftStory::Tick},
      {"tick-all", &RaftStory::TickAll},
      {"settle", &RaftStory::Settle},
      {"deliver", &RaftStory::Deliver},
      {"drop", &RaftStory::Drop},
      {"delay", &RaftStory::Delay},
      {"repeat", &RaftStory::Repeat},
      {"arrive", &RaftStory::Arrive},
      {"on-the-way", &RaftStory::OnTheWay},
      {"cut", &RaftStory::Network},
      {"cut-one-way", &RaftStory::Network},
      {"isolate", &RaftStory::Network},
      {"heal", &RaftStory::Network},
      {"crash", &RaftStory::Process},
      {"restart", &RaftStory::Process},
      {"lose-disk", &RaftStory::Process},
      {"lose-tail", &RaftStory::Process},
      {"hold-disk", &RaftStory::Process},
      {"release-disk", &RaftStory::Process},
      {"trace", &RaftStory::Trace},
      {"status", &RaftStory::StatusOfAll},
      {"log", &RaftStory::Log},
      {"members", &RaftStory::MembersOf},
  };
  return commands;
}

std::string RaftStory::Run(const Stanza& stanza) {
  if (cluster_ == nullptr && stanza.command != "cluster") return "begin with: cluster voters=(...)";
  auto found = Stage().find(stanza.command);
  if (found == Stage().end()) found = Driver().find(stanza.command);
  if (found == Driver().end()) return "unknown command " + stanza.command;
  const std::string answer = (this->*found->second)(stanza);
  const bool count = stanza.command == "elect" || stanza.Value("messages", "yes") == "no";
  const std::string account = Account(count);
  return answer.empty() && account.empty() ? "ok" : answer + account;
}

std::string RaftStory::Start(const Stanza& stanza) {
  raft::testing::ClusterOptions options;
  options.membership = ReadMembership(stanza);
  const std::string unknown = ReadSettings(stanza, kClusterKeys, &options.config);
  CHECK(unknown.empty()) << "line " << stanza.line << ": unknown setting " << unknown;
  const raft::Config config = options.config;
  cluster_ = std::make_unique<raft::testing::Cluster>(std::move(options));
  cluster_->Record();
  configs_.clear();
  delayed_.clear();
  last_seen_.clear();
  for (const auto& [id, node] : cluster_->nodes()) (configs_[id] = config).id = id;
  return "";
}

std::string RaftStory::Reconfigure(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  raft::Config next = configs_.at(id);
  const std::string unknown = ReadSettings(stanza, {}, &next);
  CHECK(unknown.empty()) << "line " << stanza.line << ": unknown setting " << unknown;
  const Status changed = cluster_->raft(id).Reconfigure(next);
  if (changed.ok()) configs_[id] = next;
  return Done(id, changed);
}

std::string RaftStory::AddNode(const Stanza& stanza) {
  const NodeId id(Number(stanza, 0, 0));
  cluster_->AddNode(id);
  (configs_[id] = configs_.begin()->second).id = id;
  return "";
}

std::string RaftStory::Elect(const Stanza& stanza) {
  cluster_->raft(Node(stanza)).Campaign();
  cluster_->Settle();
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

// "AppendRequest" is the second word of a described message.
bool RaftStory::Chosen(const Stanza& stanza, const raft::Message& message) const {
  const std::string kind = stanza.Value("type", "");
  if (!kind.empty() && raft::Describe(message).find(" " + kind + " ") == std::string::npos) {
    return false;
  }
  return message.to.value() == stanza.Number("to", message.to.value()) &&
         message.from.value() == stanza.Number("from", message.from.value());
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

std::vector<raft::Message> RaftStory::Take(const Stanza& stanza) {
  auto& messages = cluster_->on_the_way();
  const uint64_t count = Number(stanza, 0, messages.size());
  std::vector<raft::Message> taken;
  for (auto at = messages.begin(); at != messages.end() && taken.size() < count;) {
    if (!Chosen(stanza, *at)) {
      ++at;
      continue;
    }
    taken.push_back(std::move(*at));
    at = messages.erase(at);
  }
  return taken;
}

std::string RaftStory::Drop(const Stanza& stanza) {
  return "dropped " + std::to_string(Take(stanza).size()) + "\n";
}

std::string RaftStory::Delay(const Stanza& stanza) {
  std::string text;
  for (raft::Message& message : Take(stanza)) {
    text += "delayed: " + raft::Describe(message) + "\n";
    delayed_.push_back(std::move(message));
  }
  return text.empty() ? "nothing to delay\n" : text;
}

std::string RaftStory::Repeat(const Stanza& stanza) {
  std::string text;
  auto& messages = cluster_->on_the_way();
  const uint64_t count = Number(stanza, 0, messages.size());
  std::vector<raft::Message> repeated;
  for (const raft::Message& message : messages) {
    if (repeated.size() < count && Chosen(stanza, message)) repeated.push_back(message);
  }
  for (const raft::Message& message : repeated) {
    text += "repeated: " + raft::Describe(message) + "\n";
    messages.push_back(message);
  }
  return text.empty() ? "nothing to repeat\n" : text;
}

std::string RaftStory::Arrive(const Stanza&) {
  std::string text;
  for (raft::Message& message : std::exchange(delayed_, {})) {
    text += "on its way: " + raft::Describe(message) + "\n";
    cluster_->on_the_way().push_back(std::move(message));
  }
  return text.empty() ? "nothing was delayed\n" : text;
}

std::string RaftStory::OnTheWay(const Stanza&) {
  std::string text;
  for (const raft::Message& message : cluster_->on_the_way()) {
    text += raft::Describe(message) + "\n";
  }
  return text.empty() ? "nothing\n" : text;
}

std::string RaftStory::Network(const Stanza& stanza) {
  if (stanza.command == "heal") cluster_->Heal();
  if (stanza.command == "isolate") cluster_->Isolate(Node(stanza));
  if (stanza.command == "cut") cluster_->Cut(Node(stanza), Node(stanza, 1));
  if (stanza.command == "cut-one-way") cluster_->CutOneWay(Node(stanza), Node(stanza, 1));
  return "";
}

std::string RaftStory::Process(const Stanza& stanza) {
  const NodeId id = Node(stanza);
  if (stanza.command == "crash") cluster_->Crash(id);
  if (stanza.command == "restart") cluster_->Restart(id);
  if (stanza.command == "lose-disk") cluster_->node(id).LoseDisk(MemoryOf(stanza));
  if (stanza.command == "lose-tail") cluster_->node(id).LoseTail(Index(Number(stanza, 1, 0)));
  if (stanza.command == "hold-disk") cluster_->HoldDisk(id);
  if (stanza.command == "release-disk") cluster_->ReleaseDisk(id);
  return "";
}

std::string RaftStory::StatusOfAll(const Stanza&) {
  std::string text;
  for (const auto& [id, node] : cluster_->nodes()) text += StatusLines(*cluster_, id);
  return text;
}

std::string RaftStory::Log(const Stanza& stanza) {
  return LogLines(cluster_->node(Node(stanza)).log());
}

std::string RaftStory::Trace(const Stanza&) {
  std::string text;
  for (; events_seen_ < cluster_->trace().size(); ++events_seen_) {
    text += ToJsonLine(cluster_->trace()[events_seen_]) + "\n";
  }
  return text;
}

std::string RaftStory::MembersOf(const Stanza& stanza) {
  const raft::RaftStatus status = cluster_->raft(Node(stanza)).GetStatus();
  return raft::Describe(status.config) + "\n";
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

std::string RaftStory::Account(bool count_messages) {
  const std::string sent = cluster_->TakeTranscript();
  std::ostringstream out;
  out << (count_messages ? CountMessages(sent) : FoldHeartbeats(sent));
  for (auto& [id, node] : cluster_->nodes()) {
    for (const raft::ReadState& read : std::exchange(node.read_states(), {})) {
      out << id << ": read " << read.id << " at index " << read.index << "\n";
    }
    for (const uint64_t read : std::exchange(node.aborted_reads(), {})) {
      out << id << ": read " << read << " aborted\n";
    }
    for (const NodeId peer : std::exchange(node.cancelled_snapshots(), {})) {
      out << id << ": snapshot to " << peer << " cancelled\n";
    }
    const std::string now = NodeLine(*cluster_, id);
    if (std::exchange(last_seen_[id], now) != now) out << now << "\n";
  }
  return out.str();
}

}  // namespace baton::scenario
