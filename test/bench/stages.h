// File: stages.h
//
// Where the time of one put goes, from the client's socket and back: stages one after the other,
// out of the times that the nodes' metrics and the client give. Pure.
#pragma once

#include <string>
#include <vector>

namespace baton::bench {

// Means, in microseconds, of a client that puts one key after the other at the leader.
struct PutTimes {
  double client_us = 0;         // from sending to the answer, as the client saw it
  double request_us = 0;        // baton_http_request_duration_seconds: from framed to answered
  double commit_us = 0;         // baton_server_commit_duration_seconds: from proposed to committed
  double apply_us = 0;          // baton_server_apply_duration_seconds, for each put
  double state_us = 0;          // baton_disk_state_commit_duration_seconds, for each put
  double leader_sync_us = 0;    // baton_disk_log_sync_duration_seconds
  double follower_sync_us = 0;  // the same of the followers
};

struct Stage {
  std::string name;
  double begin_us = 0;
  double us = 0;
  bool beside = false;  // happens while others do, and is no part of the sum
};

// In their order; those that are not beside another follow each other and add up to client_us.
// Stages are differences of means, so one that was too short to be measured may come out below 0;
// it is 0 then. Where a follower's synced write takes longer than the commit, for the slower
// follower counts, too, it is shown beside it instead of in it.
std::vector<Stage> StagesOf(const PutTimes& times);

std::string TableOfStages(const std::vector<Stage>& stages);
// An SVG with a bar for each.
std::string PictureOfStages(const std::vector<Stage>& stages, const std::string& title);
// A list of {stage, begin_us, us, beside}.
std::string JsonOfStages(const std::vector<Stage>& stages);

}  // namespace baton::bench
