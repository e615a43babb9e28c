#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs julesd with the simulator until it is interrupted. PORT and HOST select another address.
set -euo pipefail
bin=$(realpath "$1")
state=$(mktemp -d)
simulator=
daemon=

end() {
    trap - EXIT INT TERM
    for pid in $daemon $simulator; do kill -TERM "$pid" 2>/dev/null || :; done
    for pid in $daemon $simulator; do wait "$pid" 2>/dev/null || :; done
    rm -rf "$state"
}
trap end EXIT
trap 'exit 0' INT TERM

# Waits for the first line of a program's log that matches, and prints the match. Fails if the program ends first.
await() {
    local pid=$1 file=$2 pattern=$3 line
    while kill -0 "$pid" 2>/dev/null; do
        if line=$(grep -m1 -oE "$pattern" "$file"); then
            echo "$line"
            return
        fi
        sleep 0.1
    done
    cat "$file" >&2
    return 1
}

: >"$state/simulator.log"
: >"$state/julesd.log"
"$bin/jules-simulator" --port 0 --speed 20 --sessions 60 --active 12 --arrivals 2 \
    --set approvalTimeout=4h --set questionRate=0.2 >"$state/simulator.log" 2>&1 &
simulator=$!
upstream=$(await "$simulator" "$state/simulator.log" 'http://[^ ]+')
# The inbox has two items from the start.
for waiting in AWAITING_PLAN_APPROVAL AWAITING_USER_FEEDBACK; do
    curl -sf "${upstream%/v1alpha}/simulator/sessions" -d "{\"state\": \"$waiting\"}" >"$state/made"
done

token=$("$bin/julesd" token)
env -u NOTIFY_SOCKET JULES_API_KEY=demo JULES_API_BASE="$upstream" LOCAL_TOKEN="$token" HOST="${HOST:-127.0.0.1}" PORT="${PORT:-3001}" \
    PERSIST=1 DATA_DIR="$state" POLL_INTERVAL=2s LOG_FORMAT=json \
    "$bin/julesd" >"$state/julesd.log" 2>&1 &
daemon=$!
port=$(await "$daemon" "$state/julesd.log" '"msg":"ready".*' >/dev/null && await "$daemon" "$state/julesd.log" '"port":[0-9]+')
address="${HOST:-127.0.0.1}:${port#*:}"

cat <<END

  http://$address/
  token  $token

The control room at the first address asks for the token. It shows a simulated Jules ($upstream), whose
time runs 20 times as fast. Approve a plan, answer a question or create a session, and watch what happens.
The same in a terminal:

  curl -s -H 'Authorization: Bearer $token' 'http://$address/api/sessions?limit=3'
  curl -s -H 'Authorization: Bearer $token' 'http://$address/api/sessions?attention=1&limit=1'

All events as they happen (WebSocket):

  /usr/bin/python3 docs/clients/watch.py ws://$address/ws $token

A new session, the approval of its plan, and a message to the agent:

  curl -s -H 'Authorization: Bearer $token' -H 'Content-Type: application/json' http://$address/api/sessions \\
      -d '{"prompt":"Add a retry to the uploader","repo":"acme/harbor","requirePlanApproval":true}'
  curl -s -X POST -H 'Authorization: Bearer $token' http://$address/api/sessions/ID/approve
  curl -s -H 'Authorization: Bearer $token' -H 'Content-Type: application/json' \\
      http://$address/api/sessions/ID/message -d '{"message":"Please cover the time-out as well."}'

Log: $state/julesd.log   Ctrl-C ends both.
END
wait "$daemon"
