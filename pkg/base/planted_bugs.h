// File: planted_bugs.h
//
// Bugs that are built in on request, each at the place where somebody made or could make that
// mistake, to prove that the tests would find it (planted.h). One line each:
//
//   name     the room, and what goes wrong
//   search   what looks for it: "sim" a simulated cluster (test/sim), "histories" random histories
//            of the core (pkg/raft/raft_random_test; what no pkg/node uses yet), "fault" the disk
//            tests (test/fault), "unit" a unit test of the room, where another net is in front of
//            it: a cluster would have to be more than unlucky to show it
//   known    who had it, or whose rule it breaks; "story N" is line N of the table of others' bugs
//            in test/scenario/README.md
//   what     what is done wrong
//   shows    what gives it away
#pragma once

#include <array>
#include <string_view>

namespace baton {

struct PlantedBug {
  std::string_view name;
  std::string_view search;
  std::string_view known;
  std::string_view what;
  std::string_view shows;
};

// clang-format off
inline constexpr auto kPlantedBugs = std::to_array<PlantedBug>({
    // --- elections ---
    {"raft.vote_forgotten_at_start", "sim", "ClickHouse#111454",
     "a node that starts has voted for nobody in its term",
     "two leaders in a term"},
    {"raft.vote_not_synced", "sim", "ClickHouse#111454",
     "term and vote alone are written without a sync",
     "after a power loss term or vote go back; two leaders in a term"},
    {"raft.vote_before_disk", "sim", "story 10",
     "a vote is given before the disk has it",
     "after a crash a node votes twice in a term"},
    {"raft.votes_asked_before_disk", "sim", "story 24",
     "votes are asked for before the own vote and log are on the disk",
     "after a crash a candidate of a term votes for another in it"},
    {"raft.votes_for_everybody", "sim", "paper 5.2",
     "a second candidate of a term gets the vote, too",
     "two leaders in a term"},
    {"raft.vote_compares_length", "sim", "paper 5.4.1",
     "the longer log counts as the newer one, whatever its last term",
     "a committed entry is missing at the next leader"},
    {"raft.vote_unchecked", "sim", "paper 5.4.1",
     "a vote, unlike a pre-vote, is given whatever the candidate's log",
     "a committed entry is missing at the next leader"},
    {"raft.half_elects", "sim", "paper 5.2",
     "half of an even number of voters elects",
     "two leaders in a term"},
    {"raft.pre_vote_counts_as_vote", "sim", "story 18",
     "a pre-vote that arrives late is counted as a vote",
     "two leaders in a term"},
    {"raft.pre_vote_unchecked", "sim", "story 17",
     "a pre-vote is given whatever the candidate's log",
     "who cannot win stands again and again"},
    {"raft.amnesiac_votes", "sim", "story 21",
     "a node that has lost its disk votes and stands",
     "a committed entry is missing at the next leader"},
    {"raft.leader_without_quorum_stays", "sim", "story 19",
     "a leader that hears no quorum goes on leading",
     "a leader for longer than an election timeout without a quorum"},
    {"raft.stale_leader_not_told", "sim", "story 18",
     "a node in a later term answers nothing to a leader of an earlier one",
     "it never follows again: no convergence"},

    // --- replication ---
    {"raft.ack_before_disk", "sim", "story 6",
     "a follower acknowledges entries that its disk does not have",
     "after a power loss an acknowledged write is gone"},
    {"raft.leader_counts_itself_early", "sim", "story 6",
     "a leader counts itself for entries that its disk does not have",
     "after a power loss an acknowledged write is gone"},
    {"raft.ack_beyond_sent", "sim", "story 12",
     "a follower acknowledges its whole log, not what was compared",
     "an entry is committed that no quorum holds; logs differ"},
    {"raft.commit_beyond_validated", "sim", "story 12",
     "a follower commits its own tail, which no leader has compared",
     "nodes apply different entries at an index"},
    {"raft.commit_beyond_match", "sim", "story 21",
     "heartbeats carry a commit index that the follower may not hold",
     "healthy nodes believe that their disk was lost: no leader"},
    {"raft.prev_term_unchecked", "sim", "paper 5.3",
     "entries are taken after an entry of another term",
     "logs that are equal at an index differ below it"},
    {"raft.conflict_kept", "sim", "paper 5.3",
     "an entry that differs from the leader's is kept",
     "nodes apply different entries at an index"},
    {"raft.old_term_committed", "sim", "story 5",
     "entries of earlier terms are committed by counting copies",
     "a committed entry is replaced"},
    {"raft.commit_short_of_quorum", "sim", "story 11",
     "commits and reads are content with one voter less than a quorum",
     "an acknowledged write is gone; a stale read"},
    {"raft.lost_append_forgotten", "sim", "story 22",
     "a lost append is not noticed while nothing follows it",
     "a follower never gets the end of the log: no convergence"},

    // --- reads of the core ---
    {"raft.read_unconfirmed", "sim", "Consul, etcd 0.4 (Jepsen 2014)",
     "a leader answers reads without asking whether it still leads",
     "a stale read"},
    {"raft.read_before_own_term", "sim", "story 2",
     "a new leader answers reads before it has committed anything",
     "a stale read"},
    {"raft.read_confirmed_by_any_answer", "sim", "story 1",
     "an answer to an older heartbeat confirms reads that were asked later",
     "a stale read"},

    // --- snapshots of the core ---
    {"raft.no_snapshot_for_compacted", "sim", "story 22",
     "a follower that needs compacted entries gets nothing",
     "it never catches up: no convergence"},
    {"raft.snapshot_takes_term_back", "sim", "story 23",
     "with a snapshot its term becomes the node's, and the vote is forgotten",
     "term and vote go back at the next start"},

    // --- what pkg/node does not use yet ---
    {"raft.lease_kept_in_transfer", "histories", "story 4",
     "a lease is relied on while leadership is handed over",
     "a stale read by lease"},
    {"raft.joint_half_forgotten", "histories", "story 16",
     "the outgoing half of a joint configuration is not asked for commits and reads",
     "a committed entry is replaced"},
    {"raft.joint_of_earlier_leader_stays", "histories", "story 15",
     "a leader does not leave the joint configuration that its predecessor entered",
     "the next change is never made: no convergence"},

    // --- members ---
    {"raft.change_before_own_commit", "sim", "story 14",
     "members change before the leader has committed in its term",
     "two quorums that do not meet"},
    {"raft.change_while_one_is_open", "sim", "story 13",
     "members change again before the last change is committed",
     "two quorums that do not meet"},

    // --- writes and their answers ---
    {"node.outcome_says_not_applied", "sim", "FoundationDB, commit_unknown_result",
     "a command whose time ran out counts as not applied, though it is under way",
     "a write that was declared failed is seen"},
    {"node.unknown_tried_again", "sim", "TiDB 2.1.7 (Jepsen)",
     "a command of unknown fate is tried again though it has no idempotency key",
     "a write is applied twice"},
    {"node.forward_not_deduplicated", "sim", "story 28",
     "a forwarded command that was seen is proposed again",
     "a write is applied twice"},
    {"node.forward_taken_after_restart", "sim", "story 28",
     "a leader that was started since takes what its predecessor may have seen",
     "a write is applied twice"},
    {"node.snapshot_means_lost", "unit", "story 28",
     "proposals below an installed snapshot count as lost and are tried again",
     "a write is applied twice"},
    {"node.reply_by_index_only", "unit", "NuRaft#293",
     "a proposal is known by its index alone, whatever the term",
     "a lost write is acknowledged, with the answer to another"},
    {"node.replies_not_in_snapshot", "sim", "ClickHouse Keeper",
     "the memory of what was answered does not travel with a snapshot",
     "a retry is applied twice on one node: states differ"},

    // --- reads ---
    {"node.leader_reads_unasked", "sim", "Consul, etcd 0.4 (Jepsen 2014)",
     "a node that believes to lead answers linearizable reads from its state",
     "a stale read"},
    {"node.read_before_applied", "sim", "etcd#20418",
     "a read is answered before the node has applied the read index",
     "a stale read"},
    {"node.min_revision_ignored", "sim", "ZooKeeper, zxid of a session",
     "a read does not wait for the revision that the client has seen",
     "reads of one client go back"},
    {"node.question_numbers_reused", "sim", "story 3",
     "the numbers of read questions start anew with the process",
     "an answer to an earlier life confirms a later read"},
    {"node.rebuilding_node_answers", "sim", "etcd#20221",
     "a node that has lost its state serves stale reads while it rebuilds it",
     "stale reads at one node go back"},

    // --- sessions ---
    {"node.time_leaps_at_election", "sim", "kubernetes#125761",
     "a new leader adds a guess of how long nobody led",
     "a session ends before its time"},
    {"node.keepalive_answered_unconfirmed", "sim", "etcd#15247",
     "a keepalive is acknowledged though its renewal is not known to be applied",
     "a session ends before its time"},
    {"node.expiry_stuck", "sim", "ZooKeeper#5010",
     "an expiry whose fate a leader never learned keeps it from the next when it leads again",
     "sessions do not end when their time is over"},
    {"coord.expiry_not_checked", "sim", "etcd#15247",
     "an expiry is carried out though the session was renewed since",
     "a session ends before its time"},
    {"coord.due_kept_over_snapshot", "sim", "ZooKeeper#5010",
     "the cache of what is due is not read anew with a snapshot",
     "a session does not end when its time is over"},
    {"coord.no_event_for_ended_session", "sim", "ZooKeeper, ephemeral nodes",
     "the keys of a session that ends vanish without an event",
     "a watch misses a delete"},
    {"coord.dead_session_waits_on", "sim", "ZooKeeper#5010",
     "the waits of a session that ends stay in the line",
     "a lock is granted to a dead session"},

    // --- locks and keys ---
    {"coord.token_reused", "sim", "fencing",
     "the counter of tokens goes back when a lock is given back",
     "a token is given out twice"},
    {"coord.release_with_old_token", "sim", "fencing",
     "a release needs no live token, only the session",
     "a release with an old token has an effect"},
    {"coord.guard_not_verified", "sim", "fencing",
     "a guarded key takes a write whatever its token",
     "a write with a dead token is accepted"},
    {"coord.waiter_skipped", "sim", "ZooKeeper, lock recipe",
     "of two who wait the second gets the lock",
     "the line is not served in its order"},
    {"coord.precondition_of_creation", "sim", "etcd 3.4.3 (Jepsen), transactions",
     "a condition on the last change is also met by the revision of creation",
     "a lost update"},

    // --- watches ---
    {"node.watch_gap_at_snapshot", "sim", "etcd#18089",
     "live watches do not look into the history after a snapshot",
     "events are missing"},
    {"node.watch_repeats_events", "sim", "etcd#15271",
     "a watch that falls back begins where it once began",
     "events come twice"},
    {"node.watch_live_too_early", "sim", "etcd, unsynced watchers",
     "a watch goes live before it has caught up",
     "events are missing"},
    {"node.progress_mark_ahead", "sim", "etcd#15220",
     "a progress mark names the newest revision, not the last one delivered",
     "a mark is ahead of the events"},
    {"coord.revision_split", "sim", "etcd, fragments",
     "a page of the history may end within a revision",
     "events of a revision are missing"},
    {"coord.compacted_not_told", "sim", "etcd, ErrCompacted",
     "a watch from before the compaction begins with what is left",
     "events are missing, without an error"},

    // --- the state ---
    {"node.future_stamp_not_applied", "sim", "etcd#13766",
     "a node passes over entries stamped later than its own time",
     "states differ"},
    {"coord.applied_index_written_late", "sim", "etcd#13766",
     "the applied index is not in the same batch as what was applied",
     "after a start entries are applied again: states differ"},

    // --- the disk ---
    {"storage.log_not_synced", "fault", "rqlite, LevelDB's default",
     "log writes are not synced", "after a power loss what was acknowledged is gone"},
    {"storage.directory_not_synced", "fault", "ClickHouse#111339",
     "a renamed file's directory is not synced", "after a power loss the old file is back"},
    {"storage.state_not_synced", "fault", "ClickHouse#116316",
     "the state is not synced before the log is compacted",
     "after a power loss the state is older than the log's start"},
    {"storage.watermark_ignored", "fault", "CTRL (FAST 2018)",
     "a log that ends before what was acknowledged is taken as it is",
     "a cut log votes and counts"},
});
// clang-format on

}  // namespace baton
