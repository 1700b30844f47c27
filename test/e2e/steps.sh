# shellcheck shell=bash
# Sourced by `run`: the parts of the test, in their order.

previous_chart=
image=localhost/baton:$version
next_image=localhost/baton:$version-next

# Two images that differ in their date, so that there is one to roll to.
load_images() {
  local epoch=86400 name
  for name in "$image" "$next_image"; do
    BATON_IMAGE=$name SOURCE_DATE_EPOCH=$epoch scripts/image bazel-bin/cmd/batond/batond \
      bazel-bin/cmd/batonctl/batonctl "$out/image.tar" >"$out/digest"
    say "loading $name $(cat "$out/digest")"
    $E2E_LOAD_IMAGE "$out/image.tar"
    rm "$out/image.tar"
    epoch=$((epoch + 86400))
  done
}

# Pods must fulfil "restricted", and nothing may be sent or received that no policy allows.
make_namespace() {
  say "namespace $space: restricted, all traffic denied by default"
  exec_in kubectl create namespace "$space" >/dev/null
  exec_in kubectl label namespace "$space" pod-security.kubernetes.io/enforce=restricted >/dev/null
  apply <<Y
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client}
spec:
  podSelector: {matchLabels: {role: client}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app.kubernetes.io/name: baton}}}]
      ports: [{port: 7400}]
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
Y
}

values() { # of the tested release
  echo "--set persistence.size=1Gi --set image.tag=${1##*:} --set persistence.storageClass=$E2E_STORAGE_CLASS"
  [ -z "$E2E_CLIENT_CIDR" ] || echo "--set networkPolicy.extraIngress[0].from[0].ipBlock.cidr=$E2E_CLIENT_CIDR"
}

# The chart of the release before; where none is given, this one under a lower version.
install_previous() {
  previous_chart=${E2E_PREVIOUS_CHART:-}
  if [ -z "$previous_chart" ]; then
    helm_in package charts/baton --version 0.0.1 --destination "$out" >/dev/null
    previous_chart=$out/baton-0.0.1.tgz
  fi
  say "helm install $previous_chart"
  # shellcheck disable=SC2046
  helm_in install "$release" "$previous_chart" $(values "$image") >"$out/notes.txt"
  wait_ready 240
  say "three members are ready"
}

helm_test() {
  helm_in test "$release" >"$out/helm-test.txt" 2>&1 || { cat "$out/helm-test.txt"; describe; fail "helm test"; }
  say "helm test: a lock through each member"
}

# Clients in a pod of the namespace take a lock, and lead. They write no key: the history would not know it.
client_pod() {
  local name
  for name in lock elect; do
    apply <<Y
apiVersion: v1
kind: Pod
metadata: {name: client-$name, labels: {role: client}}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: client
      image: $image
      imagePullPolicy: IfNotPresent
      command: [/usr/bin/batonctl, $name, e2e, --, /usr/bin/batonctl, status]
      env: [{name: BATON_ENDPOINTS, value: "http://$release.$space.svc:7400"}]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
Y
  done
  for name in lock elect; do
    wait_for 60 "client-$name" succeeded "client-$name"
    say "a client pod: $name"
  done
  k delete pod -l role=client --wait=false >/dev/null
}
succeeded() { [ "$(k get pod "$1" -o 'jsonpath={.status.phase}')" = Succeeded ]; }

# An address for each pod that stays when the pod comes back.
start_load() {
  local i urls=
  for i in 0 1 2; do
    apply <<Y
apiVersion: v1
kind: Service
metadata: {name: member-$i}
spec:
  publishNotReadyAddresses: true
  selector: {statefulset.kubernetes.io/pod-name: $release-$i}
  ports: [{name: client, port: 7400}, {name: ops, port: 7402}]
Y
    urls+="${urls:+,}http://$(k get service "member-$i" -o 'jsonpath={.spec.clusterIP}'):7400"
  done
  rm -f "$out/script"
  mkfifo "$out/script"
  # shellcheck disable=SC2086
  $E2E_LOAD_EXEC bazel-bin/test/e2e/load "$urls" "$out" <"$out/script" >"$out/load.txt" 2>&1 &
  load_pid=$!
  exec 9>"$out/script"
  say "clients at work: $urls"
}
step() { say "$*"; echo "step $*" >&9; }

stop_load() {
  step "the end"
  wait_ready
  exec 9>&-
  wait "$load_pid" || { cat "$out/load.txt"; fail "the clients' history"; }
  load_pid=
  cat "$out/load.txt"
  wait_for 60 "the same state on all members" agree
  say "all members have the same state"
}

step_calm() { step "calm"; sleep 10; }

delete_pod() {
  local before
  before=$(uid_of "$1")
  k delete pod "$1" --wait=false >/dev/null
  wait_for 180 "$1 is back" is_new_and_ready "$1" "$before"
}
step_delete_pods() {
  local i
  for ((i = 0; i < $(count); ++i)); do
    step "delete pod $i"
    delete_pod "$release-$i"
  done
}

step_kill_processes() {
  [ -n "${E2E_KILL:-}" ] || { skip "kill -9: E2E_KILL POD would do it"; return; }
  local i before
  for ((i = 0; i < $(count); ++i)); do
    step "kill -9 member $i"
    before=$(restarts_of "$release-$i")
    # shellcheck disable=SC2086
    hook $E2E_KILL "$release-$i"
    wait_for 180 "$release-$i is back" is_restarted_and_ready "$release-$i" "$before"
  done
}

# A pod whose node is not that of the clients.
victim() {
  local i
  for ((i = 0; i < $(count); ++i)); do
    [ "$(node_of "$release-$i")" = "$E2E_KEEP_NODE" ] || { echo "$release-$i"; return; }
  done
  fail "all members are on the node $E2E_KEEP_NODE"
}

step_drain() {
  local node
  node=$(node_of "$(victim)")
  step "drain $node"
  exec_in kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout 120s \
    --pod-selector "app.kubernetes.io/instance=$release" >"$out/drain.txt" 2>&1 ||
    { cat "$out/drain.txt"; fail "kubectl drain"; }
  sleep 5
  step "uncordon $node"
  exec_in kubectl uncordon "$node" >/dev/null
  wait_ready
}

is_node_ready() {
  [ "$(exec_in kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = "$2" ]
}

# node_fault WHAT TAKE GIVE: a node without it for as long as it takes Kubernetes to notice, and a while.
node_fault() {
  local node
  node=$(node_of "$(victim)")
  step "no $1 for $node"
  # shellcheck disable=SC2086
  hook $2 "$node"
  wait_for 180 "$node is seen as gone" is_node_ready "$node" Unknown
  sleep 5
  step "$1 again for $node"
  # shellcheck disable=SC2086
  hook $3 "$node"
  wait_for 180 "$node is ready" is_node_ready "$node" True
  wait_ready 300
}
step_power() {
  [ -n "${E2E_NODE_STOP:-}" ] || { skip "a node's power: E2E_NODE_STOP and E2E_NODE_START would do it"; return; }
  node_fault power "$E2E_NODE_STOP" "$E2E_NODE_START"
}
step_cable() {
  [ -n "${E2E_NODE_CUT:-}" ] || { skip "a node's cable: E2E_NODE_CUT NODE and E2E_NODE_HEAL NODE would do it"; return; }
  node_fault network "$E2E_NODE_CUT" "$E2E_NODE_HEAL"
}

# roll_to IMAGE WHY: deletes each pod, the next when the one before is ready; it must run the image then.
roll_to() {
  local i
  for ((i = 0; i < $(count); ++i)); do
    step "$2: pod $i"
    delete_pod "$release-$i"
    [ "$(image_of "$release-$i")" = "$1" ] || fail "$release-$i runs $(image_of "$release-$i"), not $1"
  done
}

upgrade() { # REPLICAS [MORE...]
  local replicas=$1
  shift
  # shellcheck disable=SC2046
  helm_in upgrade "$release" charts/baton $(values "$next_image") --set "replicas=$replicas" "$@" >"$out/notes.txt"
}

step_upgrade() {
  upgrade 3
  [ "$(image_of "$release-0")" = "$image" ] || fail "helm upgrade has changed a running pod"
  roll_to "$next_image" "roll to the next image"
}

step_rollback() {
  helm_in rollback "$release" >/dev/null
  roll_to "$image" "roll back"
}

step_scale_out() {
  step "five pods"
  upgrade 5
  wait_for 120 "$release-3 waits" stands "$release-3" waiting
  wait_for 120 "$release-4 waits" stands "$release-4" waiting
  local i
  for i in 3 4; do
    step "add member $i as a learner, promote it"
    member add "$release-$i" --promote
    wait_for 120 "$release-$i is ready" is_ready "$release-$i"
  done
}

# The disk of a member is gone: it must not vote as the one that it was.
step_wipe() {
  local pod=$release-2 before
  before=$(uid_of "$pod")
  step "wipe the volume of $pod"
  k delete pvc "data-$pod" --wait=false >/dev/null
  k delete pod "$pod" --wait=false >/dev/null
  wait_for 180 "$pod says that it has lost its identity" lost_identity "$pod" "$before"
  echo "replaced 3" >&9
  step "remove and add $pod"
  member remove "$pod"
  member add "$pod" --promote
  wait_for 180 "$pod is ready" is_ready "$pod"
}
lost_identity() { [ "$(uid_of "$1")" != "$2" ] && stands "$1" "identity.lost"; }

step_scale_in() {
  step "back to three"
  if upgrade 3 2>"$out/refused.txt"; then fail "replicas was lowered while there were five members"; fi
  grep -q "first remove the members" "$out/refused.txt" || { cat "$out/refused.txt"; fail "the refusal"; }
  local i
  for i in 4 3; do
    step "remove member $i"
    member remove "$release-$i"
  done
  upgrade 3 --set allowShrink=true
  wait_for 120 "the pods are gone" pods_are 3
}
pods_are() { [ "$(k get pods -l "app.kubernetes.io/instance=$release" -o name | wc -l)" = "$1" ]; }

# Volumes are all that stays.
uninstall() {
  helm_in uninstall "$release" --wait >/dev/null
  local kind left=
  wait_for 120 "the pods are gone" pods_are 0
  for kind in $(exec_in kubectl api-resources --verbs list --namespaced -o name); do
    case $kind in events* | persistentvolumeclaims | *endpoint*) continue ;; esac
    left+=$(k get "$kind" -l "app.kubernetes.io/instance=$release" -o name --ignore-not-found 2>/dev/null || true)
  done
  [ -z "$left" ] || fail "helm uninstall has left $left"
  [ "$(k get pvc -l "app.kubernetes.io/instance=$release" -o name | wc -l)" -ge 3 ] || fail "a volume is gone"
  say "helm uninstall has left the volumes and nothing else"
}
