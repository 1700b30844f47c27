# shellcheck shell=bash
# Sourced by `run`: a Prometheus scrapes the members, has the chart's alerts, and each that can be provoked fires.

prometheus=${E2E_PROMETHEUS:-/usr/local/lib/baton/prometheus/usr/bin/prometheus}
prometheus_address=127.0.0.1:19090
prometheus_pid=

# watch_members I...: which members Prometheus is told of.
watch_members() {
  local i
  {
    echo 'global: {scrape_interval: 2s, evaluation_interval: 2s}'
    echo "rule_files: [$PWD/$out/alerts.yaml]"
    echo 'scrape_configs:'
    echo '  - job_name: baton'
    echo '    static_configs:'
    for i in "$@"; do
      echo "      - targets: ['$(k get service "member-$i" -o 'jsonpath={.spec.clusterIP}'):7402']"
      echo "        labels: {namespace: $space, cluster: $release, pod: $release-$i}"
    done
  } >"$out/prometheus.yml"
  [ -z "$prometheus_pid" ] || kill -HUP "$prometheus_pid"
}

# The rules as they are but for how long a thing must last, which is seconds here.
start_prometheus() {
  sed -E 's/^( *for:) .*/\1 5s/' charts/baton/files/alerts.yaml >"$out/alerts.yaml"
  watch_members 0 1 2
  # shellcheck disable=SC2086
  $E2E_LOAD_EXEC "$prometheus" --config.file "$out/prometheus.yml" --storage.tsdb.path "$out/prometheus" \
    --web.listen-address "$prometheus_address" >"$out/prometheus.txt" 2>&1 &
  prometheus_pid=$!
}
stop_prometheus() {
  [ -z "$prometheus_pid" ] || kill "$prometheus_pid" 2>/dev/null || true
  [ -z "$prometheus_pid" ] || wait "$prometheus_pid" 2>/dev/null || true
  prometheus_pid=
}

# shellcheck disable=SC2086
ask_prometheus() { $E2E_LOAD_EXEC curl -sf --max-time 5 "http://$prometheus_address/api/v1/$1"; }
fires() { ask_prometheus alerts | tr '{' '\n' | grep -A3 "\"alertname\":\"$1\"" | grep -q '"state":"firing"'; }
scrapes_all() { [ "$(ask_prometheus 'query?query=sum(up)' | grep -o '"[0-9]*"\]' | tr -dc 0-9)" = 3 ]; }
is_silent() { # and Prometheus lives
  local alerts
  alerts=$(ask_prometheus alerts) && [ -n "$alerts" ] && ! grep -q '"severity":"critical"' <<<"$alerts"
}

# expect ALERT...: each fires within a minute and a half.
expect() {
  local name
  for name in "$@"; do
    wait_for 90 "the alert $name" fires "$name"
    say "the alert $name fires"
  done
}

scale_to() {
  k scale statefulset "$release" --replicas "$1" >/dev/null
  wait_for 120 "$1 pods" pods_are "$1"
}

step_alerts() {
  [ -x "$prometheus" ] || { skip "alerts: no Prometheus at $prometheus; E2E_PROMETHEUS names one"; return; }
  start_prometheus
  wait_for 60 "Prometheus scrapes three members" scrapes_all
  wait_for 60 "no critical alert" is_silent
  local i before
  for ((i = 0; i < 5; ++i)); do
    before=$(leader)
    member transfer
    wait_for 30 "another leader than $before" leads_another "$before"
  done
  expect BatonLeaderChurn
  scale_to 2
  expect BatonQuorumAtRisk BatonMemberDown BatonPeerUnreachable
  scale_to 1
  expect BatonMemberHasNoLeader BatonNoLeader BatonQuorumLost
  watch_members
  expect BatonClusterGone
  watch_members 0 1 2
  scale_to 3
  wait_ready 240
  wait_for 120 "no critical alert" is_silent
  stop_prometheus
  say "all is well again"
}
