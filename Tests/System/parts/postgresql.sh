# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The unit with STORE: the sandbox lets the daemon reach PostgreSQL over its socket and over TCP with TLS. The commands
# are those of docs/instances.md.

as_postgres() { machine_run runuser -u postgres -- "$@"; }
store_is() { like "*\"store\":{\"kind\":\"$1\"*" "$(control /api/status)"; }
leads_itself() { like '*"instance":"a"*"leader":"a"*' "$(control /api/status)"; }
# seal_store URI: seals it as a credential.
seal_store() {
    machine_run sh -c "umask 077; printf %s '$1' >/store;
        systemd-creds encrypt --name=sealed_store /store /etc/julesd/credentials.encrypted/store 2>/dev/null; rm /store"
}
connections() { as_postgres psql -qAtc "SELECT count(*) FROM pg_stat_activity WHERE usename = 'julesd' $1"; }

# debootstrap unpacks the server, but makes no cluster.
machine_run sh -c 'test -e /etc/postgresql/15/main || pg_createcluster --locale=C.UTF-8 15 main' >/dev/null
machine_run systemctl start postgresql@15-main.service
as_postgres psql -q -c "CREATE ROLE julesd LOGIN PASSWORD 'p@ss word'" \
    -c "CREATE DATABASE julesd OWNER julesd TEMPLATE template0 ENCODING 'UTF8'" -c "REVOKE ALL ON DATABASE julesd FROM PUBLIC"
set_settings INSTANCE=a
seal_store 'postgresql:///julesd?host=/run/postgresql'
check "the service starts with a store over PostgreSQL's socket" machine_run systemctl restart julesd.service
check "the store is PostgreSQL's" store_is postgresql
check "the instance leads" eventually 20 leads_itself
check "the status line says so" eventually 20 status_like '*, leads'
check "check-config does not show the sealed URI" like '*STORE=\[sealed\]*' "$(machine_run julesd check-config)"
check "the instance has four connections" equal 4 "$(connections '')"

machine_run sh -ec "cd /root; echo '127.0.0.1 db1.example' >>/etc/hosts
    openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj '/CN=CA of the database' -keyout ca.key -out ca.pem 2>/dev/null
    openssl req -newkey rsa:3072 -nodes -subj /CN=db1.example -keyout server.key -out server.csr 2>/dev/null
    printf subjectAltName=DNS:db1.example >server.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile server.ext -out server.crt 2>/dev/null
    install -m 644 server.crt /etc/postgresql/15/main/server.crt
    install -m 640 -g ssl-cert server.key /etc/postgresql/15/main/server.key
    install -m 644 ca.pem /etc/julesd/postgresql-ca.pem
    printf '%s\n' \"ssl_cert_file = '/etc/postgresql/15/main/server.crt'\" \"ssl_key_file = '/etc/postgresql/15/main/server.key'\" \
        >/etc/postgresql/15/main/conf.d/julesd.conf
    sed -i '/^host /d' /etc/postgresql/15/main/pg_hba.conf
    echo 'hostssl julesd julesd 127.0.0.1/32 scram-sha-256' >>/etc/postgresql/15/main/pg_hba.conf
    systemctl restart postgresql@15-main.service"
uri='postgresql://julesd:p%40ss%20word@db1.example/julesd?sslmode=verify-full&sslrootcert=/etc/julesd/postgresql-ca.pem'
seal_store "$uri"
check "the service starts with a store over TCP and TLS" machine_run systemctl restart julesd.service
check "the instance leads again" eventually 20 leads_itself
check "its four connections use TLS" equal 4 "$(connections 'AND pid IN (SELECT pid FROM pg_stat_ssl WHERE ssl)')"

since
machine_run systemctl stop postgresql@15-main.service
ready_is() { equal "$1" "$(ask http://127.0.0.1:3001/readyz)"; }
check "without PostgreSQL /readyz says 503" eventually 20 ready_is 503
check "and /healthz 200" equal 200 "$(ask http://127.0.0.1:3001/healthz)"
check "the service stays active" active
check "the journal says what fails" eventually 10 journal_like 'the store fails: PostgreSQL'
machine_run systemctl start postgresql@15-main.service
check "when PostgreSQL is back, the instance leads" eventually 20 leads_itself
check "and /readyz says 200" eventually 20 ready_is 200

machine_run systemctl stop postgresql@15-main.service
since
machine_run systemctl restart julesd.service 2>/dev/null || :
check "a start without PostgreSQL ends with status 74" eventually 20 journal_like 'Main process exited, code=exited, status=74'
machine_run systemctl start postgresql@15-main.service
check "systemd starts it again when PostgreSQL is there" eventually 30 active

since
seal_store 'postgresql://julesd:hunter2@db1.example:port/julesd'
machine_run systemctl restart julesd.service 2>/dev/null || :
check "a wrong STORE ends with status 78" eventually 20 journal_like 'Main process exited, code=exited, status=78'
check "and systemd does not try again" eventually 20 property_is ActiveState failed
check "the journal does not contain the password" not journal_like hunter2

machine_run rm /etc/julesd/credentials.encrypted/store
unset_settings
machine_run systemctl reset-failed julesd.service
check "without STORE the service has its own store again" machine_run systemctl start julesd.socket julesd-control.socket julesd.service
check "the store is SQLite's" store_is sqlite
