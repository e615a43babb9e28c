# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The daemon starts again with the machine and keeps its history.

epoch() { head_of_log | grep -o '"epoch":.*'; }
before=$(epoch)
machine_reboot
check "after a reboot the daemon runs and waits for the API" eventually 30 status_like 'Waiting for Jules*'
check "the daemon still has its history" equal "$before" "$(epoch)"
start_simulator
check "the daemon is ready as soon as the API answers" eventually 60 active
check "systemd holds the sockets again" equal "active active" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
