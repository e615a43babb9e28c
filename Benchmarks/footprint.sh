#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a daemon takes: resident memory, anonymous memory and disk with 0, 1,000 and 10,000 sessions, in memory and in a file,
# and with 1,000 and 5,000 WebSocket clients that listen. Needs `make build`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-.build/release}
work=$(mktemp -d)
port=3991
token=$("$bin/julesd" token)
ulimit -S -n 12000
stop() { kill "$@" 2>/dev/null; wait "$@" 2>/dev/null; }
trap 'stop $(jobs -p) || :; rm -rf "$work"' EXIT

# Starts both with so many sessions; returns once the whole account has been read.
start() {
    : >"$work/simulator"
    "$bin/jules-simulator" --port 0 --sessions "$1" --active "$((3 * ($1 > 0)))" --speed 20 >"$work/simulator" 2>&1 &
    simulator=$!
    until upstream=$(grep -oE 'http://[^ ]+' "$work/simulator"); do sleep 0.1; done
    : >"$work/log"
    env -u NOTIFY_SOCKET JULES_API_BASE="$upstream" JULES_API_KEY=any LOCAL_TOKEN="$token" PORT=$port PERSIST="$2" DATA_DIR="$work/data" \
        READY_TIMEOUT=20s RATE_LIMIT=0 UPSTREAM_BUDGET=100000 LOG_FORMAT=json "$bin/julesd" >"$work/log" 2>&1 &
    daemon=$!
    until grep -q '"msg":"ready"' "$work/log"; do kill -0 $daemon || { cat "$work/log"; exit 1; }; sleep 0.1; done
    until [ "$(known)" -ge "$1" ]; do sleep 0.3; done
    sleep 3
}
known() { curl -s http://127.0.0.1:$port/metrics | awk '/^julesd_sessions/ { n += $2 } END { print n + 0 }'; }
memory() { awk '/VmRSS/ { rss = $2 } /RssAnon/ { anon = $2 } END { printf "%6.1f MB resident, %6.1f MB anonymous", rss / 1024, anon / 1024 }' /proc/$daemon/status; }
end() {
    stop $daemon $simulator || :
    [ ! -e "$work/data/sessions.sqlite" ] || printf '%44s on the disk: %d kB\n' '' $(($(stat -c %s "$work/data/sessions.sqlite") / 1024))
    rm -rf "$work/data"
}

for persist in 0 1; do
    for sessions in 0 1000 10000; do
        start $sessions $persist
        printf 'PERSIST=%d %6d sessions  %s\n' $persist $sessions "$(memory)"
        end
    done
done
for clients in 1000 5000; do
    start 100 1
    before=$(memory)
    Benchmarks/fanout.py 127.0.0.1:$port "$token" $clients 30 >"$work/fanout" &
    fanout=$!
    until grep -q handshakes "$work/fanout"; do kill -0 $fanout; sleep 0.3; done
    sleep 15
    printf '%6d clients: before  %s\n                with    %s\n' $clients "$before" "$(memory)"
    wait $fanout
    end
done
