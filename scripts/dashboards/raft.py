"""Who leads, how far everybody is, and what travels between them."""

from grafana import BLUE, GREEN, ORANGE, RED, Dashboard, names, p99, quantiles

DASHBOARD = Dashboard("raft", "Raft", "Leadership, replication, proposals, peers and snapshots")
D = DASHBOARD

D.row("Leadership")
D.timeline("Who leads", "The role of each member over time.",
           [("max by (pod) (baton_server_is_leader{P} + 2 * baton_server_is_learner{P})", "{{pod}}")],
           names(v0=("follower", BLUE), v1=("leader", GREEN), v2=("learner", ORANGE)))
D.stat("Term", "The current term. It grows with every election.", [("max(baton_raft_term{C})", "term")], width=6)
D.stat("Leader changes in a day", "Each costs writers an election timeout, unless leadership was handed over.",
       [("max(increase(baton_server_leader_changes_total{C}[1d]))", "changes")], width=6, decimals=0)
D.stat("Heard from the leader", "The longest time since a follower heard its leader.",
       [("max(baton_server_last_leader_contact_seconds{C})", "ago")], unit="s", width=6, decimals=2)
D.stat("Election timeout", "The shortest time without a leader after which a member stands for election.",
       [("max(baton_raft_election_timeout_seconds{C})", "timeout")], unit="s", width=6)
D.graph("Terms", "The term of each member. Members whose terms differ for long do not hear each other.",
        [("baton_raft_term{P}", "{{pod}}")], low=None)
D.graph("Elections started", "By whom, in the interval. One that starts again and again hears no leader.",
        [("increase(baton_raft_elections_started_total{P}[$__rate_interval])", "{{pod}}")])
D.graph("Leaders that gave up", "By reason: no_quorum, it no longer heard a majority; slow_disk, its own writes hung.",
        [("sum by (reason) (increase(baton_raft_step_downs_total{P}[$__rate_interval]))", "{{reason}}")])

D.row("Replication")
D.graph("Commits and applies", "Entries per second. What is committed must be applied at the same pace.",
        [("rate(baton_raft_commit_index{P}[$__rate_interval])", "{{pod}} committed"),
         ("rate(baton_raft_applied_index{P}[$__rate_interval])", "{{pod}} applied")], unit="ops")
D.graph("Not applied yet", "Entries that the member knows to be committed and has not applied.",
        [("baton_raft_commit_index{P} - baton_raft_applied_index{P}", "{{pod}}")])
D.graph("Behind the leader", "Entries that a follower has not confirmed, as its leader knows it.",
        [("baton_raft_follower_lag_entries{C}", "{{peer_name}}")])
D.graph("Proposals", "Of clients of the member, per second, until they are applied.",
        [("rate(baton_server_proposals_committed_total{P}[$__rate_interval])", "{{pod}} applied"),
         ("rate(baton_server_proposals_failed_total{P}[$__rate_interval])", "{{pod}} failed")], unit="ops")
D.graph("Waiting", "Proposals that wait for their commit, reads that wait for their index, calls that wait for the "
        "raft thread.",
        [("sum by (pod) (baton_server_proposals_pending{P})", "{{pod}} proposals"),
         ("sum by (pod) (baton_server_reads_pending{P})", "{{pod}} reads"),
         ("sum by (pod) (baton_server_inbox_size{P})", "{{pod}} inbox")])
D.graph("Refused proposals", "Before they reached the log: too much of it is not committed, or leadership is being "
        "handed over.", [("rate(baton_raft_proposals_refused_total{P}[$__rate_interval])", "{{pod}}")], unit="ops")
D.heatmap("Commit durations", "From a proposal until it was applied, on the member that was asked.",
          "baton_server_commit_duration_seconds{P}")
D.graph("Commit durations by member", "Half of them, and the slowest hundredth.",
        quantiles("baton_server_commit_duration_seconds{P}", "pod", "{{pod}}"), unit="s")
D.graph("Read index and apply", "The slowest hundredth: until the leader has said what a linearizable read must see, "
        "and of applying one batch of entries.",
        p99("baton_server_read_index_duration_seconds{P}", "pod", "{{pod}} read index") +
        p99("baton_server_apply_duration_seconds{P}", "pod", "{{pod}} apply"), unit="s")

D.row("Peers")
D.heatmap("Round trips", "Calls to peers, until they were answered. The peer answers when it has queued what it was sent or, if it has little to do, looked at it.",
          "baton_peer_round_trip_duration_seconds{P}")
D.graph("Round trips by peer", "The slowest hundredth. A quarter of the election timeout is the limit.",
        p99("baton_peer_round_trip_duration_seconds{P}", "pod, peer_name", "{{pod}} to {{peer_name}}"), unit="s")
D.graph("Calls that failed", "Per second, by who called whom.",
        [("rate(baton_peer_send_failures_total{P}[$__rate_interval])", "{{pod}} to {{peer_name}}")], unit="ops")
D.graph("Sent to peers", "Bytes per second, without snapshots.",
        [("rate(baton_peer_sent_bytes_total{P}[$__rate_interval])", "{{pod}} to {{peer_name}}")], unit="Bps")
D.graph("Received from peers", "Bytes per second, of messages and snapshots.",
        [("rate(baton_peer_received_bytes_total{P}[$__rate_interval])", "{{pod}} from {{peer_name}}")], unit="Bps")
D.graph("Dropped and rejected", "Messages dropped for want of room in an outbox, appends that a follower refused, "
        "envelopes that were not for this cluster.",
        [("sum by (pod) (rate(baton_peer_messages_dropped_total{P}[$__rate_interval]))", "{{pod}} dropped"),
         ("sum by (pod) (rate(baton_raft_append_rejections_total{P}[$__rate_interval]))", "{{pod}} refused"),
         ("sum by (pod) (rate(baton_peer_envelopes_rejected_total{P}[$__rate_interval]))", "{{pod}} rejected")],
        unit="ops")

D.row("Log and snapshots")
D.graph("Log", "Entries in the log. It grows to its bound, and to four times that while a follower catches up.",
        [("baton_raft_log_entries{P}", "{{pod}}")])
D.graph("Bytes of the log", "Of its entries.", [("baton_raft_log_entry_bytes{P}", "{{pod}}")], unit="bytes")
D.graph("Snapshots", "Begun, received as a whole, installed, failed at either end, in the interval.",
        [("sum(increase(baton_snapshots_sent_total{P}[$__rate_interval]))", "begun"),
         ("sum(increase(baton_snapshots_received_total{P}[$__rate_interval]))", "received"),
         ("sum(increase(baton_snapshots_installed_total{P}[$__rate_interval]))", "installed"),
         ("sum(increase(baton_snapshots_failed_total{P}[$__rate_interval]))", "failed"),
         ("sum(increase(baton_snapshots_given_up_total{P}[$__rate_interval]))", "given up")])
D.graph("Snapshot progress", "Bytes of the snapshot on its way that its receiver has.",
        [("sum by (pod, peer_name) (baton_snapshot_sending_bytes{P})", "{{pod}} to {{peer_name}}"),
         ("sum by (pod) (baton_snapshot_receiving_bytes{P})", "{{pod}} receives")], unit="bytes")
D.graph("Snapshot traffic", "Bytes per second that receivers have written to disk.",
        [("rate(baton_snapshot_received_bytes_total{P}[$__rate_interval])", "{{pod}}")], unit="Bps")
D.timeline("Trouble", "What a member is busy with besides its work: rebuilding data that was lost, or leaving.",
           [("max by (pod) (baton_server_rebuilding{P} + 2 * baton_server_draining{P})", "{{pod}}")],
           names(v0=("none", GREEN), v1=("rebuilding", RED), v2=("draining", ORANGE), v3=("both", RED)), width=8)
