#include "pkg/node/node_rows.h"

#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/coord/state_machine.h"
#include "pkg/raft/membership_codec.h"

namespace baton::node {
namespace {

std::string ConfigKey() { return std::string(coord::kNodeTablePrefix) + "config"; }
std::string DemotedKey() { return std::string(coord::kNodeTablePrefix) + "demoted"; }
std::string MembersKey() { return std::string(coord::kNodeTablePrefix) + "members"; }

}  // namespace

std::string EncodeConfig(const raft::ConfigState& config) {
  std::string bytes;
  ByteWriter writer(&bytes);
  raft::WriteConfigState(config, &writer);
  return bytes;
}

Result<raft::ConfigState> DecodeConfig(std::string_view bytes) {
  ByteReader reader(bytes);
  raft::ConfigState config = raft::ReadConfigState(&reader);
  if (!reader.AtEnd()) {
    return Status(Code::kCorruption, "The row with the cluster's members cannot be read");
  }
  return config;
}

void PutConfigRow(const raft::ConfigState& config, coord::Tables* tables) {
  tables->Put(ConfigKey(), EncodeConfig(config));
}

Result<std::optional<raft::ConfigState>> GetConfigRow(const coord::Tables& tables) {
  const std::optional<std::string> bytes = tables.Get(ConfigKey());
  if (!bytes) return std::optional<raft::ConfigState>();
  Result<raft::ConfigState> config = DecodeConfig(*bytes);
  if (!config.ok()) return config.status();
  return std::optional<raft::ConfigState>(std::move(config).value());
}

void PutMembersRow(const Members& members, coord::Tables* tables) {
  tables->Put(MembersKey(), EncodeMembers(members));
}

Result<std::optional<Members>> GetMembersRow(const coord::Tables& tables) {
  const std::optional<std::string> bytes = tables.Get(MembersKey());
  if (!bytes) return std::optional<Members>();
  Result<Members> members = DecodeMembers(*bytes);
  if (!members.ok()) return members.status();
  return std::optional<Members>(std::move(members).value());
}

void PutDemotedRow(const std::vector<NodeId>& demoted, coord::Tables* tables) {
  if (demoted.empty()) return tables->Delete(DemotedKey());
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(demoted.size());
  for (const NodeId id : demoted) out.Varint(id.value());
  tables->Put(DemotedKey(), bytes);
}

Result<std::vector<NodeId>> GetDemotedRow(const coord::Tables& tables) {
  std::vector<NodeId> demoted;
  const std::optional<std::string> bytes = tables.Get(DemotedKey());
  if (!bytes) return demoted;
  ByteReader in(*bytes);
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    demoted.push_back(NodeId(in.Varint()));
  }
  if (in.AtEnd()) return demoted;
  return Status(Code::kCorruption, "The row with the demoted members cannot be read");
}

}  // namespace baton::node
