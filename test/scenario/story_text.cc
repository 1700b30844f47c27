#include "test/scenario/story_text.h"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/raft/describe.h"
#include "pkg/raft/membership_codec.h"
#include "test/scenario/story_settings.h"

namespace baton::scenario {
namespace {

bool IsHeartbeat(const std::string& line) {
  return line.find(" Heartbeat ") != std::string::npos ||
         line.find(" HeartbeatResponse ") != std::string::npos;
}

}  // namespace

std::string FoldHeartbeats(const std::string& transcript) {
  constexpr size_t kRunShown = 4;
  std::istringstream in(transcript);
  std::string text;
  std::vector<std::string> run;
  const auto end_run = [&] {
    if (run.size() > kRunShown) {
      text += "(" + std::to_string(run.size()) + " heartbeats and answers)\n";
    } else {
      for (const std::string& line : run) text += line + "\n";
    }
    run.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (IsHeartbeat(line)) {
      run.push_back(line);
      continue;
    }
    end_run();
    text += line + "\n";
  }
  end_run();
  return text;
}

std::string CountMessages(const std::string& transcript) {
  const auto count = std::count(transcript.begin(), transcript.end(), '\n');
  return count == 0 ? "" : "(" + std::to_string(count) + " messages)\n";
}

std::string NodeLine(const raft::testing::Cluster& cluster, NodeId id) {
  const raft::testing::TestNode& node = cluster.nodes().at(id);
  std::ostringstream out;
  out << id << ": ";
  if (!node.running()) {
    out << "crashed";
    return out.str();
  }
  const raft::RaftStatus status = node.raft().GetStatus();
  out << raft::Describe(status);
  if (node.raft().asleep()) out << " asleep";
  if (!node.raft().log_status().ok()) out << " silenced";
  const std::string applied = cluster.Applied(id);
  if (!applied.empty()) out << " applied=[" << applied << "]";
  return out.str();
}

std::string StatusLines(const raft::testing::Cluster& cluster, NodeId id) {
  std::string text = NodeLine(cluster, id) + "\n";
  const raft::testing::TestNode& node = cluster.nodes().at(id);
  if (!node.running()) return text;
  for (const auto& [peer, progress] : node.raft().GetStatus().peers) {
    if (peer == id) continue;
    text += "   -> " + std::to_string(peer.value()) + ": " + raft::Describe(progress) + "\n";
  }
  return text;
}

std::string LogLines(const raft::testing::MemoryLog& log) {
  std::ostringstream out;
  if (log.start().index) out << "snapshot " << log.start().index << "/" << log.start().term << "\n";
  for (const raft::Entry& entry : log.entries()) {
    out << entry.index << "/" << entry.term;
    if (entry.type == raft::EntryType::kConfigChange) {
      const auto change = raft::DecodeMembershipEntry(entry.data.view());
      CHECK(change.ok()) << change.status().ToString();
      out << " " << raft::Describe(change->config);
    } else if (!entry.data.empty()) {
      out << " " << entry.data.view();
    }
    out << "\n";
  }
  const std::string text = out.str();
  return text.empty() ? "empty\n" : text;
}

}  // namespace baton::scenario
