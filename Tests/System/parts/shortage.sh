# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Too little memory, and a full disk. The journal has clear entries, and no stored data is lost.

set_settings RATE_LIMIT=0 POLL_INTERVAL=1s
drop_in MemoryHigh=infinity MemoryMax=48M RestartSec=100ms
machine_run systemctl restart julesd.service
since
restarts=$(property NRestarts)
hogged() {
    touch "$machine/hogging"
    machine_net python3 Tests/System/hog.py "$machine/hogging" 100 "$token" >/dev/null 2>&1 &
    local hog=$! status=0
    killed() { [ "$(property NRestarts)" -gt "$restarts" ]; }
    eventually 60 killed || status=$?
    rm "$machine/hogging"
    wait $hog || :
    eventually 60 active || status=$?
    return $status
}
check "a daemon that exceeds MemoryMax is ended and started again" under_load hogged
check "systemd gives the reason" journal_like 'oom-kill|OOM killer|code=killed, status=9/KILL'
show_load
check "the followers have every delta once" followers_have_all
drop_out
machine_run systemctl restart julesd.service

state=/var/lib/julesd
machine_run systemctl stop julesd.socket julesd-control.socket julesd.service 2>/dev/null
machine_run sh -c "cp -a $state /state.before && mount -t tmpfs -o size=8M,mode=700 tmpfs $state &&
    cp -a /state.before/. $state/ && chown julesd:julesd $state"
machine_run systemctl start julesd.socket julesd-control.socket julesd.service
since
fill() {
    machine_run sh -c "dd if=/dev/zero of=$state/filler bs=4k 2>/dev/null; sync" || :
    eventually 60 told storage_trouble 'the disk is full'
}
full_and_back() {
    fill || return 1
    [ "$(ask http://127.0.0.1:3001/healthz)" = 200 ] || return 1
    [ "$(ask -H "Authorization: Bearer $token" http://127.0.0.1:3001/api/sessions)" = 200 ] || return 1
    full=$(head_of_log)
    machine_run rm $state/filler
    moved() { [ "$(head_of_log)" != "$full" ]; }
    eventually 60 moved
}
check "a full disk is reported, reads continue, and the daemon continues when there is room" under_load full_and_back
show_load
check "the followers have every delta once again" followers_have_all
check "the daemon was never restarted" property_is NRestarts 0
before=$(head_of_log)
machine_run sh -c "dd if=/dev/zero of=$state/filler bs=4k 2>/dev/null" || :
since
restarts=$(property NRestarts)
machine_run systemctl --no-block restart julesd.service
# It exits and is started again, or it runs and reports the full disk.
met_full_disk() { [ "$(property NRestarts)" -gt "$restarts" ] || told storage_trouble; }
check "a daemon that starts on a full disk notices it" eventually 60 met_full_disk
machine_run rm -f $state/filler
check "a daemon that starts on a full disk becomes ready when there is room" eventually 60 active
check "the daemon still has its history" like "*${before#*,}" "$(head_of_log)"
machine_run systemctl stop julesd.socket julesd-control.socket julesd.service 2>/dev/null
machine_run sh -c "cp -a $state/. /state.after/ 2>/dev/null || { mkdir /state.after; cp -a $state/. /state.after/; }
    umount $state; cp -a /state.after/. $state/"
machine_run systemctl start julesd.socket julesd-control.socket julesd.service
check "the stored history is still there" like "*${before#*,}" "$(head_of_log)"
unset_settings
machine_run systemctl restart julesd.service
