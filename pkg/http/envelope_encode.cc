// The writing half of envelope.h. By hand: appends are the bulk of what a leader does.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "pkg/base/check.h"
#include "pkg/http/base64.h"
#include "pkg/http/cbor.h"
#include "pkg/http/envelope.h"
#include "pkg/http/json.h"

namespace baton::http {
namespace {

// Of the fixed parts of any message, names and twenty-digit numbers included.
constexpr size_t kMessageOverheadBytes = 384;
constexpr size_t kEntryOverheadBytes = 72;
constexpr size_t kMemberBytes = 21;

// Where an envelope grows, and in which form.
struct Output {
  std::string bytes;
  WireForm form = WireForm::kJson;
  bool cbor() const { return form == WireForm::kCbor; }
};

// Values, one after the other. What is between them is others' business.

void AppendNumber(uint64_t number, Output* out) {
  if (out->cbor()) return AppendCborNumber(number, &out->bytes);
  char digits[20];
  const auto written = std::to_chars(digits, digits + sizeof digits, number);
  out->bytes.append(digits, written.ptr);
}

void AppendBinary(std::string_view bytes, Output* out) {
  if (out->cbor()) return AppendCborBytes(bytes, &out->bytes);
  out->bytes.push_back('"');
  AppendBase64(bytes, &out->bytes);
  out->bytes.push_back('"');
}

// `write(item)` appends one value for each item.
template <typename Items, typename Write>
void AppendArray(const Items& items, Output* out, const Write& write) {
  if (out->cbor()) {
    BeginCborArray(items.size(), &out->bytes);
    for (const auto& item : items) write(item);
    return;
  }
  out->bytes.push_back('[');
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) out->bytes.push_back(',');
    write(item);
  }
  out->bytes.push_back(']');
}

void AppendEntry(const raft::Entry& entry, Output* out) {
  if (out->cbor()) {
    BeginCborArray(4, &out->bytes);
  } else {
    out->bytes.push_back('[');
  }
  const auto comma = [out] {
    if (!out->cbor()) out->bytes.push_back(',');
  };
  AppendNumber(entry.term.value(), out);
  comma();
  AppendNumber(entry.index.value(), out);
  comma();
  AppendNumber(static_cast<uint64_t>(entry.type), out);
  comma();
  AppendBinary(entry.data.view(), out);
  if (!out->cbor()) out->bytes.push_back(']');
}

// Appends fields to one object. Commas are its business.
class ObjectWriter {
 public:
  explicit ObjectWriter(Output* out) : out_(out) {
    if (out_->cbor()) {
      BeginCborMap(&out_->bytes);
    } else {
      out_->bytes.push_back('{');
    }
  }
  void End() {
    if (out_->cbor()) return EndCborMap(&out_->bytes);
    out_->bytes.push_back('}');
  }

  void Number(std::string_view name, uint64_t number) {
    Name(name);
    AppendNumber(number, out_);
  }
  template <typename Tag>
  void Number(std::string_view name, StrongNumber<Tag> number) {
    Number(name, number.value());
  }
  void Bool(std::string_view name, bool value) {
    Name(name);
    if (out_->cbor()) return AppendCborBool(value, &out_->bytes);
    out_->bytes.append(value ? "true" : "false");
  }
  // What is not UTF-8 in it becomes U+FFFD.
  void Text(std::string_view name, std::string_view text) {
    Name(name);
    if (!out_->cbor()) {
      out_->bytes.append(JsonText(nlohmann::json(text)));
    } else if (IsUtf8(text)) {
      AppendCborText(text, &out_->bytes);
    } else {
      const std::string json = JsonText(nlohmann::json(text));
      AppendCborText(nlohmann::json::parse(json).get_ref<const std::string&>(), &out_->bytes);
    }
  }
  // A word of ours, which needs no escaping.
  void Word(std::string_view name, std::string_view word) {
    Name(name);
    if (out_->cbor()) return AppendCborText(word, &out_->bytes);
    out_->bytes.append("\"").append(word).append("\"");
  }
  void Binary(std::string_view name, std::string_view bytes) {
    Name(name);
    AppendBinary(bytes, out_);
  }
  void Ids(std::string_view name, const std::vector<NodeId>& ids) {
    Name(name);
    AppendArray(ids, out_, [this](NodeId id) { AppendNumber(id.value(), out_); });
  }
  void Entries(std::string_view name, const std::vector<raft::Entry>& entries) {
    Name(name);
    AppendArray(entries, out_, [this](const raft::Entry& entry) { AppendEntry(entry, out_); });
  }
  // The field's value is what the caller appends next.
  Output* Nested(std::string_view name) {
    Name(name);
    return out_;
  }

 private:
  void Name(std::string_view name) {
    if (out_->cbor()) return AppendCborText(name, &out_->bytes);
    out_->bytes.append(first_ ? "\"" : ",\"").append(name).append("\":");
    first_ = false;
  }

  Output* out_;
  bool first_ = true;
};

// One overload for each kind of message.

void WriteBody(const raft::VoteRequest& vote, ObjectWriter* out) {
  out->Word("kind", "vote_request");
  out->Bool("pre_vote", vote.pre_vote);
  out->Bool("leader_transfer", vote.leader_transfer);
  out->Number("last_index", vote.last_index);
  out->Number("last_term", vote.last_term);
  out->Number("priority", uint64_t{vote.priority});
  out->Number("commit", vote.commit);
  out->Number("commit_term", vote.commit_term);
}

void WriteBody(const raft::VoteResponse& vote, ObjectWriter* out) {
  out->Word("kind", "vote_response");
  out->Bool("pre_vote", vote.pre_vote);
  out->Bool("granted", vote.granted);
  out->Number("commit", vote.commit);
  out->Number("commit_term", vote.commit_term);
}

void WriteBody(const raft::AppendRequest& append, ObjectWriter* out) {
  out->Word("kind", "append");
  out->Number("prev_index", append.prev_index);
  out->Number("prev_term", append.prev_term);
  out->Number("commit", append.commit);
  out->Entries("entries", append.entries);
}

void WriteBody(const raft::AppendResponse& response, ObjectWriter* out) {
  out->Word("kind", "append_response");
  out->Bool("rejected", response.rejected);
  out->Number("match_index", response.match_index);
  out->Number("rejected_index", response.rejected_index);
  out->Number("hint_index", response.hint_index);
  out->Number("hint_term", response.hint_term);
  out->Number("commit", response.commit);
  out->Bool("amnesia", response.amnesia);
}

void WriteBody(const raft::Heartbeat& heartbeat, ObjectWriter* out) {
  out->Word("kind", "heartbeat");
  out->Number("commit", heartbeat.commit);
  out->Number("read_counter", heartbeat.read_counter);
  out->Number("stamp", heartbeat.stamp);
}

void WriteBody(const raft::HeartbeatResponse& response, ObjectWriter* out) {
  out->Word("kind", "heartbeat_response");
  out->Number("commit", response.commit);
  out->Number("read_counter", response.read_counter);
  out->Number("stamp", response.stamp);
  out->Bool("amnesia", response.amnesia);
}

void WriteBody(const raft::SnapshotRequest& snapshot, ObjectWriter* out) {
  out->Word("kind", "snapshot");
  out->Number("index", snapshot.meta->index);
  out->Number("snapshot_term", snapshot.meta->term);
  const raft::ConfigState& config = snapshot.meta->config;
  out->Ids("voters", config.voters);
  out->Ids("voters_outgoing", config.voters_outgoing);
  out->Ids("learners", config.learners);
  out->Ids("learners_next", config.learners_next);
  out->Ids("witnesses", config.witnesses);
  out->Bool("auto_leave", config.auto_leave);
  out->Number("commit_quorum", uint64_t{config.commit_quorum});
  out->Number("commit_quorum_outgoing", uint64_t{config.commit_quorum_outgoing});
  out->Number("leader", snapshot.leader);
  out->Bool("without_data", snapshot.without_data);
}

void WriteBody(const raft::ReadIndexRequest& request, ObjectWriter* out) {
  out->Word("kind", "read_index");
  out->Number("id", request.id);
  out->Bool("lease", request.lease);
}

void WriteBody(const raft::ReadIndexResponse& response, ObjectWriter* out) {
  out->Word("kind", "read_index_response");
  out->Number("id", response.id);
  out->Number("index", response.index);
}

void WriteBody(const raft::TimeoutNow&, ObjectWriter* out) { out->Word("kind", "timeout_now"); }

void WriteBody(const raft::SnapshotWanted& wanted, ObjectWriter* out) {
  out->Word("kind", "snapshot_wanted");
  out->Number("at_least", wanted.at_least);
}

void WriteBody(const raft::SnapshotOrder& order, ObjectWriter* out) {
  out->Word("kind", "snapshot_order");
  out->Number("target", order.target);
  out->Number("at_least", order.at_least);
}

void WriteBody(const raft::SnapshotReport& report, ObjectWriter* out) {
  out->Word("kind", "snapshot_report");
  out->Number("target", report.target);
  out->Bool("delivered", report.delivered);
}

void WriteBody(const raft::Hibernate& request, ObjectWriter* out) {
  out->Word("kind", "hibernate");
  out->Number("last_index", request.last_index);
}

void WriteBody(const raft::HibernateResponse& response, ObjectWriter* out) {
  out->Word("kind", "hibernate_response");
  out->Number("last_index", response.last_index);
  out->Bool("agreed", response.agreed);
}

void WriteBody(const raft::ProposeRequest& request, ObjectWriter* out) {
  out->Word("kind", "propose");
  out->Binary("data", request.data.view());
}

void WriteMessage(const raft::Message& message, Output* out) {
  ObjectWriter object(out);
  object.Number("term", message.term);  // first: whoever looks for it need not pass the entries
  std::visit([&](const auto& body) { WriteBody(body, &object); }, message.body);
  object.End();
}

void WriteMessage(const node::ForwardRequest& request, Output* out) {
  ObjectWriter object(out);
  object.Word("kind", "forward");
  object.Number("id", request.id);
  object.Number("incarnation", request.incarnation);
  object.Number("term", request.term);
  object.Number("timeout_ms", static_cast<uint64_t>(std::max<int64_t>(0, request.timeout_ms)));
  object.Binary("command", request.command);
  object.End();
}

void WriteMessage(const node::ForwardReply& reply, Output* out) {
  ObjectWriter object(out);
  object.Word("kind", "forward_reply");
  object.Number("id", reply.id);
  object.Number("incarnation", reply.incarnation);
  object.Number("index", reply.index);
  object.Binary("reply", reply.reply);
  if (!reply.status.ok()) {
    ObjectWriter status(object.Nested("status"));
    status.Word("code", CodeName(reply.status.code()));
    status.Text("reason", reply.status.reason());
    status.Text("message", reply.status.message());
    status.Word("outcome", OutcomeName(reply.status.outcome()));
    status.End();
  }
  object.End();
}

void WriteMessage(const node::StateCheckpoint& checkpoint, Output* out) {
  ObjectWriter object(out);
  object.Word("kind", "checkpoint");
  object.Number("index", checkpoint.index);
  object.Number("hash", checkpoint.hash);
  object.End();
}

void WriteMessage(const node::StateDiverged& verdict, Output* out) {
  ObjectWriter object(out);
  object.Word("kind", "diverged");
  object.Number("index", verdict.index);
  object.End();
}

size_t Base64Bytes(size_t bytes) { return (bytes + 2) / 3 * 4; }

size_t BodyBytesMax(const raft::AppendRequest& append) {
  size_t bytes = 0;
  for (const raft::Entry& entry : append.entries) {
    bytes += kEntryOverheadBytes + Base64Bytes(entry.data.size());
  }
  return bytes;
}

size_t BodyBytesMax(const raft::SnapshotRequest& snapshot) {
  const raft::ConfigState& config = snapshot.meta->config;
  const size_t members = config.voters.size() + config.voters_outgoing.size() +
                         config.learners.size() + config.learners_next.size() +
                         config.witnesses.size();
  return members * kMemberBytes;
}

size_t BodyBytesMax(const raft::ProposeRequest& request) {
  return kEntryOverheadBytes + Base64Bytes(request.data.size());
}

template <typename Body>
size_t BodyBytesMax(const Body&) {
  return 0;
}

size_t MessageBytesMax(const raft::Message& message) {
  return std::visit([](const auto& body) { return BodyBytesMax(body); }, message.body);
}

size_t MessageBytesMax(const node::ForwardRequest& request) {
  return Base64Bytes(request.command.size());
}

size_t MessageBytesMax(const node::StateCheckpoint&) { return 0; }

size_t MessageBytesMax(const node::StateDiverged&) { return 0; }

size_t MessageBytesMax(const node::ForwardReply& reply) {
  // A byte of a text becomes six at most: \u0000.
  const Status& status = reply.status;
  return Base64Bytes(reply.reply.size()) + 6 * (status.reason().size() + status.message().size());
}

}  // namespace

size_t EncodedBytesMax(const node::PeerMessage& message) {
  return kMessageOverheadBytes +
         std::visit([](const auto& body) { return MessageBytesMax(body); }, message);
}

std::string EncodeEnvelope(const node::PeerEnvelope& envelope, WireForm form) {
  Output out{{}, form};
  size_t bytes_max = kMessageOverheadBytes;
  for (const node::PeerMessage& message : envelope.messages) bytes_max += EncodedBytesMax(message);
  out.bytes.reserve(bytes_max);
  ObjectWriter object(&out);
  object.Text("cluster_id", envelope.cluster_id);
  object.Number("from", envelope.from);
  object.Number("to", envelope.to);
  const node::EnvelopeStamp& stamp = envelope.stamp;
  object.Number("term", stamp.term);
  object.Number("cluster_time_ms",
                static_cast<uint64_t>(std::max<int64_t>(0, stamp.cluster_time_ms)));
  if (stamp.disk_level != node::DiskLevel::kAmple) {
    object.Number("disk_level", static_cast<uint64_t>(stamp.disk_level));
  }
  if (stamp.command_version != 1) object.Number("command_version", stamp.command_version);
  Output* list = object.Nested("messages");
  AppendArray(envelope.messages, list, [&](const node::PeerMessage& message) {
    if (const auto* raft_message = std::get_if<raft::Message>(&message)) {
      CHECK_EQ(raft_message->from, envelope.from);
      CHECK_EQ(raft_message->to, envelope.to);
    }
    std::visit([list](const auto& body) { WriteMessage(body, list); }, message);
  });
  object.End();
  return std::move(out.bytes);
}

std::string EncodeSnapshotPiece(const SnapshotPiece& piece) {
  Output out;
  ObjectWriter object(&out);
  object.Text("cluster_id", piece.cluster_id);
  object.Number("from", piece.chunk.from);
  object.Number("to", piece.to);
  object.Number("stream", piece.chunk.stream);
  object.Number("number", piece.chunk.number);
  object.Number("total_bytes", piece.chunk.total_bytes);
  if (piece.chunk.message) WriteMessage(*piece.chunk.message, object.Nested("message"));
  object.End();
  return std::move(out.bytes.append("\n").append(piece.chunk.bytes));
}

std::string EncodeSnapshotReach(const node::Service::SnapshotReach& reach) {
  Output out;
  ObjectWriter object(&out);
  object.Number("next", reach.next_chunk);
  object.Bool("complete", reach.complete);
  object.End();
  return std::move(out.bytes);
}

}  // namespace baton::http
