#include "pkg/node/roster.h"

#include <optional>
#include <utility>

#include "pkg/raft/membership_codec.h"

namespace baton::node {

void Roster::Set(Members members) {
  members_ = std::make_shared<Members>(std::move(members));
  Tell(*members_);
  for (auto id = told_.begin(); id != told_.end();) {
    if (members_->known.contains(*id)) {
      ++id;
    } else {
      transport_->ForgetPeer(*id);
      id = told_.erase(id);
    }
  }
}

void Roster::OnAppended(std::span<const raft::Entry> entries) {
  for (const raft::Entry& entry : entries) {
    if (const std::optional<Members> members = MembersIn(entry)) Tell(*members);
  }
}

void Roster::Tell(const Members& members) {
  for (const auto& [id, info] : members.known) {
    if (id == self_ || info.peer_address.empty()) continue;
    transport_->SetPeer(id, info.peer_address);
    told_.insert(id);
  }
}

std::optional<Members> MembersIn(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kConfigChange) return std::nullopt;
  const Result<raft::MembershipEntry> change = raft::DecodeMembershipEntry(entry.data.view());
  if (!change.ok() || change->context.empty()) return std::nullopt;
  Result<Members> members = DecodeMembers(change->context);
  if (!members.ok()) return std::nullopt;  // of another proposer, for another purpose
  return std::move(members).value();
}

}  // namespace baton::node
