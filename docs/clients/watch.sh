#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints every change of every session as it happens, one line each. After a disconnect it resumes.
#
# usage: watch.sh http://HOST:PORT [TOKEN]      (default token: LOCAL_TOKEN; needs curl and jq)
set -euo pipefail
base=${1:?usage: watch.sh http://HOST:PORT [TOKEN]}
token=${2:-${LOCAL_TOKEN:?or give the token as second argument}}
seq='' epoch='' current=''

# The token goes through a file, because everybody can read the arguments of a program.
get() { exec curl -sSN --fail-with-body -H @<(echo "Authorization: Bearer $token") "$base$1"; }

# Each message becomes one short line per delta. A comment line of the stream becomes {}, which shows that the stream works.
messages() {
    sed -un 's/^data: \{0,1\}//p; s/^:.*/{}/p' | jq --unbuffered -r '
        if .type == "hello" then "hello \(.seq) \(.epoch)"
        elif .type == "gap" then "gap \(.to)"
        elif .type == "session_update" then
            .delta[]
            | ([.before.state, .after.state] | map(values) | if .[0] == .[1] then .[:1] else . end) as $states
            | (.after.title // .before.title // "" | split("\n")[0] // "") as $title
            | "delta \(.seq) \(.changeType) \(.id) \($states | join(" -> ")) \($title[:60])"
        else "alive" end'
}

while true; do
    exec {stream}< <(get "/api/events${seq:+?since=$seq&epoch=$epoch}")
    pid=$!
    trap 'kill $pid 2>/dev/null || :' EXIT
    # The stream sends something every 15 s; silence means that the connection is dead.
    while read -r -t 45 kind number rest; do
        case $kind in
        hello)
            echo "connected, seq $number"
            current=$rest
            [ -n "$seq" ] || { seq=$number epoch=$current; }
            ;;
        gap)
            echo "changes up to $number are gone; the newest sessions as they are now:"
            get '/api/sessions?limit=500' | jq -r '.sessions[] | "session \(.id) \(.state)"'
            seq=$number epoch=$current
            ;;
        delta)
            seq=$number
            echo "$number $rest"
            ;;
        esac
    done < <(messages <&"$stream")
    kill "$pid" 2>/dev/null || :
    exec {stream}<&-
    echo disconnected >&2
    sleep 2
done
