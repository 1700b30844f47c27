// File: types.h
//
// The values that Raft works on: entries, the state that must be durable, the configuration, and
// what a snapshot is known by. All are plain values; copying an Entry shares its bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/ids.h"

namespace baton::raft {

// Immutable bytes with shared ownership: one copy in memory however many peers, queues and logs
// hold the entry. The count is atomic, so a Payload may be handed to another thread.
class Payload {
 public:
  Payload() = default;  // empty
  explicit Payload(std::string bytes)
      : bytes_(bytes.empty() ? nullptr : std::make_shared<const std::string>(std::move(bytes))) {}

  std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  size_t size() const { return bytes_ ? bytes_->size() : 0; }
  bool empty() const { return size() == 0; }

  friend bool operator==(const Payload& a, const Payload& b) { return a.view() == b.view(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

// Values are on disk and on the wire: do not change them.
enum class EntryType : uint8_t {
  kNormal = 0,        // a command for the state machine; empty: the first entry of a leader's term
  kConfigChange = 1,  // a membership change; data as in membership_codec.h
};

struct Entry {
  Term term;
  Index index;
  EntryType type = EntryType::kNormal;
  Payload data;

  // What the entry counts for in limits: its bytes and a fixed overhead.
  static constexpr size_t kOverheadBytes = 24;
  size_t ApproximateBytes() const { return kOverheadBytes + data.size(); }
  friend bool operator==(const Entry&, const Entry&) = default;
};

// What a node's disk still knows of what the node has said; all but the first keep it from voting
// (amnesia.h). Values are on disk: do not change them.
enum class Memory : uint8_t {
  kWhole = 0,
  kNewborn = 1,      // a disk that was empty: a new node's, or one in the place of a lost one
  kLostEntries = 2,  // has lost entries that the node had acknowledged, but neither term nor vote
  kLost = 3,         // nobody knows what the node has said: it counts for nothing
};

inline bool HasLost(Memory memory) {
  return memory == Memory::kLostEntries || memory == Memory::kLost;
}

// What must be durable before any message that depends on it is sent (Raft paper, figure 2,
// "Persistent state"). commit may lag behind: it only speeds up a restart.
struct HardState {
  Term term;
  NodeId vote;  // 0: none in this term
  Index commit;
  Memory memory = Memory::kWhole;

  friend bool operator==(const HardState&, const HardState&) = default;
};

// Who takes part. While voters_outgoing is not empty the configuration is joint (paper section 6)
// and every decision needs a quorum of both halves. All lists ascend and have no repetitions.
struct ConfigState {
  std::vector<NodeId> voters;
  std::vector<NodeId> voters_outgoing;
  std::vector<NodeId> learners;
  // voters_outgoing that become learners when the joint state ends
  std::vector<NodeId> learners_next;
  // Voters of either half that hold the log without its data: they vote and acknowledge, never
  // lead, and commit nothing that no other voter of the half holds. And those that were removed:
  // their disks may still be there, so their ids come back as witnesses or not at all.
  std::vector<NodeId> witnesses;
  bool auto_leave = false;  // the leader ends the joint state by itself
  // How many voters of a half must hold an entry for it to be committed; 0: a majority. An election
  // then needs enough voters to meet every such quorum, and a majority at least (quorum.h).
  uint32_t commit_quorum = 0;
  uint32_t commit_quorum_outgoing = 0;

  bool joint() const { return !voters_outgoing.empty(); }

  friend bool operator==(const ConfigState&, const ConfigState&) = default;
};

// What a snapshot is known by: it stands for all entries up to and including `index`. Its bytes are
// the driver's business; the core never sees them.
struct SnapshotMeta {
  Index index;
  Term term;
  ConfigState config;

  friend bool operator==(const SnapshotMeta&, const SnapshotMeta&) = default;
};

// A point in the total order of all log writes and their acknowledgements: first by the term in
// which the node wrote, then by the last index of the log after the write. A late acknowledgement
// of an old write can therefore never confirm entries that were rewritten since.
struct LogMark {
  Term term;
  Index last_index;
  // How many snapshots the log has started over from that were at its very end, as one that was
  // asked for may be: the last write before it, with the same two numbers, may still be under way.
  uint64_t restored = 0;

  auto operator<=>(const LogMark&) const = default;
};

// Where a proposal stands in the log: it was accepted if, and only if, the entry that is applied at
// `index` has this `term`.
struct Proposed {
  Index index;
  Term term;
  friend bool operator==(const Proposed&, const Proposed&) = default;
};

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

// "follower", "pre_candidate", "candidate", "leader".
std::string_view RoleName(Role role);

}  // namespace baton::raft
