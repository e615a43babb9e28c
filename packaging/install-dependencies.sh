#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing for the given purposes.
#
# usage: install-dependencies.sh PURPOSE...      (run, test, bench, instances, package; all of them without an argument)
set -eu

packages="build-essential libcurl4-openssl-dev libsqlite3-dev libssl-dev libsystemd-dev pkg-config zlib1g-dev"
for purpose in "${@:-run test bench instances package}"; do
    for word in $purpose; do
        case $word in
        run) packages="$packages curl python3 python3-websockets" ;;
        test) packages="$packages caddy chromium curl dbus dunst fonts-dejavu-core iproute2 jq libnotify-bin nginx-light nodejs openssl postgresql prometheus python3
            python3-pip python3-venv python3-websockets shellcheck sqlite3 systemd xvfb" ;;
        bench) packages="$packages golang-github-gorilla-websocket-dev golang-go libnginx-mod-nchan nginx-light node-ws nodejs postgresql python3 valgrind wrk" ;;
        instances) packages="$packages iproute2 nginx-light postgresql python3" ;;
        package) packages="$packages debhelper debootstrap dpkg-dev lintian piuparts procps systemd-container" ;;
        *) echo "usage: $0 [run] [test] [bench] [instances] [package]" >&2 && exit 2 ;;
        esac
    done
done

command -v swift >/dev/null || {
    echo "A Swift toolchain is missing: $(cat .swift-version 2>/dev/null || echo 6) from swift.org/install" >&2
    exit 1
}

missing=""
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed && continue
    case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
# The tests start nginx, Caddy, PostgreSQL and Prometheus themselves, so their installation must not start a service
# (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
for service in caddy nginx postgresql prometheus; do
    case "$missing" in *" $service"*) $as_root systemctl disable --quiet $service 2>/dev/null || : ;; esac
done
