# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Both packages, and julesd setup.

install_package jules-simulator >/dev/null
check "the daemon can be installed" install_package julesd
check_installed_quietly
start_simulator
machine_run sed -i "s|^#JULES_API_BASE=.*|JULES_API_BASE=$simulator/v1alpha|" "$settings"
# Simulated time runs twenty times as fast, so the budget is higher too.
set_settings UPSTREAM_BUDGET=2000
machine_run cp "$settings" /settings.before

since
check "setup exits with 77 if the API refuses the key" exits 77 setup wrong-key-of-the-test
check "a refused key is not stored" machine_run sh -c '! find /etc/julesd/credentials* -type f | grep .'
check "a refused key starts nothing" property_is ActiveState inactive
check "the service's journal has one entry about the refused key, with what to do" eventually 5 told key_refused 'run "julesd setup"'
check "the refused key is reported once" times_told 1 key_refused

setup "$key" >"$machine/setup" 2>&1 || cat "$machine/setup"
check "setup starts the service" active
for unit in $units; do check "setup enables $unit" enabled_is "$unit" enabled; done
check "setup prints no messages of other programs" not grep -Ei 'credential secret|failed|symlink|warning' "$machine/setup"
token=$(machine_run julesd setup --show-token)
check "setup makes a token and shows it to root again" like '????????????????*' "$token"
check "setup shows no token if standard output is no terminal" not grep -qF "$token" "$machine/setup"
check "only root can read the stored credentials" \
    machine_run sh -c '! find /etc/julesd/credentials* -type f ! -perm 600 -o -type f ! -user root | grep .'
check "no plain credential is stored if it can be sealed" machine_run sh -c \
    '! systemd-creds encrypt --name=x - - </dev/null >/dev/null 2>&1 || ! ls -A /etc/julesd/credentials | grep .'
