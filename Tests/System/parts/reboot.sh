# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The daemon comes back with the machine, and its history with it.

epoch() { head_of_log | grep -o '"epoch":.*'; }
before=$(epoch)
machine_reboot
check "after a reboot the daemon is there and waits for the API" eventually 30 status_like 'Waiting for Jules*'
check "it still has its history" equal "$before" "$(epoch)"
start_simulator
check "and is ready as soon as the API answers" eventually 60 active
check "its sockets are systemd's again" equal "active active" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
