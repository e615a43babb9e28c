# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# systemctl reload with a good file and a bad one.

pid=$(property MainPID)
since
set_settings LOG_LEVEL=debug
check "reload takes new settings" machine_run systemctl reload julesd.service
check "and the journal says so" eventually 10 told reload_done 'No client was disconnected'
ask -H 'X-Request-Id: at-the-new-level' http://127.0.0.1:3001/healthz >/dev/null
check "the new level is in force" eventually 10 machine_run sh -c 'journalctl -o cat JULESD_REQUEST_ID=at-the-new-level | grep .'
set_settings PORT=4000
check "reload of a change that takes a restart succeeds" machine_run systemctl reload julesd.service
check "and the journal says what it takes" eventually 10 told reload_needs_restart 'systemctl restart julesd.service'
check "and the status line" eventually 15 status_like '*restart needed for PORT*'
set_settings NONSENSE=1
check "reload of a faulty file fails" not machine_run systemctl reload julesd.service
check "the journal says that it was refused" eventually 10 told reload_refused 'daemon runs on with the earlier ones'
check "and why" journal_like 'NONSENSE'
machine_run systemctl kill -s HUP julesd.service
check "a signal past the check is refused as well" eventually 10 times_told 2 reload_refused
check "the daemon runs on" equal "$pid active" "$(property MainPID) $(property ActiveState)"
unset_settings
machine_run systemctl restart julesd.service
