#include "test/dashboards/load.h"

#include <poll.h>

#include <nlohmann/json.hpp>

#include "pkg/base/check.h"

namespace baton::dashboards {
namespace {

using nlohmann::json;

constexpr int64_t kPausePieceMs = 20;
constexpr size_t kLargeValueBytes = 64 << 10;
constexpr uint64_t kKeys = 500;

std::string Session(const std::string& ttl, const std::string& name) {
  return json({{"ttl", ttl}, {"name", name}}).dump();
}

}  // namespace

// Asks one node; what goes wrong is a part of the load.
class Load::Client {
 public:
  explicit Client(std::string url) : url_(std::move(url)) {}

  json Send(const std::string& method, const std::string& target, const std::string& body = "",
            const std::map<std::string, std::string>& headers = {}) {
    if (client_ == nullptr) {
      auto client = http::Client::Create(url_, {.request_timeout_ms = 5'000});
      CHECK(client.ok()) << url_;
      client_ = *std::move(client);
    }
    const auto answer =
        client_->Send({.method = method, .target = target, .headers = headers, .body = body});
    if (!answer.ok()) return json::object();
    json read = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    return read.is_object() ? read : json::object();
  }
  std::string NewSession(const std::string& ttl, const std::string& name) {
    return Send("POST", "/v1/sessions", Session(ttl, name)).value("id", "");
  }

 private:
  std::string url_;
  std::unique_ptr<http::Client> client_;
};

Load::Load(const integration::Cluster& cluster) : cluster_(cluster) {
  AddKeyClients();
  AddLockClients();
  AddElectionClients();
  AddSessionClients();
  AddWatchers();
  AddOperators();
}

void Load::Stop() {
  stopping_ = true;
  for (const auto& watcher : watchers_) watcher->Abort();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Load::Pause(int64_t ms) const {
  for (int64_t waited = 0; waited < ms && !stopping_; waited += kPausePieceMs) {
    poll(nullptr, 0, static_cast<int>(std::min(ms - waited, kPausePieceMs)));
  }
}

void Load::Repeat(int64_t pause_ms, std::function<void()> work) {
  threads_.emplace_back([this, pause_ms, work = std::move(work)] {
    while (!stopping_) {
      work();
      ++rounds_;
      Pause(pause_ms);
    }
  });
}

void Load::AddKeyClients() {
  for (int node = 0; node < cluster_.size(); ++node) {
    Repeat(30, [client = std::make_shared<Client>(Url(node)), node, round = uint64_t{0}]() mutable {
      const std::string number = std::to_string(++round % kKeys);
      const std::string key = "/v1/kv/config/" + std::to_string(node) + "/" + number;
      const bool large = round % 10 == 0;
      client->Send("PUT", key, std::string(large ? kLargeValueBytes : 200, 'v'));
      client->Send("GET", key);
      client->Send("GET", key + "?consistency=stale");
      if (round % 4 == 0) client->Send("GET", "/v1/kv?prefix=config/&limit=20");
      if (round % 5 == 0) client->Send("PUT", key, "late", {{"If-Match", "\"1\""}});
      if (round % 7 == 0) client->Send("GET", "/v1/kv/nobody/wrote/this");
      if (round % 9 == 0) client->Send("DELETE", key);
      const std::map<std::string, std::string> once = {
          {"Idempotency-Key", "order-" + std::to_string(node) + "-" + std::to_string(round)}};
      if (round % 8 != 0) return;
      for (int retry = 0; retry < 2; ++retry) client->Send("PUT", key, "once", once);
    });
  }
}

// A holder works, writes under its token, gives back, and then writes late, as after a pause.
void Load::AddLockClients() {
  for (int number = 0; number < 4; ++number) {
    Repeat(40, [this, client = std::make_shared<Client>(Url(number)), number,
                session = std::string(), round = 0]() mutable {
      if (session.empty()) session = client->NewSession("10s", "worker-" + std::to_string(number));
      const std::string name = "job-" + std::to_string(++round % 2);
      const std::string lock = "/v1/locks/" + name;
      const std::string acquire = json({{"session", session}, {"wait", "3s"}}).dump();
      const json granted = client->Send("POST", lock + "/acquire", acquire);
      const uint64_t token = granted.value("token", uint64_t{0});
      if (token == 0) {
        session.clear();
        return;
      }
      const std::string proof = json({{"token", token}}).dump();
      const std::string guarded =
          "/v1/kv/report/" + name + "?lock=" + name + "&token=" + std::to_string(token);
      client->Send("PUT", guarded, "done");
      client->Send("POST", lock + "/verify", proof);
      Pause(20 + 30 * number);
      client->Send("POST", lock + "/release",
                   json({{"session", session}, {"token", token}}).dump());
      if (round % 3 == 0) client->Send("PUT", guarded, "late");
      if (round % 3 == 0) client->Send("POST", lock + "/verify", proof);
      client->Send("POST", "/v1/sessions/" + session + "/keepalive");
    });
  }
}

void Load::AddElectionClients() {
  for (int number = 0; number < 3; ++number) {
    Repeat(50, [this, client = std::make_shared<Client>(Url(number)), number,
                session = std::string()]() mutable {
      if (session.empty()) session = client->NewSession("10s", "pod-" + std::to_string(number));
      const std::string election = "/v1/elections/scheduler";
      const std::string name = "pod-" + std::to_string(number);
      const json won =
          client->Send("POST", election + "/campaign",
                       json({{"session", session}, {"wait", "4s"}, {"value", name}}).dump());
      const uint64_t token = won.value("token", uint64_t{0});
      client->Send("POST", "/v1/sessions/" + session + "/keepalive");
      if (token == 0) return;
      client->Send(
          "POST", election + "/proclaim",
          json({{"session", session}, {"token", token}, {"value", name + ":8080"}}).dump());
      Pause(400);
      client->Send("POST", election + "/resign",
                   json({{"session", session}, {"token", token}}).dump());
    });
  }
}

// Some are kept alive, some end, and some are forgotten.
void Load::AddSessionClients() {
  Repeat(200, [client = std::make_shared<Client>(Url(1)), round = 0]() mutable {
    const std::string id = client->NewSession("500ms", "visitor");
    if (id.empty() || ++round % 3 == 0) return;
    client->Send("POST", "/v1/sessions/" + id + "/keepalive");
    if (round % 3 == 1) client->Send("DELETE", "/v1/sessions/" + id);
  });
}

void Load::AddWatchers() {
  for (int number = 0; number < 4; ++number) {
    auto client = http::Client::Create(Url(number), {.request_timeout_ms = 60'000});
    CHECK(client.ok());
    http::Client* watcher = watchers_.emplace_back(*std::move(client)).get();
    // The odd ones begin where the history does.
    const std::string target =
        number % 2 == 0 ? "/v1/watch?prefix=config/" : "/v1/watch?prefix=report/&from=1";
    Repeat(500, [watcher, target] {
      (void)watcher->Stream({.method = "GET", .target = target, .headers = {}, .body = {}},
                            [](std::string_view) { return true; });
    });
  }
}

// Probes as the kubelet's, and a backup now and then, one of which is broken off.
void Load::AddOperators() {
  for (int node = 0; node < cluster_.size(); ++node) {
    Repeat(1000, [client = std::make_shared<Client>(cluster_.ops_url(node))] {
      client->Send("GET", "/readyz");
      client->Send("GET", "/livez");
    });
  }
  for (int node = 0; node < cluster_.size(); ++node) {
    Repeat(3000, [url = Url(node)] {
      (void)integration::Request(url, "GET", "/v1/admin/snapshot");
      auto client = http::Client::Create(url, {});
      if (!client.ok()) return;
      (void)(*client)->Stream(
          {.method = "GET", .target = "/v1/admin/snapshot", .headers = {}, .body = {}},
          [](std::string_view) { return false; });
    });
  }
}

}  // namespace baton::dashboards
