// Three nodes in one thread elect a leader and agree on five commands. What is a vector or a deque
// here is a disk or a network in a real driver.
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/raft/raft.h"

using namespace baton;  // NOLINT: for brevity

// The durable log of one node. Nothing is ever compacted, so there are no snapshots.
class Log final : public raft::LogReader {
 public:
  Index FirstIndex() const override { return Index(1); }
  Index LastIndex() const override { return Index(entries_.size()); }
  Result<Term> TermAt(Index index) const override {
    if (index > LastIndex()) return Status(Code::kNotFound, "beyond the end");
    return index == Index() ? Term() : entries_[index.value() - 1].term;
  }
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t) const override {
    return std::vector<raft::Entry>(entries_.begin() + static_cast<long>(low.value()) - 1,
                                    entries_.begin() + static_cast<long>(high.value()) - 1);
  }
  Result<raft::SnapshotMeta> Snapshot() const override {
    return Status(Code::kUnavailable, "there are none");
  }

  void Write(const std::vector<raft::Entry>& entries) {
    if (!entries.empty()) entries_.resize(entries.front().index.value() - 1);  // what differs
    entries_.insert(entries_.end(), entries.begin(), entries.end());
  }

 private:
  std::vector<raft::Entry> entries_;
};

struct Node {
  Log log;
  std::unique_ptr<raft::Raft> raft;
  std::string state;  // the commands, in their order
};

class Example {
 public:
  Example() {
    raft::InitialState initial;
    for (uint64_t id = 1; id <= 3; ++id) initial.config.voters.push_back(NodeId(id));
    for (size_t i = 0; i < 3; ++i) {
      raft::Config config;
      config.id = NodeId(i + 1);
      config.seed = 7;  // of the election timeouts
      auto raft = raft::Raft::Create(config, initial, &nodes_[i].log);
      CHECK(raft.ok()) << raft.status().ToString();
      nodes_[i].raft = std::move(*raft);
    }
  }

  void Tick() {
    for (Node& node : nodes_) node.raft->Tick();
    RunUntilQuiet();
  }

  void RunUntilQuiet() {
    for (Node& node : nodes_) CarryOutReadys(node);
    while (!network_.empty()) {
      raft::Message message = std::move(network_.front());
      network_.pop_front();
      Node& to = nodes_[message.to.value() - 1];
      CHECK(to.raft->Step(std::move(message)).ok());
      CarryOutReadys(to);
    }
  }

  Node* Leader() {
    for (Node& node : nodes_) {
      if (node.raft->role() == raft::Role::kLeader) return &node;
    }
    return nullptr;
  }
  const std::string& state(size_t place) const { return nodes_[place].state; }

 private:
  // The driver's whole duty, in the order of ready.h.
  void CarryOutReadys(Node& node) {
    while (node.raft->HasReady()) {
      raft::Ready ready = node.raft->TakeReady();
      for (auto& message : ready.messages) network_.push_back(std::move(message));
      if (ready.NeedsPersist()) {
        node.log.Write(ready.entries);  // a real one also writes hard_state, and syncs
        for (auto& message : ready.messages_after_persist) network_.push_back(std::move(message));
        node.raft->OnPersisted(ready.mark);
      }
      for (const raft::Entry& entry : ready.committed_entries) {
        if (!entry.data.empty()) node.state += std::string(entry.data.view()) + " ";
        node.raft->OnApplied(entry.index);
      }
    }
  }

  Node nodes_[3];
  std::deque<raft::Message> network_;
};

int main() {
  Example example;
  while (example.Leader() == nullptr) example.Tick();
  for (const std::string command : {"set", "the", "sails", "to", "sea"}) {
    CHECK(example.Leader()->raft->Propose(raft::Payload(command)).ok());
  }
  example.RunUntilQuiet();
  for (size_t i = 0; i < 3; ++i) {
    std::printf("node %zu: %s\n", i + 1, example.state(i).c_str());
    CHECK_EQ(example.state(i), "set the sails to sea ");
  }
}
