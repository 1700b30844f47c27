#include "pkg/raft/message_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "pkg/raft/core.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

// The one thing a node can have to say before it has been in any term: that it prefers itself, or
// may have promised a lease before it was restarted, or has lost its disk.
bool IsRefusedVote(const MessageBody& body) {
  const auto* const vote = std::get_if<VoteResponse>(&body);
  return vote && !vote->granted;
}

// Each question says whether all is well; what is not is in `flaw`, which costs nothing until then.
struct MessageCheck {
  NodeId self;
  Term term;
  Status& flaw;

  bool Wrong(std::string_view field, std::string_view what) {
    flaw = Status(Code::kInvalidArgument, std::string(field) + " " + std::string(what));
    return false;
  }

  bool IsNumber(std::string_view field, uint64_t number) {
    return number <= kNumberMax || Wrong(field, "is beyond 2^62");
  }

  // A point of a log: both zero before the first entry, both set after; no newer than at_most.
  bool IsPoint(std::string_view field, Index index, Term point_term, Term at_most) {
    if (!IsNumber(field, index.value())) return false;
    if (!index != !point_term) return Wrong(field, "has an index without a term");
    return point_term <= at_most || Wrong(field, "has a term that the sender cannot know");
  }

  bool IsMembership(const Entry& entry) {
    const Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
    return change.ok() || Wrong("entries", "have a bad " + change.status().message());
  }

  bool operator()(const VoteRequest& body) {
    if (body.pre_vote && body.leader_transfer) {
      return Wrong("leader_transfer", "goes without pre-vote");
    }
    // A candidate's log ends before the term it stands for.
    return IsPoint("commit", body.commit, body.commit_term, term) &&
           IsPoint("last_index", body.last_index, body.last_term, term - 1);
  }

  bool operator()(const AppendRequest& body) {
    if (!IsPoint("prev_index", body.prev_index, body.prev_term, term)) return false;
    if (!IsNumber("commit", body.commit.value())) return false;
    Index index = body.prev_index;
    Term previous = std::max(body.prev_term, Term(1));
    for (const Entry& entry : body.entries) {
      ++index;
      if (entry.index != index) return Wrong("entries", "do not follow each other");
      if (entry.term < previous) return Wrong("entries", "have decreasing terms");
      if (entry.term > term) return Wrong("entries", "have a term beyond the sender's");
      if (entry.type == EntryType::kConfigChange) {
        if (!IsMembership(entry)) return false;
      } else if (entry.type != EntryType::kNormal) {
        return Wrong("entries", "have an unknown type");
      }
      previous = entry.term;
    }
    return IsNumber("entries", index.value());
  }

  bool operator()(const AppendResponse& body) {
    return IsNumber("match_index", body.match_index.value()) &&
           IsNumber("rejected_index", body.rejected_index.value()) &&
           IsNumber("hint_index", body.hint_index.value()) &&
           IsNumber("hint_term", body.hint_term.value()) && IsNumber("commit", body.commit.value());
  }

  bool operator()(const Heartbeat& body) { return IsNumber("commit", body.commit.value()); }
  bool operator()(const HeartbeatResponse& body) { return IsNumber("commit", body.commit.value()); }

  bool operator()(const SnapshotRequest& body) {
    if (!body.meta->index) return Wrong("meta.index", "must not be 0");
    if (!IsPoint("meta.index", body.meta->index, body.meta->term, term)) return false;
    if (body.leader == self) return Wrong("leader", "is this node itself");
    if (body.meta->config.voters.empty()) return Wrong("meta.config.voters", "must not be empty");
    flaw = ValidateMembership(body.meta->config);
    return flaw.ok();
  }

  bool operator()(const ReadIndexResponse& body) { return IsNumber("index", body.index.value()); }
  bool operator()(const VoteResponse& body) {
    return IsPoint("commit", body.commit, body.commit_term, Term(kNumberMax));
  }
  bool operator()(const SnapshotWanted& body) {
    return IsNumber("at_least", body.at_least.value());
  }
  bool operator()(const SnapshotOrder& body) {
    if (!body.target || body.target == self) return Wrong("target", "must be another node");
    return IsNumber("at_least", body.at_least.value());
  }
  bool operator()(const SnapshotReport& body) {
    return body.target || Wrong("target", "must not be 0");
  }
  bool operator()(const Hibernate& body) { return IsNumber("last_index", body.last_index.value()); }
  bool operator()(const HibernateResponse& body) {
    return IsNumber("last_index", body.last_index.value());
  }
  bool operator()(const ProposeRequest&) { return true; }
  bool operator()(const ReadIndexRequest&) { return true; }
  bool operator()(const TimeoutNow&) { return true; }

  bool operator()(const Message& message) {
    if (message.to != self) return Wrong("to", "is not this node");
    if (!message.from) return Wrong("from", "must not be 0");
    if (message.from == self) return Wrong("from", "is this node itself");
    if (!message.term && !IsRefusedVote(message.body)) return Wrong("term", "must not be 0");
    return IsNumber("term", message.term.value()) && std::visit(*this, message.body);
  }
};

}  // namespace

Status CheckMessage(const Message& message, NodeId self) {
  Status flaw;
  MessageCheck check{.self = self, .term = message.term, .flaw = flaw};
  check(message);
  return flaw;
}

}  // namespace baton::raft
