// File: members.h
//
// What people and nodes call the members of a cluster, and where they are reached. Raft knows who
// takes part by numbers alone (raft::ConfigState); names and addresses travel beside it: every
// change of membership that this node proposes carries those of all members after it, in the
// context of its log entry. Whoever holds the entry that added it thereby knows all the others. As
// of the applied index they are a row of the state tables (node_rows.h).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::node {

inline constexpr size_t kMemberNameBytesMax = 63;
inline constexpr size_t kMemberAddressBytesMax = 300;
inline constexpr size_t kMemberUrlBytesMax = 320;
// Voters and learners together. Raft would take more; nobody should.
inline constexpr size_t kClusterMembersMax = 15;
// Who was removed, the last ones: so that they are told when they ask.
inline constexpr size_t kRemovedRemembered = 64;

struct MemberInfo {
  std::string name;          // empty: none
  std::string peer_address;  // HOST:PORT; empty: as configured by hand
  std::string client_url;    // http://HOST:PORT; empty: not known
  friend bool operator==(const MemberInfo&, const MemberInfo&) = default;
};

struct Members {
  std::map<NodeId, MemberInfo> known;  // may lack members that were configured by hand
  std::vector<NodeId> removed;         // the oldest first; who comes back is not in it

  bool empty() const { return known.empty() && removed.empty(); }
  bool WasRemoved(NodeId id) const;
  // "baton-3", or "node 7" without a name.
  std::string NameOf(NodeId id) const;
  friend bool operator==(const Members&, const Members&) = default;
};

// A name of letters, digits, '.', '_' and '-'; an address HOST:PORT, a URL http://HOST:PORT, or
// none. kUnprocessable/"malformed_member" naming the field.
Status CheckMemberInfo(const MemberInfo& info);

// version u8 (1) | count varint, each: id varint, name, peer_address, client_url
//                | count varint, each: id varint
std::string EncodeMembers(const Members& members);
Result<Members> DecodeMembers(std::string_view bytes);  // kCorruption

}  // namespace baton::node
