// Transports that speak to real listeners on loopback.

#include "pkg/http/peer_transport.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "pkg/base/system_clock.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/peer_node.h"

namespace baton::http {
namespace {

class PeerTransportTest : public testing::Test {
 protected:
  void StartWith(const std::string& address, PeerTransportOptions options = {}) {
    options.cluster_id = "0123456789abcdef";
    options.self = NodeId(1);
    options.peer_addresses = {{NodeId(2), address}};
    auto transport = PeerTransport::Create(options, &clock_, &logger_);
    ASSERT_TRUE(transport.ok()) << transport.status().ToString();
    transport_ = *std::move(transport);
    transport_->SetService(&reports_);
    transport_->Start();
  }
  ~PeerTransportTest() override {
    if (transport_ != nullptr) transport_->Stop();
  }

  void Forward(uint64_t id, size_t bytes = 0) {
    transport_->Send(NodeId(2), node::ForwardRequest{id, 9, Term(1), 100, std::string(bytes, 'x')});
  }
  void SendRaft(raft::MessageBody body) {
    transport_->Send(NodeId(2), raft::Message{NodeId(1), NodeId(2), Term(3), std::move(body)});
  }
  void Append(uint64_t index, size_t bytes) {
    raft::AppendRequest append;
    append.prev_index = Index(index - 1);
    append.prev_term = Term(index == 1 ? 0 : 3);
    append.entries = {
        {Term(3), Index(index), raft::EntryType::kNormal, raft::Payload(std::string(bytes, 'e'))}};
    SendRaft(append);
  }
  void Snapshot(std::deque<std::string> chunks, std::atomic<int>* read = nullptr) {
    raft::SnapshotRequest request;
    request.meta->index = Index(90);
    request.meta->term = Term(2);
    request.meta->config.voters = {NodeId(1), NodeId(2)};
    transport_->SendSnapshot(NodeId(2), raft::Message{NodeId(1), NodeId(2), Term(3), request},
                             std::make_unique<FakeSnapshot>(std::move(chunks), read));
  }
  PeerStats Stats() { return transport_->Stats().at(0); }

  SystemClock clock_;
  NullLogger logger_;
  Reports reports_;
  PeerNode peer_;
  std::unique_ptr<PeerTransport> transport_;
};

TEST_F(PeerTransportTest, DeliversInOrder) {
  StartWith(peer_.address());
  for (uint64_t id = 1; id <= 300; ++id) Forward(id);
  ASSERT_TRUE(Eventually([&] { return peer_.forwards().size() == 300; }));
  const auto ids = peer_.forwards();
  for (uint64_t id = 1; id <= 300; ++id) EXPECT_EQ(ids[id - 1], id);
  const auto envelopes = peer_.envelopes();
  EXPECT_EQ(envelopes[0].cluster_id, "0123456789abcdef");
  EXPECT_EQ(envelopes[0].from, NodeId(1));
  EXPECT_EQ(envelopes[0].to, NodeId(2));
  EXPECT_TRUE(transport_->Flush(10'000));
  const PeerStats stats = Stats();
  EXPECT_GE(stats.round_trip.total, 1u);
  EXPECT_TRUE(stats.reachable);
  EXPECT_EQ(stats.sent_envelopes, envelopes.size());
  EXPECT_GT(stats.sent_bytes, 300u * 50);
  EXPECT_EQ(stats.failures, 0u);
  EXPECT_EQ(stats.dropped_messages, 0u);
}

// While as many POSTs as may be are under way the next batch gathers.
TEST_F(PeerTransportTest, WhatWaitsTravelsTogether) {
  PeerTransportOptions options;
  options.requests_in_flight_max = 1;
  StartWith(peer_.address(), options);
  peer_.CloseAppendGate();
  Append(1, 10);
  ASSERT_TRUE(Eventually([&] { return peer_.envelopes().size() == 1; }));
  for (uint64_t index = 2; index <= 50; ++index) Append(index, 10);
  peer_.OpenGates();
  ASSERT_TRUE(Eventually([&] { return peer_.bodies<raft::AppendRequest>().size() == 50; }));
  EXPECT_EQ(peer_.envelopes().size(), 2u);
  const auto appends = peer_.bodies<raft::AppendRequest>();
  for (uint64_t index = 1; index <= 50; ++index) {
    EXPECT_EQ(appends[index - 1].entries[0].index, Index(index));
  }
}

// The first one's answer is held back. So many more are sent all the same; what comes then gathers.
TEST_F(PeerTransportTest, SeveralBatchesAreUnderWay) {
  PeerTransportOptions options;
  options.requests_in_flight_max = 4;
  StartWith(peer_.address(), options);
  peer_.CloseAppendGate();
  for (uint64_t index = 1; index <= 4; ++index) {
    Append(index, 10);
    ASSERT_TRUE(Eventually([&] { return Stats().sent_envelopes == index; }));
  }
  for (uint64_t index = 5; index <= 20; ++index) Append(index, 10);
  EXPECT_FALSE(transport_->Flush(50));
  EXPECT_EQ(Stats().sent_envelopes, 4u);
  peer_.OpenGates();
  EXPECT_TRUE(transport_->Flush(10'000));
  EXPECT_EQ(Stats().sent_envelopes, 5u);
  EXPECT_GE(Stats().round_trip.total, 1u);
  const auto appends = peer_.bodies<raft::AppendRequest>();
  ASSERT_EQ(appends.size(), 20u);
  for (uint64_t index = 1; index <= 20; ++index) {
    EXPECT_EQ(appends[index - 1].entries[0].index, Index(index));
  }
}

TEST_F(PeerTransportTest, WhoReadsCborIsSentIt) {
  StartWith(peer_.address());
  Forward(1);
  ASSERT_TRUE(transport_->Flush(10'000));
  EXPECT_EQ(peer_.cbor_requests, 0) << "nobody has said so yet";
  Forward(2);
  Append(1, 300);
  ASSERT_TRUE(transport_->Flush(10'000));
  EXPECT_EQ(peer_.cbor_requests, 1) << "the other connection has not been answered";
  Append(2, 300);
  ASSERT_TRUE(transport_->Flush(10'000));
  EXPECT_EQ(peer_.cbor_requests, 2);
  EXPECT_EQ(peer_.forwards(), (std::vector<uint64_t>{1, 2}));
  const auto appends = peer_.bodies<raft::AppendRequest>();
  ASSERT_EQ(appends.size(), 2u);
  EXPECT_EQ(appends[0].entries[0].data, appends[1].entries[0].data);
}

// An older version, or one that this peer was set back to while the connection broke.
TEST_F(PeerTransportTest, WhoDoesNotReadCborIsSentJson) {
  StartWith(peer_.address());
  Forward(1);
  ASSERT_TRUE(transport_->Flush(10'000));
  const uint16_t port = peer_.port();
  peer_.Stop();
  peer_.TakeCbor(false);
  peer_.Restart(port);
  for (uint64_t id = 2; id <= 4; ++id) {
    Forward(id);
    ASSERT_TRUE(transport_->Flush(10'000));
  }
  EXPECT_EQ(peer_.forwards().back(), 4u);
  EXPECT_LE(peer_.cbor_requests, 1) << "at most what was on its way when the connection broke";
}

TEST_F(PeerTransportTest, EnvelopesCarryTheStamp) {
  StartWith(peer_.address());
  const node::EnvelopeStamp first{Term(3), 1234, node::DiskLevel::kLow};
  transport_->SetStamp(first);
  Forward(1);
  ASSERT_TRUE(Eventually([&] { return peer_.envelopes().size() == 1; }));
  transport_->SetStamp({});
  Forward(2);
  ASSERT_TRUE(Eventually([&] { return peer_.envelopes().size() == 2; }));
  const auto envelopes = peer_.envelopes();
  EXPECT_EQ(envelopes[0].stamp, first);
  EXPECT_EQ(envelopes[1].stamp, node::EnvelopeStamp());
}

TEST_F(PeerTransportTest, HeartbeatsPassHugeAppendsAndSlowSnapshots) {
  StartWith(peer_.address());
  peer_.CloseAppendGate();
  peer_.CloseSnapshotGate();
  Append(1, 3 << 20);
  Forward(77, 1 << 20);  // large, so not urgent either
  Snapshot({std::string(1 << 20, 's'), "t"});
  ASSERT_TRUE(
      Eventually([&] { return peer_.envelopes().size() == 1 && peer_.pieces().size() == 1; }));
  for (uint64_t counter = 1; counter <= 20; ++counter) SendRaft(raft::Heartbeat{Index(1), counter});
  ASSERT_TRUE(Eventually([&] { return peer_.bodies<raft::Heartbeat>().size() == 20; }));
  EXPECT_TRUE(peer_.forwards().empty()) << "it waits behind the append";
  EXPECT_EQ(peer_.pieces().size(), 1u);
  peer_.OpenGates();
  EXPECT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 1; }));
  EXPECT_TRUE(Eventually([&] { return peer_.forwards().size() == 1; }));
}

TEST_F(PeerTransportTest, AFullOutboxDropsTheNewest) {
  PeerTransportOptions options;
  options.outbox_messages_max = 5;
  options.requests_in_flight_max = 1;
  StartWith(peer_.address(), options);
  peer_.CloseAppendGate();
  Append(1, 10);
  ASSERT_TRUE(Eventually([&] { return peer_.envelopes().size() == 1; }));
  for (uint64_t index = 2; index <= 20; ++index) Append(index, 10);
  EXPECT_EQ(Stats().dropped_messages, 14u);
  peer_.OpenGates();
  ASSERT_TRUE(Eventually([&] { return peer_.bodies<raft::AppendRequest>().size() == 6; }));
  EXPECT_EQ(peer_.bodies<raft::AppendRequest>().back().entries[0].index, Index(6));
}

TEST_F(PeerTransportTest, ReconnectsAfterARestart) {
  StartWith(peer_.address());
  Forward(1);
  ASSERT_TRUE(Eventually([&] { return peer_.forwards().size() == 1; }));
  const uint16_t port = peer_.port();
  peer_.Stop();
  ASSERT_TRUE(Eventually([&] {
    Forward(2);
    return reports_.unreachable > 0;
  }));
  EXPECT_TRUE(Eventually([&] { return !Stats().reachable; }));
  EXPECT_GT(Stats().failures, 0u);
  peer_.Restart(port);
  ASSERT_TRUE(Eventually([&] {
    Forward(3);
    const auto ids = peer_.forwards();
    return !ids.empty() && ids.back() == 3;
  }));
  EXPECT_TRUE(Eventually([&] { return Stats().reachable; }));
}

// The server closed the idle connection: the first message after it is not lost.
TEST_F(PeerTransportTest, AnIdleConnectionThatBrokeCostsNoMessage) {
  StartWith(peer_.address());
  Forward(1);
  ASSERT_TRUE(Eventually([&] { return Stats().round_trip.total == 1; }));
  const uint16_t port = peer_.port();
  peer_.Stop();
  peer_.Restart(port);
  Forward(2);
  ASSERT_TRUE(Eventually([&] {
    const auto ids = peer_.forwards();
    return !ids.empty() && ids.back() == 2;
  }));
  EXPECT_EQ(reports_.unreachable, 0);
  EXPECT_EQ(Stats().dropped_messages, 0u);
}

TEST_F(PeerTransportTest, ARefusalIsAFailure) {
  StartWith(peer_.address());
  peer_.SetStatus(403);
  Forward(1);
  ASSERT_TRUE(Eventually([&] { return reports_.unreachable > 0; }));
  EXPECT_GT(Stats().failures, 0u);
  EXPECT_FALSE(Stats().reachable);
  EXPECT_GT(Stats().dropped_messages, 0u);
  peer_.SetStatus(204);
  EXPECT_TRUE(Eventually([&] {
    Forward(2);
    return !peer_.forwards().empty();
  }));
}

TEST_F(PeerTransportTest, SnapshotsGoPieceByPiece) {
  StartWith(peer_.address());
  std::atomic<int> read{0};
  peer_.CloseSnapshotGate();
  Snapshot({"one", "two", "three"}, &read);
  ASSERT_TRUE(Eventually([&] { return peer_.pieces().size() == 1; }));
  EXPECT_EQ(read, 2) << "one ahead, because the last is marked; not more";
  peer_.OpenGates();
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 1; }));
  const auto pieces = peer_.pieces();
  ASSERT_EQ(pieces.size(), 3u);
  const std::string bytes[] = {"one", "two", "three"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces[i].cluster_id, "0123456789abcdef");
    EXPECT_EQ(pieces[i].to, NodeId(2));
    EXPECT_EQ(pieces[i].chunk.from, NodeId(1));
    EXPECT_EQ(pieces[i].chunk.number, i);
    EXPECT_EQ(pieces[i].chunk.stream, pieces[0].chunk.stream);
    EXPECT_EQ(pieces[i].chunk.bytes, bytes[i]);
    EXPECT_EQ(pieces[i].chunk.message.has_value(), i == 2);
  }
  const auto& last = std::get<raft::SnapshotRequest>(pieces[2].chunk.message->body);
  EXPECT_EQ(last.meta->index, Index(90));
  Snapshot({"again"});
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 2; }));
  EXPECT_NE(peer_.pieces().back().chunk.stream, pieces[0].chunk.stream);
}

TEST_F(PeerTransportTest, SnapshotsThatFail) {
  StartWith(peer_.address());
  Snapshot({"one", "two", "broken"});
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
  for (const SnapshotPiece& piece : peer_.pieces()) EXPECT_FALSE(piece.chunk.message.has_value());
  peer_.SetStatus(400);
  Snapshot({"one"});
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_failed == 2; }));
  peer_.SetStatus(204);
  peer_.CloseSnapshotGate();
  Snapshot({"one"});
  Snapshot({"one more at the same time"});
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_failed == 3; }));
  peer_.OpenGates();
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_delivered == 1; }));
}

// Every gate is closed and every thread in a call; Stop must not wait for the answers.
TEST_F(PeerTransportTest, StopBreaksCallsUnderWay) {
  StartWith(peer_.address());
  peer_.CloseAppendGate();
  peer_.CloseSnapshotGate();
  Append(1, 10);
  Snapshot({"one", "two"});
  ASSERT_TRUE(
      Eventually([&] { return peer_.envelopes().size() == 1 && peer_.pieces().size() == 1; }));
  transport_->Stop();
  transport_->Stop();
  Forward(1);
  EXPECT_EQ(reports_.snapshots_failed, 0) << "nobody wants to know any more";
}

TEST_F(PeerTransportTest, NobodyThere) {
  StartWith("127.0.0.1:1");
  Forward(1);
  ASSERT_TRUE(Eventually([&] { return reports_.unreachable > 0; }));
  Forward(2);  // waits, and is given up with the next connection that cannot be made
  EXPECT_TRUE(Eventually([&] { return reports_.undelivered() == std::vector<uint64_t>{1, 2}; }));
  Snapshot({"one"});
  ASSERT_TRUE(Eventually([&] { return reports_.snapshots_failed == 1; }));
  transport_->Send(NodeId(9), node::ForwardRequest{1, 9, Term(1), 100, ""});  // not a peer
}

TEST(PeerTransportOptionsTest, WrongOnesAreRefused) {
  SystemClock clock;
  NullLogger logger;
  PeerTransportOptions good;
  good.self = NodeId(1);
  good.peer_addresses = {{NodeId(2), "127.0.0.1:7401"}};
  EXPECT_TRUE(PeerTransport::Create(good, &clock, &logger).ok());
  const std::function<void(PeerTransportOptions*)> changes[] = {
      [](PeerTransportOptions* o) { o->self = NodeId(); },
      [](PeerTransportOptions* o) { o->self = NodeId(2); },
      [](PeerTransportOptions* o) { o->peer_addresses[NodeId(3)] = "ftp://x:1"; },
      [](PeerTransportOptions* o) { o->batch_bytes_max = 0; },
      [](PeerTransportOptions* o) { o->requests_in_flight_max = 0; },
      [](PeerTransportOptions* o) { o->bytes_in_flight_max = 0; },
      [](PeerTransportOptions* o) { o->outbox_messages_max = 0; },
      [](PeerTransportOptions* o) { o->outbox_messages_max = kEnvelopeMessagesMax + 1; },
      [](PeerTransportOptions* o) { o->outbox_bytes_max = 0; },
      [](PeerTransportOptions* o) { o->snapshot_piece_bytes = 0; },
  };
  for (const auto& change : changes) {
    PeerTransportOptions options = good;
    change(&options);
    const auto transport = PeerTransport::Create(options, &clock, &logger);
    ASSERT_FALSE(transport.ok());
    EXPECT_EQ(transport.status().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace baton::http
