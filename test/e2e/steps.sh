# shellcheck shell=bash
# Sourced by `run`: what is done to the cluster while clients work, in its order.

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
  local node pod before
  pod=$(victim)
  node=$(node_of "$pod")
  before=$(uid_of "$pod")
  step "drain $node"
  exec_in kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout 120s \
    --pod-selector "app.kubernetes.io/instance=$release" >"$out/drain.txt" 2>&1 ||
    { cat "$out/drain.txt"; fail "kubectl drain"; }
  [ "$(k get pod "$pod" -o 'jsonpath={.metadata.uid}' --ignore-not-found)" != "$before" ] || fail "$pod was not evicted"
  sleep 5
  step "uncordon $node"
  exec_in kubectl uncordon "$node" >/dev/null
  wait_for 180 "$pod is back" is_new_and_ready "$pod" "$before"
  wait_ready
}

# Nobody fails, and everybody writes on.
step_hand_over() {
  local before i
  for i in 1 2 3; do
    before=$(leader)
    step "hand leadership over, from $before"
    member transfer
    wait_for 30 "another leader than $before" leads_another "$before"
    sleep 3
  done
}

# evict POD: as kubectl drain and those who make nodes smaller ask for it; what was answered is in evict.txt.
evict() {
  exec_in kubectl create --raw "/api/v1/namespaces/$space/pods/$1/eviction" -f - >"$out/evict.txt" 2>&1 <<J
{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "$1", "namespace": "$space"}}
J
}

# While one member of three is away the disruption budget keeps the others.
step_evict() {
  local first second
  first=$(uid_of "$release-1") second=$(uid_of "$release-2")
  step "evict pod 1"
  wait_for 60 "the eviction of $release-1 while all are ready" evict "$release-1"
  if evict "$release-2"; then fail "a second pod was evicted while one was away"; fi
  grep -q "disruption budget" "$out/evict.txt" || { cat "$out/evict.txt"; fail "the refusal of the second eviction"; }
  [ "$(uid_of "$release-2")" = "$second" ] || fail "$release-2 was replaced although its eviction was refused"
  say "the eviction of a second pod is refused"
  wait_for 180 "$release-1 is back" is_new_and_ready "$release-1" "$first"
  step "evict pod 2"
  wait_for 60 "the eviction of $release-2, now that all are ready" evict "$release-2"
  wait_for 180 "$release-2 is back" is_new_and_ready "$release-2" "$second"
}

is_node_ready() {
  [ "$(exec_in kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = "$2" ]
}

# node_fault WHAT TAKE GIVE: a node without it for as long as it takes Kubernetes to notice, and a while.
node_fault() {
  local node pod before
  pod=$(victim)
  node=$(node_of "$pod")
  before=$(life_of "$pod")
  step "no $1 for $node"
  # shellcheck disable=SC2086
  hook $2 "$node"
  wait_for 180 "$node is seen as gone" is_node_ready "$node" Unknown
  sleep 5
  step "$1 again for $node"
  # shellcheck disable=SC2086
  hook $3 "$node"
  wait_for 180 "$node is ready" is_node_ready "$node" True
  [ "$1" != power ] || wait_for 300 "$pod was started again" lives_another "$pod" "$before"
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

# roll_to IMAGE WHY VERSION: deletes each pod, the next when the one before is ready; it must run the image then.
roll_to() {
  local i
  for ((i = 0; i < $(count); ++i)); do
    step "$2: pod $i"
    delete_pod "$release-$i"
    [ "$(image_of "$release-$i")" = "$1" ] || fail "$release-$i runs $(image_of "$release-$i"), not $1"
    [ "$(version_of "$release-$i")" = "$3" ] || fail "$release-$i is of $(version_of "$release-$i"), not of $3"
  done
}

upgrade() { # REPLICAS [MORE...]
  local replicas=$1
  shift
  # shellcheck disable=SC2046
  helm_in upgrade "$release" charts/baton $(values "$wanted") --set "replicas=$replicas" "$@" >"$out/notes.txt"
}

step_upgrade() {
  wanted=$next_image
  upgrade 3
  [ "$(image_of "$release-0")" = "$image" ] || fail "helm upgrade has changed a running pod"
  roll_to "$next_image" "roll to the next image" "$next_version"
}

step_rollback() {
  helm_in rollback "$release" >/dev/null
  roll_to "$image" "roll back" "$version"
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
  voters_are 5 || { describe; fail "there are not five voters"; }
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
  voters_are 5 || { describe; fail "there are not five voters"; }
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
  voters_are 3 || { describe; fail "there are not three voters"; }
  upgrade 3 --set allowShrink=true
  wait_for 120 "the pods are gone" pods_are 3
}
pods_are() { [ "$(k get pods -l "app.kubernetes.io/instance=$release" -o name | wc -l)" = "$1" ]; }
