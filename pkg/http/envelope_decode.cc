// The reading half of envelope.h. The bytes may come from anybody.

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "pkg/http/base64.h"
#include "pkg/http/cbor.h"
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

// The two forms, seen alike.

const json* Find(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}
bool IsObject(const json& value) { return value.is_object(); }
bool IsArray(const json& value) { return value.is_array(); }
std::optional<uint64_t> NumberOf(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<uint64_t>();
}
std::optional<bool> BoolOf(const json& value) {
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}
std::optional<std::string_view> TextOf(const json& value) {
  if (!value.is_string()) return std::nullopt;
  return value.get_ref<const std::string&>();
}
std::optional<std::string> BinaryOf(const json& value) {
  if (!value.is_string()) return std::nullopt;
  Result<std::string> bytes = Base64Decode(value.get_ref<const std::string&>());
  if (!bytes.ok()) return std::nullopt;
  return *std::move(bytes);
}

std::optional<CborValue> Find(const CborValue& object, std::string_view name) {
  return object.Find(name);
}
bool IsObject(const CborValue& value) { return value.is_map(); }
bool IsArray(const CborValue& value) { return value.is_array(); }
std::optional<uint64_t> NumberOf(const CborValue& value) { return value.Number(); }
std::optional<bool> BoolOf(const CborValue& value) { return value.Bool(); }
std::optional<std::string_view> TextOf(const CborValue& value) { return value.Text(); }
std::optional<std::string> BinaryOf(const CborValue& value) {
  const std::optional<std::string_view> bytes = value.Bytes();
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

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

  template <typename Value>
  uint64_t ToNumber(const Value& value, std::string_view name,
                    uint64_t max = std::numeric_limits<uint64_t>::max()) {
    const std::optional<uint64_t> number = NumberOf(value);
    if (number && *number <= max) return *number;
    Fail(name, "must be a whole number up to " + std::to_string(max));
    return 0;
  }
  template <typename Value>
  std::string ToBytes(const Value& value, std::string_view name) {
    std::optional<std::string> bytes = BinaryOf(value);
    if (bytes) return *std::move(bytes);
    Fail(name, std::is_same_v<Value, json> ? "must be base64" : "must be bytes");
    return "";
  }

  template <typename Value>
  uint64_t Number(const Value& object, std::string_view name,
                  uint64_t max = std::numeric_limits<uint64_t>::max()) {
    const auto value = Field(object, name);
    return value ? ToNumber(*value, name, max) : 0;
  }
  template <typename Id, typename Value>
  Id Numbered(const Value& object, std::string_view name) {
    return Id(Number(object, name));
  }
  template <typename Value>
  bool Bool(const Value& object, std::string_view name) {
    const auto value = Field(object, name);
    const std::optional<bool> read = value ? BoolOf(*value) : std::nullopt;
    if (!read) Fail(name, "must be true or false");
    return read.value_or(false);
  }
  template <typename Value>
  std::string Text(const Value& object, std::string_view name, size_t bytes_max) {
    const auto value = Field(object, name);
    const std::optional<std::string_view> read = value ? TextOf(*value) : std::nullopt;
    if (read && read->size() <= bytes_max) return std::string(*read);
    Fail(name, "must be a string of at most " + std::to_string(bytes_max) + " bytes");
    return "";
  }
  template <typename Value>
  std::string Binary(const Value& object, std::string_view name) {
    const auto value = Field(object, name);
    return value ? ToBytes(*value, name) : "";
  }
  // Calls `use` with each item of an array of at most items_max, while there is no error.
  template <typename Value, typename Use>
  void ForEach(const Value& object, std::string_view name, size_t items_max, const Use& use) {
    const auto value = Field(object, name);
    if (!value) return;
    if (!IsArray(*value) || value->size() > items_max) {
      return Fail(name, "must be an array of at most " + std::to_string(items_max));
    }
    for (const auto& item : *value) {
      if (!ok()) return;
      use(item);
    }
  }

 private:
  // A pointer or an optional.
  template <typename Value>
  auto Field(const Value& object, std::string_view name) {
    const auto found = Find(object, name);
    if (!found) Fail(name, "is missing");
    return found;
  }

  Status status_;
};

template <typename Value>
std::vector<NodeId> ReadIds(Decoder* in, const Value& object, std::string_view name) {
  std::vector<NodeId> ids;
  in->ForEach(object, name, kConfigMembersMax,
              [&](const auto& id) { ids.push_back(NodeId(in->ToNumber(id, name))); });
  return ids;
}

template <typename Value>
raft::Entry ReadEntry(Decoder* in, const Value& array) {
  raft::Entry entry;
  if (!IsArray(array) || array.size() != 4) {
    in->Fail("entries", "must hold arrays of four");
    return entry;
  }
  auto item = array.begin();
  entry.term = Term(in->ToNumber(*item, "entries"));
  ++item;
  entry.index = Index(in->ToNumber(*item, "entries"));
  ++item;
  const uint64_t last_type = static_cast<uint64_t>(raft::EntryType::kConfigChange);
  entry.type = static_cast<raft::EntryType>(in->ToNumber(*item, "entries", last_type));
  ++item;
  entry.data = raft::Payload(in->ToBytes(*item, "entries"));
  return entry;
}

// One reader for each kind of Raft message.
template <typename Value>
using ReadBody = raft::MessageBody (*)(Decoder* in, const Value& object);

template <typename Value>
raft::MessageBody ReadVoteRequest(Decoder* in, const Value& object) {
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

template <typename Value>
raft::MessageBody ReadVoteResponse(Decoder* in, const Value& object) {
  raft::VoteResponse vote;
  vote.pre_vote = in->Bool(object, "pre_vote");
  vote.granted = in->Bool(object, "granted");
  vote.commit = in->Numbered<Index>(object, "commit");
  vote.commit_term = in->Numbered<Term>(object, "commit_term");
  return vote;
}

template <typename Value>
raft::MessageBody ReadAppend(Decoder* in, const Value& object) {
  raft::AppendRequest append;
  append.prev_index = in->Numbered<Index>(object, "prev_index");
  append.prev_term = in->Numbered<Term>(object, "prev_term");
  append.commit = in->Numbered<Index>(object, "commit");
  in->ForEach(object, "entries", kEnvelopeValuesMax,
              [&](const auto& entry) { append.entries.push_back(ReadEntry(in, entry)); });
  return append;
}

template <typename Value>
raft::MessageBody ReadAppendResponse(Decoder* in, const Value& object) {
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

template <typename Value>
raft::MessageBody ReadHeartbeat(Decoder* in, const Value& object) {
  raft::Heartbeat heartbeat;
  heartbeat.commit = in->Numbered<Index>(object, "commit");
  heartbeat.read_counter = in->Number(object, "read_counter");
  heartbeat.stamp = in->Number(object, "stamp");
  return heartbeat;
}

template <typename Value>
raft::MessageBody ReadHeartbeatResponse(Decoder* in, const Value& object) {
  raft::HeartbeatResponse response;
  response.commit = in->Numbered<Index>(object, "commit");
  response.read_counter = in->Number(object, "read_counter");
  response.stamp = in->Number(object, "stamp");
  response.amnesia = in->Bool(object, "amnesia");
  return response;
}

template <typename Value>
uint32_t CommitQuorum(Decoder* in, const Value& object, std::string_view name) {
  return static_cast<uint32_t>(in->Number(object, name, kConfigMembersMax));
}

template <typename Value>
raft::MessageBody ReadSnapshot(Decoder* in, const Value& object) {
  raft::SnapshotRequest snapshot;
  snapshot.meta->index = in->Numbered<Index>(object, "index");
  snapshot.meta->term = in->Numbered<Term>(object, "snapshot_term");
  raft::ConfigState& config = snapshot.meta->config;
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

template <typename Value>
raft::MessageBody ReadReadIndex(Decoder* in, const Value& object) {
  return raft::ReadIndexRequest{in->Number(object, "id"), in->Bool(object, "lease")};
}

template <typename Value>
raft::MessageBody ReadReadIndexResponse(Decoder* in, const Value& object) {
  return raft::ReadIndexResponse{in->Number(object, "id"), in->Numbered<Index>(object, "index")};
}

template <typename Value>
raft::MessageBody ReadTimeoutNow(Decoder*, const Value&) {
  return raft::TimeoutNow{};
}

template <typename Value>
raft::MessageBody ReadSnapshotWanted(Decoder* in, const Value& object) {
  return raft::SnapshotWanted{in->Numbered<Index>(object, "at_least")};
}

template <typename Value>
raft::MessageBody ReadSnapshotOrder(Decoder* in, const Value& object) {
  return raft::SnapshotOrder{in->Numbered<NodeId>(object, "target"),
                             in->Numbered<Index>(object, "at_least")};
}

template <typename Value>
raft::MessageBody ReadSnapshotReport(Decoder* in, const Value& object) {
  return raft::SnapshotReport{in->Numbered<NodeId>(object, "target"),
                              in->Bool(object, "delivered")};
}

template <typename Value>
raft::MessageBody ReadHibernate(Decoder* in, const Value& object) {
  return raft::Hibernate{in->Numbered<Index>(object, "last_index")};
}

template <typename Value>
raft::MessageBody ReadHibernateResponse(Decoder* in, const Value& object) {
  return raft::HibernateResponse{in->Numbered<Index>(object, "last_index"),
                                 in->Bool(object, "agreed")};
}

template <typename Value>
raft::MessageBody ReadPropose(Decoder* in, const Value& object) {
  return raft::ProposeRequest{raft::Payload(in->Binary(object, "data"))};
}

template <typename Value>
struct Kind {
  std::string_view name;
  ReadBody<Value> read;
};
template <typename Value>
constexpr Kind<Value> kKinds[] = {{"vote_request", ReadVoteRequest},
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

template <typename Value>
node::ForwardRequest ReadForward(Decoder* in, const Value& object) {
  node::ForwardRequest request;
  request.id = in->Number(object, "id");
  request.incarnation = in->Number(object, "incarnation");
  request.term = in->Numbered<Term>(object, "term");
  request.timeout_ms = static_cast<int64_t>(in->Number(object, "timeout_ms", kMillisecondsMax));
  request.command = in->Binary(object, "command");
  return request;
}

template <typename Value>
Status ReadStatus(Decoder* in, const Value& object) {
  if (!IsObject(object)) {
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

template <typename Value>
node::ForwardReply ReadForwardReply(Decoder* in, const Value& object) {
  node::ForwardReply reply;
  reply.id = in->Number(object, "id");
  reply.incarnation = in->Number(object, "incarnation");
  reply.index = in->Numbered<Index>(object, "index");
  reply.reply = in->Binary(object, "reply");
  if (const auto status = Find(object, "status")) reply.status = ReadStatus(in, *status);
  return reply;
}

template <typename Value>
node::PeerMessage ReadMessage(Decoder* in, const Value& object, NodeId from, NodeId to) {
  if (!IsObject(object)) {
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
  for (const Kind<Value>& known : kKinds<Value>) {
    if (known.name != kind) continue;
    const Term term = in->Numbered<Term>(object, "term");
    return raft::Message{from, to, term, known.read(in, object)};
  }
  in->Fail("kind", "is " + Quoted(kind) + ", which is not known");
  return raft::Message();
}

template <typename Value>
Result<node::PeerEnvelope> ReadEnvelope(const Value& object) {
  if (!IsObject(object)) {
    return Status(Code::kInvalidArgument, "malformed_envelope", "an envelope must be an object");
  }
  Decoder in;
  node::PeerEnvelope envelope;
  envelope.cluster_id = in.Text(object, "cluster_id", kClusterIdBytesMax);
  envelope.from = in.Numbered<NodeId>(object, "from");
  envelope.to = in.Numbered<NodeId>(object, "to");
  envelope.stamp.term = in.Numbered<Term>(object, "term");
  envelope.stamp.cluster_time_ms =
      static_cast<int64_t>(in.Number(object, "cluster_time_ms", kMillisecondsMax));
  if (const auto level = Find(object, "disk_level")) {
    constexpr auto kLevelMax = static_cast<uint64_t>(node::DiskLevel::kExhausted);
    envelope.stamp.disk_level =
        static_cast<node::DiskLevel>(in.ToNumber(*level, "disk_level", kLevelMax));
  }
  if (const auto version = Find(object, "command_version")) {
    envelope.stamp.command_version =
        static_cast<uint32_t>(in.ToNumber(*version, "command_version", coord::kVersionMax));
  }
  in.ForEach(object, "messages", kEnvelopeMessagesMax, [&](const auto& message) {
    envelope.messages.push_back(ReadMessage(&in, message, envelope.from, envelope.to));
  });
  if (!in.ok()) return in.status();
  return envelope;
}

}  // namespace

Result<node::PeerEnvelope> DecodeEnvelope(std::string_view bytes, WireForm form) {
  if (form == WireForm::kCbor) {
    BATON_RETURN_IF_ERROR(CheckCbor(bytes, {kEnvelopeDepthMax, kEnvelopeValuesMax}));
    return ReadEnvelope(CborValue(bytes));
  }
  const Result<json> parsed = ParseJson(bytes, kLimits);
  if (!parsed.ok()) return parsed.status();
  return ReadEnvelope(*parsed);
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
