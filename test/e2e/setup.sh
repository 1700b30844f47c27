# shellcheck shell=bash
# Sourced by `run`: what the steps are done to. Images, a namespace with its rules, a release, clients.

image=localhost/baton:$version
next_image=localhost/baton:$version-next
wanted=$image # what a pod that is made anew shall run
previous_chart=
previous_name=
endpoints=
next_version=$version-next # as test/e2e/next builds it

# pack NAME EPOCH PROGRAM PROGRAM: an image of two programs, on all nodes.
pack() {
  BATON_IMAGE=$1 SOURCE_DATE_EPOCH=$2 scripts/image "$3" "$4" "$out/image.tar" >"$out/digest"
  say "loading $1 $(cat "$out/digest")"
  $E2E_LOAD_IMAGE "$out/image.tar"
  rm "$out/image.tar"
}

load_images() {
  pack "$image" 86400 bazel-bin/cmd/batond/batond bazel-bin/cmd/batonctl/batonctl
  pack "$next_image" 172800 "$E2E_NEXT/batond" "$E2E_NEXT/batonctl"
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
  if k run refused --image "$image" --dry-run=server >"$out/refused.txt" 2>&1; then
    fail "the namespace takes pods that do not fulfil \"restricted\""
  fi
  grep -q 'violates PodSecurity "restricted' "$out/refused.txt" || { cat "$out/refused.txt"; fail "the refusal"; }
}

values() { # of the tested release
  echo "--set persistence.size=1Gi --set image.tag=${1##*:} --set persistence.storageClass=$E2E_STORAGE_CLASS"
  [ -z "$E2E_CLIENT_CIDR" ] || echo "--set networkPolicy.extraIngress[0].from[0].ipBlock.cidr=$E2E_CLIENT_CIDR"
}

# chart_of COMMIT: that commit's chart, in a directory of its own.
chart_of() {
  local place=$out/previous
  rm -rf "$place"
  mkdir "$place"
  git archive "$1" charts/baton 2>/dev/null | tar -x -C "$place" 2>/dev/null && echo "$place/charts/baton"
}

# The newest chart of another version in the history; where the version never changed, the newest one of which more than
# the README differs from the one of this tree; where there is no history, this one under a lower version.
find_previous_chart() {
  local now commit chart
  now=$(chart_version <charts/baton/Chart.yaml)
  for commit in $(git log --format=%H -- charts/baton/Chart.yaml 2>/dev/null); do
    [ "$(git show "$commit:charts/baton/Chart.yaml" 2>/dev/null | chart_version)" != "$now" ] || continue
    if chart=$(chart_of "$commit"); then previous_chart=$chart previous_name="of commit ${commit:0:7}"; return; fi
  done
  for commit in $(git log --format=%H -n 20 -- charts/baton 2>/dev/null); do
    chart=$(chart_of "$commit") || continue
    if ! diff -rq -x README.md -x BUILD charts/baton "$chart" >/dev/null; then
      previous_chart=$chart previous_name="of commit ${commit:0:7}"
      return
    fi
  done
  rm -rf "$out/previous"
  helm_in package charts/baton --version 0.0.1 --destination "$out" >/dev/null
  previous_chart=$out/baton-0.0.1.tgz previous_name="of this tree, called 0.0.1"
}
chart_version() { sed -n 's/^version: *//p'; }

install_previous() {
  previous_chart=${E2E_PREVIOUS_CHART:-} previous_name=$previous_chart
  [ -n "$previous_chart" ] || find_previous_chart
  say "helm install of the chart $previous_name"
  # shellcheck disable=SC2046
  helm_in install "$release" "$previous_chart" $(values "$image") >"$out/notes.txt"
  wait_ready 240
  voters_are 3 || { describe; fail "three pods are ready, and there are not three voters"; }
  say "three members are ready"
}

helm_test() {
  helm_in test "$release" >"$out/helm-test.txt" 2>&1 || { cat "$out/helm-test.txt"; describe; fail "helm test"; }
  say "helm test: a lock through each member"
}

# client NAMESPACE NAME ROLE ENDPOINT COMMAND...: a pod that fulfils "restricted" and runs the command once.
client() {
  local place=$1 name=$2 role=$3 endpoint=$4
  shift 4
  exec_in kubectl -n "$place" apply -f - >/dev/null <<Y
apiVersion: v1
kind: Pod
metadata: {name: $name, labels: {role: $role}}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: client
      image: $image
      imagePullPolicy: IfNotPresent
      command: [$(printf '"%s", ' "$@")]
      env: [{name: BATON_ENDPOINTS, value: "$endpoint"}]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
Y
}
phase_of() { exec_in kubectl -n "$1" get pod "$2" -o 'jsonpath={.status.phase}'; }
succeeded() { [ "$(phase_of "$space" "$1")" = Succeeded ]; }
has_ended() { [[ $(phase_of "$1" "$2") =~ ^(Succeeded|Failed)$ ]]; }

# Clients in a pod of the namespace take a lock, and lead. They write no key: the history would not know it.
client_pod() {
  local name
  for name in lock elect; do
    client "$space" "client-$name" client "http://$release.$space.svc:7400" \
      /usr/bin/batonctl "$name" e2e -- /usr/bin/batonctl status
  done
  for name in lock elect; do
    wait_for 60 "client-$name" succeeded "client-$name"
    say "a client pod: $name"
  done
  k delete pod -l role=client --wait=false >/dev/null
}

# The policies are there; and where the cluster enforces them, those whom none admits are refused.
check_policies() {
  local name default other=$space-other address
  default=$(k get networkpolicy deny-all -o 'jsonpath={.spec.podSelector}{.spec.policyTypes}')
  [ "$default" = '{}["Ingress","Egress"]' ] || fail "the namespace does not deny by default"
  for name in "$release" "$release-test"; do
    [ "$(k get networkpolicy "$name" -o 'jsonpath={.spec.policyTypes}')" = '["Ingress","Egress"]' ] ||
      fail "the chart's policy $name does not say what may come in and go out"
  done
  say "policies: the namespace's default, and the chart's two"
  address=$(k get pod "$release-0" -o 'jsonpath={.status.podIP}')
  exec_in kubectl create namespace "$other" >/dev/null
  # The one may send nothing; the other may send anything, but the members admit only pods of their own namespace.
  client "$space" stranger stranger "http://$address:7400" /usr/bin/batonctl status --timeout 5s
  client "$other" foreigner stranger "http://$address:7400" /usr/bin/batonctl status --timeout 5s
  wait_for 90 "a pod that no policy admits" has_ended "$space" stranger
  wait_for 90 "a pod of another namespace" has_ended "$other" foreigner
  case $(phase_of "$space" stranger)/$(phase_of "$other" foreigner) in
    Failed/Failed) say "refused: a pod that no policy admits, and one of another namespace" ;;
    Succeeded/Succeeded) skip "policies at work: this cluster enforces no NetworkPolicies" ;;
    *) fail "of a pod without a policy and one of another namespace only one is refused" ;;
  esac
  k delete pod stranger --wait=false >/dev/null
  exec_in kubectl delete namespace "$other" --wait=false >/dev/null
}

# An address for each pod that stays when the pod comes back.
start_load() {
  local i
  for i in 0 1 2; do
    apply <<Y
apiVersion: v1
kind: Service
metadata: {name: member-$i}
spec:
  publishNotReadyAddresses: true
  selector: {statefulset.kubernetes.io/pod-name: $release-$i}
  ports: [{name: client, port: 7400}]
Y
    endpoints+="${endpoints:+,}http://$(k get service "member-$i" -o 'jsonpath={.spec.clusterIP}'):7400"
  done
  rm -f "$out/script"
  mkfifo "$out/script"
  # shellcheck disable=SC2086
  $E2E_LOAD_EXEC bazel-bin/test/e2e/load "$endpoints" "$out" <"$out/script" >"$out/load.txt" 2>&1 &
  load_pid=$!
  exec 9>"$out/script"
  say "clients at work: $endpoints"
}
# To the clients, who print its gap, and to whoever reads.
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

# Volumes are all that stays.
uninstall() {
  helm_in uninstall "$release" --wait >/dev/null
  local i kind left=
  wait_for 120 "the pods are gone" pods_are 0
  for kind in $(exec_in kubectl api-resources --verbs list --namespaced -o name); do
    case $kind in events* | persistentvolumeclaims | *endpoint*) continue ;; esac
    left+=$(k get "$kind" -l "app.kubernetes.io/instance=$release" -o name --ignore-not-found 2>/dev/null || true)
  done
  [ -z "$left" ] || fail "helm uninstall has left $left"
  for i in 0 1 2; do
    [ "$(k get pvc "data-$release-$i" -o 'jsonpath={.status.phase}')" = Bound ] || fail "$release-$i has no volume left"
  done
  say "helm uninstall has left the volumes and nothing else"
}
