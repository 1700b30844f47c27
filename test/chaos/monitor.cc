#include "test/chaos/monitor.h"

#include <poll.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/check.h"

namespace baton::chaos {
namespace {

constexpr int kIntervalMs = 200;
constexpr int64_t kTimeoutMs = 300;
constexpr size_t kRemembered = 10'000;

template <typename Map>
void ForgetOldest(Map* map) {
  if (map->size() > kRemembered) map->erase(map->begin());
}

std::string Name(int node) { return "node " + std::to_string(node + 1); }

}  // namespace

std::optional<std::string> ReportJudge::Take(int node, const NodeReport& report) {
  if (report.leads) {
    const auto [seen, is_new] = leaders_.try_emplace(report.term, node);
    if (!is_new && seen->second != node) {
      return Name(node) + " and " + Name(seen->second) + " both lead in term " +
             std::to_string(report.term);
    }
    ForgetOldest(&leaders_);
  }
  if (report.state_hash.empty()) return std::nullopt;
  const auto [seen, is_new] = states_.try_emplace(report.state_index, node, report.state_hash);
  if (!is_new && seen->second.hash != report.state_hash) {
    return Name(node) + " has state " + report.state_hash + " at index " +
           std::to_string(report.state_index) + ", " + Name(seen->second.node) + " has " +
           seen->second.hash;
  }
  ForgetOldest(&states_);
  return std::nullopt;
}

std::optional<NodeReport> ParseReport(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  NodeReport report;
  report.term = json.value("term", uint64_t{0});
  report.leads = json.value("role", "") == "leader";
  report.leader = json.value("leader_id", uint64_t{0});
  report.state_index = json.value("state_index", uint64_t{0});
  report.state_hash = json.value("state_hash", "");
  return report;
}

Monitor::Monitor(std::vector<std::string> urls)
    : urls_(std::move(urls)), connections_(urls_.size()), thread_([this] { Run(); }) {}

Monitor::~Monitor() {
  stop_ = true;
  thread_.join();
}

std::vector<std::string> Monitor::TakeViolations() {
  const std::lock_guard lock(mutex_);
  return std::exchange(violations_, {});
}

std::optional<NodeReport> Monitor::Ask(size_t node) {
  auto& connection = connections_[node];
  if (connection == nullptr) {
    auto created = http::Client::Create(
        urls_[node], {.connect_timeout_ms = kTimeoutMs, .request_timeout_ms = kTimeoutMs});
    CHECK(created.ok()) << created.status().ToString();
    connection = *std::move(created);
  }
  const auto answer = connection->Send({.target = "/v1/cluster", .headers = {}, .body = {}});
  if (!answer.ok()) connection.reset();
  if (!answer.ok() || answer->status != 200) return std::nullopt;
  return ParseReport(answer->body);
}

void Monitor::Run() {
  ReportJudge judge;
  while (!stop_) {
    uint64_t newest_term = 0;
    int leader = -1;
    for (size_t node = 0; node < urls_.size() && !stop_; ++node) {
      const std::optional<NodeReport> report = Ask(node);
      if (!report) continue;
      if (auto violation = judge.Take(static_cast<int>(node), *report)) {
        const std::lock_guard lock(mutex_);
        violations_.push_back(*std::move(violation));
      }
      if (report->leads && report->term > newest_term) {
        newest_term = report->term;
        leader = static_cast<int>(node);
      }
    }
    leader_ = leader;
    leaders_seen_ = judge.leaders_seen();
    poll(nullptr, 0, kIntervalMs);
  }
}

}  // namespace baton::chaos
