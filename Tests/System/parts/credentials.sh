# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Key and token as sealed files and as plain files.

opens() { equal 200 "$(ask -H "Authorization: Bearer $1" http://127.0.0.1:3001/api/sessions)"; }
sealed=/etc/julesd/credentials.encrypted
plain=/etc/julesd/credentials
check "setup seals key and token" machine_run sh -c "test -s $sealed/jules_api_key -a -s $sealed/local_token"
check "the sealed token opens the API" opens "$token"
machine_run sh -c "umask 077; for name in jules_api_key local_token; do
    systemd-creds decrypt --name=sealed_\$name $sealed/\$name $plain/\$name 2>/dev/null; rm $sealed/\$name; done"
check "the service starts with key and token in plain files" machine_run systemctl restart julesd.service
check "the plain token opens the API" opens "$token"
check "only root can read the plain token" not machine_run setpriv --reuid julesd --regid julesd --clear-groups cat $plain/local_token
check "the service restarts with another token" machine_run sh -c "echo another-token-of-the-test >$plain/local_token && systemctl restart julesd.service"
check "the new token opens the API" opens another-token-of-the-test
check "the old token no longer opens the API" not opens "$token"
machine_run sh -c "rm $plain/local_token"
check "setup seals the key again and makes a token if there is none" setup "$key"
token=$(machine_run julesd setup --show-token)
check "the new token opens the API" opens "$token"
check "setup leaves no plain credential" machine_run sh -c "! ls -A $plain | grep ."
