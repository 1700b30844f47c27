#include "test/scenario/group_story.h"

#include <utility>

#include "pkg/base/check.h"
#include "test/scenario/story_settings.h"

namespace baton::scenario {

using raft::GroupId;
using raft::testing::GroupProcess;

std::string GroupStory::Run(const Stanza& stanza) {
  batches_.clear();
  batch_count_ = message_count_ = 0;
  const auto number = [&](size_t place, uint64_t fallback) -> uint64_t {
    return place < stanza.words.size() ? std::stoull(stanza.words[place]) : fallback;
  };
  if (stanza.command == "processes") {
    Start(stanza);
  } else if (stanza.command == "tick") {
    for (uint64_t i = number(0, 1); i > 0; --i) {
      for (auto& [id, process] : processes_) process->Tick();
      Settle();
    }
  } else if (stanza.command == "propose") {
    Propose(GroupId(number(0, 0)), stanza.words.at(1));
  } else if (stanza.command == "stop") {
    processes_.erase(NodeId(number(0, 0)));
  } else {
    CHECK(false) << "line " << stanza.line << ": unknown command " << stanza.command;
  }
  if (stanza.Value("batches", "yes") != "no") return batches_ + ProcessLines();
  return "(" + std::to_string(batch_count_) + " batches, " + std::to_string(message_count_) +
         " messages)\n" + ProcessLines();
}

void GroupStory::Start(const Stanza& stanza) {
  raft::Config config;
  const std::string unknown = ReadSettings(stanza, {"groups", "beats_every", "batches"}, &config);
  CHECK(unknown.empty()) << "line " << stanza.line << ": unknown setting " << unknown;
  raft::ConfigState membership;
  const uint64_t count = std::stoull(stanza.words.at(0));
  for (uint64_t id = 1; id <= count; ++id) membership.voters.push_back(NodeId(id));
  groups_ = stanza.Number("groups", 1);
  for (const NodeId id : membership.voters) {
    const raft::GroupSetConfig process{
        .self = id,
        .incarnation = id.value(),
        .beat_interval_ticks = static_cast<uint32_t>(stanza.Number("beats_every", 1))};
    processes_[id] = std::make_unique<GroupProcess>(process, config.election_timeout_ticks);
    for (uint64_t group = 1; group <= groups_; ++group) {
      config.seed = group;
      processes_[id]->AddGroup(GroupId(group), membership, config);
    }
  }
}

void GroupStory::Propose(GroupId group, const std::string& command) {
  for (auto& [id, process] : processes_) {
    if (!process->Leads(group)) continue;
    CHECK(process->groups().Wake(group)->Propose(raft::Payload(command)).ok());
    return Settle();
  }
  CHECK(false) << "nobody leads group " << group;
}

void GroupStory::Settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& [id, process] : processes_) {
      for (raft::PeerBatch& batch : process->Work()) {
        moved = true;
        Note(batch);
        const auto to = processes_.find(batch.to);
        if (to != processes_.end()) to->second->Hear(std::move(batch));
      }
    }
  }
}

void GroupStory::Note(const raft::PeerBatch& batch) {
  ++batch_count_;
  message_count_ += batch.messages.size();
  batches_ += std::to_string(batch.from.value()) + "->" + std::to_string(batch.to.value());
  if (batch.messages.empty()) batches_ += " beat";
  batches_ += "\n";
  for (const raft::GroupMessage& message : batch.messages) {
    const std::string text = raft::Describe(message.message);
    batches_ += "   group " + std::to_string(message.group.value()) + ":" +
                text.substr(text.find(' ')) + "\n";
  }
}

std::string GroupStory::ProcessLines() const {
  std::string lines;
  for (const auto& [id, process] : processes_) {
    std::string leads;
    for (uint64_t group = 1; group <= groups_; ++group) {
      if (process->Leads(GroupId(group))) {
        leads += (leads.empty() ? "" : " ") + std::to_string(group);
      }
    }
    lines += std::to_string(id.value()) + ": awake=" + std::to_string(process->groups().awake()) +
             (leads.empty() ? "" : " leads=(" + leads + ")") + "\n";
  }
  return lines;
}

}  // namespace baton::scenario
