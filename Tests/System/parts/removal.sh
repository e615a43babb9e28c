# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Remove keeps the user's files, and purge deletes them.

machine_run dpkg -r julesd >/dev/null 2>&1
check "remove stops everything" not machine_run sh -c "pgrep -x julesd"
check "remove keeps the history" exists /var/lib/julesd/sessions.sqlite
check_removed
