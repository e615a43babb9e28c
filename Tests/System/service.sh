# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The installed service inside the machine and the simulator that it uses. The parts of the system test use these
# functions.

key="key-of-the-test-0123456789"
simulator=http://127.0.0.1:8089
settings=/etc/julesd/julesd.conf

start_simulator() {
    # The key is in the environment, because systemd writes command lines to the journal.
    machine_run systemd-run -q --unit=simulator --setenv="KEY=$key" sh -c \
        'exec jules-simulator --port 8089 --key "$KEY" --sessions 20 --active 6 --speed 20 --arrivals 1'
    eventually 10 machine_run curl -sf "$simulator/simulator" >/dev/null
}
fault() { machine_run curl -sf -o /dev/null "$simulator/simulator/faults" -d "$1"; }
heal() { machine_run curl -sf -o /dev/null -X DELETE "$simulator/simulator/faults"; }

setup() { machine_run sh -c "echo '$1' | julesd setup"; }
ask() { machine_run curl -s -o /dev/null -w '%{http_code}' "$@"; }
control() { machine_run curl -s --unix-socket /run/julesd/julesd.sock "http://localhost$1"; }
head_of_log() { control '/api/sessions?limit=1' | grep -o '"seq":[0-9]*,"epoch":"[^"]*"'; }
property() { machine_run systemctl show -P "$1" julesd.service; }
property_is() { equal "$2" "$(property "$1")"; }
# The status line is updated every few seconds.
status_like() { like "$1" "$(property StatusText)"; }
active() { property_is ActiveState active; }
exits() { local status=0; "${@:2}" >/dev/null || status=$?; equal "$1" "$status"; }

# set_settings KEY=VALUE...: adds settings. The last value of a key counts. unset_settings removes them all again.
set_settings() { local line; for line in "$@"; do machine_run sh -c "echo '$line' >>$settings"; done; }
unset_settings() { machine_run cp /settings.before "$settings"; }

# drop_in LINE...: adds settings to the unit, which apply from the next start.
drop_in() {
    machine_run mkdir -p /run/systemd/system/julesd.service.d
    printf '%s\n' '[Service]' "$@" >"$machine/root/drop-in"
    machine_run cp /drop-in /run/systemd/system/julesd.service.d/test.conf
    machine_run systemctl daemon-reload
}
drop_out() {
    machine_run rm -rf /run/systemd/system/julesd.service.d
    machine_run systemctl daemon-reload
}

# The id of an event of the catalog, by its name.
event() { awk -v name="# $1" '$0 == name { getline; print $2 }' systemd/julesd.catalog; }
# since: marks the current time. told EVENT [TEXT]: checks that the journal has the event since then, with that text
# from the catalog.
since() { since=@$(date +%s.%6N); }
told() {
    machine_run journalctl -u julesd -x -o short --since="$since" "MESSAGE_ID=$(event "$1")" >"$machine/told"
    grep -q "${2:-julesd}" "$machine/told"
}
times_told() {
    equal "$1" "$(machine_run journalctl -u julesd -o json --since="$since" "MESSAGE_ID=$(event "$2")" | wc -l)"
}
journal_like() { machine_run journalctl --since="$since" -o cat >"$machine/told" && grep -Eq "$1" "$machine/told"; }

# begin_loading: run it before connections.py.
# more_ended COUNT: so many connections have ended since begin_loading, or since it last succeeded.
begin_loading() { rm -f "$machine/loading.ended"; ended=0; touch "$machine/loading"; }
more_ended() {
    local now
    now=$(cat "$machine/loading.ended" 2>/dev/null) && [ "$now" -ge $((ended + $1)) ] && ended=$now
}

# under_load COMMAND...: runs the command while there are 200 connections per second and ten followers. Their results
# are in $machine/load and $machine/followed.
under_load() {
    local pids status=0
    rm -f "$machine/loading.following"
    begin_loading
    machine_net python3 Tests/System/connections.py "$machine/loading" 200 >"$machine/load" 2>&1 &
    pids=$!
    machine_net python3 Tests/System/followers.py "$machine/loading" "$token" 10 >"$machine/followed" 2>&1 &
    pids="$pids $!"
    { eventually 30 test -e "$machine/loading.following" && eventually 30 more_ended 400 && "$@"; } || status=$?
    eventually 30 more_ended 400 || status=$?
    rm "$machine/loading"
    # shellcheck disable=SC2086 # two of them
    wait $pids || :
    return "$status"
}
show_load() { sed 's/^/        /' "$machine/load" "$machine/followed"; }
followers_have_all() { like '*deltas=[1-9]* missed=0 twice=0 gaps=0' "$(cat "$machine/followed")"; }
nothing_lost() {
    like 'answered=[1-9]* refused=0 lost=0 *' "$(head -1 "$machine/load")" &&
        followers_have_all
}
