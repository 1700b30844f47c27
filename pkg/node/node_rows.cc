#include "pkg/node/node_rows.h"

#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/coord/state_machine.h"

namespace baton::node {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint64_t kMembersMax = 1024;

std::string ConfigKey() { return std::string(coord::kNodeTablePrefix) + "config"; }

void WriteIds(const std::vector<NodeId>& ids, ByteWriter* writer) {
  writer->Varint(ids.size());
  for (const NodeId id : ids) writer->Varint(id.value());
}

bool ReadIds(ByteReader* reader, std::vector<NodeId>* ids) {
  const uint64_t count = reader->Varint();
  if (!reader->ok() || count > kMembersMax) return false;
  for (uint64_t i = 0; i < count; ++i) ids->push_back(NodeId(reader->Varint()));
  return reader->ok();
}

}  // namespace

std::string EncodeConfig(const raft::ConfigState& config) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.U8(kVersion);
  WriteIds(config.voters, &writer);
  WriteIds(config.voters_outgoing, &writer);
  WriteIds(config.learners, &writer);
  WriteIds(config.learners_next, &writer);
  writer.Bool(config.auto_leave);
  return bytes;
}

Result<raft::ConfigState> DecodeConfig(std::string_view bytes) {
  ByteReader reader(bytes);
  raft::ConfigState config;
  const bool lists = reader.U8() == kVersion && ReadIds(&reader, &config.voters) &&
                     ReadIds(&reader, &config.voters_outgoing) &&
                     ReadIds(&reader, &config.learners) && ReadIds(&reader, &config.learners_next);
  config.auto_leave = reader.Bool();
  if (!lists || !reader.AtEnd()) {
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

}  // namespace baton::node
