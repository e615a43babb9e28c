# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that hangs is ended and started again.

check "the watchdog is armed" property_is WatchdogUSec 30s
drop_in WatchdogSec=2s TimeoutAbortSec=3s
machine_run systemctl restart julesd.service
pid=$(property MainPID)
since
machine_run kill -STOP "$pid"
restarted() { [ "$(property NRestarts)" -ge 1 ] && [ "$(property MainPID)" != "$pid" ] && active; }
check "a daemon that hangs is ended and started again" eventually 40 restarted
check "systemd gives the reason" journal_like 'Watchdog timeout'
drop_out
machine_run systemctl restart julesd.service
