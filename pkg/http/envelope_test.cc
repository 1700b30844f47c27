#include "pkg/http/envelope.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pkg/base/random.h"

namespace baton::http {
namespace {

raft::Message Raft(raft::MessageBody body) {
  return {NodeId(1), NodeId(2), Term(7), std::move(body)};
}

// One of each kind, with every field set to something of its own.
std::vector<node::PeerMessage> OneOfEachKind() {
  const raft::Entry command{Term(6), Index(10), raft::EntryType::kNormal,
                            raft::Payload(std::string("\0\xff\"x", 4))};
  const raft::Entry change{Term(7), Index(11), raft::EntryType::kConfigChange, raft::Payload("c")};
  const raft::Entry empty{Term(7), Index(12), raft::EntryType::kNormal, raft::Payload()};
  raft::SnapshotMeta meta;
  meta.index = Index(90);
  meta.term = Term(5);
  meta.config = {
      {NodeId(1), NodeId(2)}, {NodeId(3)}, {NodeId(4)}, {NodeId(5)}, {NodeId(2)}, true, 2, 1};
  return {
      Raft(raft::VoteRequest{true, true, Index(3), Term(2), 7, Index(2), Term(1)}),
      Raft(raft::VoteResponse{true, true, Index(2), Term(1)}),
      Raft(raft::AppendRequest{Index(9), Term(6), Index(8), {command, change, empty}}),
      Raft(raft::AppendResponse{true, Index(1), Index(2), Index(3), Term(4), Index(5), true}),
      Raft(raft::Heartbeat{Index(4), 11, 12}),
      Raft(raft::HeartbeatResponse{12, Index(5), 13, true}),
      Raft(raft::SnapshotRequest{meta, NodeId(3), true}),
      Raft(raft::ReadIndexRequest{uint64_t{1} << 63, true}),
      Raft(raft::ReadIndexResponse{14, Index(6)}),
      Raft(raft::TimeoutNow{}),
      Raft(raft::SnapshotWanted{Index(9)}),
      Raft(raft::SnapshotOrder{NodeId(3), Index(9)}),
      Raft(raft::SnapshotReport{NodeId(3), true}),
      Raft(raft::ProposeRequest{raft::Payload("command")}),
      Raft(raft::Hibernate{Index(9)}),
      Raft(raft::HibernateResponse{Index(9), true}),
      node::ForwardRequest{1, 2, Term(7), 1500, std::string("\0\1\2", 3)},
      node::ForwardReply{1, 2, Status(), Index(40), "reply"},
      node::StateCheckpoint{Index(64), UINT64_MAX},
      node::StateDiverged{Index(64)},
      node::ForwardReply{
          3, 2,
          Status(Code::kUnavailable, "no_leader", "Nobody leads.").SetOutcome(Outcome::kUnknown),
          Index(), ""},
  };
}

node::PeerEnvelope Full() {
  return {"0123456789abcdef",
          NodeId(1),
          NodeId(2),
          {Term(7), 123456, node::DiskLevel::kExhausted},
          OneOfEachKind()};
}

TEST(EnvelopeTest, EveryKindSurvivesTheJourney) {
  const node::PeerEnvelope sent = Full();
  for (const WireForm form : {WireForm::kJson, WireForm::kCbor}) {
    const auto received = DecodeEnvelope(EncodeEnvelope(sent, form), form);
    ASSERT_TRUE(received.ok()) << received.status().ToString();
    ASSERT_EQ(received->messages.size(), sent.messages.size());
    for (size_t i = 0; i < sent.messages.size(); ++i) {
      EXPECT_EQ(received->messages[i], sent.messages[i]) << "message " << i;
    }
    EXPECT_EQ(*received, sent);
  }
}

std::string ToCbor(const nlohmann::json& value) {
  const std::vector<uint8_t> bytes = nlohmann::json::to_cbor(value);
  return std::string(bytes.begin(), bytes.end());
}

// Two forms of one thing: what others make of either is the same, but for base64.
TEST(EnvelopeTest, CborSaysWhatJsonSays) {
  node::PeerEnvelope envelope = Full();
  std::erase_if(envelope.messages, [](const node::PeerMessage& message) {
    const auto* raft_message = std::get_if<raft::Message>(&message);
    return raft_message == nullptr ||
           std::holds_alternative<raft::AppendRequest>(raft_message->body) ||
           std::holds_alternative<raft::ProposeRequest>(raft_message->body);
  });
  EXPECT_EQ(nlohmann::json::from_cbor(EncodeEnvelope(envelope, WireForm::kCbor)),
            nlohmann::json::parse(EncodeEnvelope(envelope)));
}

TEST(EnvelopeTest, TheReasonOfARefusalMayBeAnyBytes) {
  node::PeerEnvelope envelope = Full();
  envelope.messages = {node::ForwardReply{
      1, 2, Status(Code::kUnavailable, "no_leader", "a\xff\"b").SetOutcome(Outcome::kUnknown),
      Index(), ""}};
  for (const WireForm form : {WireForm::kJson, WireForm::kCbor}) {
    const auto received = DecodeEnvelope(EncodeEnvelope(envelope, form), form);
    ASSERT_TRUE(received.ok()) << received.status().ToString();
    EXPECT_EQ(std::get<node::ForwardReply>(received->messages.at(0)).status.message(),
              "a\xef\xbf\xbd\"b");
  }
}

void ExpectRefused(const std::string& text, const std::string& words) {
  const auto decoded = DecodeEnvelope(text);
  ASSERT_FALSE(decoded.ok()) << text;
  EXPECT_EQ(decoded.status().code(), Code::kInvalidArgument);
  EXPECT_NE(decoded.status().message().find(words), std::string::npos)
      << text << "\n"
      << decoded.status().message();
  // The same in CBOR, if there is such a thing.
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || words.find("JSON") != std::string::npos) return;
  if (json.is_object() && json["messages"].is_array()) {
    for (auto& message : json["messages"]) {
      if (message.is_object() && message.contains("reply")) {
        message["reply"] = nlohmann::json::binary({});
      }
    }
  }
  if (json.is_object() && json["messages"].is_null()) json.erase("messages");
  const auto from_cbor = DecodeEnvelope(ToCbor(json), WireForm::kCbor);
  ASSERT_FALSE(from_cbor.ok()) << text;
  EXPECT_EQ(from_cbor.status().code(), Code::kInvalidArgument);
  const bool base64 = words.find("base64") != std::string::npos;
  // Fractions are refused before anybody looks for fields.
  const bool fraction = text.find("1.5") != std::string::npos;
  const std::string same = base64     ? R"("entries" must be bytes)"
                           : fraction ? "a kind of value that is not known here"
                                      : words;
  EXPECT_NE(from_cbor.status().message().find(same), std::string::npos)
      << text << "\n"
      << from_cbor.status().message();
}

TEST(EnvelopeTest, ErrorsNameTheField) {
  const std::string head =
      R"({"cluster_id":"c","from":1,"to":2,"term":3,"cluster_time_ms":4,"messages":)";
  const std::string append =
      R"([{"kind":"append","term":1,"prev_index":0,"prev_term":0,"commit":0,"entries":)";
  const std::string reply =
      R"([{"kind":"forward_reply","id":1,"incarnation":1,"index":0,"reply":"","status":)";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "malformed JSON"},
      {"[]", "an envelope must be an object"},
      {R"({"cluster_id":5})", R"("cluster_id" must be a string)"},
      {R"({"cluster_id":"c"})", R"("from" is missing)"},
      {R"({"cluster_id":"c","from":-1})", R"("from" must be a whole number)"},
      {R"({"cluster_id":"c","from":1.5})", R"("from" must be a whole number)"},
      {R"({"cluster_id":"c","from":1,"to":2,"term":3,"cluster_time_ms":9007199254740993})",
       R"("cluster_time_ms" must be a whole number up to 9007199254740992)"},
      {R"({"cluster_id":"c","from":1,"to":2,"term":3,"cluster_time_ms":4,"disk_level":3})",
       R"("disk_level" must be a whole number up to 2)"},
      {head + "{}}", R"("messages" must be an array)"},
      {head + "[1]}", R"("messages" must hold objects)"},
      {head + "[{}]}", R"("kind" is missing)"},
      {head + R"([{"kind":"gossip"}]})", R"("kind" is "gossip", which is not known)"},
      {head + R"([{"kind":"timeout_now"}]})", R"("term" is missing)"},
      {head + R"([{"kind":"vote_response","term":1,"pre_vote":1}]})",
       R"("pre_vote" must be true or false)"},
      {head + append + R"(7}]})", R"("entries" must be an array)"},
      {head + append + R"([7]}]})", R"("entries" must hold arrays of four)"},
      {head + append + R"([[1,1,0]]}]})", R"("entries" must hold arrays of four)"},
      {head + append + R"([[1,1,9,""]]}]})", R"("entries" must be a whole number up to 1)"},
      {head + append + R"([[1,1,0,"*"]]}]})", R"("entries" must be base64)"},
      {head + append + R"([["1",1,0,""]]}]})", R"("entries" must be a whole number)"},
      {head + reply + R"(7}]})", R"("status" must be an object)"},
      {head + reply + R"({"code":"ok","reason":"","message":"","outcome":"applied"}}]})",
       R"("code" is none that is known)"},
      {head + reply + R"({"code":"io","reason":"","message":"","outcome":"perhaps"}}]})",
       R"("outcome" is none that is known)"},
      {head + R"([{"kind":"forward","id":1,"incarnation":1,"term":1,"timeout_ms":-5}]})",
       R"("timeout_ms" must be a whole number)"},
  };
  for (const auto& [text, words] : wrong) ExpectRefused(text, words);
}

TEST(EnvelopeTest, Bounds) {
  const std::string tail = R"(","from":1,"to":2,"term":3,"cluster_time_ms":4,"messages":[)";
  const auto with_id = [&](size_t bytes) {
    return R"({"cluster_id":")" + std::string(bytes, 'c') + tail + "]}";
  };
  EXPECT_TRUE(DecodeEnvelope(with_id(kClusterIdBytesMax)).ok());
  ExpectRefused(with_id(kClusterIdBytesMax + 1), "at most 64 bytes");
  ExpectRefused(with_id(1 << 20), "at most 64 bytes");

  const auto with_messages = [&](size_t count) {
    std::string text = R"({"cluster_id":"c)" + tail;
    for (size_t i = 0; i < count; ++i) {
      text += i == 0 ? "" : ",";
      text += R"({"kind":"timeout_now","term":1})";
    }
    return text + "]}";
  };
  EXPECT_TRUE(DecodeEnvelope(with_messages(kEnvelopeMessagesMax)).ok());
  ExpectRefused(with_messages(kEnvelopeMessagesMax + 1), "at most 16384");

  const auto with_voters = [&](size_t count) {
    std::string text = R"({"cluster_id":"c)" + tail +
                       R"({"kind":"snapshot","term":1,"index":1,"snapshot_term":1,"voters":[)";
    for (size_t i = 1; i <= count; ++i) text += (i == 1 ? "" : ",") + std::to_string(i);
    return text + R"(],"voters_outgoing":[],"learners":[],"learners_next":[],"witnesses":[],)"
                  R"("auto_leave":false,"commit_quorum":0,)"
                  R"("commit_quorum_outgoing":0,"leader":0,"without_data":false}]})";
  };
  EXPECT_TRUE(DecodeEnvelope(with_voters(kConfigMembersMax)).ok());
  ExpectRefused(with_voters(kConfigMembersMax + 1), "at most 1000");
  ExpectRefused(std::string(100'000, '['), "nested deeper than 8");
}

// What a sender takes for a batch must be what its receiver can read.
TEST(EnvelopeTest, EncodedBytesMaxIsAnUpperBound) {
  std::vector<node::PeerMessage> messages = OneOfEachKind();
  raft::AppendRequest large{Index(~uint64_t{0}), Term(~uint64_t{0}), Index(~uint64_t{0}), {}};
  for (size_t size = 0; size < 50; ++size) {
    large.entries.push_back({Term(~uint64_t{0}), Index(~uint64_t{0}), raft::EntryType::kNormal,
                             raft::Payload(std::string(size, 'x'))});
  }
  messages.push_back(Raft(large));
  messages.push_back(node::ForwardReply{
      ~uint64_t{0}, ~uint64_t{0}, Status(Code::kUnavailable, "no_leader", std::string(100, '\x01')),
      Index(), ""});
  for (const node::PeerMessage& message : messages) {
    node::PeerEnvelope envelope = Full();
    envelope.messages.clear();
    const size_t empty = EncodeEnvelope(envelope).size();
    envelope.messages = {message};
    EXPECT_LE(EncodeEnvelope(envelope).size() - empty, EncodedBytesMax(message));
    EXPECT_LE(EncodeEnvelope(envelope, WireForm::kCbor).size(), EncodeEnvelope(envelope).size());
  }
}

TEST(EnvelopeTest, FieldsOfANewerPeerAreIgnored) {
  EXPECT_TRUE(DecodeEnvelope(R"({"cluster_id":"c","from":1,"to":2,"term":0,"cluster_time_ms":0,)"
                             R"("messages":[{"kind":"timeout_now","term":3,"mood":"fine"}],"x":1})")
                  .ok());
  const nlohmann::json newer = {{"cluster_id", "c"},
                                {"from", 1},
                                {"to", 2},
                                {"term", 0},
                                {"cluster_time_ms", 0},
                                {"mood", {{"fine", {-1, nullptr}}}},
                                {"messages", {{{"kind", "timeout_now"}, {"term", 3}, {"a", "b"}}}}};
  EXPECT_TRUE(DecodeEnvelope(ToCbor(newer), WireForm::kCbor).ok());
}

TEST(EnvelopeTest, EveryTruncationIsRefused) {
  for (const WireForm form : {WireForm::kJson, WireForm::kCbor}) {
    const std::string text = EncodeEnvelope(Full(), form);
    for (size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(DecodeEnvelope(std::string_view(text).substr(0, size), form).ok()) << size;
    }
  }
}

// Changed bytes give an error or another envelope that is well-formed: one that can be sent again.
TEST(EnvelopeTest, MutationsAreRefusedOrWellFormed) {
  for (const WireForm form : {WireForm::kJson, WireForm::kCbor}) {
    const std::string text = EncodeEnvelope(Full(), form);
    Random random(20261123);
    int refused = 0;
    for (int i = 0; i < 4'000; ++i) {
      std::string mutated = text;
      for (uint64_t n = random.Between(1, 4); n > 0; --n) {
        mutated[random.Below(mutated.size())] = static_cast<char>(random.Below(256));
      }
      const auto decoded = DecodeEnvelope(mutated, form);
      if (!decoded.ok()) {
        ++refused;
        continue;
      }
      const auto again = DecodeEnvelope(EncodeEnvelope(*decoded, form), form);
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(*again, *decoded);
    }
    EXPECT_GT(refused, 500);
  }
}

SnapshotPiece LastPiece() {
  SnapshotPiece piece;
  piece.cluster_id = "0123456789abcdef";
  piece.to = NodeId(2);
  piece.chunk.from = NodeId(1);
  piece.chunk.stream = 77;
  piece.chunk.number = 3;
  piece.chunk.bytes = std::string("\n{}\0\xff", 5);
  piece.chunk.message = std::get<raft::Message>(OneOfEachKind()[6]);
  return piece;
}

TEST(SnapshotPieceTest, SurvivesTheJourney) {
  SnapshotPiece sent = LastPiece();
  for (const bool last : {true, false}) {
    if (!last) sent.chunk.message.reset();
    const auto received = DecodeSnapshotPiece(EncodeSnapshotPiece(sent));
    ASSERT_TRUE(received.ok()) << received.status().ToString();
    EXPECT_EQ(received->cluster_id, sent.cluster_id);
    EXPECT_EQ(received->to, sent.to);
    EXPECT_EQ(received->chunk.from, sent.chunk.from);
    EXPECT_EQ(received->chunk.stream, sent.chunk.stream);
    EXPECT_EQ(received->chunk.number, sent.chunk.number);
    EXPECT_EQ(received->chunk.bytes, sent.chunk.bytes);
    EXPECT_EQ(received->chunk.message, sent.chunk.message);
  }
}

TEST(SnapshotPieceTest, HeadsThatAreNone) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("{}\n"), std::string("[]\nbytes"),
        std::string("\n\n"), std::string(kSnapshotHeadBytesMax + 1, ' ') + "{}\n",
        std::string(1 << 22, 'x'),
        std::string(R"({"cluster_id":"c","from":1,"to":2,"stream":1,"number":0,)"
                    R"("message":{"kind":"forward_reply","id":1,"incarnation":1,"index":1,)"
                    R"("reply":""}})"
                    "\n")}) {
    const auto decoded = DecodeSnapshotPiece(text);
    ASSERT_FALSE(decoded.ok()) << text.substr(0, 100);
    EXPECT_EQ(decoded.status().code(), Code::kInvalidArgument);
  }
}

TEST(SnapshotPieceTest, MutatedHeadsAreRefusedOrWellFormed) {
  const std::string text = EncodeSnapshotPiece(LastPiece());
  const size_t head_bytes = text.find('\n') + 1;
  Random random(3);
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string mutated = text;
    mutated[random.Below(head_bytes)] = static_cast<char>(random.Below(256));
    if (!DecodeSnapshotPiece(mutated).ok()) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace baton::http
