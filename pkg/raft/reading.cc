#include "pkg/raft/reading.h"

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/amnesia.h"
#include "pkg/raft/lease.h"
#include "pkg/raft/quorum.h"

namespace baton::raft {
namespace {

Status TooManyReads() {
  return Status(Code::kResourceExhausted, "too_many_reads",
                "More reads wait than pending_reads_max allows.");
}

}  // namespace

Status AskRead(Core& core, uint64_t id, ReadMode mode) {
  const bool lease = mode == ReadMode::kLease;
  if (Leader* const lead = core.leading()) {
    if (lease && LeaseHolds(core, *lead)) {
      ++core.counters.lease_reads;
      core.out.Note().read_states.push_back(ReadState{id, core.log.committed()});
      return Status::Ok();
    }
    if (lead->reads.size() >= core.config.pending_reads_max) return TooManyReads();
    lead->reads.Ask(Read{core.id(), id});
    lead->flush = true;
    return Status::Ok();
  }
  if (!core.leader) return Status(Code::kUnavailable, "no_leader", "No leader is known.");
  if (core.forwarded_reads.size() >= core.config.pending_reads_max) return TooManyReads();
  core.forwarded_reads.insert(id);
  core.Send(core.leader, ReadIndexRequest{id, lease});
  return Status::Ok();
}

void CancelRead(Core& core, uint64_t id) {
  core.forwarded_reads.erase(id);
  if (Leader* const lead = core.leading()) lead->reads.Cancel(id);
}

bool HasCommittedInTerm(const Core& core, const Leader& lead) {
  return core.log.committed() >= lead.first_index_in_term;
}

void HandleReadIndexRequest(Core& core, Leader& lead, NodeId from,
                            const ReadIndexRequest& request) {
  if (request.lease && LeaseHolds(core, lead)) {
    ++core.counters.lease_reads;
    core.Send(from, ReadIndexResponse{request.id, core.log.committed()});
    return;
  }
  if (lead.reads.size() >= core.config.pending_reads_max) return;
  lead.reads.Ask(Read{from, request.id});
  lead.flush = true;
}

void HandleReadIndexResponse(Core& core, const ReadIndexResponse& response) {
  if (TakeCure(core, response)) return;
  if (core.forwarded_reads.erase(response.id) == 0) return;
  core.out.Note().read_states.push_back(ReadState{response.id, response.index});
}

bool StartReadRound(Core& core, Leader& lead) {
  if (!lead.reads.has_waiting()) return false;
  if (!HasCommittedInTerm(core, lead) && !PLANTED("raft.read_before_own_term")) return false;
  if (CRUEL("raft.read_round_late")) return false;
  lead.reads.StartRound(core.log.committed());
  ConfirmReads(core, lead);  // a single voter needs nobody else
  return lead.reads.has_unconfirmed();
}

void ConfirmReads(Core& core, Leader& lead) {
  if (!lead.reads.has_unconfirmed()) return;
  const uint64_t confirmed = QuorumReached(core.membership(), [&](NodeId id) -> uint64_t {
    if (id == core.id()) return lead.reads.counter();
    const Progress* const peer = lead.peer(id);
    return peer && !peer->amnesia() ? peer->read_counter() : 0;
  });
  std::vector<ConfirmedRead> reads;
  lead.reads.Confirm(PLANTED("raft.read_unconfirmed") ? lead.reads.counter() : confirmed, &reads);
  for (const ConfirmedRead& confirmed_read : reads) {
    const Read& read = confirmed_read.read;
    if (read.from == core.id()) {
      core.out.Note().read_states.push_back(ReadState{read.id, confirmed_read.index});
    } else {
      core.Send(read.from, ReadIndexResponse{read.id, confirmed_read.index});
    }
  }
}

}  // namespace baton::raft
