// File: identity.h
//
// Whose data this is. A node refuses to run on the data of another node or of another cluster: with
// them it would vote twice, or vote in an election that is not its own.
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"

namespace baton::storage {

inline constexpr size_t kClusterIdBytesMax = 64;

struct Identity {
  std::string cluster_id;  // 1 to kClusterIdBytesMax of [A-Za-z0-9._-]
  NodeId node_id;          // not 0

  friend bool operator==(const Identity&, const Identity&) = default;
};

// kInvalidArgument that names the field and what is allowed.
Status CheckIdentity(const Identity& identity);

// kInvalidArgument, reason "wrong_cluster" or "wrong_node", if `owner`, found in `path`, is not
// `expected`.
Status CheckOwner(const Identity& owner, const Identity& expected, std::string_view path);

// The text of DIR/IDENTITY:
//
//   baton-data-directory 1
//   cluster 7f3a99e1c0d24b58
//   node 2
//   crc32c 1b0ac9f4
std::string EncodeIdentityFile(const Identity& identity);
// kCorruption: not what was written. kInvalidArgument/"newer_format".
Result<Identity> DecodeIdentityFile(std::string_view text, std::string_view path);

}  // namespace baton::storage
