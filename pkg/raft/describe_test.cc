#include "pkg/raft/describe.h"

#include <gtest/gtest.h>

#include "pkg/raft/testing/solo.h"

namespace baton::raft {
namespace {

using testing::Solo;
using testing::Voters;

TEST(DescribeTest, Configurations) {
  EXPECT_EQ(Describe(ConfigState()), "nobody");
  ConfigState config = Voters({1, 2, 3});
  EXPECT_EQ(Describe(config), "voters=(1 2 3)");
  config.voters_outgoing = {NodeId(1), NodeId(4)};
  config.learners = {NodeId(5)};
  config.learners_next = {NodeId(4)};
  config.witnesses = {NodeId(3)};
  config.auto_leave = true;
  config.commit_quorum = 2;
  config.commit_quorum_outgoing = 1;
  EXPECT_EQ(Describe(config),
            "voters=(1 2 3) joint=(1 4) learners=(5) learners_next=(4) witnesses=(3) auto_leave "
            "commit_quorum=2 commit_quorum_outgoing=1");
}

TEST(DescribeTest, AReadySaysWhatMustBeDone) {
  Solo solo;
  EXPECT_EQ(Describe(Ready()), "");
  solo.raft().Campaign();
  EXPECT_EQ(Describe(solo.raft().TakeReady()),
            "role: pre_candidate\n"
            "send when persisted: 1->2 PreVoteRequest term=1 last=0/0\n"
            "send when persisted: 1->3 PreVoteRequest term=1 last=0/0\n");
  Ready ready;
  ready.hard_state = HardState{Term(2), NodeId(1), Index(4), Memory::kLost};
  ready.snapshot = SnapshotMeta{Index(4), Term(1), Voters({1, 2})};
  ready.entries = {Entry{Term(2), Index(5), EntryType::kConfigChange, Payload()},
                   Entry{Term(2), Index(6), EntryType::kNormal, Payload("x")}};
  ready.committed_entries = ready.entries;
  ready.read_states = {{7, Index(6)}};
  ready.aborted_reads = {8};
  ready.cancelled_snapshots = {NodeId(3)};
  EXPECT_EQ(Describe(ready),
            "persist: term=2 vote=1 commit=4 amnesia\n"
            "install: snapshot=4/1 voters=(1 2)\n"
            "persist: entries=[5/2c 6/2]\n"
            "apply: entries=[5/2c 6/2]\n"
            "read: id=7 index=6\n"
            "read aborted: id=8\n"
            "stop the snapshot for 3\n");
}

TEST(DescribeTest, AStatus) {
  RaftStatus status;
  status.id = NodeId(1);
  EXPECT_EQ(Describe(status), "follower term=0 commit=0 last=0");
  status.role = Role::kLeader;
  status.leader = NodeId(1);
  status.term = Term(2);
  status.commit = Index(5);
  status.last_index = Index(7);
  status.persisted = Index(6);
  status.config_index = Index(4);
  status.transfer_target = NodeId(3);
  status.memory = Memory::kLost;
  EXPECT_EQ(Describe(status),
            "leader term=2 commit=5 last=7 persisted=6 config=4 transfer=3 amnesia");
  PeerStatus peer;
  peer.match = Index(5);
  peer.next = Index(8);
  peer.state = ReplicationState::kSnapshot;
  EXPECT_EQ(Describe(peer), "snapshot match=5 next=8 silent");
  peer.recently_active = peer.amnesia = true;
  peer.inflight_messages = 2;
  peer.pending_snapshot = Index(9);
  EXPECT_EQ(Describe(peer), "snapshot match=5 next=8 inflight=2 pending_snapshot=9 amnesia");
}

}  // namespace
}  // namespace baton::raft
