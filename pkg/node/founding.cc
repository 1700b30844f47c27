#include "pkg/node/founding.h"

#include <algorithm>
#include <set>
#include <utility>

namespace baton::node {
namespace {

using Action = Decision::Action;
using Answers = std::map<std::string, std::optional<Hello>>;

Decision Ask(std::string detail) { return {.action = Action::kAsk, .detail = std::move(detail)}; }

std::vector<std::pair<NodeId, std::string>> IdsAndNames(const FoundingRoster& roster) {
  std::vector<std::pair<NodeId, std::string>> all;
  for (const HelloMember& member : roster) all.emplace_back(member.id, member.info.name);
  return all;
}

bool SameRoster(const FoundingRoster& a, const FoundingRoster& b) {
  return IdsAndNames(a) == IdsAndNames(b);
}

bool Has(const std::vector<NodeId>& ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// There is a cluster: what is this node to it?
Decision FaceCluster(const Hello& self, const std::string& cluster_id,
                     const std::vector<const Hello*>& members) {
  bool removed = false;
  std::optional<NodeId> namesake;
  for (const Hello* hello : members) {
    removed = removed || Has(hello->removed, self.id);
    for (const HelloMember& member : hello->members) {
      if (member.id == self.id) {
        const bool founder = self.phase == Phase::kPromised &&
                             ClusterIdOf(self.cluster_name, self.members) == cluster_id;
        return {.action = founder ? Action::kFound : Action::kJoin,
                .roster = founder ? self.members : FoundingRoster(),
                .cluster_id = cluster_id};
      }
      if (!self.info.name.empty() && member.info.name == self.info.name) namesake = member.id;
    }
  }
  const std::string& name = self.info.name;
  if (removed) {
    return {.action = Action::kRemoved,
            .cluster_id = cluster_id,
            .detail =
                "it was removed from the cluster; batonctl member add " + name + " adds it again"};
  }
  if (namesake) {
    return {.action = Action::kIdentityLost,
            .cluster_id = cluster_id,
            .detail = "its disk is not the one of member " + std::to_string(namesake->value()) +
                      ", which has its name: batonctl member remove " + name +
                      ", then batonctl member add " + name};
  }
  return {.action = Action::kWait,
          .cluster_id = cluster_id,
          .detail = "it waits to be added: batonctl member add " + name};
}

// Nobody who answers is a member. Why nothing can be founded now; empty: it can.
std::string Obstacle(const Founder& founder, const Answers& answers) {
  const std::string& name = founder.self.info.name;
  if (const std::string& known = founder.self.cluster_id; !known.empty()) {
    return "no member of the cluster that it knows (" + known +
           ") answers; if that one is gone for good, empty the data directories of all";
  }
  for (const auto& [asked, hello] : answers) {
    if (!hello || hello->phase == Phase::kFresh || hello->phase == Phase::kPromised) continue;
    return asked + " knows a cluster (" + hello->cluster_id + ") of which no member answers";
  }
  if (std::find(founder.initial.begin(), founder.initial.end(), name) == founder.initial.end()) {
    return "no member of a cluster answers, and this node is not one of those that found it";
  }
  std::string silent;
  for (const std::string& initial : founder.initial) {
    if (initial == name) continue;
    const auto answer = answers.find(initial);
    if (answer == answers.end() || !answer->second) {
      silent += (silent.empty() ? "" : ", ") + initial;
    } else if (answer->second->info.name != initial) {
      return "the node asked as " + initial + " calls itself " + answer->second->info.name;
    }
  }
  if (silent.empty()) return "";
  return "a new cluster is founded only when all of its first members answer; silent: " + silent;
}

Decision FaceFounders(const Founder& founder, const Answers& answers) {
  const Hello& self = founder.self;
  FoundingRoster roster = {{.id = self.id, .info = self.info}};
  bool all_promised = true;
  std::string hesitant;
  for (const std::string& initial : founder.initial) {
    if (initial == self.info.name) continue;
    const Hello& hello = *answers.at(initial);
    roster.push_back({.id = hello.id, .info = hello.info});
    if (hello.phase == Phase::kPromised) continue;
    all_promised = false;
    hesitant = initial;
  }
  std::sort(roster.begin(), roster.end(),
            [](const HelloMember& a, const HelloMember& b) { return a.id < b.id; });
  for (size_t i = 1; i < roster.size(); ++i) {
    if (roster[i].id == roster[i - 1].id) return Ask("two nodes have the same id");
  }
  const bool promised = self.phase == Phase::kPromised;
  if (promised && !SameRoster(self.members, roster)) return {.action = Action::kWithdraw};
  for (const auto& [asked, hello] : answers) {
    if (!hello || hello->phase != Phase::kPromised || SameRoster(hello->members, roster)) continue;
    return Ask(asked + " has promised to found a cluster with others");
  }
  const std::string cluster_id = ClusterIdOf(self.cluster_name, roster);
  if (!promised) return {.action = Action::kPromise, .roster = roster, .cluster_id = cluster_id};
  if (!all_promised) return Ask(hesitant + " has not promised yet");
  return {.action = Action::kFound, .roster = self.members, .cluster_id = cluster_id};
}

}  // namespace

std::string ClusterIdOf(const std::string& cluster_name, const FoundingRoster& roster) {
  // FNV-1a: offset basis and prime of the 64-bit variant (draft-eastlake-fnv).
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view text) {
    const auto add_byte = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0);
  };
  add("baton-cluster-2");
  add(cluster_name);
  for (const HelloMember& member : roster) {
    add(std::to_string(member.id.value()));
    add(member.info.name);
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits(16, '0');
  for (size_t i = 0; i < digits.size(); ++i) digits[i] = kDigits[(hash >> (60 - 4 * i)) & 15];
  return digits;
}

Decision Decide(const Founder& founder, const Answers& answers) {
  std::string cluster_id;
  std::vector<const Hello*> members;
  for (const auto& [asked, hello] : answers) {
    if (!hello || hello->phase != Phase::kMember) continue;
    if (!cluster_id.empty() && hello->cluster_id != cluster_id) {
      return Ask("its peers are members of different clusters, " + cluster_id + " and " +
                 hello->cluster_id);
    }
    cluster_id = hello->cluster_id;
    members.push_back(&*hello);
  }
  if (!members.empty()) return FaceCluster(founder.self, cluster_id, members);
  const Hello& self = founder.self;
  // A member of it has said hello once: so all had promised.
  if (self.phase == Phase::kPromised && !self.cluster_id.empty() &&
      ClusterIdOf(self.cluster_name, self.members) == self.cluster_id) {
    return {.action = Action::kFound, .roster = self.members, .cluster_id = self.cluster_id};
  }
  if (std::string obstacle = Obstacle(founder, answers); !obstacle.empty()) {
    return Ask(std::move(obstacle));
  }
  return FaceFounders(founder, answers);
}

}  // namespace baton::node
