# shellcheck shell=bash
# Sourced by `run`: a Prometheus in the cluster scrapes the members and has the chart's alerts. What brings each of them
# about is in provoke.sh.

prometheus=${E2E_PROMETHEUS:-/usr/local/lib/baton/prometheus/usr/bin/prometheus}
prometheus_image=localhost/baton-e2e-prometheus:$version
expected=()

# The groups of the chart's PrometheusRule, as Prometheus' operator would write them. Backups are due every minute.
render_rules() {
  helm_in template "$release" charts/baton --show-only templates/prometheusrule.yaml \
    --api-versions monitoring.coreos.com/v1 --set metrics.prometheusRule.enabled=true \
    --set metrics.prometheusRule.backupIntervalSeconds=60 >"$out/prometheusrule.yaml"
  awk '/^spec:/ {inside = 1; next}
    /^[^ ]/ {inside = 0}
    inside && !($0 == "  groups:" && seen++) {print substr($0, 3)}' "$out/prometheusrule.yaml" >"$out/chart-alerts.yaml"
}
alerts_of_chart() { sed -n 's/^ *- alert: *//p' "$out/chart-alerts.yaml"; }
# By name: which are not provoked, as the README says.
alerts_left_out() { sed -n 's/^| `\(Baton[A-Za-z]*\)` |.*/\1/p' test/e2e/README.md; }

# Each alert of the chart is provoked or has its reason, and no other is.
check_alert_lists() {
  local chart provoked left both
  render_rules
  chart=$(alerts_of_chart | sort -u)
  provoked=$(grep -o 'Baton[A-Za-z]*' test/e2e/provoke.sh | sort -u)
  left=$(alerts_left_out | sort -u)
  [ -n "$chart" ] || fail "the chart has no alerts"
  both=$(sort -u <<<"$provoked"$'\n'"$left")
  [ "$both" = "$chart" ] ||
    fail "provoke.sh and README.md have other alerts (>) than the chart (<): $(diff <(echo "$chart") <(echo "$both"))"
  both=$(comm -12 <(echo "$provoked") <(echo "$left"))
  [ -z "$both" ] || fail "provoked, and README.md says why not: $both"
}

# Thresholds stay. How long a thing must last is seconds here, and rates are those of a minute.
shorten() {
  sed -E -e 's/^( *for:) .*/\1 5s/' -e 's/(_over_time\([^[]*\[)([0-9]+[mhd]\])/\1=\2/g' -e 's/\[[0-9]+[mhd]\]/[1m]/g' \
    -e 's/\[=/[/g' -e 's/offset [0-9]+[mhd]/offset 1m/g'
}

scraped="$release $release-small $release-hasty"
# By the headless Services, as the chart's ServiceMonitor does it: they have all members, ready or not, voters or not.
prometheus_config() {
  cat <<Y
global: {scrape_interval: 2s, evaluation_interval: 2s}
rule_files: [/etc/prometheus/alerts.yaml, /etc/prometheus/nodes.yaml]
scrape_configs:
  - job_name: baton
    # Without it Prometheus keeps the addresses that it had when no name is known to the DNS.
    static_configs: [{targets: []}]
    dns_sd_configs:
      - type: SRV
        refresh_interval: 2s
        names: [$(printf "'_ops._tcp.%s-headless.$space.svc'," $scraped)]
    relabel_configs:
      - {target_label: namespace, replacement: $space}
      - {source_labels: [__address__], regex: '([^.]+)-[0-9]+[.].*', target_label: cluster}
      - {source_labels: [__address__], regex: '([^.]+)[.].*', target_label: pod}
Y
}
# Where each pod and each node is, as kube-state-metrics would say it. A node without a zone is one of its own.
node_rules() {
  echo 'groups:'
  echo '  - name: nodes'
  echo '    rules:'
  k get pods -l "app.kubernetes.io/instance=$release" \
    -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{"\n"}{end}' |
    while read -r pod node; do
      echo "      - {record: kube_pod_info, expr: vector(1), labels: {namespace: $space, pod: $pod, node: '$node'}}"
    done
  exec_in kubectl get nodes \
    -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.labels.topology\.kubernetes\.io/zone}{"\n"}{end}' |
    while read -r node zone; do
      echo "      - record: kube_node_labels"
      echo "        expr: vector(1)"
      echo "        labels: {node: '$node', label_topology_kubernetes_io_zone: '${zone:-$node}'}"
    done
}
configure_prometheus() {
  prometheus_config >"$out/prometheus.yml"
  node_rules >"$out/nodes.yaml"
  k create configmap prometheus --from-file "$out/prometheus.yml" --from-file "$out/alerts.yaml" \
    --from-file "$out/nodes.yaml" --dry-run=client -o yaml | apply
}
# Makes Prometheus read what was configured. The kubelet hands a changed ConfigMap on when the pod changes, too.
reload_prometheus() {
  k annotate pod prometheus --overwrite "e2e/told=$SECONDS" >/dev/null
  exec_in kubectl create --raw "/api/v1/namespaces/$space/pods/prometheus:9090/proxy/-/reload" -f - </dev/null
}
knows_nodes() {
  reload_prometheus || return 1
  local pod
  for pod in $(k get pods -l "app.kubernetes.io/instance=$release" -o 'jsonpath={.items[*].metadata.name}'); do
    holds "kube_pod_info{pod=\"$pod\",node=\"$(node_of "$pod")\"}" || return 1
  done
}

start_prometheus() {
  pack "$prometheus_image" 86400 "$prometheus" "$(type -P true)"
  shorten <"$out/chart-alerts.yaml" >"$out/alerts.yaml"
  configure_prometheus
  # scripts/image calls the first program batond.
  apply <<Y
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: prometheus}
spec: {podSelector: {matchLabels: {role: prometheus}}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}
---
apiVersion: v1
kind: Pod
metadata: {name: prometheus, labels: {role: prometheus}}
spec:
  automountServiceAccountToken: false
  $([ -z "$E2E_KEEP_NODE" ] || echo "nodeSelector: {kubernetes.io/hostname: $E2E_KEEP_NODE}")
  securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: prometheus
      image: $prometheus_image
      imagePullPolicy: IfNotPresent
      command: [/usr/bin/batond, --config.file=/etc/prometheus/prometheus.yml, --storage.tsdb.path=/prometheus,
                --web.enable-lifecycle]
      readinessProbe: {httpGet: {path: /-/ready, port: 9090}, periodSeconds: 2}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: config, mountPath: /etc/prometheus}, {name: data, mountPath: /prometheus}]
  volumes: [{name: config, configMap: {name: prometheus}}, {name: data, emptyDir: {}}]
Y
  wait_for 120 "Prometheus is ready" is_ready prometheus
}

# By the API server's proxy, so that nobody need reach pods.
ask_prometheus() { exec_in kubectl get --raw "/api/v1/namespaces/$space/pods/prometheus:9090/proxy/api/v1/$1"; }
encoded() {
  local i text
  for ((i = 0; i < ${#1}; ++i)); do
    case ${1:i:1} in [A-Za-z0-9]) text+=${1:i:1} ;; *) text+=$(printf '%%%02X' "'${1:i:1}") ;; esac
  done
  echo "$text"
}
query() { ask_prometheus "query?query=$(encoded "$1")"; }
# holds EXPRESSION: whether it gives anything.
holds() { local answer; answer=$(query "$1") && [[ $answer == *'"metric"'* ]]; }
fires() { # NAME, or NAME/SEVERITY
  local severity=
  [ "${1%/*}" = "$1" ] || severity=",severity=\"${1#*/}\""
  holds "ALERTS{alertname=\"${1%/*}\",alertstate=\"firing\"$severity}"
}
is_silent() { # and Prometheus lives
  holds 'vector(1)' && ! holds "ALERTS{alertstate=\"firing\",severity=\"critical\",cluster=\"$release\"}"
}

# expect ALERT...: each fires.
expect() {
  local name
  for name in "$@"; do
    wait_for 150 "the alert $name" fires "$name"
    say "the alert $name fires"
    expected+=("${name%/*}")
  done
}

# As many rules as in the chart, and none that Prometheus could not evaluate.
rules_work() {
  local answer count others
  count=$(alerts_of_chart | wc -l)
  others=$(grep -c 'record:' "$out/nodes.yaml")
  answer=$(ask_prometheus rules | sed 's/"health"/\n"health"/g; s/"type"/\n"type"/g')
  [ "$(grep -c '^"type":"alerting"' <<<"$answer")" = "$count" ] || return 1
  [ "$(grep -c '^"health":"ok"' <<<"$answer")" = "$((count + others))" ]
}

# What fired without being asked for, for whoever reads.
name_others() {
  local name others=
  for name in $(query 'group by (alertname) (max_over_time(ALERTS{alertstate="firing"}[3h]))' |
    grep -o '"alertname":"[A-Za-z]*"' | sed 's/.*:"\(.*\)"/\1/'); do
    [[ " ${expected[*]} " == *" $name "* ]] || others+=" $name"
  done
  say "alerts that fired besides:${others:- none}"
}

step_alerts() {
  local names count
  [ -x "$prometheus" ] || { skip "alerts: no Prometheus at $prometheus; E2E_PROMETHEUS names one"; return; }
  start_prometheus
  wait_for 60 "Prometheus has all rules of the chart and can evaluate them" rules_work
  say "Prometheus has the chart's $(alerts_of_chart | wc -l) alerts, and can evaluate all"
  for names in $provocations; do
    say "provoke: ${names//_/ }"
    "provoke_$names"
  done
  wait_for 120 "no critical alert" is_silent
  name_others
  count=$(printf '%s\n' "${expected[@]}" | sort -u | wc -l)
  say "$count alerts were provoked, of $(alerts_of_chart | sort -u | wc -l); all is well again"
}
