#include "pkg/storage/identity.h"

#include <algorithm>
#include <charconv>

#include "pkg/storage/sealed_text.h"

namespace baton::storage {
namespace {

constexpr std::string_view kKind = "baton-data-directory";
constexpr uint32_t kFormat = 1;

bool IsClusterIdByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Status CheckIdentity(const Identity& identity) {
  const std::string& id = identity.cluster_id;
  if (id.empty() || id.size() > kClusterIdBytesMax ||
      !std::all_of(id.begin(), id.end(), IsClusterIdByte)) {
    return Status(Code::kInvalidArgument,
                  "The cluster id must have 1 to " + std::to_string(kClusterIdBytesMax) +
                      " of the characters A-Z, a-z, 0-9, '.', '_' and '-'.");
  }
  if (!identity.node_id) {
    return Status(Code::kInvalidArgument, "The node id must be greater than 0.");
  }
  return Status::Ok();
}

Status CheckOwner(const Identity& owner, const Identity& expected, std::string_view path) {
  if (owner.cluster_id != expected.cluster_id) {
    return Status(Code::kInvalidArgument, "wrong_cluster",
                  std::string(path) + " holds data of the cluster " + owner.cluster_id +
                      ", and this node belongs to the cluster " + expected.cluster_id +
                      "; give this node a directory of its own, or correct the cluster's name, "
                      "members or cluster-id.");
  }
  if (owner.node_id != expected.node_id) {
    return Status(Code::kInvalidArgument, "wrong_node",
                  std::string(path) + " holds data of node " +
                      std::to_string(owner.node_id.value()) + ", and this is node " +
                      std::to_string(expected.node_id.value()) +
                      "; give each node a directory of its own, or correct the node id.");
  }
  return Status::Ok();
}

std::string EncodeIdentityFile(const Identity& identity) {
  return SealText(
      kKind, kFormat,
      {{"cluster", identity.cluster_id}, {"node", std::to_string(identity.node_id.value())}});
}

Result<Identity> DecodeIdentityFile(std::string_view text, std::string_view path) {
  const Result<TextLines> lines = UnsealText(kKind, kFormat, text, path);
  if (!lines.ok()) return lines.status();
  Identity identity;
  uint64_t node = 0;
  if (lines->size() == 2) {
    identity.cluster_id = (*lines)[0].second;
    const std::string& number = (*lines)[1].second;
    (void)std::from_chars(number.data(), number.data() + number.size(), node);
    identity.node_id = NodeId(node);
  }
  // One form only: what it means must be written exactly so.
  if (!CheckIdentity(identity).ok() || EncodeIdentityFile(identity) != text) {
    return Status(Code::kCorruption, std::string(path) + " is malformed.");
  }
  return identity;
}

}  // namespace baton::storage
