# shellcheck shell=bash
# Sourced by `run`: how to speak to the cluster, to wait and to tell.

say() { printf '%5ds  %s\n' "$SECONDS" "$*"; }
fail() { printf '%5ds  FAILED: %s\n' "$SECONDS" "$*" >&2; exit 1; }
skip() { say "skipped: $*"; skipped+=("$*"); }

# E2E_EXEC may stand before a command, and is split at blanks.
# shellcheck disable=SC2086
exec_in() { $E2E_EXEC "$@"; }
# What the caller gave, which may leave programs running: they must not keep the load's input open.
hook() { "$@" 9>&-; }
k() { exec_in kubectl -n "$space" "$@"; }
helm_in() { exec_in helm -n "$space" "$@"; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local limit=$1 what=$2 end
  end=$((SECONDS + limit))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      describe
      fail "$what: not within $limit s"
    fi
    sleep 0.5
  done
}

# What a person would look at first.
describe() {
  k get pods,pvc -o wide || true
  local i
  for ((i = 0; i < $(count); ++i)); do
    echo "--- $release-$i"
    k exec "$release-$i" -c batond -- batonctl member list 2>&1 | tail -n 8 || true
    k logs "$release-$i" --tail 12 2>&1 || true
  done
}

count() { k get statefulset "$release" -o 'jsonpath={.spec.replicas}' 2>/dev/null || echo 0; }

is_ready() { [ "$(k get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }
uid_of() { k get pod "$1" -o 'jsonpath={.metadata.uid}'; }
restarts_of() { k get pod "$1" -o 'jsonpath={.status.containerStatuses[0].restartCount}'; }
node_of() { k get pod "$1" -o 'jsonpath={.spec.nodeName}'; }
# Differs after each start of the container, whether the pod is another or the same.
life_of() { k get pod "$1" -o 'jsonpath={.metadata.uid}/{.status.containerStatuses[0].containerID}'; }
version_of() { k exec "$1" -c batond -- batond --version | sed 's/^batond //'; }
image_of() { k get pod "$1" -o 'jsonpath={.spec.containers[0].image}'; }

all_ready() {
  local i
  for ((i = 0; i < $(count); ++i)); do is_ready "$release-$i" || return 1; done
}
# A new pod under an old name, ready.
is_new_and_ready() { [ "$(uid_of "$1")" != "$2" ] && is_ready "$1"; }
lives_another() { [ "$(life_of "$1")" != "$2" ]; }
is_restarted_and_ready() { [ "$(restarts_of "$1")" -gt "$2" ] && is_ready "$1"; }

wait_ready() { wait_for "${1:-180}" "all members ready" all_ready; }

# As the first member says.
batonctl() { k exec "$release-0" -c batond -- batonctl "$@"; }
member() {
  batonctl member "$@" >"$out/member.txt" 2>&1 && return
  cat "$out/member.txt"
  describe
  fail "batonctl member $*"
}

# With the programs of this tree, from where the clients are.
# shellcheck disable=SC2086
ctl() { $E2E_LOAD_EXEC bazel-bin/cmd/batonctl/batonctl "$@"; }
# shellcheck disable=SC2086
ask() { $E2E_LOAD_EXEC curl -s --max-time 20 "$@"; }

# stands POD STANDING: whether the members know it as one that is not (yet) one of them.
stands() { batonctl member list | grep -q "^[0-9]* *$1 *$2"; }

# The leader is one of them.
voters_are() { [ "$(batonctl member list | grep -cE ' (voter|leader) ')" = "$1" ]; }

leader() { batonctl status --output json | sed -n 's/.*"leader_name":"\([^"]*\)".*/\1/p'; }
leads() { [ "$(leader)" = "$1" ]; }
leads_another() {
  local now
  now=$(leader) && [ -n "$now" ] && [ "$now" != "$1" ]
}

# The same state at the same index, on all: one that does not answer agrees with nobody.
agree() {
  local i members state first=
  members=$(count)
  for ((i = 0; i < members; ++i)); do
    state=$(k exec "$release-$i" -c batond -- batonctl status --output json --endpoints http://127.0.0.1:7400 |
      grep -o '"state_[a-z]*":[^,}]*' | sort | tr '\n' ' ') || return 1
    [[ $state == *state_hash* ]] || return 1
    [ "${first:=$state}" = "$state" ] || return 1
  done
  [ "$members" -gt 0 ]
}

apply() { k apply -f - >/dev/null; }
