#include "test/bench/etcd/etcd_cluster.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"

namespace baton::bench {
namespace {

constexpr int kMembers = 3;
constexpr int64_t kRequestTimeoutMs = 2000;

}  // namespace

EtcdCluster::EtcdCluster(std::string program) : program_(std::move(program)), members_(kMembers) {
  const std::vector<uint16_t> ports = integration::FreePorts(size_t{2} * kMembers);
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    member.name = "member-" + std::to_string(i + 1);
    member.client_url = "http://127.0.0.1:" + std::to_string(ports[2 * i]);
    member.peer_url = "http://127.0.0.1:" + std::to_string(ports[2 * i + 1]);
    member.data_dir = directory_.path() + "/" + member.name;
    member.log_path = member.data_dir + ".log";
  }
}

void EtcdCluster::StartAll() {
  for (int i = 0; i < size(); ++i) Start(i);
}

void EtcdCluster::Start(int index) {
  Member& member = at(index);
  CHECK(!member.process.running());
  std::string initial;
  for (const Member& one : members_) {
    initial += (initial.empty() ? "" : ",") + one.name + "=" + one.peer_url;
  }
  member.process = integration::Process::Start(
      {program_, "--name=" + member.name, "--data-dir=" + member.data_dir,
       "--listen-client-urls=" + member.client_url, "--advertise-client-urls=" + member.client_url,
       "--listen-peer-urls=" + member.peer_url, "--initial-advertise-peer-urls=" + member.peer_url,
       "--initial-cluster=" + initial, "--initial-cluster-token=bench"},
      member.log_path);
}

bool EtcdCluster::WaitUntilReady(int64_t timeout_ms) {
  return integration::WaitUntil(timeout_ms, [&] {
    for (Member& member : members_) {
      if (!member.process.running()) continue;
      const auto answer =
          integration::Request(member.client_url, "GET", "/health", "", {}, kRequestTimeoutMs);
      if (!answer.ok() || answer->status != 200) return false;
    }
    return true;
  });
}

bool EtcdCluster::Leads(int index) {
  Member& member = at(index);
  if (!member.process.running()) return false;
  const auto answer = integration::Request(member.client_url, "POST", "/v3/maintenance/status",
                                           "{}", {}, kRequestTimeoutMs);
  if (!answer.ok() || answer->status != 200) return false;
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (!body.is_object()) return false;
  const auto id = body.value("/header/member_id"_json_pointer, std::string());
  return !id.empty() && body.value("leader", std::string()) == id;
}

int EtcdCluster::WaitForLeader(int64_t timeout_ms) {
  int leader = -1;
  integration::WaitUntil(timeout_ms, [&] {
    for (int i = 0; i < size() && leader < 0; ++i) {
      if (Leads(i)) leader = i;
    }
    return leader >= 0;
  });
  return leader;
}

std::string EtcdVersion(const std::string& program) {
  const integration::TemporaryDirectory directory;
  const std::string output = directory.path() + "/version";
  integration::Process process = integration::Process::Start({program, "--version"}, output);
  if (process.Wait(10'000) != 0) return "?";
  const std::string text = integration::ReadFile(output);
  constexpr std::string_view kBefore = "etcd Version: ";
  const size_t at = text.find(kBefore);
  if (at == std::string::npos) return "?";
  const size_t begin = at + kBefore.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace baton::bench
