# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The packages under test, and functions that install and check them inside the machine.

# The newest build of a package. DEB_OUTPUT may name a folder other than the one that `make deb` fills.
package() { find "${DEB_OUTPUT:-.build-deb}" -maxdepth 1 -name "$1_*_$(dpkg --print-architecture).deb" | head -1; }

# Copies both packages into the machine, and julesd a second time with a later version.
packages_provide() {
    local inside=$machine/root/packages newer=$machine/newer
    mkdir -p "$inside"
    if [ -z "$(package julesd)" ] || [ -z "$(package jules-simulator)" ]; then
        echo "there are no packages: run \"make deb\" first" >&2
        return 1
    fi
    cp "$(package julesd)" "$inside/julesd.deb"
    cp "$(package jules-simulator)" "$inside/jules-simulator.deb"
    dpkg-deb -R "$inside/julesd.deb" "$newer"
    sed -i 's/^Version: .*/&+newer/' "$newer/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -b "$newer" "$inside/newer.deb" >/dev/null
}

install_package() { machine_run dpkg -i "/packages/$1.deb"; }
unit_is() { equal "$2" "$(machine_run systemctl show -P "$3" "$1")"; }
enabled_is() { equal "$2" "$(machine_run systemctl is-enabled "$1" 2>/dev/null)"; }
file_is() { equal "$2" "$(machine_run stat -c '%U:%G %a' "$1")"; }
exists() { machine_run test -e "$1"; }
units="julesd.service julesd.socket julesd-control.socket"

check_installed_quietly() {
    local unit
    for unit in $units; do
        check "installing does not enable $unit" enabled_is "$unit" disabled
        check "installing does not start $unit" unit_is "$unit" inactive ActiveState
    done
    check "the service's group can read the settings" file_is /etc/julesd/julesd.conf "root:julesd 640"
    check "only root can read the credentials" file_is /etc/julesd/credentials "root:root 700"
    check "only root can read the sealed credentials" file_is /etc/julesd/credentials.encrypted "root:root 700"
    check "the package keeps the history" machine_run grep -qx PERSIST=1 /etc/julesd/julesd.conf
    check "the catalog contains the daemon's messages" \
        machine_run sh -c 'journalctl --list-catalog | grep -q "The daemon is ready"'
}

check_removed() {
    check "remove succeeds" machine_run dpkg -r julesd
    check "remove keeps the settings" exists /etc/julesd/julesd.conf
    check "purge succeeds" machine_run dpkg -P julesd
    check "purge removes settings and credentials" not exists /etc/julesd
    check "purge removes the state" not exists /var/lib/julesd
    check "purge leaves no link to a unit" \
        machine_run sh -c '! find /etc/systemd/system -lname "*julesd*" | grep .'
}
