# shellcheck shell=bash
# Sourced by `run`: what each alert is for is brought about, and the alert fires.

big=1048576
jobs_begun=()

# Ends what a provocation has begun.
end_jobs() {
  local pid
  for pid in "${jobs_begun[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${jobs_begun[@]}"; do wait "$pid" 2>/dev/null || true; done
  jobs_begun=()
}
# begin ctl|ask|k ARGUMENTS...: in the background, as the process itself, so that it can be ended.
# shellcheck disable=SC2086
begin() {
  local what=$1
  shift
  case $what in
    ctl) set -- $E2E_LOAD_EXEC bazel-bin/cmd/batonctl/batonctl "$@" ;;
    ask) set -- $E2E_LOAD_EXEC curl -s "$@" ;;
    k) set -- $E2E_EXEC kubectl -n "$space" "$@" ;;
  esac
  "$@" >>"$out/jobs.txt" 2>&1 </dev/null &
  jobs_begun+=($!)
}
url_of() { cut -d, -f$(($1 + 1)) <<<"$endpoints"; }

scale_to() {
  k scale statefulset "$release" --replicas "$1" >/dev/null
  wait_for 120 "$1 pods" pods_are "$1"
}
# configure [--set config.NAME=VALUE...]: all members, one after the other.
configure() {
  local i
  upgrade 3 "$@"
  for i in 0 1 2; do delete_pod "$release-$i"; done
  wait_ready 240
}
lead() {
  leads "$1" || member transfer "$1"
  wait_for 60 "$1 leads" leads "$1"
}
scrapes() { holds "sum(up{job=\"baton\",cluster=\"$release\"}) == $1"; }

# All members alike, and well.
provoke_nothing() {
  configure
  wait_for 60 "Prometheus scrapes three members" scrapes 3
  wait_for 60 "no critical alert" is_silent
  say "Prometheus scrapes three members, and nothing is critical"
}

provoke_hand_overs() {
  local i before
  for ((i = 0; i < 6; ++i)); do
    before=$(leader)
    member transfer
    wait_for 30 "another leader than $before" leads_another "$before"
  done
  expect BatonLeaderChurn
}

# One member stays behind in a roll.
provoke_versions() {
  local before=$wanted
  wanted=$([ "$wanted" = "$image" ] && echo "$next_image" || echo "$image")
  upgrade 3
  delete_pod "$release-2"
  expect BatonMixedVersions
  wanted=$before
  upgrade 3
  delete_pod "$release-2"
}

# A roll to an image that is nowhere. The pod is there, has an address and no member.
provoke_missing_image() {
  local before=$wanted
  wanted=localhost/baton:nowhere
  upgrade 3
  k delete pod "$release-2" --wait=false >/dev/null
  expect BatonMemberDown BatonQuorumAtRisk BatonPeerUnreachable
  wanted=$before
  upgrade 3
  delete_pod "$release-2"
}

# A backup that nobody takes to its end; and one that is never followed by another, see provoke_old_backup.
provoke_cut_backup() {
  ctl snapshot save "$out/backup" --force --endpoints "$endpoints" >>"$out/jobs.txt" 2>&1 ||
    fail "batonctl snapshot save"
  ctl bench put --prefix big --keys 40 --total 40 --sequential --clients 4 --value-size "$big" --keep \
    --timeout 60s --endpoints "$endpoints" >>"$out/jobs.txt" 2>&1 || true
  ask --limit-rate 64k --max-time 3 -o "$out/cut" "$(url_of 0)/v1/admin/snapshot" || true
  expect BatonBackupFailed
}
provoke_old_backup() { expect BatonBackupTooOld; }

# Watches whose clients take a kilobyte a second, while far more is written.
provoke_slow_watchers() {
  local i
  for i in 0 1 2; do begin ask -N --limit-rate 1k --max-time 300 -o /dev/null "$(url_of 0)/v1/watch?prefix=big"; done
  wait_for 30 "three watches" holds 'sum(baton_watches{job="baton"}) >= 3'
  begin ctl bench put --prefix big --keys 40 --total 100 --clients 4 --value-size "$big" --timeout 60s \
    --endpoints "$endpoints"
  expect BatonWatchersEvicted
  end_jobs
}

# Somebody holds a lock that another one waits for. batonctl would ask again every few seconds, and a wait counts from
# the asking.
provoke_long_wait() {
  local session
  begin ctl lock e2e-long --endpoints "$endpoints" -- sleep 30
  wait_for 20 "a lock is held" holds 'max(baton_locks_held{job="baton"}) >= 1'
  session=$(ask -d '{"ttl": "60s"}' "$(url_of 1)/v1/sessions" | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
  ask --fail --max-time 60 -o /dev/null -d "{\"session\": \"$session\", \"wait\": \"40s\"}" \
    "$(url_of 1)/v1/locks/e2e-long/acquire" || fail "an acquire that waits"
  expect BatonLockWaitLong
  end_jobs
}

# Programs that end without a word.
provoke_forgotten_sessions() {
  local i
  for ((i = 0; i < 40; ++i)); do
    ask -o /dev/null -d '{"ttl": "1s"}' "$(url_of $((i % 3)))/v1/sessions" || fail "a session"
  done
  expect BatonSessionsExpireInNumbers
}

# One address may have 2,000 connections.
provoke_connections() {
  begin ctl bench get --clients 2300 --connections 2300 --keys 1 --duration 10s --endpoints "$(url_of 0)"
  expect BatonConnectionsRefused
  end_jobs
}

# A leader that believes in itself for a minute loses its followers under many writers, and gets them back in time.
provoke_stall() {
  configure --set config.election-timeout-ticks=600
  lead "$release-0"
  k scale statefulset "$release" --replicas 1 >/dev/null
  wait_for 60 "the followers do not answer" scrapes 1
  begin ctl bench put --clients 1500 --connections 1500 --duration 5s --timeout 60s --value-size 10 \
    --endpoints "$(url_of 0)"
  expect BatonProposalsPending
  k scale statefulset "$release" --replicas 3 >/dev/null
  wait "${jobs_begun[0]}" || true
  expect BatonCommitSlow BatonRequestsSlow
  end_jobs
  wait_ready 240
  configure
}

# A member was away for too long and comes back by a slow snapshot, which is then cut.
provoke_slow_snapshot() {
  local i
  configure --set config.log-entries-max=1000,config.log-entries-kept=100,config.snapshot-bytes-per-second-max=65536
  lead "$release-0"
  scale_to 2
  expect BatonMemberMissing
  ctl bench put --prefix lag --keys 7000 --total 7000 --sequential --keep --clients 64 --value-size 1000 \
    --timeout 60s --endpoints "$(url_of 0),$(url_of 1)" >>"$out/jobs.txt" 2>&1 || true
  scale_to 3
  expect BatonFollowerLag
  k delete pod "$release-2" --grace-period 0 --force >/dev/null 2>&1
  expect BatonSnapshotFailing
  # Faster for the rest: those who send it are made anew first.
  upgrade 3
  for i in 1 0; do delete_pod "$release-$i"; done
  wait_ready 300
  delete_pod "$release-2"
}

# The disk of a member is gone, and its new one is on a node that has a member already, and so in that one's zone.
provoke_lost_disk() {
  local pod=$release-2 before node kept
  before=$(uid_of "$pod") kept=$(node_of "$release-0")
  for node in $(schedulable_nodes); do
    [ "$node" = "$kept" ] || { cordoned+=("$node"); exec_in kubectl cordon "$node" >/dev/null; }
  done
  k delete pvc "data-$pod" --wait=false >/dev/null
  k delete pod "$pod" --wait=false >/dev/null
  wait_for 180 "$pod says that it has lost its identity" lost_identity "$pod" "$before"
  expect BatonIdentityLost
  configure_prometheus
  wait_for 120 "Prometheus knows where the pods are" knows_nodes
  expect BatonMembersOnOneNode
  uncordon
  member remove "$pod"
  member add "$pod"
  expect BatonLearnerStuck
  member promote "$pod" --wait 60s
  wait_ready
  expect BatonMajorityInOneZone
}
schedulable_nodes() {
  exec_in kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.unschedulable}{"\n"}{end}' |
    sed -n 's/^\([^ ]*\) *$/\1/p'
}
cordoned=()
uncordon() {
  local node
  for node in "${cordoned[@]}"; do exec_in kubectl uncordon "$node" >/dev/null || true; done
  cordoned=()
}

# A cluster of one member on a volume of memory fills it; then the volume is too small for the reserve alone.
small_disk() { # VERB [MORE...]
  local verb=$1
  shift
  # shellcheck disable=SC2046
  helm_in "$verb" "$release-small" charts/baton $(values "$wanted") --set replicas=1,persistence.enabled=false \
    --values "$out/small.yaml" "$@" >/dev/null
}
provoke_full_disk() {
  local pod=$release-small-0 before
  cat >"$out/small.yaml" <<'Y'
overrides:
  statefulSet:
    spec:
      template:
        spec:
          volumes:
            - {name: tmp, emptyDir: {sizeLimit: 64Mi}}
            - {name: data, emptyDir: {medium: Memory, sizeLimit: 300Mi}}
Y
  small_disk install --set config.disk-reserve-bytes=33554432
  wait_for 120 "$pod is ready" is_ready "$pod"
  begin k exec "$pod" -c batond -- batonctl bench put --prefix few --keys 100000 --sequential --keep --clients 2 \
    --rate 40 --duration 100s --value-size 10000 --endpoints http://127.0.0.1:7400
  expect BatonDiskFilling
  end_jobs
  begin k exec "$pod" -c batond -- batonctl bench put --prefix many --keys 100000 --sequential --keep --clients 4 \
    --duration 100s --value-size "$big" --endpoints http://127.0.0.1:7400
  expect BatonDiskLow
  end_jobs
  before=$(uid_of "$pod")
  small_disk upgrade --set config.disk-reserve-bytes=2000000000
  k delete pod "$pod" --wait=false >/dev/null
  wait_for 120 "$pod is another one" is_another "$pod" "$before"
  expect BatonDiskExhausted
  helm_in uninstall "$release-small" --wait >/dev/null
}
is_another() { local now; now=$(uid_of "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }

# A cluster whose election timeout of 100 ms is too short for its disks.
provoke_short_timeout() {
  local i
  # shellcheck disable=SC2046
  helm_in install "$release-hasty" charts/baton $(values "$wanted") --set persistence.enabled=false \
    --set config.tick-ms=10,config.election-timeout-ticks=10 >/dev/null
  for i in 0 1 2; do wait_for 120 "$release-hasty-$i is ready" is_ready "$release-hasty-$i"; done
  begin k exec "$release-hasty-0" -c batond -- batonctl bench put --keys 100 --clients 32 --duration 140s \
    --value-size "$big" --timeout 5s --endpoints http://127.0.0.1:7400
  expect BatonPeerRoundTripSlow
  helm_in uninstall "$release-hasty" --wait >/dev/null
  end_jobs
}

# Two of three are gone while clients write; then all are.
provoke_loss() {
  begin ctl bench put --keys 100 --clients 64 --duration 150s --timeout 5s --endpoints "$(url_of 0)"
  scale_to 1
  expect BatonMemberHasNoLeader BatonNoLeader BatonQuorumLost BatonErrorBudgetBurn/critical BatonErrorBudgetBurn/warning
  expect BatonProposalsFailing
  end_jobs
  scale_to 0
  # The addresses of a name that is gone are kept as well; where Kubernetes tells of pods they are not.
  scraped=$release-small configure_prometheus
  wait_for 120 "Prometheus looks for no member" scrapes_none
  expect BatonClusterGone
  configure_prometheus
  scale_to 3
  wait_ready 240
  wait_for 120 "Prometheus scrapes three members again" scrapes_again 3
}
scrapes_none() { reload_prometheus && holds 'vector(1)' && ! holds "up{cluster=\"$release\"}"; }
scrapes_again() { reload_prometheus && scrapes "$1"; }

provocations=${E2E_PROVOKE-nothing hand_overs cut_backup slow_watchers long_wait forgotten_sessions connections \
  old_backup versions missing_image lost_disk full_disk short_timeout slow_snapshot stall loss}
