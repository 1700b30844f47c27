#include "pkg/raft/message_check.h"

#include <string>
#include <string_view>

#include "pkg/raft/core.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

Status Wrong(std::string_view field, std::string_view what) {
  return Status(Code::kInvalidArgument, std::string(field) + " " + std::string(what));
}

Status CheckNumber(std::string_view field, uint64_t number) {
  return number <= kNumberMax ? Status::Ok() : Wrong(field, "is beyond 2^62");
}

// A point of a log: both zero before the first entry, both set after; the term below `below`.
Status CheckPoint(std::string_view field, Index index, Term term, Term at_most) {
  BATON_RETURN_IF_ERROR(CheckNumber(field, index.value()));
  if ((index == Index()) != (term == Term())) return Wrong(field, "has an index without a term");
  if (term > at_most) return Wrong(field, "has a term that the sender cannot know");
  return Status::Ok();
}

struct BodyCheck {
  NodeId self;
  Term term;

  Status operator()(const VoteRequest& body) const {
    if (body.pre_vote && body.leader_transfer) {
      return Wrong("leader_transfer", "goes without pre-vote");
    }
    BATON_RETURN_IF_ERROR(CheckPoint("commit", body.commit, body.commit_term, term));
    // A candidate's log ends before the term it stands for.
    return CheckPoint("last_index", body.last_index, body.last_term, term - 1);
  }

  Status operator()(const AppendRequest& body) const {
    BATON_RETURN_IF_ERROR(CheckPoint("prev_index", body.prev_index, body.prev_term, term));
    BATON_RETURN_IF_ERROR(CheckNumber("commit", body.commit.value()));
    Index index = body.prev_index;
    Term previous = std::max(body.prev_term, Term(1));
    for (const Entry& entry : body.entries) {
      ++index;
      if (entry.index != index) return Wrong("entries", "do not follow each other");
      if (entry.term < previous) return Wrong("entries", "have decreasing terms");
      if (entry.term > term) return Wrong("entries", "have a term beyond the sender's");
      if (entry.type != EntryType::kNormal && entry.type != EntryType::kConfigChange) {
        return Wrong("entries", "have an unknown type");
      }
      if (entry.type == EntryType::kConfigChange) {
        const Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
        if (!change.ok()) return Wrong("entries", "have a bad " + change.status().message());
      }
      previous = entry.term;
    }
    return CheckNumber("entries", index.value());
  }

  Status operator()(const AppendResponse& body) const {
    BATON_RETURN_IF_ERROR(CheckNumber("match_index", body.match_index.value()));
    BATON_RETURN_IF_ERROR(CheckNumber("rejected_index", body.rejected_index.value()));
    BATON_RETURN_IF_ERROR(CheckNumber("hint_index", body.hint_index.value()));
    BATON_RETURN_IF_ERROR(CheckNumber("hint_term", body.hint_term.value()));
    return CheckNumber("commit", body.commit.value());
  }

  Status operator()(const Heartbeat& body) const {
    return CheckNumber("commit", body.commit.value());
  }
  Status operator()(const HeartbeatResponse& body) const {
    return CheckNumber("commit", body.commit.value());
  }

  Status operator()(const SnapshotRequest& body) const {
    if (!body.meta.index) return Wrong("meta.index", "must not be 0");
    BATON_RETURN_IF_ERROR(CheckPoint("meta.index", body.meta.index, body.meta.term, term));
    if (body.leader == self) return Wrong("leader", "is this node itself");
    if (body.meta.config.voters.empty()) return Wrong("meta.config.voters", "must not be empty");
    return ValidateMembership(body.meta.config);
  }

  Status operator()(const ReadIndexResponse& body) const {
    return CheckNumber("index", body.index.value());
  }
  Status operator()(const VoteResponse& body) const {
    return CheckPoint("commit", body.commit, body.commit_term, Term(kNumberMax));
  }
  Status operator()(const SnapshotWanted& body) const {
    return CheckNumber("at_least", body.at_least.value());
  }
  Status operator()(const SnapshotOrder& body) const {
    if (!body.target || body.target == self) return Wrong("target", "must be another node");
    return CheckNumber("at_least", body.at_least.value());
  }
  Status operator()(const SnapshotReport& body) const {
    if (!body.target) return Wrong("target", "must not be 0");
    return Status::Ok();
  }
  Status operator()(const Hibernate& body) const {
    return CheckNumber("last_index", body.last_index.value());
  }
  Status operator()(const HibernateResponse& body) const {
    return CheckNumber("last_index", body.last_index.value());
  }
  Status operator()(const ProposeRequest&) const { return Status::Ok(); }
  Status operator()(const ReadIndexRequest&) const { return Status::Ok(); }
  Status operator()(const TimeoutNow&) const { return Status::Ok(); }
};

// The one thing a node can have to say before it has been in any term: that it prefers itself, or
// may have promised a lease before it was restarted, or has lost its disk.
bool IsRefusedVote(const MessageBody& body) {
  const auto* const vote = std::get_if<VoteResponse>(&body);
  return vote && !vote->granted;
}

}  // namespace

Status CheckMessage(const Message& message, NodeId self) {
  if (message.to != self) return Wrong("to", "is not this node");
  if (!message.from) return Wrong("from", "must not be 0");
  if (message.from == self) return Wrong("from", "is this node itself");
  if (!message.term && !IsRefusedVote(message.body)) return Wrong("term", "must not be 0");
  BATON_RETURN_IF_ERROR(CheckNumber("term", message.term.value()));
  return std::visit(BodyCheck{self, message.term}, message.body);
}

}  // namespace baton::raft
