#include "pkg/raft/config.h"

#include <gtest/gtest.h>

#include <limits>

namespace baton::raft {
namespace {

Config Good() {
  Config config;
  config.id = NodeId(1);
  return config;
}

// The settings are refused, and the sentence names `field`.
void ExpectRefused(const Config& config, const std::string& field) {
  const Status status = Validate(config);
  EXPECT_EQ(status.code(), Code::kInvalidArgument) << field;
  EXPECT_EQ(status.message().substr(0, field.size()), field);
}

TEST(ConfigTest, DefaultsNeedOnlyAnId) {
  EXPECT_TRUE(Validate(Good()).ok());
  ExpectRefused(Config{}, "id");
}

TEST(ConfigTest, ElectionTimeoutMustExceedTheHeartbeatInterval) {
  Config config = Good();
  config.heartbeat_interval_ticks = 5;
  config.election_timeout_ticks = 6;
  EXPECT_TRUE(Validate(config).ok());
  config.election_timeout_ticks = 5;
  ExpectRefused(config, "election_timeout_ticks");
  config.election_timeout_ticks = 0;
  ExpectRefused(config, "election_timeout_ticks");
}

TEST(ConfigTest, TicksAreBounded) {
  Config config = Good();
  config.election_timeout_ticks = 1'000'000;
  EXPECT_TRUE(Validate(config).ok());
  config.election_timeout_ticks = 1'000'001;
  ExpectRefused(config, "election_timeout_ticks");
  config.election_timeout_ticks = std::numeric_limits<uint32_t>::max();
  ExpectRefused(config, "election_timeout_ticks");
  config = Good();
  config.heartbeat_interval_ticks = 0;
  ExpectRefused(config, "heartbeat_interval_ticks");
}

TEST(ConfigTest, WindowIsBounded) {
  Config config = Good();
  config.inflight_messages_max = 65'536;
  EXPECT_TRUE(Validate(config).ok());
  config.inflight_messages_max = 65'537;
  ExpectRefused(config, "inflight_messages_max");
  config.inflight_messages_max = std::numeric_limits<size_t>::max();
  ExpectRefused(config, "inflight_messages_max");
  config.inflight_messages_max = 0;
  ExpectRefused(config, "inflight_messages_max");
}

TEST(ConfigTest, NoLimitMayBeZero) {
  Config config = Good();
  config.append_bytes_max = 0;
  ExpectRefused(config, "append_bytes_max");
  config = Good();
  config.inflight_bytes_max = 0;
  ExpectRefused(config, "inflight_bytes_max");
  config = Good();
  config.committed_bytes_max = 0;
  ExpectRefused(config, "committed_bytes_max");
  config = Good();
  config.uncommitted_bytes_max = 0;
  ExpectRefused(config, "uncommitted_bytes_max");
  config = Good();
  config.pending_reads_max = 0;
  ExpectRefused(config, "pending_reads_max");
}

TEST(ConfigTest, TheSmallestLimitsAreAllowed) {
  Config config = Good();
  config.append_bytes_max = config.inflight_bytes_max = config.committed_bytes_max = 1;
  config.uncommitted_bytes_max = config.pending_reads_max = config.inflight_messages_max = 1;
  config.election_timeout_ticks = 2;
  EXPECT_TRUE(Validate(config).ok());
}

}  // namespace
}  // namespace baton::raft
