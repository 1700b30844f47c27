// Show: kill -9 of a random node, a hundred times, while eight clients work through all nodes.
// Every acknowledged write is there, the counter equals its acknowledged increments, no two clients
// hold the lock at once, tokens only grow, and all nodes end with the same state.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "pkg/base/random.h"
#include "test/integration/cluster.h"
#include "test/integration/retrying_client.h"

namespace baton::integration {
namespace {

using nlohmann::json;

constexpr int kKills = 100;
constexpr int kClients = 8;
constexpr int kLockClients = 2;  // of the eight; the others write
constexpr int64_t kPatienceMs = 60'000;
constexpr int64_t kReadyTimeoutMs = 30'000;

// One time that a client held the lock, by the clock of this machine. It held it for certain from
// `acquired_ms` (the answer was here) to `released_ms` (the release, which succeeded, was not yet
// sent).
struct Hold {
  uint64_t token = 0;
  int64_t acquired_ms = 0;
  int64_t released_ms = 0;
};

struct Observed {
  std::mutex mutex;
  std::map<std::string, std::string> acknowledged;  // key -> value
  uint64_t increments = 0;
  std::vector<Hold> holds;
  std::vector<std::string> violations;

  void Violation(const std::string& what) {
    const std::lock_guard lock(mutex);
    violations.push_back(what);
  }
};

std::vector<std::string> ClientUrls(const Cluster& cluster) {
  std::vector<std::string> urls;
  for (int i = 0; i < cluster.size(); ++i) urls.push_back(cluster.client_url(i));
  return urls;
}

std::string Header(const http::ClientResponse& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

// Reads the counter, adds one with compare-and-set. True when the increment was acknowledged.
bool Increment(RetryingClient& client) {
  const http::ClientResponse read = client.Get("/v1/kv/counter", kPatienceMs);
  if (read.status == 0) return false;
  std::map<std::string, std::string> precondition;
  uint64_t value = 0;
  if (read.status == 200) {
    value = std::strtoull(read.body.c_str(), nullptr, 10);
    precondition["If-Match"] = Header(read, "etag");
  } else {
    precondition["If-None-Match"] = "*";
  }
  const auto write =
      client.Change("PUT", "/v1/kv/counter", std::to_string(value + 1), kPatienceMs, precondition);
  return write.status == 200;
}

void RunWriter(const std::vector<std::string>& urls, int id, const std::atomic<bool>& stop,
               Observed& observed) {
  RetryingClient client(urls, "writer-" + std::to_string(id), static_cast<size_t>(id));
  for (int n = 0; !stop; ++n) {
    const std::string key = "w/" + std::to_string(id) + "/" + std::to_string(n);
    const std::string value = "value-" + std::to_string(n);
    const auto write = client.Change("PUT", "/v1/kv/" + key, value, kPatienceMs);
    if (write.status == 200) {
      const std::lock_guard lock(observed.mutex);
      observed.acknowledged[key] = value;
    } else {
      observed.Violation("write of " + key + " ended with status " + std::to_string(write.status));
    }
    if (Increment(client)) {
      const std::lock_guard lock(observed.mutex);
      ++observed.increments;
    }
  }
}

// Keeps one session alive for as long as it lives.
class SessionKeeper {
 public:
  SessionKeeper(const std::vector<std::string>& urls, std::string name)
      : client_(urls, name + "-keeper", 0) {
    const auto created =
        client_.Change("POST", "/v1/sessions", R"({"ttl":"30s","name":"kill-test"})", kPatienceMs);
    if (created.status == 201) id_ = json::parse(created.body)["id"].get<std::string>();
  }
  const std::string& id() const { return id_; }
  bool KeepAlive() {
    return client_.Change("POST", "/v1/sessions/" + id_ + "/keepalive", "{}", kPatienceMs).status ==
           200;
  }

 private:
  RetryingClient client_;
  std::string id_;
};

void RunLocker(const std::vector<std::string>& urls, int id, const std::atomic<bool>& stop,
               Observed& observed) {
  const std::string name = "locker-" + std::to_string(id);
  RetryingClient client(urls, name, static_cast<size_t>(id));
  SessionKeeper session(urls, name);
  if (session.id().empty()) return observed.Violation(name + " got no session");
  while (!stop) {
    if (!session.KeepAlive()) return observed.Violation(name + " lost its session");
    const json ask = {{"session", session.id()}, {"wait", "3s"}};
    const auto acquired = client.Change("POST", "/v1/locks/guard/acquire", ask.dump(), kPatienceMs);
    if (acquired.status != 200) continue;  // somebody else had it all the time
    Hold hold;
    hold.acquired_ms = NowMs();
    hold.token = json::parse(acquired.body)["token"].get<uint64_t>();
    const std::string token = std::to_string(hold.token);
    const auto write =
        client.Change("PUT", "/v1/kv/guarded?lock=guard&token=" + token, token, kPatienceMs);
    if (write.status != 200) {
      observed.Violation("a write with the live token " + token + " was refused: " + write.body);
    }
    hold.released_ms = NowMs();
    const json give_back = {{"session", session.id()}, {"token", hold.token}};
    const auto released =
        client.Change("POST", "/v1/locks/guard/release", give_back.dump(), kPatienceMs);
    if (released.status != 200 && released.status != 204) {
      observed.Violation("release with the live token " + token + " was refused: " + released.body);
    }
    const auto stale =
        client.Change("PUT", "/v1/kv/guarded?lock=guard&token=" + token, "stale", kPatienceMs);
    if (stale.status < 400) observed.Violation("a write with the returned token went through");
    const std::lock_guard lock(observed.mutex);
    observed.holds.push_back(hold);
  }
}

void ExpectHoldsAreApart(std::vector<Hold> holds) {
  std::sort(holds.begin(), holds.end(),
            [](const Hold& a, const Hold& b) { return a.token < b.token; });
  for (size_t i = 1; i < holds.size(); ++i) {
    EXPECT_GT(holds[i].token, holds[i - 1].token);
    EXPECT_GE(holds[i].acquired_ms, holds[i - 1].released_ms)
        << "tokens " << holds[i - 1].token << " and " << holds[i].token << " were held at once";
  }
}

void ExpectAcknowledgedWrites(Cluster& cluster, const Observed& observed) {
  RetryingClient reader(ClientUrls(cluster), "reader", 0);
  int missing = 0;
  for (const auto& [key, value] : observed.acknowledged) {
    const auto read = reader.Get("/v1/kv/" + key, kPatienceMs);
    if (read.status != 200 || read.body != value) ++missing;
  }
  EXPECT_EQ(missing, 0) << "of " << observed.acknowledged.size() << " acknowledged writes";
  const auto counter = reader.Get("/v1/kv/counter", kPatienceMs);
  EXPECT_EQ(counter.body, std::to_string(observed.increments));
}

// Every node at the same index of the log has the same hash of its state.
bool SameStateEverywhere(Cluster& cluster, std::string* seen) {
  std::set<std::string> states;
  seen->clear();
  for (int i = 0; i < cluster.size(); ++i) {
    const auto answer = Request(cluster.client_url(i), "GET", "/v1/admin/hash");
    if (!answer.ok() || answer->status != 200) return false;
    states.insert(answer->body);
    *seen += answer->body + "\n";
  }
  return states.size() == 1;
}

// Kills and restarts; returns how many of the victims led.
int KillAndRestart(Cluster& cluster, Random& random) {
  int leaders_killed = 0;
  for (int round = 0; round < kKills; ++round) {
    const int leader = cluster.WaitForLeader(kReadyTimeoutMs);
    if (leader < 0) {
      ADD_FAILURE() << "no leader in round " << round;
      return leaders_killed;
    }
    const bool kill_leader = round % 2 == 0 || random.Chance(1, 3);
    const int victim = kill_leader
                           ? leader
                           : static_cast<int>(random.Below(static_cast<uint64_t>(cluster.size())));
    if (victim == leader) ++leaders_killed;
    cluster.Kill(victim);
    cluster.Start(victim);
    if (!cluster.WaitUntilReady(victim, kReadyTimeoutMs)) {
      ADD_FAILURE() << "node " << victim << " not ready in round " << round << "\n"
                    << cluster.Log(victim).substr(0, 4000);
      return leaders_killed;
    }
  }
  return leaders_killed;
}

TEST(KillTest, HundredKillsLoseNothing) {
  const char* seed_text = std::getenv("KILL_TEST_SEED");
  const uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10) : 1;
  Random random(seed);
  Cluster cluster({.nodes = 3, .tick_ms = 30, .first_port = 0, .extra_flags = {}});
  cluster.StartAll();
  ASSERT_GE(cluster.WaitForLeader(kReadyTimeoutMs), 0) << cluster.Log(0);

  Observed observed;
  std::atomic<bool> stop = false;
  std::vector<std::thread> clients;
  for (int id = 0; id < kClients; ++id) {
    const auto run = id < kLockClients ? RunLocker : RunWriter;
    clients.emplace_back([&, id, run] { run(ClientUrls(cluster), id, stop, observed); });
  }
  const int leaders_killed = KillAndRestart(cluster, random);
  stop = true;
  for (std::thread& client : clients) client.join();

  for (const std::string& violation : observed.violations) ADD_FAILURE() << violation;
  EXPECT_GE(leaders_killed * 2, kKills);
  EXPECT_GT(observed.acknowledged.size(), 100u);
  EXPECT_GT(observed.increments, 0u);
  EXPECT_GT(observed.holds.size(), 10u);
  ExpectHoldsAreApart(observed.holds);
  ExpectAcknowledgedWrites(cluster, observed);
  std::string states;
  EXPECT_TRUE(WaitUntil(kReadyTimeoutMs, [&] { return SameStateEverywhere(cluster, &states); }))
      << states;
  std::printf("seed %llu: %d kills, %d of leaders; %zu writes, %llu increments, %zu holds\n",
              static_cast<unsigned long long>(seed), kKills, leaders_killed,
              observed.acknowledged.size(), static_cast<unsigned long long>(observed.increments),
              observed.holds.size());
}

}  // namespace
}  // namespace baton::integration
