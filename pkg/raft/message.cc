#include "pkg/raft/message.h"

#include <sstream>

namespace baton::raft {
namespace {

// "7/2": index and term of one point of a log.
struct Point {
  Index index;
  Term term;
  friend std::ostream& operator<<(std::ostream& out, const Point& point) {
    return out << point.index << "/" << point.term;
  }
};

// Writes the name and the fields of each kind behind the head that all kinds share.
struct BodyWriter {
  std::ostream& out;
  Term term;

  void Name(std::string_view name) const { out << name << " term=" << term; }
  void WriteCommit(Index commit, Term commit_term) const {
    if (commit) out << " commit=" << Point{commit, commit_term};
  }

  void operator()(const VoteRequest& body) const {
    Name(body.pre_vote ? "PreVoteRequest" : "VoteRequest");
    out << " last=" << Point{body.last_index, body.last_term};
    if (body.leader_transfer) out << " transfer";
    if (body.priority != 0) out << " priority=" << body.priority;
    WriteCommit(body.commit, body.commit_term);
  }
  void operator()(const VoteResponse& body) const {
    Name(body.pre_vote ? "PreVoteResponse" : "VoteResponse");
    out << (body.granted ? " granted" : " refused");
    WriteCommit(body.commit, body.commit_term);
  }
  void operator()(const AppendRequest& body) const {
    Name("AppendRequest");
    out << " prev=" << Point{body.prev_index, body.prev_term} << " commit=" << body.commit;
    if (body.entries.empty()) return;
    out << " entries=[";
    std::string_view separator;
    for (const Entry& entry : body.entries) {
      out << separator << Point{entry.index, entry.term};
      if (entry.type == EntryType::kConfigChange) out << "c";
      separator = " ";
    }
    out << "]";
  }
  void operator()(const AppendResponse& body) const {
    Name("AppendResponse");
    if (body.rejected) {
      out << " rejected=" << body.rejected_index
          << " hint=" << Point{body.hint_index, body.hint_term};
    } else {
      out << " match=" << body.match_index;
    }
    out << " commit=" << body.commit;
    if (body.amnesia) out << " amnesia";
  }
  void operator()(const Heartbeat& body) const {
    Name("Heartbeat");
    out << " commit=" << body.commit;
    if (body.read_counter != 0) out << " read=" << body.read_counter;
  }
  void operator()(const HeartbeatResponse& body) const {
    Name("HeartbeatResponse");
    out << " commit=" << body.commit;
    if (body.read_counter != 0) out << " read=" << body.read_counter;
    if (body.amnesia) out << " amnesia";
  }
  void operator()(const SnapshotRequest& body) const {
    Name("SnapshotRequest");
    out << " snapshot=" << Point{body.meta->index, body.meta->term};
    if (body.leader) out << " for=" << body.leader;
    if (body.without_data) out << " without_data";
  }
  void operator()(const ReadIndexRequest& body) const {
    Name("ReadIndexRequest");
    out << " id=" << body.id;
    if (body.lease) out << " lease";
  }
  void operator()(const ReadIndexResponse& body) const {
    Name("ReadIndexResponse");
    out << " id=" << body.id << " index=" << body.index;
  }
  void operator()(const TimeoutNow&) const { Name("TimeoutNow"); }
  void operator()(const SnapshotWanted& body) const {
    Name("SnapshotWanted");
    out << " at_least=" << body.at_least;
  }
  void operator()(const SnapshotOrder& body) const {
    Name("SnapshotOrder");
    out << " target=" << body.target << " at_least=" << body.at_least;
  }
  void operator()(const SnapshotReport& body) const {
    Name("SnapshotReport");
    out << " target=" << body.target << (body.delivered ? " delivered" : " failed");
  }
  void operator()(const Hibernate& body) const {
    Name("Hibernate");
    out << " last=" << body.last_index;
  }
  void operator()(const HibernateResponse& body) const {
    Name("HibernateResponse");
    out << " last=" << body.last_index << (body.agreed ? " agreed" : " refused");
  }
  void operator()(const ProposeRequest& body) const {
    Name("ProposeRequest");
    out << " bytes=" << body.data.size();
  }
};

}  // namespace

std::string Describe(const Message& message) {
  std::ostringstream out;
  out << message.from << "->" << message.to << " ";
  std::visit(BodyWriter{out, message.term}, message.body);
  return out.str();
}

}  // namespace baton::raft
