# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The entries that an administrator finds in the journal.

since
machine_run systemctl restart julesd.service
check "the start has a text in the catalog" told server_started 'The daemon listens'
check "ready has a text in the catalog" told ready 'Start-up is complete'
fault '{"fault": "status", "status": 500}'
check "an outage of the API has a text in the catalog" eventually 60 told upstream_lost 'The stored copy is served'
heal
check "the end of an outage has a text in the catalog" eventually 90 told upstream_back 'Polling works again'
fields() { machine_run journalctl -u julesd -o json --since="$since" "$@" | tail -1 >"$machine/entry"; }
has_fields() {
    local field
    for field in "$@"; do grep -q "\"$field\"" "$machine/entry" || { echo "no $field in $(cat "$machine/entry")"; return 1; }; done
}
fields "MESSAGE_ID=$(event ready)"
check "an event has its fields" has_fields MESSAGE_ID PRIORITY SYSLOG_IDENTIFIER CODE_FILE CODE_LINE CODE_FUNC
ask -H 'X-Request-Id: asked-by-the-test' http://127.0.0.1:3001/api/sessions >/dev/null
machine_run journalctl --sync
fields JULESD_REQUEST_ID=asked-by-the-test
check "a refused request has the fields of the request" has_fields HTTP_METHOD HTTP_ROUTE HTTP_STATUS HTTP_PEER PRIORITY

id=$(machine_run curl -s "$simulator/simulator/sessions" -d '{"state": "IN_PROGRESS"}' | grep -o '[0-9]\{20\}' | head -1)
machine_run curl -s -o /dev/null "$simulator/simulator/sessions/$id" -d '{"action": "hold"}'
story() { machine_run journalctl -o cat "JULES_SESSION_ID=$id" >"$machine/story" && grep -q "$1" "$machine/story"; }
check "a session's entries begin with its creation" eventually 60 story "session $id: At work."
machine_run curl -s -o /dev/null "$simulator/simulator/sessions/$id" -d '{"action": "ask", "text": "Which branch?"}'
check "an entry says when a person is needed" eventually 60 story "session $id: Jules waits for your answer."
machine_run curl -s -o /dev/null "$simulator/simulator/sessions/$id" -d '{"action": "complete"}'
check "an entry says how the session ended" eventually 60 story "session $id: Ended on a question that nobody answered."
fields "JULES_SESSION_ID=$id"
check "a session's entry has its fields" has_fields JULES_SESSION_ID JULESD_STATE JULESD_PREVIOUS_STATE JULESD_SEQ JULESD_CHANGE MESSAGE_ID
fault '{"fault": "status", "status": 401}'
check "a key that is refused at run time has a text in the catalog" eventually 60 told key_refused 'serves its stored copy'
check "the daemon continues to run" active
requests_seen() { machine_run curl -sf "$simulator/simulator" | grep -o '"requests":{"total":[0-9]*' | grep -o '[0-9]*$'; }
asked_again() { [ "$(requests_seen)" -gt "$seen" ]; }
seen=$(requests_seen)
machine_run systemctl reload julesd.service
check "a reload tries the key again" eventually 20 asked_again
check "a key that is refused twice is reported once" times_told 1 key_refused
heal
check "after a reload the key works at once" machine_run systemctl reload julesd.service
check "the status line no longer reports a problem" eventually 20 not status_like '*Jules:*'

check "the journal contains no secret" machine_run sh -c "! journalctl -u julesd -o export | grep -aE '$key|$token'"
