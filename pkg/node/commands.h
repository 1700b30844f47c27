// File: commands.h
//
// The life of a command on the node that took it, from its submission to its answer:
//
//   parked ----> proposed   this node leads: into the log, then wait for index and term
//     ^   \----> forwarded  another node leads: ask it, then wait for its answer
//     |            |
//     +------------+        it certainly did not happen, or doing it twice is harmless: try again
//
// A failover is therefore a delay and not an error, as long as it is known that the command was not
// applied, or the command is repeatable (it has an idempotency key, or is one by nature). Otherwise
// the answer says outcome unknown. A command waits for a leader for a bounded time only, and when
// that is over the answer says what it has waited for.
//
// Requests and answers may be lost. A leader that is silent is asked the same again: it takes a
// request once only (forwards.h), and if it is gone, asking finds that out.
//
// One thread. Inputs only take note; Route() does the work, once all Readys were carried out, so
// that role, term and cluster time agree. Callbacks may submit again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"
#include "pkg/node/peer.h"
#include "pkg/node/ports.h"
#include "pkg/node/proposals.h"
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/raft.h"

namespace baton::node {

// A command that was applied.
struct Answer {
  Index index;
  coord::Reply reply;
};

// A valid command as it travels.
struct EncodedCommand {
  std::string bytes;        // coord's encoding
  bool repeatable = false;  // it has an idempotency key: applying it again changes nothing
};
// coord::Validate's refusal, or the command.
Result<EncodedCommand> Encode(const coord::Command& command);

struct Submission {
  std::string command;      // coord's encoding, valid
  bool repeatable = false;  // applying it twice does no harm
  bool internal = false;    // the node's own: not counted against the bound
  int64_t deadline_us = 0;
  std::function<void(Result<Answer>)> done;  // exactly once
};

struct CommandsOptions {
  NodeId self;
  uint64_t incarnation = 0;              // another one after each start of the process
  size_t pending_max = 0;                // beyond: kUnavailable/"overloaded"
  size_t pending_bytes_max = 256 << 20;  // and of their bytes
  int64_t leader_wait_us = 0;            // how long a command waits for somebody to lead
  int64_t answer_wait_us = 0;  // how long for a leader's answer: then it is asked again, or, after
                               // it lost leadership, given up
};

class Commands {
 public:
  // All must outlive this object.
  Commands(const CommandsOptions& options, const StepTime* time, raft::Raft* raft,
           Proposals* proposals, Transport* transport, NodeMetrics* metrics)
      : options_(options),
        time_(time),
        raft_(raft),
        proposals_(proposals),
        transport_(transport),
        metrics_(metrics) {}

  void Submit(Submission submission);
  void OnForwardReply(NodeId from, const ForwardReply& reply);
  // As Service::OnUnreachable.
  void OnUnreachable(NodeId peer, const std::vector<uint64_t>& undelivered_forwards);
  // The role, the leader or the term is another one.
  void OnLeaderChange();
  void OnTick();

  // Proposes and forwards what is waiting to go.
  void Route();
  bool HasWork() const { return !ready_.empty(); }

  // The end: everything that is pending is answered `why` with its own outcome, and so is whatever
  // is submitted from now on.
  void Close(const Status& why);

  size_t pending() const { return commands_.size(); }

 private:
  enum class Stage { kParked, kProposed, kForwarded };

  struct Command {
    Submission submission;
    Stage stage = Stage::kParked;
    bool maybe_applied = false;  // an earlier attempt may have succeeded
    Status waits_for;  // why the leader that was asked last cannot yet (PassesSoon); OK: no leader
    int64_t parked_since_us = 0;
    // While forwarded:
    uint64_t attempt = 0;
    int copies = 0;  // of the request, that were sent
    NodeId asked;
    Term asked_term;
    bool unreachable = false;  // the asked node, at some time since it was asked
    int64_t ask_again_us = 0;
    int64_t abandon_us = 0;  // 0: the asked node still leads
  };

  void RouteOne(uint64_t id);
  void Propose(uint64_t id, Command& command);
  void Forward(uint64_t id, Command& command);
  // False: there is no room for it.
  bool Ask(Command& command);
  void Park(uint64_t id, Command& command, bool route_at_once);
  bool AskedStillLeads(const Command& command) const;
  void OnProposalResult(uint64_t id, const ProposalResult& result);
  void OnAttemptRefused(uint64_t id, Command& command, const Status& why);
  void OnUndelivered(NodeId peer, uint64_t attempt);
  void OnFateUnknown(uint64_t id, Command& command);
  static Status TimeRanOut(const Command& command);
  void CheckTimes(uint64_t id, Command& command);
  // Answers with `why`; the last attempt certainly did not happen.
  void Refuse(uint64_t id, Command& command, Status why);
  // Answers with `why`; an attempt that is under way may still happen.
  void GiveUp(uint64_t id, Command& command, Status why);
  void Finish(uint64_t id, Result<Answer> answer);

  CommandsOptions options_;
  const StepTime* time_;
  raft::Raft* raft_;
  Proposals* proposals_;
  Transport* transport_;
  NodeMetrics* metrics_;

  std::map<uint64_t, Command> commands_;   // in the order of submission
  std::set<uint64_t> ready_;               // parked, and to be routed now
  std::map<uint64_t, uint64_t> attempts_;  // forward id -> command
  uint64_t last_id_ = 0;
  uint64_t last_attempt_ = 0;
  size_t client_commands_ = 0;
  size_t client_bytes_ = 0;
  Status closed_;  // OK: open
};

}  // namespace baton::node
