#include "pkg/raft/describe.h"

#include <sstream>
#include <string_view>

namespace baton::raft {
namespace {

void WriteList(std::string_view name, const std::vector<NodeId>& ids, std::ostream& out) {
  if (ids.empty()) return;
  if (out.tellp() > 0) out << " ";
  out << name << "=(";
  std::string_view separator;
  for (const NodeId id : ids) {
    out << separator << id;
    separator = " ";
  }
  out << ")";
}

std::string_view StateName(ReplicationState state) {
  switch (state) {
    case ReplicationState::kProbe:
      return "probe";
    case ReplicationState::kReplicate:
      return "replicate";
    case ReplicationState::kSnapshot:
      return "snapshot";
  }
  return "?";
}

std::string_view MemoryText(Memory memory) {
  switch (memory) {
    case Memory::kWhole:
      return "";
    case Memory::kNewborn:
      return " newborn";
    case Memory::kLostEntries:
      return " lost_entries";
    case Memory::kLost:
      return " amnesia";
  }
  return " ?";
}

void WriteEntries(std::string_view name, const std::vector<Entry>& entries, std::ostream& out) {
  if (entries.empty()) return;
  out << name << "=[";
  std::string_view separator;
  for (const Entry& entry : entries) {
    out << separator << entry.index << "/" << entry.term;
    if (entry.type == EntryType::kConfigChange) out << "c";
    separator = " ";
  }
  out << "]\n";
}

void WriteMessages(std::string_view name, const std::vector<Message>& messages, std::ostream& out) {
  for (const Message& message : messages) out << name << ": " << Describe(message) << "\n";
}

}  // namespace

std::string Describe(const ConfigState& config) {
  std::ostringstream out;
  WriteList("voters", config.voters, out);
  WriteList("joint", config.voters_outgoing, out);
  WriteList("learners", config.learners, out);
  WriteList("learners_next", config.learners_next, out);
  WriteList("witnesses", config.witnesses, out);
  if (config.auto_leave) out << " auto_leave";
  if (config.commit_quorum != 0) out << " commit_quorum=" << config.commit_quorum;
  if (config.commit_quorum_outgoing != 0) {
    out << " commit_quorum_outgoing=" << config.commit_quorum_outgoing;
  }
  const std::string text = std::move(out).str();
  return text.empty() ? "nobody" : text;
}

std::string Describe(const RaftStatus& status) {
  std::ostringstream out;
  out << RoleName(status.role) << " term=" << status.term;
  if (status.leader && status.leader != status.id) out << " leader=" << status.leader;
  out << " commit=" << status.commit << " last=" << status.last_index;
  if (status.persisted != status.last_index) out << " persisted=" << status.persisted;
  if (status.config_index) out << " config=" << status.config_index;
  if (status.transfer_target) out << " transfer=" << status.transfer_target;
  out << MemoryText(status.memory);
  return std::move(out).str();
}

std::string Describe(const PeerStatus& peer) {
  std::ostringstream out;
  out << StateName(peer.state) << " match=" << peer.match << " next=" << peer.next;
  if (peer.inflight_messages > 0) out << " inflight=" << peer.inflight_messages;
  if (peer.pending_snapshot) out << " pending_snapshot=" << peer.pending_snapshot;
  if (!peer.recently_active) out << " silent";
  if (peer.amnesia) out << " amnesia";
  return std::move(out).str();
}

std::string Describe(const Ready& ready) {
  std::ostringstream out;
  if (ready.soft_state) {
    out << "role: " << RoleName(ready.soft_state->role);
    if (ready.soft_state->leader) out << " leader=" << ready.soft_state->leader;
    out << "\n";
  }
  WriteMessages("send", ready.messages, out);
  if (ready.hard_state) {
    out << "persist: term=" << ready.hard_state->term << " vote=" << ready.hard_state->vote
        << " commit=" << ready.hard_state->commit << MemoryText(ready.hard_state->memory) << "\n";
  }
  if (ready.snapshot) {
    out << "install: snapshot=" << ready.snapshot->index << "/" << ready.snapshot->term << " "
        << Describe(ready.snapshot->config) << "\n";
  }
  WriteEntries("persist: entries", ready.entries, out);
  WriteMessages("send when persisted", ready.messages_after_persist, out);
  WriteEntries("apply: entries", ready.committed_entries, out);
  for (const ReadState& read : ready.read_states) {
    out << "read: id=" << read.id << " index=" << read.index << "\n";
  }
  for (const uint64_t id : ready.aborted_reads) out << "read aborted: id=" << id << "\n";
  for (const NodeId id : ready.cancelled_snapshots) out << "stop the snapshot for " << id << "\n";
  return std::move(out).str();
}

}  // namespace baton::raft
