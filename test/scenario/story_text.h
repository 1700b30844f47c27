// File: story_text.h
//
// What a story prints about nodes, logs and messages, as lines.
#pragma once

#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::scenario {

// Runs of more than four heartbeats and their answers as one line: they tell nothing but that time
// passed.
std::string FoldHeartbeats(const std::string& transcript);
// "(18 messages)\n"; empty for none.
std::string CountMessages(const std::string& transcript);

// One line without its end.
std::string NodeLine(const raft::testing::Cluster& cluster, NodeId id);
// The node, and what a leader knows about its peers: a line each.
std::string StatusLines(const raft::testing::Cluster& cluster, NodeId id);
// The entries on the node's disk, a line each.
std::string LogLines(const raft::testing::MemoryLog& log);

}  // namespace baton::scenario
