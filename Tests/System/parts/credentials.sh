# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Key and token as sealed files and as plain ones.

opens() { equal 200 "$(ask -H "Authorization: Bearer $1" http://127.0.0.1:3001/api/sessions)"; }
sealed=/etc/julesd/credentials.encrypted
plain=/etc/julesd/credentials
check "a sealed key and token are taken" machine_run sh -c "test -s $sealed/jules_api_key -a -s $sealed/local_token"
check "and serve" opens "$token"
machine_run sh -c "umask 077; for name in jules_api_key local_token; do
    systemd-creds decrypt --name=sealed_\$name $sealed/\$name $plain/\$name 2>/dev/null; rm $sealed/\$name; done"
check "the same in the clear are taken" machine_run systemctl restart julesd.service
check "and serve" opens "$token"
check "nobody but root reads them" not machine_run setpriv --reuid julesd --regid julesd --clear-groups cat $plain/local_token
check "another token takes a restart" machine_run sh -c "echo another-token-of-the-test >$plain/local_token && systemctl restart julesd.service"
check "and replaces the first" opens another-token-of-the-test
check "which serves no more" not opens "$token"
machine_run sh -c "rm $plain/local_token"
check "setup seals the key again and makes a token where there is none" setup "$key"
token=$(machine_run julesd setup --show-token)
check "which serves" opens "$token"
check "and leaves nothing in the clear" machine_run sh -c "! ls -A $plain | grep ."
