// File: founding.h
//
// How nodes with empty disks become a cluster, and how one of them finds out that it must not.
// Pure: whoever drives it asks the peers (pkg/http/hello.h), keeps on disk what it is told to keep,
// and asks again.
//
// An empty disk says nothing about the past: it may be a new node's, or have taken the place of one
// that has voted. So a member is known by an id that is drawn at random for each disk, and the
// first members of a cluster agree on their ids before any of them votes:
//
//   fresh      has an id, and nothing else
//   promised   all initial members answered, none of them knows a cluster; their ids are the
//              roster, and this disk will found a cluster with these or with none
//   member     all of them have promised the same roster (or one of them is a member by it): it
//              is a voter of the cluster whose id is made of the roster
//
// Each step is durable before it is told to anybody. No majority is enough: a node that does not
// answer may hold all that a cluster has decided. So:
//
//   * Two rosters can only both be founded if no disk is in both: a disk promises once, and every
//     disk of a roster must have promised it. As all initial members have to answer, no second
//     cluster is founded while one disk of the first is there.
//   * A disk that was lost takes its id, and thereby its vote, with it. The node with the new disk
//     finds its name among the members, under the old id: identity lost. It waits until that one is
//     removed and this one is added, as a learner.
//   * A promise whose roster has lost a disk before anybody founded it is withdrawn by forgetting
//     the disk's own id: with another id it is another disk.
//   * A disk that has heard of a cluster founds no other, even when nobody answers any more.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/members.h"

namespace baton::node {

// What a node says it is.
enum class Phase { kFresh, kPromised, kMember, kWaiting, kIdentityLost, kRemoved };
inline constexpr std::array<Phase, 6> kPhases = {Phase::kFresh,        Phase::kPromised,
                                                 Phase::kMember,       Phase::kWaiting,
                                                 Phase::kIdentityLost, Phase::kRemoved};
// "fresh", "promised", "member", "waiting", "identity_lost", "removed".
constexpr std::string_view PhaseName(Phase phase) {
  constexpr std::array<std::string_view, 6> kNames = {"fresh",   "promised",      "member",
                                                      "waiting", "identity_lost", "removed"};
  return kNames[static_cast<size_t>(phase)];
}

struct HelloMember {
  NodeId id;
  MemberInfo info{};
  bool reached = false;  // the speaker reaches it there
  friend bool operator==(const HelloMember&, const HelloMember&) = default;
};

// What a node says of itself.
struct Hello {
  NodeId id;
  MemberInfo info{};
  std::string cluster_name{};
  // Of the cluster that it is or was a member of, waits for, or has heard of.
  std::string cluster_id{};
  Phase phase = Phase::kFresh;
  std::vector<HelloMember> members{};  // promised: the roster; member: as far as it knows
  std::vector<NodeId> removed{};
  friend bool operator==(const Hello&, const Hello&) = default;
};

// Who founds a cluster: ids and names, ascending by id.
using FoundingRoster = std::vector<HelloMember>;

// 16 hexadecimal digits: FNV-1a (64 bits) over "baton-cluster-2", the cluster's name, and the id
// and name of each, each followed by a zero byte. Of another roster there is another cluster, whose
// messages and data are refused.
std::string ClusterIdOf(const std::string& cluster_name, const FoundingRoster& roster);

struct Founder {
  Hello self;                        // fresh, promised, removed, ...
  std::vector<std::string> initial;  // names of the initial members; this node need not be one
};

struct Decision {
  enum class Action {
    kAsk,           // nothing to do but to ask again
    kPromise,       // keep the roster, then say so
    kFound,         // begin as a voter of the cluster of the roster
    kJoin,          // begin as a member of cluster_id, which has been told of this node
    kWait,          // say that this node waits to be added to cluster_id
    kIdentityLost,  // the same; there is a member of this node's name
    kRemoved,       // the same; this node's disk was a member of it once
    kWithdraw,      // draw another id, keep it, and begin again
  };
  Action action = Action::kAsk;
  FoundingRoster roster{};
  std::string cluster_id{};
  std::string detail{};  // what is waited for, in one sentence
};

// `answers`: by the name under which each peer was asked, of this round only; nothing: none came.
// More than the initial members may have been asked; of those only what they know of a cluster
// counts.
Decision Decide(const Founder& founder, const std::map<std::string, std::optional<Hello>>& answers);

}  // namespace baton::node
