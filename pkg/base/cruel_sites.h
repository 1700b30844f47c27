// File: cruel_sites.h
//
// Every place where a simulator may be cruel (cruel.h), each used once. What happens there is legal
// and rare: no promise is broken by it, however often it happens; but where it happens at every
// call, some of them keep a cluster from getting anywhere, as lost messages would.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton {

struct CruelSite {
  std::string_view name;  // the room, and what happens
  // A cluster still gets on when this happens once in so many calls.
  uint32_t one_in = 1;
  std::string_view what;
};

inline constexpr auto kCruelSites = std::to_array<CruelSite>({
    // pkg/raft
    {"raft.append_repeated", 5, "an append is sent twice"},
    {"raft.back_to_probe", 50, "a peer's window is given up at a tick, as after a lost message"},
    {"raft.campaign_at_once", 2000, "a follower stands for election before its timeout"},
    {"raft.commit_news_late", 2, "the news of a commit waits for the next heartbeat"},
    {"raft.election_timeout_longest", 3, "the longest timeout that could have been drawn"},
    {"raft.election_timeout_shortest", 3, "the shortest, on several nodes at once"},
    {"raft.empty_append", 2, "a peer that is probed is sent no entries at first"},
    {"raft.heartbeat_skipped", 5, "a heartbeat is left out"},
    {"raft.heartbeat_with_proposal", 5, "a heartbeat more, after a proposal"},
    {"raft.hint_one_back", 2, "a rejection leads the leader back by one entry only"},
    {"raft.leader_steps_down", 3000, "a leader gives up, as if it had not heard a quorum"},
    {"raft.needless_question", 20, "an empty append, though nothing seems lost"},
    {"raft.needless_snapshot", 60, "a snapshot is sent where entries would do"},
    {"raft.needless_transfer", 2000, "leadership is handed to whoever keeps up best"},
    {"raft.no_pre_vote", 5, "a campaign begins with the vote, in a new term"},
    {"raft.one_committed_entry", 2, "one committed entry is handed out, however many there are"},
    {"raft.one_entry_per_append", 2, "an append carries one entry"},
    {"raft.read_confirmed_late", 3, "an answer's confirmation of reads waits for the next answer"},
    {"raft.read_round_late", 3, "reads wait for the next heartbeat before they are asked about"},
    {"raft.uncommitted_limit_tiny", 30, "a second command is too many before the first's commit"},
    {"raft.vote_refused", 10, "a vote or pre-vote is refused without a reason"},
    {"raft.window_of_one", 2, "no append is sent while another is on its way"},
    // pkg/node
    {"node.command_waits_a_tick", 20, "a command is proposed or forwarded at the next tick only"},
    {"node.commands_overloaded", 50, "a client's command finds no room"},
    {"node.compaction_at_once", 500, "the log is cut down to what has to stay"},
    {"node.expiry_early", 20, "sessions are proposed for expiry too early, which must be void"},
    {"node.expiry_late", 3, "what is due is not proposed for expiry in this step"},
    {"node.forward_asked_again", 20, "a forwarded command is asked again at once"},
    {"node.forward_reply_lost", 20, "the answer to a forwarded command is not sent"},
    {"node.forward_sent_twice", 5, "a forwarded command is sent twice"},
    {"node.forward_without_room", 30, "a forwarded command finds no room in the outbox"},
    {"node.forwards_forgotten", 30, "of the forwarded commands that were seen one is remembered"},
    {"node.forwards_overloaded", 50, "the leader has no room for a forwarded command"},
    {"node.history_compacted_at_once", 300, "all of the history is compacted"},
    {"node.keepalives_late", 3, "keepalives wait for another step before they share an entry"},
    {"node.leader_looks_often", 10, "a leader compares states and heals members at every tick"},
    {"node.needless_sync", 3, "a write is synced that need not be"},
    {"node.one_read_per_step", 2, "one read is answered in a step"},
    {"node.one_ready_per_step", 2, "one Ready is carried out in a step"},
    {"node.outbox_full", 50, "a message to a peer finds no room in the outbox"},
    {"node.progress_mark_early", 10, "a watch is told how far it is, though little time passed"},
    {"node.read_asked_again", 10, "a read index is asked for anew while the first is under way"},
    {"node.reads_overloaded", 50, "a read finds no room"},
    {"node.renewal_of_one", 3, "a renewal carries one session"},
    {"node.snapshot_not_made", 5, "the snapshot that the core wants sent is not made"},
    {"node.snapshot_part_dropped", 50, "the part of a snapshot that has come is dropped"},
    {"node.snapshot_piece_refused", 10, "a piece of a snapshot is refused as coming too early"},
    {"node.wait_outcome_forgotten", 3, "the oldest remembered end of a wait is forgotten"},
    {"node.waits_overloaded", 50, "an acquire finds no room"},
    {"node.watch_evicted", 100, "a watch is ended as too slow"},
    {"node.watch_falls_back", 3, "a live watch goes on from the history"},
    {"node.watch_page_of_one", 2, "a watch catches up by one revision"},
    // pkg/coord: reads only. Nothing that changes the state may depend on it.
    {"coord.event_page_ends_early", 2, "a page of the history ends before it is full"},
    {"coord.list_of_one", 5, "a page of a list has one key"},
    {"coord.sessions_due_one_by_one", 3, "one session that is due is named, not all"},
    {"coord.waits_due_one_by_one", 3, "one wait that is due is named, not all"},
});

}  // namespace baton
