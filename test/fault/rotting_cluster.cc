#include "test/fault/rotting_cluster.h"

#include <algorithm>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/node/testing/commands.h"
#include "pkg/raft/describe.h"
#include "pkg/storage/disk_failure.h"

namespace baton::fault {
namespace {

constexpr int64_t kTimeoutMs = 20'000;
constexpr int kKeys = 40;
constexpr int kLivesMax = 50;  // of the victim, per damage

struct DiskDied {
  Status why;
};

node::testing::SimOptions Options(uint64_t seed) {
  node::testing::SimOptions options;
  options.seed = seed;
  options.config.log_entries_max = 60;
  options.config.log_entries_kept = 20;
  return options;
}

// "/data/log-000003/000005.ldb" -> "log .ldb"; "/data/STATE" -> "STATE".
std::string KindOf(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const size_t dot = name.find_last_of('.');
  std::string kind = dot == std::string::npos ? name.substr(0, 8) : name.substr(dot);
  if (path.find("/log-") != std::string::npos) return "log " + kind;
  if (path.find("/state-") != std::string::npos) return "state " + kind;
  return kind;
}

}  // namespace

RottingCluster::RottingCluster(uint64_t seed) : random_(seed), cluster_(Options(seed)) {
  storage::SetFatalDiskHookForTest([](const Status& why) { throw DiskDied{why}; });
  for (const NodeId id : cluster_.ids()) cluster_.Crash(id);  // off the disks in memory
  for (const NodeId id : cluster_.ids()) CHECK(Start(id).ok());
  cluster_.AwaitLeader();
  CHECK(ServesAgain(60'000).empty());
  WriteSome(150);
}

RottingCluster::~RottingCluster() {
  for (const NodeId id : cluster_.ids()) StopNode(id, /*kill=*/true);
  storage::SetFatalDiskHookForTest(nullptr);
}

// --- the disk ---

std::string RottingCluster::PickFile() {
  std::map<std::string, std::vector<std::string>> kinds;
  for (const std::string& path : disk().Files()) {
    uint64_t bytes = 0;
    if (path.ends_with('/') || path.ends_with("LOCK")) continue;
    if (disk().GetFileSize(path, &bytes).ok() && bytes > 0) kinds[KindOf(path)].push_back(path);
  }
  auto kind = kinds.begin();
  std::advance(kind, static_cast<std::ptrdiff_t>(random_.Below(kinds.size())));
  return kind->second[random_.Below(kind->second.size())];
}

std::string RottingCluster::DamageFile(const std::function<void(std::string* bytes)>& change) {
  while (true) {  // a node that runs may have removed it meanwhile
    const std::string path = PickFile();
    if (!disk().Damage(path, change)) continue;
    ++hits_[KindOf(path)];
    return path;
  }
}

std::string RottingCluster::FlipByte() {
  size_t at = 0;
  const std::string path = DamageFile([&](std::string* bytes) {
    at = random_.Below(bytes->size());
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ static_cast<char>(random_.Between(1, 256)));
  });
  return path + " flipped at " + std::to_string(at);
}

std::string RottingCluster::CutFile() {
  size_t lost = 0;
  const std::string path = DamageFile([&](std::string* bytes) {
    // Near the end half of the time: that is where a cut hides best.
    const size_t range =
        random_.Chance(1, 2) ? std::min<size_t>(bytes->size(), 200) : bytes->size();
    lost = 1 + random_.Below(range);
    bytes->resize(bytes->size() - lost);
  });
  return path + " cut by " + std::to_string(lost);
}

// --- the victim's process ---

Status RottingCluster::Start(NodeId id) {
  Machine& machine = machines_[id];
  storage::DataDirOptions options;
  options.env = &machine.disk;
  options.log.write_buffer_bytes = 64 << 10;
  options.state.write_buffer_bytes = 64 << 10;
  auto dir =
      storage::DataDir::Open("/data", {.cluster_id = "0123456789abcdef", .node_id = id}, options);
  if (!dir.ok()) return dir.status();
  machine.dir = *std::move(dir);
  repairs_ += machine.dir->repairs().size();
  cluster_.UseDisk(id, &machine.dir->log(), &machine.dir->state());
  Status started;
  try {
    started = cluster_.TryRestart(id);
  } catch (const DiskDied& died) {
    started = died.why;
  }
  if (!started.ok()) StopNode(id, /*kill=*/true);
  return started;
}

void RottingCluster::StopNode(NodeId id, bool kill) {
  Machine& machine = machines_[id];
  if (machine.dir == nullptr) return;
  if (kill) machine.disk.PowerOff();
  if (cluster_.alive(id)) cluster_.Crash(id);
  machine.dir.reset();
  if (kill) machine.disk.Restart();
}

void RottingCluster::Stop(bool kill) { StopNode(kVictim, kill); }

void RottingCluster::Guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const DiskDied&) {
    ++deaths_;
    StopNode(kVictim, /*kill=*/true);
  }
  if (machines_[kVictim].dir == nullptr || Runs(kVictim)) return;
  ++deaths_;
  StopNode(kVictim, /*kill=*/true);
}

bool RottingCluster::IsWell() {
  if (!Runs(kVictim)) return false;
  const node::StatusView view = cluster_.node(kVictim).MakeStatus();
  const std::vector<NodeId>& voters = view.raft.config.voters;
  return !view.rebuilding && view.raft.memory == raft::Memory::kWhole && cluster_.Leader() &&
         std::count(voters.begin(), voters.end(), kVictim) == 1 && cluster_.Converged();
}

std::string RottingCluster::Describe() {
  std::string text;
  for (const NodeId id : cluster_.ids()) {
    text += " " + std::to_string(id.value()) + ": ";
    if (!cluster_.alive(id)) {
      text += "down;";
      continue;
    }
    const node::StatusView view = cluster_.node(id).MakeStatus();
    text += raft::Describe(view.raft) + " state=" + std::to_string(view.state_index.value()) +
            (view.rebuilding ? " rebuilding" : "") + ";";
  }
  return text;
}

std::string RottingCluster::ServesAgain(int64_t limit_ms) {
  const int64_t end_ms = cluster_.MonotonicMs() + limit_ms;
  for (int life = 0; life < kLivesMax && cluster_.MonotonicMs() < end_ms; ++life) {
    if (!Runs(kVictim)) {
      // An error of Node::Create ends the process, which is started again.
      if (const Status started = Start(kVictim); !started.ok() && life == kLivesMax - 1) {
        return started.message();
      }
    }
    bool well = false;
    Guarded([&] { well = cluster_.RunUntil([&] { return IsWell(); }, 5'000); });
    if (well) return "";
  }
  return "not well after " + std::to_string(limit_ms) + " ms:" + Describe();
}

void RottingCluster::ReplaceDisk() {
  Stop(/*kill=*/true);
  disk().PutImage({{"/", ""}});
}

// --- the others ---

void RottingCluster::LeaveTheVictimAlone() {
  const std::optional<NodeId> leader = cluster_.Leader();
  if (!leader || *leader == kVictim || !Runs(kVictim)) return;
  const NodeId other = NodeId(3 - leader->value());  // of 1 and 2
  cluster_.Isolate(other);
  WriteSome(3);
  StopNode(*leader, /*kill=*/true);
  cluster_.Heal();
}

void RottingCluster::BringBack() {
  for (const NodeId id : cluster_.ids()) {
    if (id != kVictim && !Runs(id)) CHECK(Start(id).ok());
  }
}

// --- clients ---

bool RottingCluster::Put(NodeId at, const std::string& key, const std::string& value) {
  if (!Runs(at)) return false;
  const auto put = cluster_.Submit(at, node::testing::Put(key, value), kTimeoutMs);
  Guarded([&] { cluster_.RunUntil([&] { return put->done(); }, kTimeoutMs); });
  return put->ok();
}

void RottingCluster::WriteSome(int count) {
  for (int i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(random_.Below(kKeys));
    const std::string value = std::to_string(++writes_) + std::string(random_.Below(300), 'x');
    model_.erase(key);  // until it is known again
    if (Put(NodeId(random_.Between(1, 4)), key, value)) model_[key] = value;
  }
}

void RottingCluster::CheckReads() {
  for (const NodeId id : cluster_.ids()) {
    if (!cluster_.alive(id)) continue;
    for (const auto& [key, value] : model_) {
      const auto read = cluster_.Read(id, node::Consistency::kLinearizable, Revision(), kTimeoutMs,
                                      [&key](const coord::StateMachine& state) {
                                        const auto found = state.Get(key);
                                        return found ? std::string(found->value) : "nothing";
                                      });
      Guarded([&] { cluster_.RunUntil([&] { return read->done(); }, kTimeoutMs); });
      if (!read->ok()) break;
      CHECK(**read->result == value) << "node " << id << " answers " << **read->result << " for "
                                     << key << ", acknowledged was " << value;
      if (random_.Chance(3, 4)) break;
    }
  }
}

void RottingCluster::RunFor(int64_t distance_ms) {
  Guarded([&] { cluster_.RunFor(distance_ms); });
}

}  // namespace baton::fault
