// File: wait_fixture.h
//
// A cluster with sessions, for the tests of acquires that wait. Session numbers begin at 1; the
// lock is "l".
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {

class WaitTest : public ::testing::Test {
 protected:
  void Use(SimOptions options, int sessions = 3) {
    cluster = std::make_unique<SimCluster>(std::move(options));
    leader = cluster->AwaitLeader();
    for (int i = 1; i <= sessions; ++i) {
      const auto created =
          cluster->Submit(leader, CreateSession(static_cast<uint64_t>(i), 600'000), 5'000);
      ASSERT_TRUE(cluster->RunUntil([&] { return created->ok(); }, 2'000));
    }
    cluster->RunFor(300);
  }

  Token MustLock(NodeId at, uint64_t session) {
    const auto lock = cluster->Acquire(at, Lock("l", session, 0), 5'000);
    CHECK(cluster->RunUntil([&] { return lock->done(); }, 2'000));
    CHECK(lock->ok()) << lock->result->status().ToString();
    return (*lock->result)->token;
  }

  void MustUnlock(NodeId at, uint64_t session, Token token) {
    const auto unlock = cluster->Submit(at, Unlock("l", session, token), 5'000);
    ASSERT_TRUE(cluster->RunUntil([&] { return unlock->done(); }, 2'000));
    ASSERT_TRUE(unlock->ok() && (*unlock->result)->status.ok());
  }

  // A wait that has its place in the line.
  PendingPtr<AcquireResult> Queue(NodeId at, const coord::Command& command,
                                  uint64_t* number = nullptr) {
    const uint64_t before = Waiting();
    const auto wait = cluster->Acquire(at, command, 5'000, number);
    CHECK(cluster->RunUntil([&] { return Waiting() == before + 1; }, 2'000));
    cluster->RunFor(50);
    return wait;
  }

  uint64_t Waiting() { return cluster->node(leader).state().counts().lock_waiters; }
  NodeId Other(uint64_t distance) { return NodeId((leader.value() - 1 + distance) % 3 + 1); }

  std::unique_ptr<SimCluster> cluster;
  NodeId leader;
};

}  // namespace baton::node::testing
