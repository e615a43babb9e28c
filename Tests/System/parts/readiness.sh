# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# systemctl start returns after the first successful probe, and not before.

machine_run systemctl stop julesd.service 2>/dev/null
machine_run curl -s -X DELETE "$simulator/simulator/requests" >/dev/null
check "systemctl start succeeds" machine_run systemctl start julesd.service
check "systemctl start returns after the API has answered" machine_run sh -c "curl -s $simulator/simulator/requests | grep -q sessions"

machine_run systemctl stop julesd.service 2>/dev/null
since
fault '{"fault": "status", "status": 503}'
machine_run systemctl --no-block start julesd.service
check "while the API fails, systemctl status gives the reason" eventually 20 status_like 'Waiting for Jules*503*'
check "the service is not ready" property_is ActiveState activating
check "the service answers requests meanwhile" equal 200 "$(ask http://127.0.0.1:3001/healthz)"
check "the service returns its stored copy meanwhile" like '{"sessions":\[?*' "$(control /api/sessions)"
check "the journal says that the service waits, and what to check" told waiting_for_upstream 'name resolution'
heal
check "the service is ready as soon as the API answers" eventually 30 active

machine_run systemctl stop julesd.service 2>/dev/null
set_settings READY_TIMEOUT=2s
fault '{"fault": "status", "status": 503}'
since
machine_run systemctl --no-block start julesd.service
started_again() { [ "$(property NRestarts)" -ge 1 ]; }
check "after READY_TIMEOUT the daemon ends and is started again" eventually 30 started_again
check "the daemon ends with status 69" journal_like 'Main process exited, code=exited, status=69'
check "the journal reports the time-out" told start_timed_out 'READINESS=listening'
heal
check "the service is ready when the API answers" eventually 30 active
unset_settings
machine_run systemctl restart julesd.service
