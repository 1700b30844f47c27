#include "pkg/raft/sending.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/changing.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/replication.h"

namespace baton::raft {
namespace {

// The last entry that the peer may be sent.
inline Index LastFor(const Core& core, const Leader& lead, const Progress& peer) {
  const Index last = core.log.last_index();
  if (!IsWitness(core.membership(), peer.id())) return last;
  return std::min(last, DataReached(core, lead));
}

// last: as LastFor.
inline bool AppendIsDue(const Progress& peer, Index last) {
  return (peer.next() <= last || peer.NeedsProbe()) && peer.CanAppend();
}

// The newest commit index that the peer can use.
Index CommitFor(const Core& core, const Progress& peer) {
  if (PLANTED("raft.commit_beyond_match")) return core.log.committed();
  return std::min(core.log.committed(), peer.match());
}

bool HasCommitNews(const Core& core, const Progress& peer) {
  return peer.commit_sent() < CommitFor(core, peer);
}

bool CommitNewsIsDue(const Core& core, const Progress& peer) {
  return HasCommitNews(core, peer) &&
         (core.config.commit_news || peer.commit_sent() < peer.commit_wanted());
}

// A follower that can send its snapshot in this leader's place: one that keeps up and holds the
// data. The leader itself serves whoever nobody else could serve.
NodeId SnapshotSource(const Core& core, const Leader& lead, const Progress& target,
                      Index at_least) {
  if (!core.config.delegate_snapshots || target.source_failed()) return NodeId();
  if (IsWitness(core.membership(), target.id())) return NodeId();
  const auto can_serve = [&](const Progress& peer) {
    return peer.id() != target.id() && peer.state() == ReplicationState::kReplicate &&
           peer.match() >= at_least && !peer.amnesia() &&
           core.now - peer.active_at() < core.config.election_timeout_ticks &&
           !IsWitness(core.membership(), peer.id());
  };
  const auto source = std::find_if(lead.peers.begin(), lead.peers.end(), can_serve);
  return source == lead.peers.end() ? NodeId() : source->id();
}

void SendOrder(Core& core, Progress& peer) {
  core.Send(peer.snapshot_source(),
            SnapshotOrder{.target = peer.id(), .at_least = peer.pending_snapshot()});
  peer.OnAsked(core.now);
}

// The entries that the peer needs are compacted away, or it has asked for a snapshot at or beyond
// `wanted`. What it asked for does not hold back what it needs: the request may be forgotten there,
// and the peer may be needed to commit what such a snapshot would hold.
void SendSnapshot(Core& core, const Leader& lead, Progress& peer, Index wanted = Index()) {
  if (PLANTED("raft.no_snapshot_for_compacted") && !wanted) return;
  // A dead peer is worth no snapshot; it will be heard when it is back.
  if (core.now - peer.active_at() >= core.config.election_timeout_ticks) return;
  const Index at_least = std::max(core.log.first_index() - 1, wanted);
  if (const NodeId source = SnapshotSource(core, lead, peer, at_least)) {
    peer.OnSnapshotStarted(at_least, source);
    SendOrder(core, peer);
    return;
  }
  if (core.snapshot_wanted) return;  // its own state is lost or wrong: it hands over (transfer.h)
  Result<SnapshotMeta> meta = core.log.Snapshot();
  if (!meta.ok() || meta->index < at_least) return;  // asked again later
  peer.OnSnapshotStarted(meta->index, NodeId());
  ++core.counters.snapshots_sent;
  core.Send(peer.id(), SnapshotRequest{.meta = std::move(*meta),
                                       .without_data = IsWitness(core.membership(), peer.id())});
}

// A witness gets the entries without their data; it needs to know the members.
void StripData(std::vector<Entry>* entries) {
  for (Entry& entry : *entries) {
    if (entry.type == EntryType::kNormal) entry.data = Payload();
  }
}

// The entries from peer.next() to `last` that fit into a message, into `entries`. False: none can
// be sent now.
bool TakeEntries(Core& core, const Leader& lead, Progress& peer, Index last,
                 std::vector<Entry>* entries) {
  if (peer.next() > last) return true;
  const bool probes = peer.state() == ReplicationState::kProbe;
  if (probes && CRUEL("raft.empty_append")) return true;
  const size_t bytes_max = CRUEL("raft.one_entry_per_append") ? 1 : core.config.append_bytes_max;
  const Status taken = core.log.SliceFor(peer.id(), peer.next(), last + 1, bytes_max, entries);
  if (!taken.ok()) {
    if (taken.code() == Code::kGone) SendSnapshot(core, lead, peer);
    if (taken.code() == Code::kUnavailable) peer.OnFetching();
    return false;
  }
  if (IsWitness(core.membership(), peer.id())) StripData(entries);
  return true;
}

bool HasWindowOfOne(const Progress& peer) {
  return peer.inflight_messages() > 0 && CRUEL("raft.window_of_one");
}

// One append from peer.next() on, to `last` at most. False if nothing was sent, or a snapshot
// instead.
bool SendAppend(Core& core, const Leader& lead, Progress& peer, Index last) {
  const Index prev = peer.next() - 1;
  const Result<Term> prev_term = core.log.TermAt(prev);
  if (CRUEL("raft.needless_snapshot")) {
    SendSnapshot(core, lead, peer);
    return false;
  }
  if (!prev_term.ok()) {
    if (prev_term.status().code() == Code::kGone) SendSnapshot(core, lead, peer);
    return false;
  }
  AppendRequest request{prev, *prev_term, core.log.committed(), {}};
  if (!TakeEntries(core, lead, peer, last, &request.entries)) return false;
  size_t bytes = 0;
  for (const Entry& entry : request.entries) bytes += entry.ApproximateBytes();
  peer.OnAppendSent(prev + request.entries.size(), bytes, request.commit, core.now);
  if (CRUEL("raft.append_repeated")) core.Send(peer.id(), request);
  core.Send(peer.id(), std::move(request));
  return true;
}

// Nobody needs an answer to news: if it is lost, the next heartbeat has it.
void SendCommitNews(Core& core, Progress& peer) {
  const Index commit = CommitFor(core, peer);
  peer.OnCommitSent(commit);
  core.Send(peer.id(), Heartbeat{.commit = commit});
}

void SendHeartbeat(Core& core, const Leader& lead, Progress& peer) {
  const Index commit = CommitFor(core, peer);
  peer.OnCommitSent(commit);
  const uint64_t counter = lead.reads.has_unconfirmed() ? lead.reads.counter() : 0;
  core.Send(peer.id(), Heartbeat{commit, counter, core.now + 1});
}

}  // namespace

bool NeedsFlush(const Core& core) {
  const Leader* const lead = core.leading();
  if (!lead || !lead->flush) return false;
  if (lead->heartbeat_due || LeadsNoMore(core, *lead)) return true;
  if (lead->reads.has_waiting() && HasCommittedInTerm(core, *lead)) return true;
  return std::any_of(lead->peers.begin(), lead->peers.end(), [&](const Progress& peer) {
    return AppendIsDue(peer, LastFor(core, *lead, peer)) || CommitNewsIsDue(core, peer) ||
           peer.snapshot_wanted();
  });
}

bool HasUntoldCommit(const Core& core) {
  const Leader* const lead = core.leading();
  return lead && std::any_of(lead->peers.begin(), lead->peers.end(),
                             [&](const Progress& peer) { return HasCommitNews(core, peer); });
}

void sending_internal::Flush(Core& core, Leader& lead) {
  const bool ask_all = StartReadRound(core, lead) || lead.heartbeat_due;
  for (Progress& peer : lead.peers) {
    if (peer.snapshot_wanted()) SendSnapshot(core, lead, peer, peer.snapshot_wanted());
    const Index last = LastFor(core, lead, peer);
    while (AppendIsDue(peer, last) && !HasWindowOfOne(peer) && SendAppend(core, lead, peer, last)) {
    }
    if (ask_all) {
      SendHeartbeat(core, lead, peer);
    } else if (CommitNewsIsDue(core, peer) && !CRUEL("raft.commit_news_late")) {
      SendCommitNews(core, peer);
    }
  }
  lead.heartbeat_due = false;
  lead.flush = false;
  if (LeadsNoMore(core, lead)) LeaveLeadership(core, lead);
}

void TickSnapshotSources(Core& core, Leader& lead) {
  const uint64_t timeout = core.config.election_timeout_ticks;
  for (Progress& peer : lead.peers) {
    if (!peer.snapshot_source()) continue;
    const Progress* const source = lead.peer(peer.snapshot_source());
    if (!source || core.now - source->active_at() >= timeout) {
      peer.OnSnapshotReport(/*delivered=*/false);
    } else if (core.now - peer.quiet_since() >= timeout) {
      SendOrder(core, peer);
    }
  }
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
