// File: roster.h
//
// The members' names and addresses as this node knows them, and the transport's table of peers,
// which follows them: a peer can be reached from the moment the entry that adds it is in the log,
// as the configuration is in force from then on, and is forgotten when its removal is applied.
//
// Raft thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/node/members.h"
#include "pkg/node/ports.h"
#include "pkg/raft/types.h"

namespace baton::node {

class Roster {
 public:
  Roster(NodeId self, Transport* transport)
      : self_(self), transport_(transport), members_(std::make_shared<Members>()) {}

  // What holds as of the applied index: at the start, and after every change.
  void Set(Members members);
  // Entries that are in the log now. Changes without a context, which others have proposed, say
  // nothing of addresses.
  void OnAppended(std::span<const raft::Entry> entries);
  // As of the applied index.
  const std::shared_ptr<const Members>& members() const { return members_; }

 private:
  void Tell(const Members& members);

  const NodeId self_;
  Transport* const transport_;
  std::shared_ptr<const Members> members_;
  std::set<NodeId> told_;  // whom the transport knows from here
};

// What a change of membership says of names and addresses; nothing if it has no context.
std::optional<Members> MembersIn(const raft::Entry& entry);

}  // namespace baton::node
