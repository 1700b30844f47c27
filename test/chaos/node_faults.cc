// What happens to nodes and their disks.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <system_error>

#include "test/chaos/fault_kind.h"
#include "test/integration/cluster.h"

namespace baton::chaos {
namespace {

// How long the end of a process may take: after SIGTERM, after a sync has failed, and after a
// write.
constexpr int64_t kDrainMs = 15'000;
constexpr int64_t kGiveUpMs = 10'000;
constexpr int64_t kMomentMs = 2'000;
constexpr int64_t kTransferMs = 1'500;

std::string Name(int node) { return "node " + std::to_string(node + 1); }

// `count` different nodes, in random order.
std::vector<int> SomeNodes(Scene* scene, int count) {
  std::vector<int> nodes(static_cast<size_t>(scene->nodes->size()));
  std::iota(nodes.begin(), nodes.end(), 0);
  for (size_t i = nodes.size(); i > 1; --i) {
    std::swap(nodes[i - 1], nodes[scene->random->Below(i)]);
  }
  nodes.resize(static_cast<size_t>(count));
  return nodes;
}

Fault Kill(Scene* scene, const std::vector<int>& victims) {
  std::string what = "kill -9:";
  for (const int node : victims) {
    scene->nodes->Kill(node);
    what += " " + Name(node);
  }
  return {what, [scene, victims] {
            for (const int node : victims) scene->nodes->Start(node);
          }};
}

Fault KillOne(Scene* scene) { return Kill(scene, {scene->Victim()}); }
Fault KillMajority(Scene* scene) {
  return Kill(scene, SomeNodes(scene, scene->nodes->size() / 2 + 1));
}
Fault KillAll(Scene* scene) { return Kill(scene, SomeNodes(scene, scene->nodes->size())); }

Fault Restart(Scene* scene) {
  const int node = scene->Victim();
  scene->may_end.insert(node);
  const bool too_young = !scene->nodes->TakesStopSignal(node);  // it was started a moment ago
  scene->nodes->Signal(node, SIGTERM);
  return {
      "SIGTERM: " + Name(node), [scene, node, too_young] {
        const std::optional<int> code = scene->nodes->WaitForEnd(node, kDrainMs);
        if (code != 0 && !(too_young && code == 128 + SIGTERM)) {
          scene->violations.push_back(Name(node) + " did not end well after SIGTERM: " +
                                      (code ? "exit code " + std::to_string(*code)
                                            : "it runs " + std::to_string(kDrainMs) + " ms later"));
        }
        scene->nodes->Kill(node);
        scene->may_end.erase(node);
        scene->nodes->Start(node);
      }};
}

Fault Pause(Scene* scene) {
  const int node = scene->Victim();
  scene->nodes->Signal(node, SIGSTOP);
  return {"SIGSTOP: " + Name(node), [scene, node] { scene->nodes->Signal(node, SIGCONT); }};
}

// Half of the time one disk, else all.
Fault SlowSync(Scene* scene) {
  const int victim = scene->random->Chance(1, 2) ? scene->Victim() : -1;
  const auto delay_ms = static_cast<uint32_t>(scene->random->Between(20, 400));
  for (int node = 0; node < scene->nodes->size(); ++node) {
    if (victim < 0 || victim == node) scene->nodes->shim(node).faults().sync_delay_ms = delay_ms;
  }
  return {"syncs take " + std::to_string(delay_ms) +
              " ms: " + (victim < 0 ? "all nodes" : Name(victim)),
          [scene] {
            for (int node = 0; node < scene->nodes->size(); ++node) {
              scene->nodes->shim(node).Heal();
            }
          }};
}

Fault HungSync(Scene* scene) {
  const int node = scene->Victim();
  scene->nodes->shim(node).faults().sync_hangs = 1;
  return {"syncs hang: " + Name(node), [scene, node] { scene->nodes->shim(node).Heal(); }};
}

// The node must end: what is on its disk is not known any more. When nothing was to be synced it
// may have noticed nothing.
Fault FailingSync(Scene* scene) {
  const int node = scene->Victim();
  scene->may_end.insert(node);
  const uint64_t failed_before = scene->nodes->shim(node).faults().syncs_failed;
  scene->nodes->shim(node).faults().sync_errno = EIO;
  return {"syncs fail: " + Name(node), [scene, node, failed_before] {
            ShimControl& shim = scene->nodes->shim(node);
            const bool noticed = shim.faults().syncs_failed > failed_before;
            const std::optional<int> code = scene->nodes->WaitForEnd(node, noticed ? kGiveUpMs : 0);
            if (noticed && (!code || *code == 0)) {
              scene->violations.push_back(Name(node) + (code ? " ended with 0" : " runs on") +
                                          " after a sync had failed");
            }
            shim.Heal();
            // A sync that has failed since then: the node is about to end.
            if (!noticed && shim.faults().syncs_failed > failed_before) scene->nodes->Kill(node);
            scene->may_end.erase(node);
            scene->nodes->Start(node);
          }};
}

// ENOSPC is waited out, EIO may end the node; neither may break a promise. Who was told EIO and is
// still there a moment later may end with its next commit, whenever that comes: it is ended.
Fault FailingWrite(Scene* scene) {
  const int node = scene->Victim();
  const int error = scene->random->Chance(1, 2) ? EIO : ENOSPC;
  scene->may_end.insert(node);
  const uint64_t failed_before = scene->nodes->shim(node).faults().writes_failed;
  scene->nodes->shim(node).faults().write_errno = static_cast<uint32_t>(error);
  return {std::string("writes fail with ") + strerrorname_np(error) + ": " + Name(node),
          [scene, node, error, failed_before] {
            ShimControl& shim = scene->nodes->shim(node);
            shim.Heal();
            const bool noticed = shim.faults().writes_failed > failed_before;
            (void)scene->nodes->WaitForEnd(node, noticed ? kMomentMs : 0);
            if (noticed && error == EIO) scene->nodes->Kill(node);
            scene->may_end.erase(node);
            scene->nodes->Start(node);
          }};
}

Fault ShortWrite(Scene* scene) {
  const int node = scene->Victim();
  scene->nodes->shim(node).faults().writes_short = 1;
  return {"writes are short: " + Name(node), [scene, node] { scene->nodes->shim(node).Heal(); }};
}

// Empty: its disk is full to the last byte. Else why not.
std::string FillDisk(const std::string& filler) {
  const int file = ::open(filler.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return "open: " + std::string(std::strerror(errno));
  const std::string zeros(1 << 16, '\0');
  ssize_t written = 0;
  do {
    written = ::write(file, zeros.data(), zeros.size());
  } while (written > 0);
  const int error = written < 0 ? errno : 0;
  ::close(file);
  return error == ENOSPC ? "" : "write: " + std::string(std::strerror(error));
}

// A disk that stays full is worth a word: nothing after it is what it seems.
void RemoveFillers(const std::vector<std::string>& fillers, Scene* scene) {
  for (const std::string& filler : fillers) {
    std::error_code error;
    std::filesystem::remove(filler, error);
    if (error) scene->violations.push_back(filler + " cannot be removed: " + error.message());
  }
}

// To the last byte, by somebody else's file. Half of the time one disk, else all.
Fault DiskFull(Scene* scene) {
  const int victim = scene->random->Chance(1, 2) ? scene->Victim() : -1;
  std::vector<std::string> fillers;
  for (int node = 0; node < scene->nodes->size(); ++node) {
    if (victim >= 0 && victim != node) continue;
    fillers.push_back(scene->nodes->data_dir(node) + "/somebody-elses");
    const std::string why_not = FillDisk(fillers.back());
    if (why_not.empty()) continue;
    RemoveFillers(fillers, scene);
    return {"disk full: " + Name(node) + ": " + why_not, nullptr};
  }
  return {"disk full: " + (victim < 0 ? std::string("all nodes") : Name(victim)),
          [fillers, scene] { RemoveFillers(fillers, scene); }};
}

// No fault of anybody's: the leader is asked to hand over, and may refuse.
Fault Transfer(Scene* scene) {
  const int leader = scene->leader >= 0 ? scene->leader : scene->AnyNode();
  const auto answer =
      integration::Request(scene->nodes->direct_url(leader), "POST", "/v1/cluster/leader/transfer",
                           "{}", {{"Content-Type", "application/json"}}, kTransferMs);
  const std::string word = answer.ok() ? std::to_string(answer->status) : answer.status().reason();
  return {"asked to hand over (" + word + "): " + Name(leader), [] {}};
}

}  // namespace

std::vector<FaultKind> NodeFaultKinds() {
  constexpr Lane kLane = Lane::kNodes;
  constexpr Needs kFree = Needs::kNothing;
  return {
      {"kill", "kill -9 of one node, of the leader as often as not", kLane, kFree, 100, 5'000,
       KillOne},
      {"kill-majority", "kill -9 of a majority", kLane, kFree, 100, 3'000, KillMajority},
      {"kill-all", "kill -9 of all nodes", kLane, kFree, 100, 2'000, KillAll},
      {"restart", "SIGTERM; it must end well", kLane, kFree, 500, 5'000, Restart},
      {"transfer", "the leader is asked to hand over", kLane, kFree, 100, 1'000, Transfer},
      {"pause", "SIGSTOP, and SIGCONT later", kLane, kFree, 100, 10'000, Pause},
      {"slow-sync", "syncs of one disk, or of all, take up to 0.4 s", kLane, kFree, 500, 8'000,
       SlowSync},
      {"hung-sync", "syncs of one disk do not return", kLane, kFree, 500, 8'000, HungSync},
      {"failing-sync", "syncs of one disk fail; the node must end", kLane, kFree, 500, 3'000,
       FailingSync},
      {"failing-write", "writes of one disk fail with EIO or ENOSPC", kLane, kFree, 300, 3'000,
       FailingWrite},
      {"short-write", "writes of one disk write half", kLane, kFree, 300, 3'000, ShortWrite},
      {"disk-full", "one disk, or all, are filled to the last byte", kLane, Needs::kSmallDisks,
       1'000, 8'000, DiskFull},
  };
}

}  // namespace baton::chaos
