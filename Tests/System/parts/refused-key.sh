# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A key that the API refuses ends in failed units and not in a loop, whoever connects meanwhile.

machine_run sh -c "mkdir -p /kept && cp -a /etc/julesd/credentials* /kept/"
machine_run sh -c "rm -f /etc/julesd/credentials*/jules_api_key; umask 077; echo wrong >/etc/julesd/credentials/jules_api_key"
touch "$machine/loading"
machine_net python3 Tests/System/connections.py "$machine/loading" 50 >"$machine/load" 2>&1 &
load=$!
since
check "a start with a refused key fails" not machine_run systemctl restart julesd.service
sleep 10
rm "$machine/loading"
wait $load || :
check "with status 77" property_is ExecMainStatus 77
check "it is not tried again, although clients kept connecting" property_is NRestarts 0
check "the service has failed" property_is ActiveState failed
check "and systemctl lists it" machine_run sh -c 'systemctl --failed --plain | grep -q "^. *julesd.service\|^julesd.service"'
check "the sockets are closed" equal "inactive inactive" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
check "one entry in the journal tells of the key" eventually 5 times_told 1 key_refused
check "and how to mend it" told key_refused 'run "julesd setup"'
check "setup mends it" setup "$key"
check "and the daemon runs again" active
check "with its sockets" equal "active active" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
check "and one copy of the key" equal 1 "$(machine_run sh -c 'ls /etc/julesd/credentials*/jules_api_key | wc -l')"

set_settings NONSENSE=1
since
check "a start with faulty settings fails" not machine_run systemctl restart julesd.service
check "with status 78" property_is ExecMainStatus 78
check "and the journal says what to do" eventually 5 told settings_refused 'julesd check-config'
unset_settings
check "a restart is all it takes once they are right" machine_run systemctl restart julesd.service

drop_in 'ExecStart=' 'ExecStart=/bin/false' 'RestartSec=10ms'
since
machine_run systemctl --no-block restart julesd.service
check "a daemon that always dies is given up" eventually 60 journal_like 'julesd.service: Start request repeated too quickly'
check "for good" property_is ActiveState failed
drop_out
check "setup repairs that as well" setup "$key"
check "and the daemon runs again" active
