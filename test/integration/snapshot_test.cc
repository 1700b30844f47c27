// Snapshots between real processes: who sends them, what is seen of them, and what happens when an
// end of one is killed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "pkg/base/random.h"
#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

using nlohmann::json;

constexpr int64_t kPatienceMs = 60'000;
constexpr int kEntries = 250;
constexpr size_t kValueBytes = 64 << 10;  // 16 MiB of state

class SnapshotTest : public ::testing::Test {
 protected:
  // Leaves one follower behind the log, and down.
  void Begin(const std::string& bytes_per_second) {
    ClusterOptions options;
    options.extra_flags = {"--log-entries-max=100", "--log-entries-kept=10",
                           "--snapshot-bytes-per-second-max=" + bytes_per_second};
    cluster_ = std::make_unique<Cluster>(options);
    cluster_->StartAll();
    leader_ = cluster_->WaitForLeader(kPatienceMs);
    ASSERT_GE(leader_, 0);
    target_ = (leader_ + 1) % 3;
    source_ = (leader_ + 2) % 3;
    cluster_->Kill(target_);
    Random random(1);
    for (int i = 0; i < kEntries; ++i) {
      std::string value(kValueBytes, ' ');
      for (char& byte : value) byte = static_cast<char>('a' + random.Below(16));
      const auto put =
          Request(cluster_->client_url(leader_), "PUT", "/v1/kv/key" + std::to_string(i), value);
      ASSERT_TRUE(put.ok() && put->status == 200) << i;
    }
  }

  json View(int node) {
    const auto answer = Request(cluster_->client_url(node), "GET", "/v1/cluster");
    return answer.ok() && answer->status == 200 ? json::parse(answer->body) : json::object();
  }
  // The snapshot on its way from or to the node; null if there is none.
  json Transfer(int node, const std::string& direction) {
    for (const json& transfer : View(node).value("snapshots", json::array())) {
      if (transfer["direction"] == direction) return transfer;
    }
    return nullptr;
  }
  double Metric(int node, const std::string& name) {
    const auto answer = Request(cluster_->ops_url(node), "GET", "/metrics");
    if (!answer.ok()) return -1;
    const std::string line = "\n" + name + " ";
    const size_t at = answer->body.find(line);
    return at == std::string::npos ? -1 : std::atof(answer->body.c_str() + at + line.size());
  }
  bool CaughtUp(int node) {
    return WaitUntil(kPatienceMs, [&] {
      const json ours = View(node);
      const json theirs = View(leader_);
      return ours.contains("state_index") && theirs.contains("state_index") &&
             ours["state_index"] == theirs["state_index"] &&
             ours["state_hash"] == theirs["state_hash"];
    });
  }
  bool TransferUnderWay() {
    return WaitUntil(kPatienceMs, [&] {
      const json in = Transfer(target_, "in");
      return !in.is_null() && in["pieces"] > 1;
    });
  }

  std::unique_ptr<Cluster> cluster_;
  int leader_ = -1;
  int source_ = -1;  // the follower that holds everything
  int target_ = -1;
};

TEST_F(SnapshotTest, AnotherFollowerSendsItInTheLeadersPlace) {
  Begin("1000000000");
  cluster_->Start(target_);
  ASSERT_TRUE(CaughtUp(target_)) << cluster_->Log(target_);
  EXPECT_EQ(Metric(leader_, "baton_snapshots_sent_total"), 0);
  EXPECT_EQ(Metric(source_, "baton_snapshots_sent_total"), 1);
  EXPECT_EQ(Metric(target_, "baton_snapshots_installed_total"), 1);
  EXPECT_GT(Metric(target_, "baton_snapshot_received_bytes_total"), kEntries * kValueBytes);
}

TEST_F(SnapshotTest, BothEndsShowHowFarItIsAndKeepToTheRate) {
  Begin("4194304");
  cluster_->Start(target_);
  ASSERT_TRUE(TransferUnderWay()) << cluster_->Log(target_);
  const json in = Transfer(target_, "in");
  const json out = Transfer(source_, "out");
  ASSERT_FALSE(in.is_null() || out.is_null());
  EXPECT_EQ(in["peer_id"], source_ + 1);
  EXPECT_EQ(out["peer_id"], target_ + 1);
  EXPECT_GT(in["bytes"], 1 << 20);
  EXPECT_GT(out["bytes"], 1 << 20);
  EXPECT_GT(in["age_ms"], 0);
  EXPECT_LT(out["bytes_per_second"], 2 * 4194304);
  EXPECT_EQ(out["resumes"], 0);
  const json& total = out["total_bytes"];
  EXPECT_TRUE(total.is_null() || (total > 4 << 20 && total < 64 << 20)) << total;
  EXPECT_TRUE(Transfer(leader_, "out").is_null());
  ASSERT_TRUE(CaughtUp(target_)) << cluster_->Log(target_);
  EXPECT_TRUE(Transfer(target_, "in").is_null());
}

TEST_F(SnapshotTest, WhenTheSenderIsKilledTheLeaderSends) {
  Begin("4194304");
  cluster_->Start(target_);
  ASSERT_TRUE(TransferUnderWay()) << cluster_->Log(target_);
  cluster_->Kill(source_);
  ASSERT_TRUE(CaughtUp(target_)) << cluster_->Log(target_);
  EXPECT_EQ(Metric(leader_, "baton_snapshots_sent_total"), 1);
  EXPECT_EQ(Metric(target_, "baton_snapshots_installed_total"), 1);
  cluster_->Start(source_);
  EXPECT_TRUE(CaughtUp(source_)) << cluster_->Log(source_);
}

TEST_F(SnapshotTest, AReceiverThatIsKilledStartsUnaidedAndGetsItAnew) {
  Begin("4194304");
  for (int i = 0; i < 3; ++i) {
    cluster_->Start(target_);
    ASSERT_TRUE(TransferUnderWay()) << cluster_->Log(target_);
    cluster_->Kill(target_);
  }
  cluster_->Start(target_);
  ASSERT_TRUE(CaughtUp(target_)) << cluster_->Log(target_);
  EXPECT_EQ(Metric(target_, "baton_snapshots_installed_total"), 1);
}

}  // namespace
}  // namespace baton::integration
