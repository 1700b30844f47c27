// What a command waits for, on a bare core; the lives of commands in whole clusters are told in
// cluster_test and failover_test.
#include "pkg/node/commands.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/coord/command.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/node/membership_plan.h"
#include "pkg/node/testing/bare_raft.h"

namespace baton::node {
namespace {

constexpr NodeId kSelf{1};
constexpr NodeId kOther{2};
constexpr int64_t kLeaderWaitUs = 3'000'000;

class Asked final : public Transport {
 public:
  bool Send(NodeId, PeerMessage message) override {
    requests.push_back(std::get<ForwardRequest>(std::move(message)));
    return true;
  }
  void SetStamp(const EnvelopeStamp&) override {}
  void SendSnapshot(NodeId, raft::Message, std::unique_ptr<SnapshotReader>) override {}
  void CancelSnapshot(NodeId) override {}

  std::vector<ForwardRequest> requests;
};

class CommandsTest : public ::testing::Test {
 protected:
  explicit CommandsTest(std::vector<NodeId> voters = {kSelf, kOther}) : raft(std::move(voters)) {
    commands.emplace(CommandsOptions{.self = kSelf,
                                     .pending_max = 10,
                                     .leader_wait_us = kLeaderWaitUs,
                                     .answer_wait_us = 1'000'000},
                     &time, raft.get(), &proposals, &transport, &metrics);
  }

  void Submit(int64_t timeout_us) {
    const MembershipRequest promote{.kind = MembershipRequest::Kind::kPromote, .id = NodeId(3)};
    commands->Submit({.command = EncodeMembershipRequest(promote),
                      .deadline_us = time.now_us + timeout_us,
                      .done = [this](Result<Answer> ended) { answer = ended.status(); }});
    commands->Route();
  }
  void RefuseByOther(const ForwardRequest& request) {
    ForwardReply reply;
    reply.id = request.id;
    reply.status = refusal;
    commands->OnForwardReply(kOther, reply);
  }
  // Ticks until there is an answer, for a minute at most. The leader refuses what it is asked.
  Status Await() {
    for (int tick = 0; tick < 600 && !answer; ++tick) {
      for (const ForwardRequest& request : std::exchange(transport.requests, {})) {
        RefuseByOther(request);
      }
      time.now_us += 100'000;
      commands->OnTick();
      commands->Route();
    }
    return answer.value_or(Status(Code::kInternal, "no answer"));
  }

  testing::BareRaft raft;
  ClusterTime cluster_time{1'000'000};
  StepTime time;
  NullLogger logger;
  FullDisk full_disk{nullptr, &logger, [](std::string_view) { return false; }};
  coord::MemoryTables tables;
  coord::StateMachine state{&tables};
  // What the leader, this one or the other, says to every change of the members.
  Status refusal{Code::kUnavailable, "config_not_applied", "Not applied yet"};
  Proposals proposals{raft.get(), &cluster_time, &time,
                      &full_disk, &state,        [this](std::string_view) { return refusal; }};
  Asked transport;
  NodeMetrics metrics;
  std::optional<Commands> commands;
  std::optional<Status> answer;
};

class LeadersCommandsTest : public CommandsTest {
 protected:
  LeadersCommandsTest() : CommandsTest({kSelf}) {
    raft.Lead();
    cluster_time.StartLeading(raft->term());
  }
};

TEST_F(CommandsTest, WithoutALeaderThereIsNoLeader) {
  Submit(60'000'000);
  EXPECT_EQ(Await().reason(), "no_leader");
  EXPECT_EQ(time.now_us, kLeaderWaitUs);
}

TEST_F(LeadersCommandsTest, WhoWaitedForTheLeaderIsToldForWhat) {
  for (const char* reason : {"config_not_applied", "members_not_heard"}) {
    answer.reset();
    refusal = Status(Code::kUnavailable, reason, "Not yet");
    Submit(60'000'000);
    EXPECT_EQ(Await().reason(), reason);
    EXPECT_EQ(answer->code(), Code::kUnavailable);
    EXPECT_EQ(answer->message(), "Not yet");
    EXPECT_EQ(answer->outcome(), Outcome::kNotApplied);
  }
}

TEST_F(LeadersCommandsTest, ALeadershipThatIsHandedOverIsNoLeader) {
  refusal = Status(Code::kUnavailable, "leader_transfer", "Leadership is being handed over");
  Submit(60'000'000);
  EXPECT_EQ(Await().reason(), "no_leader");
}

TEST_F(LeadersCommandsTest, ADeadlineSaysWhatWasWaitedForToo) {
  Submit(1'000'000);
  EXPECT_EQ(Await().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(answer->message(),
            "The time allowed for the command ran out before the leader could take it: "
            "Not applied yet");
  EXPECT_EQ(answer->outcome(), Outcome::kNotApplied);
}

TEST_F(CommandsTest, AnotherNodesReasonIsTold) {
  raft.Follow(kOther, Term(1));
  Submit(2'000'000);
  EXPECT_EQ(Await().code(), Code::kDeadlineExceeded);
  EXPECT_NE(answer->message().find("Not applied yet"), std::string::npos) << answer->message();
  EXPECT_EQ(answer->outcome(), Outcome::kNotApplied);
}

// What the last leader waited for says nothing about why there is none.
TEST_F(CommandsTest, AReasonEndsWithItsLeader) {
  raft.Follow(kOther, Term(1));
  Submit(60'000'000);
  RefuseByOther(transport.requests.at(0));
  transport.requests.clear();
  ASSERT_TRUE(raft->ForgetLeader().ok());
  EXPECT_EQ(Await().reason(), "no_leader");
}

TEST_F(CommandsTest, WhatDidNotArriveIsAskedAgain) {
  raft.Follow(kOther, Term(1));
  Submit(60'000'000);
  ASSERT_EQ(transport.requests.size(), 1u);
  const uint64_t first = transport.requests[0].id;
  commands->OnUnreachable(NodeId(3), {first});
  commands->OnUnreachable(kOther, {first + 1});
  commands->OnTick();
  commands->Route();
  EXPECT_EQ(transport.requests.size(), 1u) << "neither is about this one";
  commands->OnUnreachable(kOther, {first});
  commands->OnTick();
  commands->Route();
  ASSERT_EQ(transport.requests.size(), 2u);
  EXPECT_NE(transport.requests[1].id, first);
  EXPECT_FALSE(answer) << answer->ToString();
}

// A leader that stops: one of the others has its writers' commands in hand, and leads next.
TEST_F(CommandsTest, WhatDidNotArriveGoesToTheNextLeader) {
  raft.Follow(kOther, Term(1));
  Submit(60'000'000);
  ASSERT_EQ(transport.requests.size(), 1u);
  raft.Follow(NodeId(3), Term(2));
  commands->OnLeaderChange();
  commands->OnUnreachable(kOther, {transport.requests[0].id});
  commands->Route();
  EXPECT_FALSE(answer) << answer->ToString();
  ASSERT_EQ(transport.requests.size(), 2u);
  EXPECT_EQ(transport.requests[1].term, Term(2));
}

TEST_F(CommandsTest, WhatMayHaveArrivedIsNotAskedAgain) {
  raft.Follow(kOther, Term(1));
  Submit(60'000'000);
  time.now_us += 1'000'000;
  commands->OnTick();  // asks again, because no answer has come
  ASSERT_EQ(transport.requests.size(), 2u);
  ASSERT_EQ(transport.requests[0].id, transport.requests[1].id);
  commands->OnUnreachable(kOther, {transport.requests[1].id});
  raft.Follow(NodeId(3), Term(2));
  commands->OnLeaderChange();
  commands->OnUnreachable(kOther, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reason(), "leader_lost");
  EXPECT_EQ(answer->outcome(), Outcome::kUnknown);
}

}  // namespace
}  // namespace baton::node
