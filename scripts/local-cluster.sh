# Sourced by run and tour: a cluster of three batond on loopback.
#
# Set before: first_port (client port of node 1; node i has 10 more each; peers one, ops two above) and
# data (a directory). Processes are ended by their own pids only.

pids=(0 0 0 0)  # by node number; 0: not running

client_url() { echo "http://127.0.0.1:$((first_port + 10 * ($1 - 1)))"; }
peer_address() { echo "127.0.0.1:$((first_port + 10 * ($1 - 1) + 1))"; }
ops_url() { echo "http://127.0.0.1:$((first_port + 10 * ($1 - 1) + 2))"; }

build_batond() {
  echo "baton: building (the first time takes some minutes)"
  bazel build --config=opt --color=no --curses=no --ui_event_filters=-info,-stdout,-stderr \
    --show_progress_rate_limit=10 //cmd/batond || exit 1
  batond=$PWD/bazel-bin/cmd/batond/batond
}

start_node() { # start_node NUMBER: its output goes to $data/node-NUMBER.log
  local n=$1 members="" urls="" i
  for i in 1 2 3; do
    members+="${members:+,}$i=$(peer_address "$i")"
    urls+="${urls:+,}$i=$(client_url "$i")"
  done
  "$batond" --node-id="$n" --name="node-$n" --data-dir="$data/node-$n" --cluster-name=local \
    --client-listen="$(client_url "$n" | cut -c8-)" --peer-listen="$(peer_address "$n")" \
    --ops-listen="$(ops_url "$n" | cut -c8-)" --initial-cluster="$members" --client-urls="$urls" \
    >>"$data/node-$n.log" 2>&1 &
  pids[$n]=$!
}

# Prints the number of the node that leads, as node NUMBER sees it; nothing when it sees none.
leader_seen_by() {
  curl -s -m 2 "$(client_url "$1")/v1/cluster" | grep -o '"leader_id": *[1-9][0-9]*' | grep -o '[0-9]*$'
}

# Waits, 30 s at most, until all running nodes see the same leader; sets `leader`.
wait_for_leader() {
  local deadline=$((SECONDS + 30)) n seen
  while [ "$SECONDS" -lt "$deadline" ]; do
    leader=""
    for n in 1 2 3; do
      [ "${pids[$n]}" -ne 0 ] || continue
      if ! kill -0 "${pids[$n]}" 2>/dev/null; then
        echo "baton: node $n did not start:" >&2
        tail -n 5 "$data/node-$n.log" >&2
        return 1
      fi
      seen=$(leader_seen_by "$n")
      if [ -z "$seen" ] || [ "${leader:-$seen}" != "$seen" ]; then leader=none; break; fi
      leader=$seen
    done
    if [ -n "$leader" ] && [ "$leader" != none ] && [ "${pids[$leader]}" -ne 0 ]; then return 0; fi
    sleep 0.1
  done
  echo "baton: no leader after 30 s; the last words of each node:" >&2
  tail -n 5 "$data"/node-*.log >&2
  return 1
}

stop_all() { # SIGTERM, one after the other so that each hands over what it leads; then make sure
  local n
  for n in 1 2 3; do
    [ "${pids[$n]}" -ne 0 ] || continue
    kill -TERM "${pids[$n]}" 2>/dev/null
    wait "${pids[$n]}" 2>/dev/null
    pids[$n]=0
  done
}
