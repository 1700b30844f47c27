// The reading half of envelope.h. The bytes may come from anybody.

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "pkg/http/base64.h"
#include "pkg/http/envelope.h"
#include "pkg/http/json.h"
#include "pkg/http/quote.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits = {.depth_max = kEnvelopeDepthMax, .values_max = kEnvelopeValuesMax};
// Times and time spans within it can be added without overflow.
constexpr uint64_t kPriorityMax = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMillisecondsMax = uint64_t{1} << 53;
constexpr size_t kReasonBytesMax = 128;
constexpr size_t kTextBytesMax = 16 * 1024;

// Reads fields of objects; the first error stays, and reads after it give zero values.
class Decoder {
 public:
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

  void Fail(std::string_view field, const std::string& what) {
    if (!ok()) return;
    status_ = Status(Code::kInvalidArgument, "malformed_envelope",
                     "field \"" + std::string(field) + "\" " + what);
  }

  const json& Field(const json& object, std::string_view name) {
    static const json kNull;
    const auto found = object.find(name);
    if (found != object.end()) return *found;
    Fail(name, "is missing");
    return kNull;
  }
  uint64_t ToNumber(const json& value, std::string_view name,
                    uint64_t max = std::numeric_limits<uint64_t>::max()) {
    if (value.is_number_unsigned() && value.get<uint64_t>() <= max) return value.get<uint64_t>();
    Fail(name, "must be a whole number up to " + std::to_string(max));
    return 0;
  }
  std::string ToBytes(const json& value, std::string_view name) {
    if (value.is_string()) {
      Result<std::string> bytes = Base64Decode(value.get_ref<const std::string&>());
      if (bytes.ok()) return *std::move(bytes);
    }
    Fail(name, "must be base64");
    return "";
  }

  uint64_t Number(const json& object, std::string_view name,
                  uint64_t max = std::numeric_limits<uint64_t>::max()) {
    return ToNumber(Field(object, name), name, max);
  }
  template <typename Id>
  Id Numbered(const json& object, std::string_view name) {
    return Id(Number(object, name));
  }
  bool Bool(const json& object, std::string_view name) {
    const json& value = Field(object, name);
    if (value.is_boolean()) return value.get<bool>();
    Fail(name, "must be true or false");
    return false;
  }
  std::string Text(const json& object, std::string_view name, size_t bytes_max) {
    const json& value = Field(object, name);
    if (value.is_string() && value.get_ref<const std::string&>().size() <= bytes_max) {
      return value.get<std::string>();
    }
    Fail(name, "must be a string of at most " + std::to_string(bytes_max) + " bytes");
    return "";
  }
  std::string Binary(const json& object, std::string_view name) {
    return ToBytes(Field(object, name), name);
  }
  // An array of at most items_max; anything else is an error and gives an empty one.
  const json& Array(const json& object, std::string_view name, size_t items_max) {
    static const json kEmpty = json::array();
    const json& value = Field(object, name);
    if (value.is_array() && value.size() <= items_max) return value;
    Fail(name, "must be an array of at most " + std::to_string(items_max));
    return kEmpty;
  }

 private:
  Status status_;
};

std::vector<NodeId> ReadIds(Decoder* in, const json& object, std::string_view name) {
  std::vector<NodeId> ids;
  for (const json& id : in->Array(object, name, kConfigMembersMax)) {
    ids.push_back(NodeId(in->ToNumber(id, name)));
  }
  return ids;
}

raft::Entry ReadEntry(Decoder* in, const json& array) {
  raft::Entry entry;
  if (!array.is_array() || array.size() != 4) {
    in->Fail("entries", "must hold arrays of four");
    return entry;
  }
  entry.term = Term(in->ToNumber(array[0], "entries"));
  entry.index = Index(in->ToNumber(array[1], "entries"));
  const uint64_t last_type = static_cast<uint64_t>(raft::EntryType::kConfigChange);
  entry.type = static_cast<raft::EntryType>(in->ToNumber(array[2], "entries", last_type));
  entry.data = raft::Payload(in->ToBytes(array[3], "entries"));
  return entry;
}

// One reader for each kind of Raft message.
using ReadBody = raft::MessageBody (*)(Decoder* in, const json& object);

raft::MessageBody ReadVoteRequest(Decoder* in, const json& object) {
  raft::VoteRequest vote;
  vote.pre_vote = in->Bool(object, "pre_vote");
  vote.leader_transfer = in->Bool(object, "leader_transfer");
  vote.last_index = in->Numbered<Index>(object, "last_index");
  vote.last_term = in->Numbered<Term>(object, "last_term");
  vote.priority = static_cast<uint32_t>(in->Number(object, "priority", kPriorityMax));
  vote.commit = in->Numbered<Index>(object, "commit");
  vote.commit_term = in->Numbered<Term>(object, "commit_term");
  return vote;
}

raft::MessageBody ReadVoteResponse(Decoder* in, const json& object) {
  raft::VoteResponse vote;
  vote.pre_vote = in->Bool(object, "pre_vote");
  vote.granted = in->Bool(object, "granted");
  vote.commit = in->Numbered<Index>(object, "commit");
  vote.commit_term = in->Numbered<Term>(object, "commit_term");
  return vote;
}

raft::MessageBody ReadAppend(Decoder* in, const json& object) {
  raft::AppendRequest append;
  append.prev_index = in->Numbered<Index>(object, "prev_index");
  append.prev_term = in->Numbered<Term>(object, "prev_term");
  append.commit = in->Numbered<Index>(object, "commit");
  const json& entries = in->Array(object, "entries", kEnvelopeValuesMax);
  append.entries.reserve(entries.size());
  for (const json& entry : entries) append.entries.push_back(ReadEntry(in, entry));
  return append;
}

raft::MessageBody ReadAppendResponse(Decoder* in, const json& object) {
  raft::AppendResponse response;
  response.rejected = in->Bool(object, "rejected");
  response.match_index = in->Numbered<Index>(object, "match_index");
  response.rejected_index = in->Numbered<Index>(object, "rejected_index");
  response.hint_index = in->Numbered<Index>(object, "hint_index");
  response.hint_term = in->Numbered<Term>(object, "hint_term");
  response.commit = in->Numbered<Index>(object, "commit");
  response.amnesia = in->Bool(object, "amnesia");
  return response;
}

raft::MessageBody ReadHeartbeat(Decoder* in, const json& object) {
  raft::Heartbeat heartbeat;
  heartbeat.commit = in->Numbered<Index>(object, "commit");
  heartbeat.read_counter = in->Number(object, "read_counter");
  heartbeat.stamp = in->Number(object, "stamp");
  return heartbeat;
}

raft::MessageBody ReadHeartbeatResponse(Decoder* in, const json& object) {
  raft::HeartbeatResponse response;
  response.commit = in->Numbered<Index>(object, "commit");
  response.read_counter = in->Number(object, "read_counter");
  response.stamp = in->Number(object, "stamp");
  response.amnesia = in->Bool(object, "amnesia");
  return response;
}

uint32_t CommitQuorum(Decoder* in, const json& object, std::string_view name) {
  return static_cast<uint32_t>(in->Number(object, name, kConfigMembersMax));
}

raft::MessageBody ReadSnapshot(Decoder* in, const json& object) {
  raft::SnapshotRequest snapshot;
  snapshot.meta.index = in->Numbered<Index>(object, "index");
  snapshot.meta.term = in->Numbered<Term>(object, "snapshot_term");
  raft::ConfigState& config = snapshot.meta.config;
  config.voters = ReadIds(in, object, "voters");
  config.voters_outgoing = ReadIds(in, object, "voters_outgoing");
  config.learners = ReadIds(in, object, "learners");
  config.learners_next = ReadIds(in, object, "learners_next");
  config.witnesses = ReadIds(in, object, "witnesses");
  config.auto_leave = in->Bool(object, "auto_leave");
  config.commit_quorum = CommitQuorum(in, object, "commit_quorum");
  config.commit_quorum_outgoing = CommitQuorum(in, object, "commit_quorum_outgoing");
  snapshot.leader = in->Numbered<NodeId>(object, "leader");
  snapshot.without_data = in->Bool(object, "without_data");
  return snapshot;
}

raft::MessageBody ReadReadIndex(Decoder* in, const json& object) {
  return raft::ReadIndexRequest{in->Number(object, "id"), in->Bool(object, "lease")};
}

raft::MessageBody ReadReadIndexResponse(Decoder* in, const json& object) {
  return raft::ReadIndexResponse{in->Number(object, "id"), in->Numbered<Index>(object, "index")};
}

raft::MessageBody ReadTimeoutNow(Decoder*, const json&) { return raft::TimeoutNow{}; }

raft::MessageBody ReadSnapshotWanted(Decoder* in, const json& object) {
  return raft::SnapshotWanted{in->Numbered<Index>(object, "at_least")};
}

raft::MessageBody ReadSnapshotOrder(Decoder* in, const json& object) {
  return raft::SnapshotOrder{in->Numbered<NodeId>(object, "target"),
                             in->Numbered<Index>(object, "at_least")};
}

raft::MessageBody ReadSnapshotReport(Decoder* in, const json& object) {
  return raft::SnapshotReport{in->Numbered<NodeId>(object, "target"),
                              in->Bool(object, "delivered")};
}

raft::MessageBody ReadHibernate(Decoder* in, const json& object) {
  return raft::Hibernate{in->Numbered<Index>(object, "last_index")};
}

raft::MessageBody ReadHibernateResponse(Decoder* in, const json& object) {
  return raft::HibernateResponse{in->Numbered<Index>(object, "last_index"),
                                 in->Bool(object, "agreed")};
}

raft::MessageBody ReadPropose(Decoder* in, const json& object) {
  return raft::ProposeRequest{raft::Payload(in->Binary(object, "data"))};
}

struct Kind {
  std::string_view name;
  ReadBody read;
};
constexpr Kind kKinds[] = {{"vote_request", ReadVoteRequest},
                           {"vote_response", ReadVoteResponse},
                           {"append", ReadAppend},
                           {"append_response", ReadAppendResponse},
                           {"heartbeat", ReadHeartbeat},
                           {"heartbeat_response", ReadHeartbeatResponse},
                           {"snapshot", ReadSnapshot},
                           {"read_index", ReadReadIndex},
                           {"read_index_response", ReadReadIndexResponse},
                           {"timeout_now", ReadTimeoutNow},
                           {"snapshot_wanted", ReadSnapshotWanted},
                           {"snapshot_order", ReadSnapshotOrder},
                           {"snapshot_report", ReadSnapshotReport},
                           {"propose", ReadPropose},
                           {"hibernate", ReadHibernate},
                           {"hibernate_response", ReadHibernateResponse}};

node::ForwardRequest ReadForward(Decoder* in, const json& object) {
  node::ForwardRequest request;
  request.id = in->Number(object, "id");
  request.incarnation = in->Number(object, "incarnation");
  request.term = in->Numbered<Term>(object, "term");
  request.timeout_ms = static_cast<int64_t>(in->Number(object, "timeout_ms", kMillisecondsMax));
  request.command = in->Binary(object, "command");
  return request;
}

Status ReadStatus(Decoder* in, const json& object) {
  if (!object.is_object()) {
    in->Fail("status", "must be an object");
    return Status();
  }
  const std::string code_name = in->Text(object, "code", kReasonBytesMax);
  const std::string reason = in->Text(object, "reason", kReasonBytesMax);
  const std::string message = in->Text(object, "message", kTextBytesMax);
  const std::string outcome_name = in->Text(object, "outcome", kReasonBytesMax);
  std::optional<Outcome> outcome;
  for (const Outcome known : {Outcome::kNotApplied, Outcome::kApplied, Outcome::kUnknown}) {
    if (OutcomeName(known) == outcome_name) outcome = known;
  }
  if (!outcome) in->Fail("outcome", "is none that is known");
  for (int i = 1; i <= static_cast<int>(Code::kInternal) && outcome; ++i) {
    const Code code = static_cast<Code>(i);
    if (CodeName(code) == code_name) return Status(code, reason, message).SetOutcome(*outcome);
  }
  in->Fail("code", "is none that is known");
  return Status();
}

node::ForwardReply ReadForwardReply(Decoder* in, const json& object) {
  node::ForwardReply reply;
  reply.id = in->Number(object, "id");
  reply.incarnation = in->Number(object, "incarnation");
  reply.index = in->Numbered<Index>(object, "index");
  reply.reply = in->Binary(object, "reply");
  if (object.contains("status")) reply.status = ReadStatus(in, object["status"]);
  return reply;
}

node::PeerMessage ReadMessage(Decoder* in, const json& object, NodeId from, NodeId to) {
  if (!object.is_object()) {
    in->Fail("messages", "must hold objects");
    return raft::Message();
  }
  const std::string kind = in->Text(object, "kind", kReasonBytesMax);
  if (kind == "forward") return ReadForward(in, object);
  if (kind == "forward_reply") return ReadForwardReply(in, object);
  if (kind == "checkpoint") {
    return node::StateCheckpoint{in->Numbered<Index>(object, "index"), in->Number(object, "hash")};
  }
  if (kind == "diverged") return node::StateDiverged{in->Numbered<Index>(object, "index")};
  for (const Kind& known : kKinds) {
    if (known.name != kind) continue;
    const Term term = in->Numbered<Term>(object, "term");
    return raft::Message{from, to, term, known.read(in, object)};
  }
  in->Fail("kind", "is " + Quoted(kind) + ", which is not known");
  return raft::Message();
}

}  // namespace

Result<node::PeerEnvelope> DecodeEnvelope(std::string_view bytes) {
  const Result<json> parsed = ParseJson(bytes, kLimits);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->is_object()) {
    return Status(Code::kInvalidArgument, "malformed_envelope", "an envelope must be an object");
  }
  Decoder in;
  node::PeerEnvelope envelope;
  envelope.cluster_id = in.Text(*parsed, "cluster_id", kClusterIdBytesMax);
  envelope.from = in.Numbered<NodeId>(*parsed, "from");
  envelope.to = in.Numbered<NodeId>(*parsed, "to");
  envelope.stamp.term = in.Numbered<Term>(*parsed, "term");
  envelope.stamp.cluster_time_ms =
      static_cast<int64_t>(in.Number(*parsed, "cluster_time_ms", kMillisecondsMax));
  if (parsed->contains("disk_level")) {
    constexpr auto kLevelMax = static_cast<uint64_t>(node::DiskLevel::kExhausted);
    envelope.stamp.disk_level =
        static_cast<node::DiskLevel>(in.Number(*parsed, "disk_level", kLevelMax));
  }
  if (parsed->contains("command_version")) {
    envelope.stamp.command_version =
        static_cast<uint32_t>(in.Number(*parsed, "command_version", coord::kVersionMax));
  }
  for (const json& message : in.Array(*parsed, "messages", kEnvelopeMessagesMax)) {
    if (!in.ok()) break;
    envelope.messages.push_back(ReadMessage(&in, message, envelope.from, envelope.to));
  }
  if (!in.ok()) return in.status();
  return envelope;
}

Result<SnapshotPiece> DecodeSnapshotPiece(std::string_view bytes) {
  const size_t line_end = bytes.substr(0, kSnapshotHeadBytesMax + 1).find('\n');
  if (line_end == std::string_view::npos) {
    return Status(Code::kInvalidArgument, "malformed_envelope",
                  "a piece of a snapshot must begin with a line of JSON of at most " +
                      std::to_string(kSnapshotHeadBytesMax) + " bytes");
  }
  const Result<json> parsed = ParseJson(bytes.substr(0, line_end), kLimits);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->is_object()) {
    return Status(Code::kInvalidArgument, "malformed_envelope", "the first line is no object");
  }
  Decoder in;
  SnapshotPiece piece;
  piece.cluster_id = in.Text(*parsed, "cluster_id", kClusterIdBytesMax);
  piece.to = in.Numbered<NodeId>(*parsed, "to");
  piece.chunk.from = in.Numbered<NodeId>(*parsed, "from");
  piece.chunk.stream = in.Number(*parsed, "stream");
  piece.chunk.number = in.Number(*parsed, "number");
  piece.chunk.total_bytes = in.Number(*parsed, "total_bytes");
  if (parsed->contains("message")) {
    const node::PeerMessage message =
        ReadMessage(&in, (*parsed)["message"], piece.chunk.from, piece.to);
    if (const auto* raft_message = std::get_if<raft::Message>(&message)) {
      piece.chunk.message = *raft_message;
    } else {
      in.Fail("message", "must be a message of Raft");
    }
  }
  if (!in.ok()) return in.status();
  piece.chunk.bytes = bytes.substr(line_end + 1);
  return piece;
}

Result<node::Service::SnapshotReach> DecodeSnapshotReach(std::string_view bytes) {
  const Result<json> parsed = ParseJson(bytes, kLimits);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->is_object()) {
    return Status(Code::kInvalidArgument, "malformed_envelope", "the reach is no object");
  }
  Decoder in;
  node::Service::SnapshotReach reach;
  reach.next_chunk = in.Number(*parsed, "next");
  reach.complete = in.Bool(*parsed, "complete");
  if (!in.ok()) return in.status();
  return reach;
}

}  // namespace baton::http
