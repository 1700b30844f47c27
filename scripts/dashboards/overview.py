"""Is it well, and who is there?"""

from grafana import BLUE, GREEN, ORANGE, RED, Dashboard, names, quantiles, steps

DASHBOARD = Dashboard("overview", "Overview", "Is the cluster well, who is there, and what do clients feel")
D = DASHBOARD

ERRORS = 'sum(%s(baton_http_requests_total{P, listener="client", code=~"5.."}[%s]))'
REQUESTS = 'sum(%s(baton_http_requests_total{P, listener="client"}[%s]))'


def error_ratio(function, window):
    errors, requests = ERRORS % (function, window), REQUESTS % (function, window)
    return "(%s or 0 * %s) / %s" % (errors, requests, requests)


STANDINGS = [("voter", GREEN), ("learner", BLUE), ("forming", ORANGE), ("waiting", ORANGE), ("identity_lost", RED),
             ("removed", RED)]


def standing():
    """The place of a pod's standing among them: 1 at one of the series, 0 at the others."""
    return " + ".join('%d * sum by (pod) (baton_server_standing{P, standing="%s"})' % (place, name)
                      for place, (name, _) in enumerate(STANDINGS))


D.row("Is it well?")
D.stat("Leader", "Who leads, as the members say.", [("baton_server_is_leader{C} == 1", "{{pod}}")],
       colors=steps(GREEN), text="name")
D.stat("Members to spare", "How many voters may fail before nothing can be written: those that answer, less a "
       "majority of all. Below 0 the quorum is lost.",
       [('count(baton_server_standing{C, standing="voter"} == 1) - (floor(max(baton_raft_voters{C}) / 2) + 1)',
         "to spare")],
       colors=steps(RED, (0, ORANGE), (1, GREEN)))
D.stat("Voters", "Members with a vote.", [("max(baton_raft_voters{C})", "voters")])
D.stat("Learners", "Members that receive the log without a vote.", [("max(baton_raft_learners{C})", "learners")])
D.stat("Versions", "Which versions run, and on how many members. Two of them: a roll is under way, or stuck.",
       [("count by (version) (baton_build_info{C})", "{{version}}")], text="value_and_name")
D.stat("Alerts firing", "Alerts of Baton that fire for this cluster.",
       [('count(ALERTS{alertname=~"Baton.+", alertstate="firing", namespace="$namespace", cluster="$cluster"}) '
         "or 0 * count(baton_build_info{C})", "alerts")], colors=steps(GREEN, (1, RED)))
D.stat("Answers without error", "Of all answers on the client port in the time shown, those that were no error of the "
       "server.", [("1 - " + error_ratio("increase", "$__range"), "availability")], unit="percentunit", width=6,
       colors=steps(RED, (0.99, ORANGE), (0.999, GREEN)), decimals=3)
D.stat("Error budget left", "Of the errors that 99.9 % allows in 30 days, what is left. Below 0: more than allowed.",
       [("1 - (" + error_ratio("increase", "30d") + ") / 0.001", "left")], unit="percentunit", width=6,
       colors=steps(RED, (0, ORANGE), (0.5, GREEN)), decimals=1)
D.stat("Longest uptime", "Since when the oldest process of a member runs.",
       [("time() - min(process_start_time_seconds{C})", "uptime")], unit="s", width=6)
D.stat("Age of the newest backup", "Since a backup was last read to its end from one of these processes. Empty: not "
       "since they were started.",
       [("time() - max(baton_backup_last_success_timestamp_seconds{C})", "age")], unit="s", width=6,
       colors=steps(GREEN, (86400, ORANGE), (172800, RED)))

D.row("Requests, errors, durations")
D.graph("Requests by route", "Answers per second on the client port.",
        [('sum by (route) (rate(baton_http_requests_total{P, listener="client"}[$__rate_interval]))', "{{route}}")],
        unit="reqps", stacked=True)
D.graph("Errors of the server", "The part of the answers on the client port with a status of 500 or more. "
        "To keep 99.9 % without, it may be 0.1 %.", [(error_ratio("rate", "$__rate_interval"), "errors")], unit="percentunit")
D.graph("Durations", "From the complete request to its answer, without calls that a client asks to wait.",
        quantiles('baton_http_request_duration_seconds{P, listener="client", '
                  'route!~".*(watch|observe|acquire|campaign|snapshot)"}'), unit="s")

D.row("Members")
D.timeline("Standing", "What each pod is to the cluster; docs/members.md has the words. Only voters decide. One that "
           "is identity_lost has an empty disk under the name of a member.",
           [(standing(), "{{pod}}")], names(**{"v%d" % place: one for place, one in enumerate(STANDINGS)}))
D.table("Members of this cluster", "What each member says of itself.", [
    ("Answers", "max by (pod) (up{P})", "none"),
    ("Leads", "max by (pod) (baton_server_is_leader{P})", "none"),
    ("Term", "max by (pod) (baton_raft_term{P})", "none"),
    ("Applied index", "max by (pod) (baton_raft_applied_index{P})", "none"),
    ("Free on disk", "max by (pod) (baton_disk_free_bytes{P})", "bytes"),
    ("Memory", "max by (pod) (process_resident_memory_bytes{P})", "bytes"),
], by=["pod"])
D.table("All clusters", "Every cluster that this Prometheus scrapes.", [
    ("Pods that answer", 'sum by (namespace, cluster) (up{job="baton"})', "none"),
    ("Voters that answer", 'sum by (namespace, cluster) (baton_server_standing{job="baton", standing="voter"})',
     "none"),
    ("Voters", 'max by (namespace, cluster) (baton_raft_voters{job="baton"})', "none"),
    ("Has a leader", 'max by (namespace, cluster) (baton_server_has_leader{job="baton"})', "none"),
    ("Keys", 'max by (namespace, cluster) (baton_keys{job="baton"})', "none"),
    ("Sessions", 'max by (namespace, cluster) (baton_sessions{job="baton"})', "none"),
    ("Requests per second", 'sum by (namespace, cluster) '
     '(rate(baton_http_requests_total{job="baton", listener="client"}[$__rate_interval]))', "reqps"),
], by=["namespace", "cluster"])
D.table("Alerts", "What fires now for this cluster; docs/runbooks has a page for each.", [
    ("Firing", 'max by (alertname, severity, pod) (ALERTS{alertname=~"Baton.+", alertstate="firing", '
     'namespace="$namespace", cluster="$cluster"})', "none"),
], by=["alertname", "severity", "pod"])

D.row("Resources")
D.timeline("Members that answer", "Whether Prometheus reaches each member.", [("max by (pod) (up{P})", "{{pod}}")],
           names(v0=("down", RED), v1=("up", GREEN)))
D.graph("CPU", "Processor time per second of each member.",
        [("rate(process_cpu_seconds_total{P}[$__rate_interval])", "{{pod}}")], unit="percentunit")
D.graph("Memory", "Resident memory of each member.", [("process_resident_memory_bytes{P}", "{{pod}}")], unit="bytes")
D.graph("CPU by thread", "Processor time per second of the busiest threads, of all members together. The raft thread "
        "can use one core at most.",
        [("topk(8, sum by (thread) (rate(baton_thread_cpu_seconds_total{P}[$__rate_interval])))", "{{thread}}")],
        unit="percentunit")
