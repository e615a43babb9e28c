# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The part of docker-test about the profile `cluster`, for that test to source. It uses its functions, and these variables:
: "${token:?}" "${port:?}"

member() { docker ps --all --quiet --filter "label=com.docker.compose.service=$1"; }
# The port of an instance in the network of the simulator, and the address of that network.
member_port() { case $1 in first) echo 3001 ;; second) echo 3002 ;; esac }
cluster_address() { inspect "$(member cluster-simulator)" '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'; }
# member_body INSTANCE PATH: asks an instance past the proxy.
member_body() {
    inside curl -s -m 60 -H "Authorization: Bearer $token" "http://$(cluster_address):$(member_port "$1")$2"
}
leader() { body /api/status | sed -n 's/.*"leader":"\([^"]*\)".*/\1/p'; }
somebody_leads() { [ -n "$(leader)" ]; }
leads() { equal "$1" "$(leader)"; }
# The names of the instances that answer, in order, each once.
answering() { for _ in 1 2 3 4 5 6; do body /api/status; done | grep -o '"instance":"[^"]*"' | sort -u | cut -d'"' -f4 | xargs; }
answer() { equal "$*" "$(answering)"; }
other() { case $1 in first) echo second ;; second) echo first ;; esac }
head_of() { member_body "$1" '/api/sessions?limit=1' | grep -o '"seq":[0-9]*' | head -1 | cut -d: -f2; }
epoch_of() { member_body "$1" '/api/sessions?limit=1' | grep -o '"epoch":"[^"]*"'; }
# Waits at an instance for the next delta. Only the leader asks Jules, so at the other one it comes from PostgreSQL.
hears() { like '{"deltas":\[{*' "$(member_body "$1" "/api/deltas?since=$(head_of "$1")&wait=50")"; }
all_served() { for _ in 1 2 3 4 5 6 7 8; do equal 200 "$(authorized /api/sessions)" || return; done; }

check "the cluster starts without any setting" compose --profile cluster up --detach cluster
check "the cluster shows sessions" eventually 60 has_sessions 40
check "both instances answer at one address" eventually 20 answer first second
check "one of them leads" eventually 20 somebody_leads
leader=$(leader)
follower=$(other "$leader")
check "both have the same epoch" equal "$(epoch_of first)" "$(epoch_of second)"
check "a delta reaches a client of the instance that does not lead" hears "$follower"
docker kill "$(member "$leader")" >/dev/null
check "when the leader is killed, the other one leads" eventually 15 leads "$follower"
check "and every request is still served" all_served
check "and deltas go on" hears "$follower"
docker start "$(member "$leader")" >/dev/null
check "the killed one comes back" eventually 30 answer first second
check "and hears deltas" hears "$leader"
docker stop --time 10 "$(member database)" >/dev/null
unavailable() { equal 503 "$(authorized /api/sessions)"; }
check "without PostgreSQL the API says 503, through the proxy too" eventually 20 unavailable
check "/readyz says 503" equal 503 "$(ask "http://127.0.0.1:$port/readyz")"
check "/healthz says 200" equal 200 "$(ask "http://127.0.0.1:$port/healthz")"
docker start "$(member database)" >/dev/null
check "when PostgreSQL is back, requests are served again" eventually 30 all_served
check "and deltas go on" eventually 30 hears first
