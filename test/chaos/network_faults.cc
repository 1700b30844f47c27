// What happens between nodes: by the proxy, on whole connections and requests, and by the kernel,
// on packets.

#include <algorithm>
#include <numeric>

#include "pkg/base/check.h"
#include "test/chaos/fault_kind.h"

namespace baton::chaos {
namespace {

using LinkIds = std::vector<Proxy::LinkId>;

std::string Name(int node) { return "node " + std::to_string(node + 1); }

// --- links ---

LinkIds LinksFrom(Scene* scene, int node) {
  LinkIds links;
  for (int to = 0; to < scene->nodes->size(); ++to) {
    if (to != node) links.push_back(scene->nodes->peer_link(node, to));
  }
  return links;
}

LinkIds LinksTo(Scene* scene, int node) {
  LinkIds links;
  for (int from = 0; from < scene->nodes->size(); ++from) {
    if (from != node) links.push_back(scene->nodes->peer_link(from, node));
  }
  return links;
}

LinkIds LinksOf(Scene* scene, int node) {
  LinkIds links = LinksFrom(scene, node);
  const LinkIds others = LinksTo(scene, node);
  links.insert(links.end(), others.begin(), others.end());
  return links;
}

LinkIds PeerLinks(Scene* scene) {
  LinkIds links;
  for (int node = 0; node < scene->nodes->size(); ++node) {
    const LinkIds more = LinksFrom(scene, node);
    links.insert(links.end(), more.begin(), more.end());
  }
  return links;
}

LinkIds AllLinks(Scene* scene) {
  LinkIds links = PeerLinks(scene);
  for (int node = 0; node < scene->nodes->size(); ++node) {
    links.push_back(scene->nodes->client_link(node));
  }
  return links;
}

void SetFaults(Scene* scene, const LinkIds& links, const LinkFaults& faults) {
  for (const Proxy::LinkId link : links) scene->nodes->proxy().SetFaults(link, faults);
}

Fault OnLinks(Scene* scene, std::string what, const LinkIds& links, const LinkFaults& faults) {
  SetFaults(scene, links, faults);
  return {std::move(what), [scene, links] { SetFaults(scene, links, {}); }};
}

Fault Delay(Scene* scene) {
  const auto max_ms = static_cast<int64_t>(scene->random->Between(20, 500));
  const LinkFaults faults{.delay_min_ms = max_ms / 4, .delay_max_ms = max_ms};
  const std::string what = "delay up to " + std::to_string(max_ms) + " ms: ";
  if (scene->random->Chance(1, 2)) return OnLinks(scene, what + "all", AllLinks(scene), faults);
  const int node = scene->Victim();
  return OnLinks(scene, what + Name(node), LinksOf(scene, node), faults);
}

Fault Bandwidth(Scene* scene) {
  const int node = scene->Victim();
  const auto rate = static_cast<int64_t>(scene->random->Between(10'000, 200'000));
  return OnLinks(scene, std::to_string(rate) + " bytes/s: " + Name(node), LinksOf(scene, node),
                 {.bytes_per_second = rate});
}

Fault Clog(Scene* scene) {
  const int node = scene->Victim();
  return OnLinks(scene, "clog: " + Name(node), LinksOf(scene, node), {.clogged = true});
}

// What a node says is lost, or what it should hear.
Fault Blackhole(Scene* scene) {
  const int node = scene->Victim();
  const bool mute = scene->random->Chance(1, 2);
  SetFaults(scene, LinksFrom(scene, node), {.drops_to_target = mute, .drops_to_source = !mute});
  SetFaults(scene, LinksTo(scene, node), {.drops_to_target = !mute, .drops_to_source = mute});
  return {std::string("blackhole: ") + Name(node) + (mute ? " is not heard" : " hears nothing"),
          [scene, node] { SetFaults(scene, LinksOf(scene, node), {}); }};
}

Fault HalfOpen(Scene* scene) {
  const int node = scene->Victim();
  const LinkIds links = LinksTo(scene, node);
  Fault fault =
      OnLinks(scene, "half-open connections to " + Name(node), links, {.half_open = true});
  for (const Proxy::LinkId link : links) scene->nodes->proxy().Reset(link);
  return fault;
}

Fault Abandon(Scene* scene) {
  const int node = scene->Victim();
  const LinkIds links = LinksTo(scene, node);
  for (const Proxy::LinkId link : links) scene->nodes->proxy().Abandon(link);
  return {"abandoned connections to " + Name(node),
          [scene, links] { SetFaults(scene, links, {}); }};
}

uint32_t SomePerMille(Scene* scene) {
  return static_cast<uint32_t>(scene->random->Between(30, 300));
}

Fault Resets(Scene* scene) {
  const LinkIds links = AllLinks(scene);
  for (const Proxy::LinkId link : links) scene->nodes->proxy().Reset(link);
  const uint32_t per_mille = SomePerMille(scene);
  return OnLinks(scene, "resets in " + std::to_string(per_mille) + " of 1000 requests", links,
                 {.resets_per_mille = per_mille});
}

Fault LostAnswers(Scene* scene) {
  const uint32_t per_mille = SomePerMille(scene);
  return OnLinks(scene, std::to_string(per_mille) + " of 1000 answers are lost", AllLinks(scene),
                 {.lost_answers_per_mille = per_mille});
}

// Of peers only: who sends a change without an idempotency key has not asked for it twice.
Fault Duplicates(Scene* scene) {
  const uint32_t per_mille = SomePerMille(scene);
  return OnLinks(scene, std::to_string(per_mille) + " of 1000 requests arrive twice",
                 PeerLinks(scene), {.duplicates_per_mille = per_mille});
}

Fault Late(Scene* scene) {
  const uint32_t per_mille = SomePerMille(scene);
  return OnLinks(scene, std::to_string(per_mille) + " of 1000 requests come after the next",
                 AllLinks(scene), {.late_per_mille = per_mille});
}

// --- packets ---

using PacketFaults = std::vector<PacketFault>;

Fault OnPackets(Scene* scene, std::string what, const PacketFaults& faults) {
  const auto set = [scene](const PacketFaults& wanted) {
    const Status status = scene->nodes->network()->SetPacketFaults(wanted);
    CHECK(status.ok()) << status.ToString();
  };
  set(faults);
  return {std::move(what), [set] { set({}); }};
}

// Between each of `some` and each other node, in the directions that are asked for.
PacketFaults Between(Scene* scene, const std::vector<int>& some, bool out, bool in,
                     PacketFault::Kind kind, int percent) {
  PacketFaults faults;
  const auto has = [&](int node) {
    return std::find(some.begin(), some.end(), node) != some.end();
  };
  for (const int node : some) {
    for (int other = 0; other < scene->nodes->size(); ++other) {
      if (has(other)) continue;
      if (out) faults.push_back({node, other, kind, percent});
      if (in) faults.push_back({other, node, kind, percent});
    }
  }
  return faults;
}

// One node, or a minority of several.
Fault Cut(Scene* scene) {
  std::vector<int> side = {scene->Victim()};
  const int more = static_cast<int>(
      scene->random->Below(static_cast<uint64_t>(std::max(1, scene->nodes->size() / 2))));
  std::string what = "cut off: " + Name(side[0]);
  for (int i = 0; i < more; ++i) {
    side.push_back((side.back() + 1) % scene->nodes->size());
    what += ", " + Name(side.back());
  }
  return OnPackets(scene, what, Between(scene, side, true, true, PacketFault::Kind::kDrop, 100));
}

Fault CutOneWay(Scene* scene) {
  const int node = scene->Victim();
  const bool out = scene->random->Chance(1, 2);
  return OnPackets(scene, "cut one way: " + Name(node) + (out ? " is not heard" : " hears nothing"),
                   Between(scene, {node}, out, !out, PacketFault::Kind::kDrop, 100));
}

// One node sees all; the others are two groups that see only their own and the bridge.
Fault CutBridge(Scene* scene) {
  const int bridge = scene->Victim();
  const int size = scene->nodes->size();
  const int half = std::max(1, (size - 1) / 2);
  PacketFaults faults;
  for (int i = 1; i <= half; ++i) {
    for (int j = half + 1; j < size; ++j) {
      const int one = (bridge + i) % size;
      const int other = (bridge + j) % size;
      faults.push_back({one, other});
      faults.push_back({other, one});
    }
  }
  return OnPackets(scene, "only bridge between two groups: " + Name(bridge), faults);
}

std::vector<int> Everyone(Scene* scene) {
  std::vector<int> all(static_cast<size_t>(scene->nodes->size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Fault Lose(Scene* scene) {
  const int percent = static_cast<int>(scene->random->Between(5, 50));
  PacketFaults faults;
  for (const int from : Everyone(scene)) {
    for (const int to : Everyone(scene)) {
      if (from != to) faults.push_back({from, to, PacketFault::Kind::kLose, percent});
    }
  }
  return OnPackets(scene, std::to_string(percent) + " % of all packets are lost", faults);
}

Fault Reject(Scene* scene) {
  const int node = scene->Victim();
  return OnPackets(scene, "packets are refused: " + Name(node),
                   Between(scene, {node}, true, true, PacketFault::Kind::kReject, 100));
}

Fault Unplug(Scene* scene) {
  const int node = scene->Victim();
  const auto plug = [scene, node](bool plugged) {
    const Status status = scene->nodes->network()->SetPlugged(node, plugged);
    CHECK(status.ok()) << status.ToString();
  };
  plug(false);
  return {"unplugged: " + Name(node), [plug] { plug(true); }};
}

}  // namespace

std::vector<FaultKind> NetworkFaultKinds() {
  constexpr Lane kLane = Lane::kNetwork;
  constexpr Needs kFree = Needs::kNothing;
  constexpr Needs kFilters = Needs::kFilters;
  return {
      {"delay", "up to 0.5 s, in both directions", kLane, kFree, 500, 8'000, Delay},
      {"bandwidth", "10 to 200 kB/s to and from one node", kLane, kFree, 500, 8'000, Bandwidth},
      {"clog", "bytes to and from one node are held, and all come later", kLane, kFree, 300, 6'000,
       Clog},
      {"blackhole", "bytes to one node, or from it, are thrown away", kLane, kFree, 500, 8'000,
       Blackhole},
      {"half-open", "new connections to one node: accepted, then silence", kLane, kFree, 500, 5'000,
       HalfOpen},
      {"abandon", "one node closes, and the others are not told", kLane, kFree, 500, 3'000,
       Abandon},
      {"reset", "connections are reset, also in the middle of a body", kLane, kFree, 500, 5'000,
       Resets},
      {"lost-answers", "a request arrives, and a reset comes back", kLane, kFree, 500, 5'000,
       LostAnswers},
      {"duplicate", "what a node sends to another arrives twice", kLane, kFree, 500, 8'000,
       Duplicates},
      {"reorder", "a request arrives after the next one", kLane, kFree, 500, 8'000, Late},
      {"cut", "one node, or a minority, is cut off", kLane, kFilters, 500, 10'000, Cut},
      {"cut-one-way", "one node is not heard, or hears nothing", kLane, kFilters, 500, 8'000,
       CutOneWay},
      {"cut-bridge", "one node sees all, two groups do not see each other", kLane, kFilters, 500,
       8'000, CutBridge},
      {"lose", "5 to 50 % of the packets are lost", kLane, kFilters, 500, 8'000, Lose},
      {"reject", "packets to and from one node are answered with a reset", kLane, kFilters, 500,
       5'000, Reject},
      {"unplug", "one node's cable is drawn, clients included", kLane, Needs::kNetwork, 500, 8'000,
       Unplug},
  };
}

}  // namespace baton::chaos
