// Show: the disk of one node is full, then those of all. Each node has a small tmpfs of its own,
// which somebody else's file fills to the last byte. No process ends, and all goes on by itself
// when the file is gone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "test/integration/cluster.h"
#include "test/integration/retrying_client.h"

namespace baton::integration {
namespace {

using nlohmann::json;

constexpr int64_t kTimeoutMs = 30'000;
// What the fault catalogue allows for writes to come back.
constexpr int64_t kBackAgainMs = 10'000;
constexpr char kReserve[] = "33554432";
constexpr int kPutsMax = 400;

bool WriteTo(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return file.good();
}

// A mount namespace of this test's own, in which it may mount. Empty, or why not.
std::string EnterMountNamespace() {
  const std::string uid = std::to_string(::geteuid());
  const std::string gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return std::strerror(errno);
    const bool mapped = WriteTo("/proc/self/setgroups", "deny") &&
                        WriteTo("/proc/self/uid_map", "0 " + uid + " 1") &&
                        WriteTo("/proc/self/gid_map", "0 " + gid + " 1");
    if (!mapped) return "the user cannot be mapped";
  }
  const int made_private = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return made_private == 0 ? "" : std::strerror(errno);
}

class DiskFullTest : public testing::Test {
 protected:
  // Before there is a second thread.
  static void SetUpTestSuite() { trouble_ = EnterMountNamespace(); }

  DiskFullTest()
      : cluster({.extra_flags = {"--disk-reserve-bytes=" + std::string(kReserve),
                                 "--disk-free-bytes-min=8388608", "--log-entries-max=200",
                                 "--log-entries-kept=50"}}) {}

  void SetUp() override {
    if (!trouble_.empty()) GTEST_SKIP() << "a tmpfs cannot be mounted here: " << trouble_;
    for (int node = 0; node < cluster.size(); ++node) {
      std::filesystem::create_directory(cluster.data_dir(node));
      const int mounted =
          ::mount("tmpfs", cluster.data_dir(node).c_str(), "tmpfs", 0, "size=128m,mode=0700");
      ASSERT_EQ(mounted, 0) << std::strerror(errno);
    }
    cluster.StartAll();
    leader = cluster.WaitForLeader(kTimeoutMs);
    ASSERT_GE(leader, 0);
    for (int node = 0; node < cluster.size(); ++node) {
      ASSERT_TRUE(cluster.WaitUntilReady(node, kTimeoutMs)) << cluster.Log(node);
    }
  }

  void TearDown() override {
    for (int node = 0; HasFailure() && node < cluster.size(); ++node) {
      std::cout << "node " << node << ":\n" << cluster.Log(node);
    }
    for (int node = 0; node < cluster.size(); ++node) {
      if (cluster.process(node).running()) cluster.Kill(node);
      (void)::umount2(cluster.data_dir(node).c_str(), MNT_DETACH);
    }
  }

  std::string Filler(int node) const { return cluster.data_dir(node) + "/somebody-elses"; }
  // To the last byte.
  void Fill(int node) {
    const int file = ::open(Filler(node).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    const std::string zeros(1 << 16, '\0');
    ssize_t written = 1;
    while (written > 0) written = ::write(file, zeros.data(), zeros.size());
    EXPECT_EQ(errno, ENOSPC);
    ::close(file);
  }
  void Free(int node) { std::filesystem::remove(Filler(node)); }

  std::string LevelOf(int node) {
    const auto answer = Request(cluster.client_url(node), "GET", "/v1/cluster");
    if (!answer.ok()) return answer.status().ToString();
    return json::parse(answer->body, nullptr, false)["disk"]["level"];
  }
  bool WaitForLevel(int node, const std::string& level) {
    return WaitUntil(kBackAgainMs, [&] { return LevelOf(node) == level; });
  }
  http::ClientResponse Ask(int node, const std::string& method, const std::string& target,
                           const std::string& body = "") {
    const auto answer = Request(
        cluster.client_url(node), method, target, body,
        {{"Content-Type", method == "POST" ? "application/json" : "application/octet-stream"}});
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    return answer.ok() ? *answer : http::ClientResponse();
  }
  // The answer to a POST that must be taken.
  json Change(int node, const std::string& target, const json& body) {
    const auto answer = Ask(node, "POST", target, body.dump());
    EXPECT_LT(answer.status, 300) << answer.body;
    const json parsed = json::parse(answer.body, nullptr, false);
    return parsed.is_object() ? parsed : json::object();
  }
  void ExpectAllRunUnbroken() {
    for (int node = 0; node < cluster.size(); ++node) {
      EXPECT_TRUE(cluster.process(node).running());
      EXPECT_EQ(cluster.process(node).Wait(0), std::nullopt) << cluster.Log(node);
    }
  }
  void ExpectEqualStates() {
    EXPECT_TRUE(WaitUntil(kTimeoutMs, [&] {
      std::set<std::string> hashes;
      for (int node = 0; node < cluster.size(); ++node) {
        const auto answer = Ask(node, "GET", "/v1/admin/hash");
        hashes.insert(answer.status == 200 ? answer.body : cluster.client_url(node));
      }
      return hashes.size() == 1;
    }));
  }

  static std::string trouble_;
  Cluster cluster;
  int leader = -1;
};

std::string DiskFullTest::trouble_;

TEST_F(DiskFullTest, OneFullNodeStopsNobody) {
  ASSERT_EQ(Ask(leader, "PUT", "/v1/kv/a", "1").status, 200);
  const int full = leader;
  Fill(full);
  ASSERT_TRUE(WaitForLevel(full, "low"));
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] {
    leader = cluster.WaitForLeader(kTimeoutMs);
    return leader != full;
  }));
  RetryingClient client({cluster.client_url(0), cluster.client_url(1), cluster.client_url(2)},
                        "writer", 0);
  const std::string value(100'000, 'v');
  for (int i = 0; i < kPutsMax && LevelOf(full) != "exhausted"; ++i) {
    ASSERT_EQ(client.Change("PUT", "/v1/kv/big", value, kTimeoutMs).status, 200) << i;
  }
  EXPECT_EQ(LevelOf(full), "exhausted") << "more than its reserve was written";
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(client.Change("PUT", "/v1/kv/big", value, kTimeoutMs).status, 200) << i;
  }
  EXPECT_EQ(Ask(leader, "GET", "/v1/kv/big").body.size(), value.size());
  ExpectAllRunUnbroken();
  Free(full);
  EXPECT_TRUE(WaitForLevel(full, "ample"));
  ExpectEqualStates();
  ExpectAllRunUnbroken();
}

TEST_F(DiskFullTest, WithAllDisksFullEverythingButGrowthGoesOn) {
  const std::string id = Change(0, "/v1/sessions", {{"ttl", "10m"}}).value("id", "");
  const json grant = Change(1, "/v1/locks/l/acquire", {{"session", id}});
  ASSERT_EQ(Ask(2, "PUT", "/v1/kv/a", "1").status, 200);
  ASSERT_EQ(Ask(2, "PUT", "/v1/kv/b", "1").status, 200);
  for (int node = 0; node < cluster.size(); ++node) Fill(node);
  for (int node = 0; node < cluster.size(); ++node) ASSERT_TRUE(WaitForLevel(node, "low"));

  for (int node = 0; node < cluster.size(); ++node) {
    const auto refused = Ask(node, "PUT", "/v1/kv/a", "2");
    EXPECT_EQ(refused.status, 507) << refused.body;
    const json problem = json::parse(refused.body, nullptr, false);
    EXPECT_EQ(problem.value("code", ""), "storage_full") << refused.body;
    EXPECT_EQ(problem.value("outcome", ""), "not_applied") << refused.body;
    EXPECT_EQ(Ask(node, "POST", "/v1/sessions", R"({"ttl":"10m"})").status, 507);
    EXPECT_EQ(Ask(node, "GET", "/v1/kv/a").body, "1");
    EXPECT_EQ(Ask(node, "POST", "/v1/sessions/" + id + "/keepalive").status, 200);
  }
  Change(0, "/v1/locks/l/release", {{"session", id}, {"token", grant.value("token", 0)}});
  EXPECT_LT(Ask(1, "DELETE", "/v1/kv/a").status, 300);
  EXPECT_EQ(Ask(2, "GET", "/v1/kv/a").status, 404);
  ExpectAllRunUnbroken();

  for (int node = 0; node < cluster.size(); ++node) Free(node);
  EXPECT_TRUE(
      WaitUntil(kBackAgainMs, [&] { return Ask(0, "PUT", "/v1/kv/a", "3").status == 200; }));
  EXPECT_EQ(Ask(1, "GET", "/v1/kv/b").body, "1");
  ExpectEqualStates();
  ExpectAllRunUnbroken();
}

TEST_F(DiskFullTest, ANodeStartsOnAFullDisk) {
  ASSERT_EQ(Ask(leader, "PUT", "/v1/kv/a", "1").status, 200);
  for (int node = 0; node < cluster.size(); ++node) Fill(node);
  for (int node = 0; node < cluster.size(); ++node) ASSERT_TRUE(WaitForLevel(node, "low"));
  for (int node = 0; node < cluster.size(); ++node) cluster.Kill(node);
  cluster.StartAll();
  ASSERT_GE(cluster.WaitForLeader(kTimeoutMs), 0);
  for (int node = 0; node < cluster.size(); ++node) {
    EXPECT_TRUE(cluster.WaitUntilReady(node, kTimeoutMs)) << cluster.Log(node);
    EXPECT_EQ(Ask(node, "GET", "/v1/kv/a").body, "1");
    EXPECT_EQ(Ask(node, "PUT", "/v1/kv/a", "2").status, 507);
  }
  for (int node = 0; node < cluster.size(); ++node) Free(node);
  EXPECT_TRUE(
      WaitUntil(kBackAgainMs, [&] { return Ask(0, "PUT", "/v1/kv/a", "2").status == 200; }));
}

}  // namespace
}  // namespace baton::integration
