"""Locks, elections, sessions, watches, keys."""

from grafana import Dashboard, quantiles

DASHBOARD = Dashboard("coordination", "Coordination", "Locks, elections, sessions, watches and keys")
D = DASHBOARD

# What was applied is counted alike on every member: the greatest count is the cluster's.
RATE = "max%s (rate(%s[$__rate_interval]))"

D.row("Now")
D.stat("Locks held", "Locks that have a holder.", [("max(baton_locks_held{C})", "locks")])
D.stat("Waiting for locks", "Sessions in line behind a holder.", [("max(baton_lock_waiters{C})", "waiters")])
D.stat("Elections with a leader", "Elections that somebody has won.", [("max(baton_elections_held{C})", "elections")])
D.stat("Candidates in line", "Candidates behind a leader.", [("max(baton_election_waiters{C})", "candidates")])
D.stat("Sessions", "Sessions that live.", [("max(baton_sessions{C})", "sessions")])
D.stat("Watches", "That members serve, all together.", [("sum(baton_watches{C})", "watches")])

D.row("Locks")
D.graph("Held and waiting", "Locks that have a holder, and sessions in line.",
        [("max(baton_locks_held{C})", "held"), ("max(baton_lock_waiters{C})", "waiting")])
D.graph("Grants and releases", "Per second. A lock handed straight to the next in line is granted and not released.",
        [(RATE % (" by (kind)", 'baton_events_total{C, kind=~"lock_.*"}'), "{{kind}}")], unit="ops")
D.graph("Stale tokens refused", "Writes and releases per second whose fencing token was not the live one, and checks "
        "of tokens that failed. Each of them is a holder that believed it still held.",
        [(RATE % ("", "baton_fencing_rejections_total{C}"), "refused changes"),
         ('sum(rate(baton_http_requests_total{C, route=~".*/verify", code="409"}[$__rate_interval])) '
          'or 0 * sum(rate(baton_http_requests_total{C, route=~".*/verify"}[$__rate_interval]))',
          "failed checks")], unit="ops")
D.heatmap("Waits for locks", "From an acquire until it was granted, at once or in line.",
          'baton_lock_wait_duration_seconds{P, kind="lock"}')
D.graph("Waits for locks, in numbers", "Half of them, and the slowest hundredth.",
        quantiles('baton_lock_wait_duration_seconds{P, kind="lock"}'), unit="s")
D.heatmap("Holds of locks", "From a grant until the lock was given back, handed on or lost, in cluster time.",
          'baton_lock_hold_duration_seconds{C, kind="lock"}', over_members="max")

D.row("Elections")
D.graph("Leaders and candidates", "Elections that have a leader, and candidates in line.",
        [("max(baton_elections_held{C})", "leaders"), ("max(baton_election_waiters{C})", "candidates")])
D.graph("Changes", "Leaders elected, gone without a successor, and proclamations, per second.",
        [(RATE % (" by (kind)", 'baton_events_total{C, kind=~"leader_.*|proclaimed"}'), "{{kind}}")], unit="ops")
D.graph("How long they lead", "Half of the leaderships that ended, and the longest hundredth, in cluster time.",
        quantiles('baton_lock_hold_duration_seconds{C, kind="election"}'), unit="s")

D.row("Sessions")
D.graph("Sessions", "That live.", [("max(baton_sessions{C})", "sessions")])
D.graph("Begun, ended, expired", "Per second. Expired: nobody kept them alive; their locks were handed on.",
        [(RATE % ("", 'baton_commands_total{C, command="session_create", outcome="done"}'), "begun"),
         (RATE % ("", 'baton_commands_total{C, command="session_destroy", outcome="done"}'), "ended"),
         (RATE % ("", "baton_sessions_expired_total{C}"), "expired")], unit="ops")
D.graph("Kept alive", "Renewals of sessions per second. Those that arrive together share a log entry.",
        [(RATE % ("", "baton_session_renewals_total{C}"), "renewals")], unit="ops")

D.row("Watches")
D.graph("Watches", "That each member serves.", [("baton_watches{P}", "{{pod}}"),
                                              ("baton_watches_catching_up{P}", "{{pod}} reads the history")])
D.graph("Behind", "Revisions that the watch that is furthest behind has not been given.",
        [("baton_watch_lag_revisions{P}", "{{pod}}")])
D.graph("Events to clients", "Per second, each as often as it was given to a watch.",
        [("rate(baton_watch_events_sent_total{P}[$__rate_interval])", "{{pod}}")], unit="ops")
D.graph("Not sent yet", "Bytes of events that watches hold; beyond 64 MiB they read the history instead.",
        [("baton_watch_held_bytes{P}", "{{pod}}")], unit="bytes")
D.graph("Ended for slowness", "Watches per second whose clients did not read.",
        [("rate(baton_watches_evicted_total{P}[$__rate_interval])", "{{pod}}")], unit="ops")
D.graph("Acquires that wait", "Requests for locks and elections that each member holds open.",
        [("baton_waits{P}", "{{pod}}")])

D.row("Keys and commands")
D.graph("Keys", "In the replicated state.", [("max(baton_keys{C})", "keys")])
D.graph("Commands", "Applied per second, by kind.",
        [("max by (command) (rate(baton_commands_total{C, outcome=\"done\"}[$__rate_interval]))", "{{command}}")],
        unit="ops", stacked=True)
D.graph("Refusals", "Commands refused when they were applied, per second, by reason.",
        [(RATE % (" by (reason)", "baton_command_refusals_total{C}"), "{{reason}}")], unit="ops")
D.graph("Revisions", "Changes per second.", [("max(rate(baton_state_revision{C}[$__rate_interval]))", "revisions")],
        unit="ops")
D.graph("History", "Revisions that a watch can begin from.",
        [("max(baton_state_revision{C} - baton_state_compact_revision{C})", "revisions")])
D.graph("Retries", "Answers kept for retried requests, and retries that got one, per second.",
        [("max(baton_idempotency_entries{C})", "kept"),
         (RATE % ("", "baton_idempotent_replays_total{C}"), "replayed per second")])
D.stat("Cluster time", "The replicated time that TTLs run in. It stands still while nobody leads.",
       [("max(baton_state_cluster_time_seconds{C})", "cluster time")], unit="s", width=24)
