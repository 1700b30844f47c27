#include "pkg/raft/membership_codec.h"

#include <limits>
#include <utility>
#include <vector>

#include "pkg/raft/membership.h"

namespace baton::raft {
namespace {

constexpr uint8_t kVersion = 1;
// Five lists of ids of at most ten bytes, and what goes with them.
constexpr size_t kConfigBytesMax = 5 * kMembersMax * 10 + 64;

void WriteIds(const std::vector<NodeId>& ids, ByteWriter* writer) {
  writer->Varint(ids.size());
  for (const NodeId id : ids) writer->Varint(id.value());
}

std::vector<NodeId> ReadIds(ByteReader* reader) {
  const uint64_t count = reader->Varint();
  if (count > kMembersMax) reader->Fail();
  std::vector<NodeId> ids;
  for (uint64_t i = 0; i < count && reader->ok(); ++i) ids.push_back(NodeId(reader->Varint()));
  return ids;
}

uint32_t ReadQuorum(ByteReader* reader) {
  const uint64_t quorum = reader->Varint();
  if (quorum > kMembersMax) reader->Fail();
  return static_cast<uint32_t>(quorum);
}

Status Malformed(std::string_view what) {
  return Status(Code::kInvalidArgument, "membership entry: " + std::string(what));
}

}  // namespace

void WriteConfigState(const ConfigState& config, ByteWriter* writer) {
  writer->U8(kVersion);
  WriteIds(config.voters, writer);
  WriteIds(config.voters_outgoing, writer);
  WriteIds(config.learners, writer);
  WriteIds(config.learners_next, writer);
  WriteIds(config.witnesses, writer);
  writer->Bool(config.auto_leave);
  writer->Varint(config.commit_quorum);
  writer->Varint(config.commit_quorum_outgoing);
}

ConfigState ReadConfigState(ByteReader* reader) {
  ConfigState config;
  if (reader->U8() != kVersion) reader->Fail();
  config.voters = ReadIds(reader);
  config.voters_outgoing = ReadIds(reader);
  config.learners = ReadIds(reader);
  config.learners_next = ReadIds(reader);
  config.witnesses = ReadIds(reader);
  config.auto_leave = reader->Bool();
  config.commit_quorum = ReadQuorum(reader);
  config.commit_quorum_outgoing = ReadQuorum(reader);
  return config;
}

Payload EncodeMembershipEntry(const ConfigState& config, std::string_view context) {
  std::string state;
  ByteWriter state_writer(&state);
  WriteConfigState(config, &state_writer);
  std::string data;
  ByteWriter writer(&data);
  writer.String(state);
  writer.Raw(context);
  return Payload(std::move(data));
}

Result<MembershipEntry> DecodeMembershipEntry(std::string_view data) {
  ByteReader reader(data);
  ByteReader state(reader.String(kConfigBytesMax));
  MembershipEntry entry{ReadConfigState(&state), std::string(reader.rest())};
  if (!reader.ok() || !state.AtEnd()) return Malformed("is malformed");
  if (entry.config.voters.empty()) return Malformed("has no voters");
  BATON_RETURN_IF_ERROR(ValidateMembership(entry.config));
  return entry;
}

}  // namespace baton::raft
