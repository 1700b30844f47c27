// File: membership_codec.h
//
// A configuration as bytes: in the log entries of membership changes, in the log's start and in the
// state tables. An entry carries the whole configuration that results from the change, not the
// change: whoever holds the entry knows the members without knowing what was before.
//
//   ConfigState   version u8 (1)
//                 five lists, each: count varint (at most 1000), ids varint:
//                   voters, voters_outgoing, learners, learners_next, witnesses
//                 auto_leave bool | commit_quorum varint | commit_quorum_outgoing varint
//   entry data    length varint and ConfigState | context: the rest
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/bytes.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// Nodes in one list of a configuration.
inline constexpr uint64_t kMembersMax = 1000;
// What a proposer may add to a change.
inline constexpr size_t kMembershipContextBytesMax = 64 * 1024;

void WriteConfigState(const ConfigState& config, ByteWriter* writer);
// Malformed bytes fail the reader. Says nothing about sense: ValidateMembership does.
ConfigState ReadConfigState(ByteReader* reader);

// The data of a kConfigChange entry. `context` is the proposer's own.
struct MembershipEntry {
  ConfigState config;
  std::string context;
  friend bool operator==(const MembershipEntry&, const MembershipEntry&) = default;
};

Payload EncodeMembershipEntry(const ConfigState& config, std::string_view context);
// kInvalidArgument: malformed, or no valid configuration.
Result<MembershipEntry> DecodeMembershipEntry(std::string_view data);

}  // namespace baton::raft
