# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# systemctl reload with a correct file and with a faulty one.

pid=$(property MainPID)
since
set_settings LOG_LEVEL=debug
check "a reload applies new settings" machine_run systemctl reload julesd.service
check "the journal reports the reload" eventually 10 told reload_done 'No client was disconnected'
ask -H 'X-Request-Id: at-the-new-level' http://127.0.0.1:3001/healthz >/dev/null
check "the new log level is in force" eventually 10 machine_run sh -c 'journalctl -o cat JULESD_REQUEST_ID=at-the-new-level | grep .'
set_settings PORT=4000
check "a reload succeeds if a change needs a restart" machine_run systemctl reload julesd.service
check "the journal says that a restart is needed" eventually 10 told reload_needs_restart 'systemctl restart julesd.service'
check "the status line says that a restart is needed" eventually 15 status_like '*restart needed for PORT*'
set_settings NONSENSE=1
check "a reload of a faulty file fails" not machine_run systemctl reload julesd.service
check "the journal reports that the file was refused" eventually 10 told reload_refused 'daemon runs on with the earlier ones'
check "the journal names the fault" journal_like 'NONSENSE'
machine_run systemctl kill -s HUP julesd.service
check "a signal without the check is refused too" eventually 10 times_told 2 reload_refused
check "the daemon continues to run" equal "$pid active" "$(property MainPID) $(property ActiveState)"
unset_settings
machine_run systemctl restart julesd.service
