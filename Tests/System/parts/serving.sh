# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Access, the status line, and the strength of the sandbox.

status_of() { machine_run setpriv --reuid "$1" --regid "$(machine_run id -g "$1")" --init-groups -- curl -s -o /dev/null \
    -w '%{http_code}' --unix-socket /run/julesd/julesd.sock http://localhost/api/sessions || :; }
unix_socket_admits() {
    check "root needs no token on the Unix socket $1" equal 200 "$(status_of root)"
    check "a member of the group by its primary group needs no token $1" equal 200 "$(status_of primary)"
    check "a member of the group by a supplementary group needs no token $1" equal 200 "$(status_of member)"
    check "any other user is refused $1" equal 000 "$(status_of stranger)"
}

check "the token opens the API" equal 200 "$(ask -H "Authorization: Bearer $token" http://127.0.0.1:3001/api/sessions)"
check "without the token the API is closed" equal 401 "$(ask http://127.0.0.1:3001/api/sessions)"
machine_run useradd -G julesd member
machine_run useradd stranger
machine_run useradd -N -g julesd primary
unix_socket_admits "at first"
machine_run systemctl restart julesd.service
unix_socket_admits "after a restart"
machine_run systemctl stop $units
machine_run systemctl start $units
unix_socket_admits "after a restart of the socket"

check "the status line gives sessions, clients and the last poll" eventually 15 status_like '*sessions*attention*clients*last good poll*'
check "the exposure is at most 1.5" machine_run systemd-analyze security --threshold=15 julesd.service
echo "        $(machine_run systemd-analyze security julesd.service | tail -1)"
check "systemd finds no error in the units" machine_run systemd-analyze verify --man=no $units
descriptors() { machine_run sh -c "awk '/Max open files/ { print \$4 }' /proc/$(property MainPID)/limits"; }
check "there are enough descriptors for 10,000 clients" test "$(descriptors)" -ge 16384
check "the journal has no warning" machine_run sh -c '! journalctl -u julesd -p warning -b -o cat | grep -v "refuses the key\|stop.*activated"'
