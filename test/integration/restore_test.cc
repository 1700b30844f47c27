// Show: a backup is taken from a follower under load and restored as a new cluster. What was
// acknowledged before is there; what the old cluster gave out, before and after, is worth nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "test/integration/cluster.h"
#include "test/integration/retrying_client.h"

namespace baton::integration {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr int64_t kTimeoutMs = 60'000;
constexpr char kNewClusterId[] = "ffeeddccbbaa0099";

std::vector<std::string> Urls(const Cluster& cluster) {
  std::vector<std::string> urls;
  for (int i = 0; i < cluster.size(); ++i) urls.push_back(cluster.client_url(i));
  return urls;
}

// Writes load/0, load/1, ... until it is told to stop.
class Writer {
 public:
  explicit Writer(const Cluster& cluster)
      : client_(Urls(cluster), "load", 0), thread_([this] { Run(); }) {}
  ~Writer() { Stop(); }
  void Stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int acknowledged() const { return acknowledged_; }

 private:
  void Run() {
    const std::string value(2000, 'v');
    while (!stopping_) {
      const std::string target = "/v1/kv/load/" + std::to_string(acknowledged_);
      if (client_.Change("PUT", target, value, kTimeoutMs).status == 200) ++acknowledged_;
    }
  }

  RetryingClient client_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> acknowledged_{0};
  std::thread thread_;
};

class RestoreTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return scratch_.path() + "/" + name; }

  struct Outcome {
    std::optional<int> exit_code;
    std::string output;
  };
  Outcome Batonctl(Words words) {
    words.insert(words.begin(), ProgramPath("cmd/batonctl/batonctl"));
    const std::string output_path = Path("output-" + std::to_string(++runs_));
    Process process = Process::Start(words, output_path);
    const std::optional<int> exit_code = process.Wait(kTimeoutMs);
    return {exit_code, ReadFile(output_path)};
  }
  // The JSON on the last line.
  json BatonctlJson(Words words) {
    words.insert(words.end(), {"--output", "json"});
    const Outcome outcome = Batonctl(std::move(words));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    const size_t begin = outcome.output.find('{');
    const json answer =
        json::parse(outcome.output.substr(std::min(begin, outcome.output.size())), nullptr, false);
    EXPECT_TRUE(answer.is_object()) << outcome.output;
    return answer.is_object() ? answer : json::object();
  }

  json Change(RetryingClient* client, const std::string& target, const json& body) {
    const auto answer = client->Change("POST", target, body.dump(), kTimeoutMs);
    EXPECT_LT(answer.status, 300) << target << ": " << answer.body;
    return json::parse(answer.body, nullptr, false);
  }
  // Takes and gives back a lock; its token.
  uint64_t TakeOnce(RetryingClient* client, const std::string& lock) {
    const json session = Change(client, "/v1/sessions", {{"ttl", "10m"}});
    const json grant =
        Change(client, "/v1/locks/" + lock + "/acquire", {{"session", session["id"]}});
    Change(client, "/v1/locks/" + lock + "/release",
           {{"session", session["id"]}, {"token", grant["token"]}});
    return grant["token"].get<uint64_t>();
  }

  std::string InitialClusterOf(const Cluster& cluster) {
    const std::string flag = "--initial-cluster=";
    for (const std::string& argument : cluster.Arguments(0)) {
      if (argument.rfind(flag, 0) == 0) return argument.substr(flag.size());
    }
    return "";
  }
  json RestoreNode(const Cluster& cluster, int node, const std::string& backup) {
    return BatonctlJson({"snapshot", "restore", backup, "--data-dir", cluster.data_dir(node),
                         "--node-id", std::to_string(node + 1), "--initial-cluster",
                         InitialClusterOf(cluster), "--cluster-id", kNewClusterId});
  }
  // At an index that all have reached, and that stands still.
  void ExpectEqualStates(const Cluster& cluster) {
    ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] {
      std::set<std::string> answers;
      for (const std::string& url : Urls(cluster)) {
        const auto answer = Request(url, "GET", "/v1/admin/hash");
        answers.insert(answer.ok() ? answer->body : url);
      }
      return answers.size() == 1;
    }));
    // The leader may have something to add between two of them, such as the first entry of its
    // term.
    int rounds = 0;
    EXPECT_TRUE(WaitUntil(kTimeoutMs, [&] {
      std::set<std::string> hashes;
      for (int i = 0; i < cluster.size(); ++i) {
        const std::string path = Path("of-" + std::to_string(i) + "-" + std::to_string(rounds));
        const json saved = BatonctlJson(
            {"--endpoints", cluster.client_url(i), "snapshot", "save", path, "--stale"});
        hashes.insert(saved.value("state_hash", std::to_string(i)));
      }
      ++rounds;
      return hashes.size() == 1;
    }));
  }

  TemporaryDirectory scratch_;
  int runs_ = 0;
};

struct OldCluster {
  std::string session;
  uint64_t token = 0;       // of the lock "job", held when the backup was taken
  int acknowledged = 0;     // load/N before the backup was asked for
  uint64_t last_token = 0;  // of all that it gave out
  uint64_t revision = 0;    // its last
};

void ExpectRefused(const std::string& url, const std::string& target, const std::string& method,
                   const std::string& body, int status, const std::string& code) {
  const auto answer = Request(url, method, target, body);
  ASSERT_TRUE(answer.ok()) << target << ": " << answer.status().ToString();
  EXPECT_EQ(answer->status, status) << target << ": " << answer->body;
  EXPECT_NE(answer->body.find("\"" + code + "\""), std::string::npos) << answer->body;
}

// Every node refuses what the old cluster gave out.
void ExpectOldIsWorthNothing(const std::string& url, const OldCluster& old) {
  const std::string token = std::to_string(old.token);
  ExpectRefused(url, "/v1/locks/job/verify", "POST", "{\"token\":" + token + "}", 409,
                "stale_token");
  ExpectRefused(url, "/v1/kv/result?lock=job&token=" + token, "PUT", "late", 409, "stale_token");
  ExpectRefused(url, "/v1/sessions/" + old.session + "/keepalive", "POST", "", 404,
                "session_not_found");
  ExpectRefused(url, "/v1/kv/here", "GET", "", 404, "key_not_found");
  ExpectRefused(url, "/v1/watch?from=" + std::to_string(old.revision), "GET", "", 410, "compacted");
  ExpectRefused(url, "/v1/watch?from=1", "GET", "", 410, "compacted");
}

TEST_F(RestoreTest, ABackupUnderLoadBecomesANewCluster) {
  Cluster first;
  first.StartAll();
  const int leader = first.WaitForLeader(kTimeoutMs);
  ASSERT_GE(leader, 0) << first.Log(0);
  RetryingClient client(Urls(first), "client", 0);
  OldCluster old;
  old.session = Change(&client, "/v1/sessions", {{"ttl", "10m"}})["id"];
  old.token = Change(&client, "/v1/locks/job/acquire", {{"session", old.session}})["token"];
  EXPECT_EQ(client
                .Change("PUT", "/v1/kv/result?lock=job&token=" + std::to_string(old.token), "mine",
                        kTimeoutMs)
                .status,
            200);
  EXPECT_EQ(client.Change("PUT", "/v1/kv/here?session=" + old.session, "x", kTimeoutMs).status,
            200);

  Writer writer(first);
  ASSERT_TRUE(WaitUntil(kTimeoutMs, [&] { return writer.acknowledged() >= 200; }));
  const int follower = (leader + 1) % first.size();
  old.acknowledged = writer.acknowledged();
  const json saved =
      BatonctlJson({"--endpoints", first.client_url(follower), "snapshot", "save", Path("backup")});
  EXPECT_EQ(saved["node_id"], follower + 1);
  EXPECT_GE(saved["counts"]["keys"], old.acknowledged + 2);
  // The old cluster goes on.
  for (int i = 0; i < 5; ++i) old.last_token = TakeOnce(&client, "later");
  EXPECT_GT(old.last_token, old.token);
  writer.Stop();
  old.revision = json::parse(Request(first.client_url(0), "GET", "/v1/cluster")->body)["revision"];

  Cluster second({.extra_flags = {std::string("--cluster-id=") + kNewClusterId}});
  std::set<std::string> hashes;
  for (int i = 0; i < second.size(); ++i) {
    hashes.insert(RestoreNode(second, i, Path("backup")).value("rolling_hash", ""));
  }
  EXPECT_EQ(hashes.size(), 1u);
  second.StartAll();
  ASSERT_GE(second.WaitForLeader(kTimeoutMs), 0) << second.Log(0);
  ExpectEqualStates(second);

  RetryingClient reader(Urls(second), "reader", 0);
  for (int i = 0; i < old.acknowledged; ++i) {
    ASSERT_EQ(reader.Get("/v1/kv/load/" + std::to_string(i), kTimeoutMs).status, 200) << i;
  }
  EXPECT_EQ(reader.Get("/v1/kv/result", kTimeoutMs).body, "mine");
  for (const std::string& url : Urls(second)) ExpectOldIsWorthNothing(url, old);
  EXPECT_GT(TakeOnce(&reader, "job"), old.last_token);
  const json cluster = json::parse(reader.Get("/v1/cluster", kTimeoutMs).body);
  EXPECT_GT(cluster["revision"], old.revision);
  EXPECT_EQ(cluster["cluster_id"], kNewClusterId);
}

TEST_F(RestoreTest, ANodeOfARestoredClusterDoesNotBeginEmpty) {
  Cluster cluster({.nodes = 1, .extra_flags = {std::string("--cluster-id=") + kNewClusterId}});
  cluster.Start(0);
  EXPECT_EQ(cluster.process(0).Wait(kTimeoutMs), 2);
  EXPECT_NE(cluster.Log(0).find("batonctl snapshot restore"), std::string::npos) << cluster.Log(0);
}

}  // namespace
}  // namespace baton::integration
