// File: node_rows.h
//
// What the node keeps for itself in the state tables, in the same batch as the state it is about:
// the configuration as of the applied index, the names and addresses of its members, and who is to
// be promoted again. They travel in snapshots like every row.
//
// Row:    kNodeTablePrefix "config"   ConfigState, as in pkg/raft/membership_codec.h
//         kNodeTablePrefix "demoted"  count varint, ids varint: learners for lost memory
//                                     (healing.h); absent: there are none
//         kNodeTablePrefix "members"  as in members.h; absent: nobody has said anything
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/tables.h"
#include "pkg/node/members.h"
#include "pkg/raft/types.h"

namespace baton::node {

std::string EncodeConfig(const raft::ConfigState& config);
Result<raft::ConfigState> DecodeConfig(std::string_view bytes);  // kCorruption

void PutConfigRow(const raft::ConfigState& config, coord::Tables* tables);
// Empty: there is none. kCorruption: it cannot be read.
Result<std::optional<raft::ConfigState>> GetConfigRow(const coord::Tables& tables);

void PutMembersRow(const Members& members, coord::Tables* tables);
Result<std::optional<Members>> GetMembersRow(const coord::Tables& tables);

void PutDemotedRow(const std::vector<NodeId>& demoted, coord::Tables* tables);
Result<std::vector<NodeId>> GetDemotedRow(const coord::Tables& tables);  // kCorruption

}  // namespace baton::node
