#include "pkg/node/applied_metrics.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::node {
namespace {

using coord::EventKind;

class AppliedMetricsTest : public testing::Test {
 protected:
  static std::string Entry(coord::CommandBody body) {
    coord::Command command;
    command.body = std::move(body);
    return coord::EncodeEntry(1, coord::EncodeCommand(command));
  }
  static coord::Event Event(EventKind kind, const std::string& name) {
    coord::Event event;
    event.kind = kind;
    event.key = name;
    return event;
  }
  void Apply(coord::CommandBody body, coord::Reply reply, std::vector<coord::Event> events = {},
             int64_t now_ms = 0) {
    coord::Applied applied;
    applied.reply = std::move(reply);
    applied.events = std::move(events);
    counts_.Count(Entry(std::move(body)), applied, now_ms);
  }
  void See(EventKind kind, const std::string& name, int64_t now_ms) {
    Apply(coord::Acquire(), {}, {Event(kind, name)}, now_ms);
  }
  uint64_t Refusals(std::string_view reason) const {
    for (size_t i = 0; i < kRefusalReasons.size(); ++i) {
      if (kRefusalReasons[i] == reason) return metrics_.refusals[i].value();
    }
    return metrics_.refusals[kRefusalReasons.size()].value();
  }
  const AppliedMetrics::Command& Of(const coord::CommandBody& body) const {
    return metrics_.commands[body.index()];
  }

  AppliedMetrics metrics_;
  AppliedCounts counts_{&metrics_};
};

TEST_F(AppliedMetricsTest, CountsCommandsByWhatBecameOfThem) {
  coord::Reply refused;
  refused.status = Status(Code::kConflict, "stale_token", "no");
  coord::Reply replayed = refused;
  replayed.replayed = true;
  Apply(coord::KvPut(), {});
  Apply(coord::KvPut(), refused);
  Apply(coord::KvPut(), replayed);
  Apply(coord::Release(), refused);
  EXPECT_EQ(Of(coord::KvPut()).done.value(), 1U);
  EXPECT_EQ(Of(coord::KvPut()).refused.value(), 1U);
  EXPECT_EQ(Of(coord::KvPut()).replayed.value(), 1U);
  EXPECT_EQ(Of(coord::Release()).refused.value(), 1U);
  EXPECT_EQ(Refusals("stale_token"), 2U) << "a replay refuses nothing again";
}

TEST_F(AppliedMetricsTest, ReasonsThatNobodyKnowsAreOneSeries) {
  for (const char* reason : {"made_up", "made_up_too"}) {
    coord::Reply refused;
    refused.status = Status(Code::kConflict, reason, "no");
    Apply(coord::KvPut(), refused);
  }
  EXPECT_EQ(Refusals("made_up"), 2U);
}

TEST_F(AppliedMetricsTest, CountsOnlySessionsThatWereRenewed) {
  coord::RenewReply renewed;
  renewed.sessions.resize(3);
  renewed.sessions[0].ttl_ms = renewed.sessions[2].ttl_ms = 1000;
  coord::Reply reply;
  reply.body = renewed;
  Apply(coord::SessionRenew(), reply);
  EXPECT_EQ(metrics_.sessions_renewed.value(), 2U);
}

TEST_F(AppliedMetricsTest, MeasuresHoldsInClusterTime) {
  See(EventKind::kLockAcquired, "a", 1'000);
  See(EventKind::kLeaderElected, "a", 1'000);  // of another space
  See(EventKind::kLockAcquired, "a", 3'000);   // handed on
  See(EventKind::kLockReleased, "a", 3'500);
  EXPECT_EQ(metrics_.lock_hold.Read().total, 2U);
  EXPECT_DOUBLE_EQ(metrics_.lock_hold.Read().sum_seconds, 2.5);
  EXPECT_EQ(metrics_.election_hold.Read().total, 0U);
  See(EventKind::kLeaderProclaimed, "a", 5'000);
  See(EventKind::kLeaderGone, "a", 9'000);
  EXPECT_DOUBLE_EQ(metrics_.election_hold.Read().sum_seconds, 8);
  EXPECT_EQ(metrics_.events[static_cast<size_t>(EventKind::kLockAcquired)].value(), 2U);
}

TEST_F(AppliedMetricsTest, HoldsThatBeganUnseenAreNotGuessed) {
  See(EventKind::kLockReleased, "a", 9'000);
  See(EventKind::kLockAcquired, "b", 1'000);
  counts_.OnSnapshotInstalled();
  See(EventKind::kLockReleased, "b", 9'000);
  EXPECT_EQ(metrics_.lock_hold.Read().total, 0U);
}

TEST_F(AppliedMetricsTest, HoldersBeyondTheBoundAreNotMeasured) {
  for (size_t i = 0; i <= AppliedCounts::kHoldersMax; ++i) {
    See(EventKind::kLockAcquired, std::to_string(i), 1'000);
  }
  See(EventKind::kLockReleased, std::to_string(AppliedCounts::kHoldersMax), 2'000);
  EXPECT_EQ(metrics_.lock_hold.Read().total, 0U);
  See(EventKind::kLockReleased, "0", 2'000);
  EXPECT_EQ(metrics_.lock_hold.Read().total, 1U);
}

TEST_F(AppliedMetricsTest, WhatIsNoCommandIsNotCounted) {
  counts_.Count("", {}, 0);
  counts_.Count(std::string(10, '\xff'), {}, 0);
  for (const AppliedMetrics::Command& command : metrics_.commands) {
    EXPECT_EQ(command.done.value(), 0U);
  }
}

}  // namespace
}  // namespace baton::node
