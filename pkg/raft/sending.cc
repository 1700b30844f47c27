#include "pkg/raft/sending.h"

#include <algorithm>
#include <utility>

#include "pkg/raft/changing.h"
#include "pkg/raft/reading.h"

namespace baton::raft {
namespace {

bool AppendIsDue(const Core& core, const Progress& peer) {
  return peer.CanAppend() && (peer.next() <= core.log.last_index() || peer.NeedsProbe());
}

// The newest commit index that the peer can use.
Index CommitFor(const Core& core, const Progress& peer) {
  return std::min(core.log.committed(), peer.match());
}

bool CommitNewsIsDue(const Core& core, const Progress& peer) {
  return peer.commit_sent() < CommitFor(core, peer);
}

// The entries that the peer needs are compacted away.
void SendSnapshot(Core& core, Progress& peer) {
  // A dead peer is worth no snapshot; it will be heard when it is back.
  if (core.now - peer.active_at() >= core.config.election_timeout_ticks) return;
  Result<SnapshotMeta> meta = core.log.Snapshot();
  if (!meta.ok() || meta->index + 1 < core.log.first_index()) return;  // asked again later
  peer.OnSnapshotStarted(meta->index);
  ++core.counters.snapshots_sent;
  core.Send(peer.id(), SnapshotRequest{std::move(*meta)});
}

// One append from peer.next() on. False if nothing was sent, or a snapshot instead.
bool SendAppend(Core& core, Progress& peer) {
  const Index prev = peer.next() - 1;
  const Result<Term> prev_term = core.log.TermAt(prev);
  if (!prev_term.ok()) {
    if (prev_term.status().code() == Code::kGone) SendSnapshot(core, peer);
    return false;
  }
  AppendRequest request{prev, *prev_term, core.log.committed(), {}};
  size_t bytes = 0;
  if (peer.next() <= core.log.last_index()) {
    Result<std::vector<Entry>> entries =
        core.log.Slice(peer.next(), core.log.last_index() + 1, core.config.append_bytes_max);
    if (!entries.ok()) {
      if (entries.status().code() == Code::kGone) SendSnapshot(core, peer);
      return false;
    }
    for (const Entry& entry : *entries) bytes += entry.ApproximateBytes();
    request.entries = std::move(*entries);
  }
  peer.OnAppendSent(prev + request.entries.size(), bytes, request.commit, core.now);
  core.Send(peer.id(), std::move(request));
  return true;
}

void SendHeartbeat(Core& core, const Leader& lead, Progress& peer) {
  const Index commit = CommitFor(core, peer);
  peer.OnCommitSent(commit);
  const uint64_t counter = lead.reads.has_unconfirmed() ? lead.reads.counter() : 0;
  core.Send(peer.id(), Heartbeat{commit, counter});
}

}  // namespace

bool NeedsFlush(const Core& core) {
  const Leader* const lead = core.leading();
  if (!lead || !lead->flush) return false;
  if (lead->heartbeat_due || LeadsNoMore(core)) return true;
  if (lead->reads.has_waiting() && HasCommittedInTerm(core, *lead)) return true;
  return std::any_of(lead->peers.begin(), lead->peers.end(), [&](const Progress& peer) {
    return AppendIsDue(core, peer) || CommitNewsIsDue(core, peer);
  });
}

void Flush(Core& core) {
  Leader* const lead = core.leading();
  if (!lead || !lead->flush) return;
  const bool ask_all = StartReadRound(core, *lead) || lead->heartbeat_due;
  for (Progress& peer : lead->peers) {
    while (AppendIsDue(core, peer) && SendAppend(core, peer)) {
    }
    if (ask_all || CommitNewsIsDue(core, peer)) SendHeartbeat(core, *lead, peer);
  }
  lead->heartbeat_due = false;
  lead->flush = false;
  if (LeadsNoMore(core)) LeaveLeadership(core, *lead);
}

void AskForLostAppends(Core& core, Progress& peer) {
  const Index prev = peer.next() - 1;
  const Result<Term> prev_term = core.log.TermAt(prev);
  if (!prev_term.ok()) {
    peer.OnUnreachable();  // what was sent is compacted meanwhile: start over, with a snapshot
    return;
  }
  core.Send(peer.id(), AppendRequest{prev, *prev_term, core.log.committed(), {}});
  peer.OnAsked(core.now);
}

}  // namespace baton::raft
