# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Fifty restarts and an upgrade under load. RATE_LIMIT is off, because the ten followers reconnect more often than it
# allows one client.

set_settings RATE_LIMIT=0 POLL_INTERVAL=1s
arrivals() { machine_run curl -sf -o /dev/null "$simulator/simulator/arrivals" -d "{\"perMinute\": $1}"; }
arrivals 15
machine_run systemctl reset-failed julesd.service
machine_run systemctl restart julesd.service
restarts() { local i; for ((i = 0; i < 50; i++)); do machine_run systemctl restart julesd.service || return 1; done; }
check "50 restarts in a row succeed" under_load restarts
show_load
check "no connection is refused or lost, and no follower misses a delta or gets one twice" nothing_lost

since
before=$(property MainPID)
check "an upgrade succeeds" under_load install_package newer
show_load
check "no connection is refused or lost, and no follower misses a delta or gets one twice" nothing_lost
check "the upgrade restarted the daemon" not equal "$before" "$(property MainPID)"
check "the upgrade did not restart the sockets" not journal_like '(Closed|Listening on|Stopped) julesd(-control)?.socket'
arrivals 1
unset_settings
machine_run systemctl restart julesd.service
