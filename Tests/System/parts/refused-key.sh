# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# After the API has refused the key, the units have failed. They are not restarted in a loop, even if clients connect.

machine_run sh -c "mkdir -p /kept && cp -a /etc/julesd/credentials* /kept/"
machine_run sh -c "rm -f /etc/julesd/credentials*/jules_api_key; umask 077; echo wrong >/etc/julesd/credentials/jules_api_key"
begin_loading
machine_net python3 Tests/System/connections.py "$machine/loading" 50 >"$machine/load" 2>&1 &
load=$!
since
check "a start with a refused key fails" not machine_run systemctl restart julesd.service
check "500 clients connect meanwhile" eventually 60 more_ended 500
rm "$machine/loading"
wait $load || :
check "the daemon ends with status 77" property_is ExecMainStatus 77
check "the daemon is not started again, although clients connect" property_is NRestarts 0
check "the service has failed" property_is ActiveState failed
check "systemctl lists the failed service" machine_run sh -c 'systemctl --failed --plain | grep -q "^. *julesd.service\|^julesd.service"'
check "the sockets are closed" equal "inactive inactive" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
check "one entry in the journal reports the refused key" eventually 5 times_told 1 key_refused
check "the entry says what to do" told key_refused 'run "julesd setup"'
check "setup repairs the service" setup "$key"
check "the daemon runs again" active
check "its sockets are open again" equal "active active" \
    "$(machine_run systemctl show -P ActiveState julesd.socket julesd-control.socket | xargs)"
check "there is one copy of the key" equal 1 "$(machine_run sh -c 'ls /etc/julesd/credentials*/jules_api_key | wc -l')"

set_settings NONSENSE=1
since
check "a start with faulty settings fails" not machine_run systemctl restart julesd.service
check "the daemon ends with status 78" property_is ExecMainStatus 78
check "the journal says what to do" eventually 5 told settings_refused 'julesd check-config'
unset_settings
check "with correct settings a restart is enough" machine_run systemctl restart julesd.service

drop_in 'ExecStart=' 'ExecStart=/bin/false' 'RestartSec=10ms'
since
machine_run systemctl --no-block restart julesd.service
check "a daemon that always ends is given up" eventually 60 journal_like 'julesd.service: Start request repeated too quickly'
check "the service stays failed" property_is ActiveState failed
drop_out
check "setup repairs this too" setup "$key"
check "the daemon runs again after that" active
