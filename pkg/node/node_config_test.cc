#include "pkg/node/node_config.h"

#include <gtest/gtest.h>

namespace baton::node {
namespace {

NodeConfig Good() {
  NodeConfig config;
  config.id = NodeId(1);
  config.cluster_id = "0123456789abcdef";
  config.voters = {NodeId(1), NodeId(2), NodeId(3)};
  return config;
}

// The field that the refusal names.
std::string Refused(const NodeConfig& config) {
  const Status status = Validate(config);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  return status.message().substr(0, status.message().find(' '));
}

TEST(NodeConfigTest, TheDefaultsAreGood) {
  EXPECT_TRUE(Validate(Good()).ok());
  NodeConfig joining = Good();
  joining.voters.clear();  // it will learn them from the log
  EXPECT_TRUE(Validate(joining).ok());
}

TEST(NodeConfigTest, EachBadFieldIsNamed) {
  const auto with = [](auto change) {
    NodeConfig config = Good();
    change(&config);
    return Refused(config);
  };
  EXPECT_EQ(with([](NodeConfig* c) { c->id = NodeId(); }), "id");
  EXPECT_EQ(with([](NodeConfig* c) { c->cluster_id = "0123456789abcde"; }), "cluster_id");
  EXPECT_EQ(with([](NodeConfig* c) { c->cluster_id = "0123456789ABCDEF"; }), "cluster_id");
  EXPECT_EQ(with([](NodeConfig* c) { c->voters[2] = NodeId(1); }), "voters");
  EXPECT_EQ(with([](NodeConfig* c) { c->voters[2] = NodeId(); }), "voters");
  EXPECT_EQ(with([](NodeConfig* c) { c->tick_ms = 0; }), "tick_ms");
  EXPECT_EQ(with([](NodeConfig* c) { c->tick_ms = 60'001; }), "tick_ms");
  EXPECT_EQ(with([](NodeConfig* c) { c->heartbeat_interval_ticks = 0; }),
            "heartbeat_interval_ticks");
  EXPECT_EQ(with([](NodeConfig* c) { c->election_timeout_ticks = 1; }), "election_timeout_ticks");
  EXPECT_EQ(with([](NodeConfig* c) { c->inbox_items_max = 0; }), "inbox_items_max");
  EXPECT_EQ(with([](NodeConfig* c) { c->pending_proposals_max = 0; }), "pending_proposals_max");
  EXPECT_EQ(with([](NodeConfig* c) { c->log_entries_kept = c->log_entries_max; }),
            "log_entries_kept");
  EXPECT_EQ(with([](NodeConfig* c) { c->log_bytes_max = 0; }), "log_bytes_max");
  EXPECT_EQ(with([](NodeConfig* c) { c->history_age_max_ms = -1; }), "history_age_max_ms");
  EXPECT_EQ(with([](NodeConfig* c) { c->history_age_max_ms = INT64_MAX; }), "history_age_max_ms");
  EXPECT_EQ(with([](NodeConfig* c) { c->history_revisions_max = 0; }), "history_revisions_max");
  EXPECT_EQ(with([](NodeConfig* c) { ++c->history_revisions_max; }), "history_revisions_max");
  EXPECT_EQ(with([](NodeConfig* c) { c->log_bytes_max = UINT64_MAX; }), "log_bytes_max");
}

TEST(NodeConfigTest, TheNumberOfVotersIsBounded) {
  NodeConfig config = Good();
  config.voters.clear();
  for (uint64_t id = 1; id <= 64; ++id) config.voters.push_back(NodeId(id));
  EXPECT_TRUE(Validate(config).ok());
  config.voters.push_back(NodeId(65));
  EXPECT_EQ(Refused(config), "voters");
}

}  // namespace
}  // namespace baton::node
