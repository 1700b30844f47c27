// The event stream for trace validation.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Cluster;
using testing::ClusterOptions;
using testing::Voters;

ClusterOptions Traced(const ConfigState& membership) {
  ClusterOptions options;
  options.membership = membership;
  options.config.trace = true;
  return options;
}

// "1 SendRequestVoteRequest 1->2", one line per event.
std::string Names(const std::vector<TraceEvent>& trace) {
  std::ostringstream names;
  for (const TraceEvent& event : trace) {
    const std::string line = ToJsonLine(event);
    const size_t start = line.find("\"name\":\"") + 8;
    names << event.node << " " << line.substr(start, line.find('"', start) - start);
    if (event.message) names << " " << event.message->from << "->" << event.message->to;
    names << "\n";
  }
  return names.str();
}

TEST(RaftTraceTest, NothingUnlessAskedFor) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  EXPECT_TRUE(cluster.trace().empty());
}

TEST(RaftTraceTest, AnElection) {
  ClusterOptions options = Traced(Voters({1, 2}));
  options.config.pre_vote = false;
  Cluster cluster(options);
  cluster.raft(NodeId(1)).Campaign();
  cluster.Settle();
  // A node's vote for itself, and a leader's own entry, are messages to itself.
  EXPECT_EQ(Names(cluster.trace()),
            "1 InitState\n"
            "1 BecomeCandidate\n"
            "1 SendRequestVoteResponse 1->1\n"
            "1 SendRequestVoteRequest 1->2\n"
            "1 Ready\n"
            "1 ReceiveRequestVoteResponse 1->1\n"
            "1 Ready\n"
            "2 InitState\n"
            "2 Ready\n"
            "2 ReceiveRequestVoteRequest 1->2\n"
            "2 BecomeFollower\n"
            "2 SendRequestVoteResponse 2->1\n"
            "2 Ready\n"
            "1 ReceiveRequestVoteResponse 2->1\n"
            "1 BecomeLeader\n"
            "1 Replicate\n"
            "1 SendAppendEntriesResponse 1->1\n"
            "1 SendAppendEntriesRequest 1->2\n"
            "1 Ready\n"
            "1 ReceiveAppendEntriesResponse 1->1\n"
            "1 Ready\n"
            "2 ReceiveAppendEntriesRequest 1->2\n"
            "2 SendAppendEntriesResponse 2->1\n"
            "2 Ready\n"
            "1 ReceiveAppendEntriesResponse 2->1\n"
            "1 Commit\n"
            "1 SendAppendEntriesRequest 1->2\n"
            "1 Ready\n"
            "2 ReceiveAppendEntriesRequest 1->2\n"
            "2 Ready\n");
  EXPECT_EQ(ToJsonLine(cluster.trace()[0]),
            R"({"tag":"trace","event":{"name":"InitState","nid":"1",)"
            R"("state":{"term":0,"vote":"0","commit":0},"role":"StateFollower","log":0,)"
            R"("applied":0,"conf":[["1","2"],[]]}})");
  EXPECT_EQ(ToJsonLine(cluster.trace()[17]),
            R"({"tag":"trace","event":{"name":"SendAppendEntriesRequest","nid":"1",)"
            R"("state":{"term":1,"vote":"1","commit":0},"role":"StateLeader","log":1,)"
            R"("applied":0,"conf":[["1","2"],[]],"msg":{"type":"MsgApp","term":1,"from":"1",)"
            R"("to":"2","entries":1,"logTerm":0,"index":0,"commit":0,"vote":"0",)"
            R"("reject":false,"rejectHint":0}}})");
}

TEST(RaftTraceTest, AMembershipChange) {
  Cluster cluster(Traced(Voters({1})));
  cluster.Elect(NodeId(1));
  cluster.AddNode(NodeId(2));
  const size_t before = cluster.trace().size();
  MembershipChange change;
  change.changes = {{MemberChange::kAddLearner, NodeId(2)}};
  cluster.Change(NodeId(1), change);
  std::string lines;
  for (size_t i = before; i < cluster.trace().size(); ++i) {
    const TraceEvent& event = cluster.trace()[i];
    if (event.kind != TraceEventKind::kChangeConf && event.kind != TraceEventKind::kApplyConfChange)
      continue;
    lines += ToJsonLine(event) + "\n";
  }
  EXPECT_EQ(lines, R"({"tag":"trace","event":{"name":"ChangeConf","nid":"1",)"
                   R"("state":{"term":1,"vote":"1","commit":1},"role":"StateLeader","log":1,)"
                   R"("applied":1,"conf":[["1"],[]],)"
                   R"("prop":{"cc":{"changes":[{"nid":"2","action":"AddLearner"}]}}}})"
                   "\n"
                   R"({"tag":"trace","event":{"name":"ApplyConfChange","nid":"1",)"
                   R"("state":{"term":1,"vote":"1","commit":1},"role":"StateLeader","log":2,)"
                   R"("applied":1,"conf":[["1"],[]],"prop":{"cc":{"newconf":["1"]}}}})"
                   "\n"
                   R"({"tag":"trace","event":{"name":"ApplyConfChange","nid":"2",)"
                   R"("state":{"term":1,"vote":"0","commit":0},"role":"StateFollower","log":2,)"
                   R"("applied":0,"conf":[["1"],[]],"prop":{"cc":{"newconf":["1"]}}}})"
                   "\n");
}

// What the specification relies on: nothing is received that was not sent before, in the very same
// words, and terms and commits never go back.
TEST(RaftTraceTest, WhatIsReceivedWasSent) {
  Cluster cluster(Traced(Voters({1, 2, 3})));
  cluster.Elect(NodeId(1));
  for (int i = 0; i < 20; ++i) cluster.Propose(NodeId(1), "x");
  cluster.Isolate(NodeId(1));
  cluster.TickAll(40);
  const NodeId leader = cluster.WaitForLeader(100);
  ASSERT_TRUE(leader);
  for (int i = 0; i < 20; ++i) cluster.Propose(leader, "y");
  cluster.Heal();
  cluster.TickAll(40);
  std::vector<Message> sent;
  size_t received = 0;
  std::map<NodeId, TraceEvent> last;
  for (const TraceEvent& event : cluster.trace()) {
    if (event.kind == TraceEventKind::kSendMessage) sent.push_back(*event.message);
    if (event.kind == TraceEventKind::kReceiveMessage) {
      ++received;
      const auto at = std::find(sent.begin(), sent.end(), *event.message);
      ASSERT_NE(at, sent.end()) << ToJsonLine(event);
      sent.erase(at);
    }
    const auto before = last.find(event.node);
    if (before != last.end()) {
      EXPECT_GE(event.term, before->second.term) << ToJsonLine(event);
      EXPECT_GE(event.commit, before->second.commit) << ToJsonLine(event);
    }
    last[event.node] = event;
  }
  EXPECT_GT(received, 100u);
}

}  // namespace
}  // namespace baton::raft
