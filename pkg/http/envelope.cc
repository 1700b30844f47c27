// The envelope in JSON. One object per message, named by "kind"; entries are arrays of
// [index, term, type, base64]. Unknown fields are ignored, so that a newer node may say more.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/base64.h"
#include "pkg/http/envelope.h"
#include "pkg/http/envelope_fields.h"
#include "pkg/http/json.h"
#include "pkg/http/peer_transport.h"

namespace baton::http {
namespace {

using nlohmann::json;

// A batch holds at most batch_bytes_max, but small entries are many: bounded by the body, in the
// end.
constexpr JsonLimits kEnvelopeLimits = {.depth_max = 8, .values_max = 4'000'000};

json Numbers(const std::vector<NodeId>& ids) {
  json numbers = json::array();
  for (NodeId id : ids) numbers.push_back(id.value());
  return numbers;
}

json EncodeConfig(const raft::ConfigState& config) {
  return {{"voters", Numbers(config.voters)},
          {"voters_outgoing", Numbers(config.voters_outgoing)},
          {"learners", Numbers(config.learners)},
          {"learners_next", Numbers(config.learners_next)},
          {"auto_leave", config.auto_leave}};
}

json EncodeEntries(const std::vector<raft::Entry>& entries) {
  json list = json::array();
  for (const raft::Entry& entry : entries) {
    list.push_back(json::array({entry.index.value(), entry.term.value(),
                                static_cast<int>(entry.type), Base64Encode(entry.data.view())}));
  }
  return list;
}

struct BodyEncoder {
  json operator()(const raft::VoteRequest& body) const {
    return {{"kind", "vote_request"},
            {"pre_vote", body.pre_vote},
            {"leader_transfer", body.leader_transfer},
            {"last_index", body.last_index.value()},
            {"last_term", body.last_term.value()}};
  }
  json operator()(const raft::VoteResponse& body) const {
    return {{"kind", "vote_response"}, {"pre_vote", body.pre_vote}, {"granted", body.granted}};
  }
  json operator()(const raft::AppendRequest& body) const {
    return {{"kind", "append_request"},
            {"prev_index", body.prev_index.value()},
            {"prev_term", body.prev_term.value()},
            {"commit", body.commit.value()},
            {"entries", EncodeEntries(body.entries)}};
  }
  json operator()(const raft::AppendResponse& body) const {
    return {{"kind", "append_response"},
            {"rejected", body.rejected},
            {"match_index", body.match_index.value()},
            {"rejected_index", body.rejected_index.value()},
            {"hint_index", body.hint_index.value()},
            {"hint_term", body.hint_term.value()},
            {"commit", body.commit.value()}};
  }
  json operator()(const raft::Heartbeat& body) const {
    return {{"kind", "heartbeat"},
            {"commit", body.commit.value()},
            {"read_counter", body.read_counter}};
  }
  json operator()(const raft::HeartbeatResponse& body) const {
    return {{"kind", "heartbeat_response"},
            {"commit", body.commit.value()},
            {"read_counter", body.read_counter}};
  }
  json operator()(const raft::SnapshotRequest& body) const {
    return {{"kind", "snapshot_request"},
            {"index", body.meta.index.value()},
            {"snapshot_term", body.meta.term.value()},
            {"config", EncodeConfig(body.meta.config)}};
  }
  json operator()(const raft::ReadIndexRequest& body) const {
    return {{"kind", "read_index_request"}, {"id", body.id}};
  }
  json operator()(const raft::ReadIndexResponse& body) const {
    return {{"kind", "read_index_response"}, {"id", body.id}, {"index", body.index.value()}};
  }
  json operator()(const raft::TimeoutNow&) const { return {{"kind", "timeout_now"}}; }
};

struct MessageEncoder {
  json operator()(const raft::Message& message) const {
    json encoded = std::visit(BodyEncoder{}, message.body);
    encoded["term"] = message.term.value();
    return encoded;
  }
  json operator()(const node::ForwardRequest& request) const {
    return {{"kind", "forward_request"},          {"id", request.id},
            {"incarnation", request.incarnation}, {"term", request.term.value()},
            {"timeout_ms", request.timeout_ms},   {"command", Base64Encode(request.command)}};
  }
  json operator()(const node::ForwardReply& reply) const {
    json encoded = {{"kind", "forward_reply"},
                    {"id", reply.id},
                    {"incarnation", reply.incarnation},
                    {"index", reply.index.value()},
                    {"reply", Base64Encode(reply.reply)}};
    if (!reply.status.ok()) {
      encoded["error"] = {{"code", CodeName(reply.status.code())},
                          {"reason", reply.status.reason()},
                          {"message", reply.status.message()},
                          {"outcome", OutcomeName(reply.status.outcome())}};
    }
    return encoded;
  }
};

std::optional<raft::EntryType> EntryTypeOf(uint64_t number) {
  switch (number) {
    case 0:
      return raft::EntryType::kNormal;
    case 1:
      return raft::EntryType::kConfigChange;
    default:
      return std::nullopt;
  }
}

std::vector<raft::Entry> DecodeEntries(EnvelopeFields& fields) {
  std::vector<raft::Entry> entries;
  const json& list = fields.Array("entries");
  entries.reserve(list.size());
  for (const json& item : list) {
    if (!item.is_array() || item.size() != 4 || !item[0].is_number_unsigned() ||
        !item[1].is_number_unsigned() || !item[2].is_number_unsigned() || !item[3].is_string()) {
      fields.Fail("entries", "is not a list of [index, term, type, base64]");
      return {};
    }
    const auto type = EntryTypeOf(item[2].get<uint64_t>());
    Result<std::string> data = Base64Decode(item[3].get_ref<const std::string&>());
    if (!type || !data.ok()) {
      fields.Fail("entries", !type ? "has an unknown type" : data.status().message());
      return {};
    }
    entries.push_back({Term(item[1].get<uint64_t>()), Index(item[0].get<uint64_t>()), *type,
                       raft::Payload(*std::move(data))});
  }
  return entries;
}

raft::SnapshotRequest DecodeSnapshot(EnvelopeFields& fields) {
  raft::SnapshotRequest request;
  request.meta.index = fields.Id<Index>("index");
  request.meta.term = fields.Id<Term>("snapshot_term");
  EnvelopeFields config = fields.Object("config");
  request.meta.config.voters = config.NodeIds("voters");
  request.meta.config.voters_outgoing = config.NodeIds("voters_outgoing");
  request.meta.config.learners = config.NodeIds("learners");
  request.meta.config.learners_next = config.NodeIds("learners_next");
  request.meta.config.auto_leave = config.Bool("auto_leave");
  fields.Adopt(config);
  return request;
}

using BodyDecoder = raft::MessageBody (*)(EnvelopeFields&);

const std::map<std::string, BodyDecoder, std::less<>>& BodyDecoders() {
  static const std::map<std::string, BodyDecoder, std::less<>> decoders = {
      {"vote_request",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::VoteRequest{f.Bool("pre_vote"), f.Bool("leader_transfer"),
                                  f.Id<Index>("last_index"), f.Id<Term>("last_term")};
       }},
      {"vote_response",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::VoteResponse{f.Bool("pre_vote"), f.Bool("granted")};
       }},
      {"append_request",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::AppendRequest{f.Id<Index>("prev_index"), f.Id<Term>("prev_term"),
                                    f.Id<Index>("commit"), DecodeEntries(f)};
       }},
      {"append_response",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::AppendResponse{
             f.Bool("rejected"),        f.Id<Index>("match_index"), f.Id<Index>("rejected_index"),
             f.Id<Index>("hint_index"), f.Id<Term>("hint_term"),    f.Id<Index>("commit")};
       }},
      {"heartbeat",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::Heartbeat{f.Id<Index>("commit"), f.Number("read_counter")};
       }},
      {"heartbeat_response",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::HeartbeatResponse{f.Number("read_counter"), f.Id<Index>("commit")};
       }},
      {"snapshot_request",
       [](EnvelopeFields& f) -> raft::MessageBody { return DecodeSnapshot(f); }},
      {"read_index_request",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::ReadIndexRequest{f.Number("id")};
       }},
      {"read_index_response",
       [](EnvelopeFields& f) -> raft::MessageBody {
         return raft::ReadIndexResponse{f.Number("id"), f.Id<Index>("index")};
       }},
      {"timeout_now", [](EnvelopeFields&) -> raft::MessageBody { return raft::TimeoutNow{}; }},
  };
  return decoders;
}

node::ForwardRequest DecodeForwardRequest(EnvelopeFields& fields) {
  node::ForwardRequest request;
  request.id = fields.Number("id");
  request.incarnation = fields.Number("incarnation");
  request.term = fields.Id<Term>("term");
  request.timeout_ms = fields.Milliseconds("timeout_ms");
  request.command = fields.Bytes("command");
  return request;
}

Status DecodeError(EnvelopeFields& fields) {
  EnvelopeFields error = fields.Object("error");
  const std::optional<Code> code = CodeOf(error.Text("code"));
  const std::optional<Outcome> outcome = OutcomeOf(error.Text("outcome"));
  const std::string reason = error.Text("reason");
  const std::string message = error.Text("message");
  fields.Adopt(error);
  if (!code || !outcome) {
    fields.Fail("error", "has an unknown code or outcome");
    return Status::Ok();
  }
  return Status(*code, reason, message).SetOutcome(*outcome);
}

node::ForwardReply DecodeForwardReply(EnvelopeFields& fields) {
  node::ForwardReply reply;
  reply.id = fields.Number("id");
  reply.incarnation = fields.Number("incarnation");
  reply.index = fields.Id<Index>("index");
  reply.reply = fields.Bytes("reply");
  if (fields.Has("error")) reply.status = DecodeError(fields);
  return reply;
}

Result<node::PeerMessage> DecodeMessage(const json& object, NodeId from, NodeId to) {
  EnvelopeFields fields("message", object);
  const std::string kind = fields.Text("kind");
  node::PeerMessage message;
  if (kind == "forward_request") {
    message = DecodeForwardRequest(fields);
  } else if (kind == "forward_reply") {
    message = DecodeForwardReply(fields);
  } else if (const auto decoder = BodyDecoders().find(kind); decoder != BodyDecoders().end()) {
    const Term term = fields.Id<Term>("term");
    message = raft::Message{from, to, term, decoder->second(fields)};
  } else {
    fields.Fail("kind", "is unknown");
  }
  if (!fields.status().ok()) return fields.status();
  return message;
}

}  // namespace

std::string EncodeRaftMessage(const raft::Message& message) {
  return JsonText(MessageEncoder{}(message));
}

Result<raft::Message> DecodeRaftMessage(std::string_view bytes, NodeId from, NodeId to) {
  const Result<json> parsed = ParseJson(bytes, kEnvelopeLimits);
  if (!parsed.ok()) return parsed.status();
  Result<node::PeerMessage> message = DecodeMessage(*parsed, from, to);
  if (!message.ok()) return message.status();
  auto* raft_message = std::get_if<raft::Message>(&*message);
  if (raft_message == nullptr) {
    return Status(Code::kInvalidArgument, "malformed_envelope", "kind is not one of Raft's");
  }
  return std::move(*raft_message);
}

std::string EncodeEnvelope(const node::PeerEnvelope& envelope) {
  json messages = json::array();
  for (const node::PeerMessage& message : envelope.messages) {
    messages.push_back(std::visit(MessageEncoder{}, message));
  }
  return JsonText({{"cluster_id", envelope.cluster_id},
                   {"from", envelope.from.value()},
                   {"to", envelope.to.value()},
                   {"term", envelope.term.value()},
                   {"cluster_time_ms", envelope.cluster_time_ms},
                   {"messages", std::move(messages)}});
}

Result<node::PeerEnvelope> DecodeEnvelope(std::string_view bytes) {
  const Result<json> parsed = ParseJson(bytes, kEnvelopeLimits);
  if (!parsed.ok()) return parsed.status();
  EnvelopeFields fields("envelope", *parsed);
  node::PeerEnvelope envelope;
  envelope.cluster_id = fields.Text("cluster_id");
  envelope.from = fields.Id<NodeId>("from");
  envelope.to = fields.Id<NodeId>("to");
  envelope.term = fields.Id<Term>("term");
  envelope.cluster_time_ms = fields.Milliseconds("cluster_time_ms");
  const json& messages = fields.Array("messages");
  if (!fields.status().ok()) return fields.status();
  envelope.messages.reserve(messages.size());
  for (const json& object : messages) {
    Result<node::PeerMessage> message = DecodeMessage(object, envelope.from, envelope.to);
    if (!message.ok()) return message.status();
    envelope.messages.push_back(*std::move(message));
  }
  return envelope;
}

}  // namespace baton::http
