# Sourced by run and tour: a cluster of three batond on loopback.
#
# Set before: first_port (client port of node 1; node i has 10 more each; peers one, ops two above) and
# data (a directory). Processes are ended by their own pids only, and end when this shell does.

pids=(0 0 0 0) # by node number; 0: not running
start_s=30     # how long a leader may take
stop_s=15      # how long a node may take to stop before it is killed

client_url() { echo "http://127.0.0.1:$((first_port + 10 * ($1 - 1)))"; }
peer_address() { echo "127.0.0.1:$((first_port + 10 * ($1 - 1) + 1))"; }
ops_url() { echo "http://127.0.0.1:$((first_port + 10 * ($1 - 1) + 2))"; }

# Sets `batond`: the program that $BATON_BATOND names, or else built now.
find_batond() {
  batond=${BATON_BATOND:-}
  unset BATON_BATOND BATON_DATA # batond takes every BATON_ variable for a setting of its own
  if [ -z "$batond" ]; then
    echo "baton: building (the first time takes some minutes)"
    bazel build --config=opt --color=no --curses=no --ui_event_filters=-info --show_progress_rate_limit=10 \
      //cmd/batond || { echo "baton: the build failed; Bazel's words are above" >&2; exit 1; }
    batond=bazel-bin/cmd/batond/batond
  fi
  batond=$(readlink -f "$batond") # bazel-bin leads elsewhere after the next build
}

# Says which port is taken, instead of three logs that say it.
check_ports() {
  local n port
  for n in 1 2 3; do
    for port in $((first_port + 10 * (n - 1))){,+1,+2}; do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((port))") 2>/dev/null; then
        echo "baton: port $((port)) is in use; stop what listens there (another cluster?), then try again" >&2
        return 1
      fi
    done
  done
}

start_node() { # start_node NUMBER: its output goes to $data/node-NUMBER.log
  local n=$1 members="" urls="" i
  for i in 1 2 3; do
    members+="${members:+,}$i=$(peer_address "$i")"
    urls+="${urls:+,}$i=$(client_url "$i")"
  done
  set -m # a process group of its own: Ctrl-C reaches this script, which then stops the nodes in order
  setpriv --pdeathsig TERM "$batond" --node-id="$n" --name="node-$n" --data-dir="$data/node-$n" \
    --cluster-name=local --client-listen="$(client_url "$n" | cut -c8-)" \
    --peer-listen="$(peer_address "$n")" --ops-listen="$(ops_url "$n" | cut -c8-)" \
    --initial-cluster="$members" --client-urls="$urls" >>"$data/node-$n.log" 2>&1 </dev/null &
  pids[$n]=$!
  set +m
}

# Prints the number of the node that leads, as node NUMBER sees it; nothing when it sees none.
leader_seen_by() {
  curl -s -m 2 "$(client_url "$1")/v1/cluster" | grep -o '"leader_id": *[1-9][0-9]*' | grep -o '[0-9]*$'
}

# Sets `leader` to the node that all running nodes name; fails when they do not agree on a running one.
find_leader() {
  local n seen
  leader=""
  for n in 1 2 3; do
    [ "${pids[$n]}" -ne 0 ] || continue
    seen=$(leader_seen_by "$n")
    [ -n "$seen" ] && [ "${leader:-$seen}" = "$seen" ] || return 1
    leader=$seen
  done
  [ -n "$leader" ] && [ "${pids[$leader]}" -ne 0 ]
}

wait_for_leader() { # sets `leader`
  local deadline=$((SECONDS + start_s)) n
  while [ "$SECONDS" -lt "$deadline" ]; do
    find_leader && return 0
    for n in 1 2 3; do
      if [ "${pids[$n]}" -ne 0 ] && ! kill -0 "${pids[$n]}" 2>/dev/null; then
        echo "baton: node $n did not start; the end of $data/node-$n.log:" >&2
        tail -n 5 "$data/node-$n.log" >&2
        return 1
      fi
    done
    sleep 0.1
  done
  echo "baton: no leader after $start_s s; the last words of each node:" >&2
  tail -n 5 "$data"/node-?.log >&2
  return 1
}

# Waits until node NUMBER's process has ended, SECONDS at most.
wait_for_end() {
  local deadline=$((SECONDS + $2))
  while kill -0 "${pids[$1]}" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

kill_node() { # as a crash would: at once, without a word
  kill -9 "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null
  pids[$1]=0
}

stop_all() {
  local n
  for n in 1 2 3; do
    [ "${pids[$n]}" -eq 0 ] || kill -TERM "${pids[$n]}" 2>/dev/null
  done
  for n in 1 2 3; do
    [ "${pids[$n]}" -ne 0 ] || continue
    if wait_for_end "$n" "$stop_s"; then
      wait "${pids[$n]}" 2>/dev/null
    else
      echo "baton: node $n did not stop within $stop_s s; it is killed. Nothing acknowledged is lost by that." >&2
      kill_node "$n"
    fi
    pids[$n]=0
  done
}
