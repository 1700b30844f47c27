#include "pkg/http/envelope.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/http/peer_transport.h"

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
  meta.config = {{NodeId(1), NodeId(2)}, {NodeId(3)}, {NodeId(4)}, {NodeId(5)}, true};
  return {
      Raft(raft::VoteRequest{true, true, Index(3), Term(2)}),
      Raft(raft::VoteResponse{true, true}),
      Raft(raft::AppendRequest{Index(9), Term(6), Index(8), {command, change, empty}}),
      Raft(raft::AppendResponse{true, Index(1), Index(2), Index(3), Term(4), Index(5)}),
      Raft(raft::Heartbeat{Index(4), 11}),
      Raft(raft::HeartbeatResponse{12, Index(5)}),
      Raft(raft::SnapshotRequest{meta}),
      Raft(raft::ReadIndexRequest{uint64_t{1} << 63}),
      Raft(raft::ReadIndexResponse{14, Index(6)}),
      Raft(raft::TimeoutNow{}),
      node::ForwardRequest{1, 2, Term(7), 1500, std::string("\0\1\2", 3)},
      node::ForwardReply{1, 2, Status(), Index(40), "reply"},
      node::ForwardReply{
          3, 2,
          Status(Code::kUnavailable, "no_leader", "Nobody leads.").SetOutcome(Outcome::kUnknown),
          Index(), ""},
  };
}

node::PeerEnvelope Full() {
  return {"0123456789abcdef", NodeId(1), NodeId(2), Term(7), 123456, OneOfEachKind()};
}

TEST(EnvelopeTest, EveryKindSurvivesTheJourney) {
  const node::PeerEnvelope sent = Full();
  const auto received = DecodeEnvelope(EncodeEnvelope(sent));
  ASSERT_TRUE(received.ok()) << received.status().ToString();
  ASSERT_EQ(received->messages.size(), sent.messages.size());
  for (size_t i = 0; i < sent.messages.size(); ++i) {
    EXPECT_EQ(received->messages[i], sent.messages[i]) << "message " << i;
  }
  EXPECT_EQ(*received, sent);
}

TEST(EnvelopeTest, ASingleMessageSurvivesTheJourney) {
  const auto sent = std::get<raft::Message>(OneOfEachKind()[6]);
  const auto received = DecodeRaftMessage(EncodeRaftMessage(sent), NodeId(1), NodeId(2));
  ASSERT_TRUE(received.ok()) << received.status().ToString();
  EXPECT_EQ(*received, sent);
}

TEST(EnvelopeTest, ErrorsNameTheField) {
  const std::string head =
      R"({"cluster_id":"c","from":1,"to":2,"term":3,"cluster_time_ms":4,"messages":)";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"[]", "envelope is not an object"},
      {R"({"cluster_id":5})", "envelope.cluster_id is not a text"},
      {R"({"cluster_id":"c"})", "envelope.from is missing"},
      {R"({"cluster_id":"c","from":-1})", "envelope.from is not a whole number"},
      {head + "{}}", "envelope.messages is not a list"},
      {head + "[1]}", "message is not an object"},
      {head + R"([{"kind":"gossip"}]})", "message.kind is unknown"},
      {head + R"([{"kind":"timeout_now"}]})", "message.term is missing"},
      {head + R"([{"kind":"append_request","term":1,"prev_index":0,"prev_term":0,"commit":0,)" +
           R"("entries":[[1,1,9,""]]}]})",
       "message.entries has an unknown type"},
      {head + R"([{"kind":"append_request","term":1,"prev_index":0,"prev_term":0,"commit":0,)" +
           R"("entries":[[1,1,0,"*"]]}]})",
       "message.entries"},
      {head + R"([{"kind":"forward_reply","id":1,"incarnation":1,"index":0,"reply":"",)" +
           R"("error":{"code":"ok","reason":"","message":"","outcome":"applied"}}]})",
       "message.error has an unknown code"},
  };
  for (const auto& [text, error] : wrong) {
    const auto decoded = DecodeEnvelope(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_NE(decoded.status().message().find(error), std::string::npos)
        << text << "\n"
        << decoded.status().message();
  }
}

TEST(EnvelopeTest, FieldsOfANewerPeerAreIgnored) {
  EXPECT_TRUE(DecodeEnvelope(R"({"cluster_id":"c","from":1,"to":2,"term":0,"cluster_time_ms":0,)"
                             R"("messages":[{"kind":"timeout_now","term":3,"mood":"fine"}],"x":1})")
                  .ok());
}

TEST(EnvelopeTest, EveryTruncationIsRefused) {
  const std::string text = EncodeEnvelope(Full());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeEnvelope(std::string_view(text).substr(0, size)).ok()) << size;
  }
}

// Changed bytes give an error or another envelope that is well-formed: one that can be sent again.
TEST(EnvelopeTest, MutationsAreRefusedOrWellFormed) {
  const std::string text = EncodeEnvelope(Full());
  Random random(20261123);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string mutated = text;
    for (uint64_t n = random.Between(1, 4); n > 0; --n) {
      mutated[random.Below(mutated.size())] = static_cast<char>(random.Below(256));
    }
    const auto decoded = DecodeEnvelope(mutated);
    if (!decoded.ok()) {
      ++refused;
      continue;
    }
    const auto again = DecodeEnvelope(EncodeEnvelope(*decoded));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, *decoded);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace baton::http
