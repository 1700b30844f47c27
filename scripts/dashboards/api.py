"""What clients ask, and what they are answered."""

from grafana import GREEN, RED, Dashboard, names, p99

DASHBOARD = Dashboard("api", "Client API", "Requests by route and code, payload, connections, reads and refusals")
D = DASHBOARD
CLIENT = '{P, listener="client"%s}'


def requests(matchers=""):
    return "rate(baton_http_requests_total%s[$__rate_interval])" % (CLIENT % matchers)


D.row("Answers")
D.graph("By route", "Answers per second.", [("sum by (route) (%s)" % requests(), "{{route}}")], unit="reqps",
        stacked=True)
D.graph("By code", "Answers per second, by status code.", [("sum by (code) (%s)" % requests(), "{{code}}")],
        unit="reqps", stacked=True)
D.graph("By member", "Answers per second. Clients should be spread over all members.",
        [("sum by (pod) (%s)" % requests(), "{{pod}}")], unit="reqps")
D.graph("Refused by clients' fault", "Answers of 400 to 499 per second, by route and code. 404, 409 and 412 are "
        "everyday answers; 429 is a client over its limit.",
        [("sum by (route, code) (%s)" % requests(', code=~"4.."'), "{{code}} {{route}}")], unit="reqps")
D.graph("Failed by the server", "Answers of 500 or more per second. 503: no leader or overloaded; 504: the time ran "
        "out; 507: the disk is full.",
        [("sum by (route, code) (%s) or 0 * sum(%s)" % (requests(', code=~"5.."'), requests()), "{{code}} {{route}}")],
        unit="reqps")
D.graph("Limited", "Answers of 429 and 503 per second: a caller over its limit, or a member over its own.",
        [("sum by (code) (%s) or 0 * sum(%s)" % (requests(', code=~"429|503"'), requests()), "{{code}}")], unit="reqps")

D.row("Durations")
D.heatmap("All routes that do not wait", "From the complete request to its answer, without calls that a client asks "
          "to wait.",
          'baton_http_request_duration_seconds{P, listener="client", '
          'route!~".*(watch|observe|acquire|campaign|snapshot)"}')
D.graph("By route", "The slowest hundredth.",
        p99('baton_http_request_duration_seconds{P, listener="client"}', "route", "{{route}}"), unit="s", width=16)

D.row("Reads")
D.graph("Reads", "Per second. A linearizable read asks the leader; a stale one does not.",
        [("sum by (consistency) (rate(baton_server_reads_total{P}[$__rate_interval]))", "{{consistency}}")],
        unit="ops")
D.graph("Until the leader has spoken", "The slowest hundredth of the questions that linearizable reads ask.",
        p99("baton_server_read_index_duration_seconds{P}", "pod", "{{pod}}"), unit="s")
D.graph("Reads that failed", "Linearizable reads per second whose time ran out before the leader spoke.",
        [("rate(baton_server_read_index_failures_total{P}[$__rate_interval])", "{{pod}}")], unit="ops")

D.row("Connections and payload")
D.graph("Connections", "Open connections of clients.",
        [("baton_http_connections_open" + CLIENT % "", "{{pod}}")])
D.graph("In flight", "Requests that wait for their answer, and streams.",
        [("baton_http_requests_in_flight" + CLIENT % "", "{{pod}} requests"),
         ("baton_http_streams_open" + CLIENT % "", "{{pod}} streams")])
D.graph("Turned away", "Connections over a bound, and requests whose bytes broke a rule of framing, per second.",
        [("rate(baton_http_connections_refused_total%s[$__rate_interval])" % (CLIENT % ""), "{{pod}} connections"),
         ("rate(baton_http_framing_errors_total%s[$__rate_interval])" % (CLIENT % ""), "{{pod}} requests")],
        unit="ops")
D.graph("Received from clients", "Bytes per second.",
        [("rate(baton_http_received_bytes_total%s[$__rate_interval])" % (CLIENT % ""), "{{pod}}")], unit="Bps")
D.graph("Sent to clients", "Bytes per second.",
        [("rate(baton_http_sent_bytes_total%s[$__rate_interval])" % (CLIENT % ""), "{{pod}}")], unit="Bps")
D.graph("Not taken by clients", "Bytes of answers and of streams that clients have not taken yet.",
        [("baton_http_unsent_bytes" + CLIENT % "", "{{pod}} answers"),
         ("baton_http_stream_unsent_bytes" + CLIENT % "", "{{pod}} streams")], unit="bytes")

D.row("Probes")
D.timeline("Ready", "Whether /readyz on the ops port has answered any probe in the interval with 503.",
           [('clamp_max(sum by (pod) (increase(baton_http_requests_total{P, listener="ops", route="/readyz", '
             'code="503"}[$__rate_interval])) or sum by (pod) (0 * baton_server_standing{P}), 1)', "{{pod}}")],
           names(v0=("ready", GREEN), v1=("not ready", RED)))
