# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A temporary Debian 12 machine with its own systemd, in a container of systemd-nspawn, for the tests to source. It
# needs root, systemd-nspawn and writable control groups. The first run also needs debootstrap and a mirror.

machine_cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/julesd
machine_packages=systemd,systemd-sysv,dbus,libnss-systemd,iproute2,procps,ca-certificates,curl,python3-minimal
machine_packages+=,libcurl4,libsqlite3-0,libssl3,libstdc++6,init-system-helpers,openssl,postgresql

# If something is missing on this machine, prints it and fails.
machine_possible() {
    local lacks=() tool
    [ "$(id -u)" = 0 ] || lacks+=("root")
    for tool in systemd-nspawn nsenter tar; do command -v "$tool" >/dev/null || lacks+=("$tool"); done
    [ -s "$(machine_tarball)" ] || command -v debootstrap >/dev/null || lacks+=("debootstrap")
    [ -d /run/systemd/system ] || [ -w /sys/fs/cgroup/systemd ] || lacks+=("writable control groups, or a systemd that runs")
    [ ${#lacks[@]} = 0 ] && return
    printf 'A MACHINE FOR THE SYSTEM TESTS CANNOT BE MADE HERE. Missing:\n' >&2
    printf '  - %s\n' "${lacks[@]}" >&2
    return 1
}

# Another list of packages is another base system.
machine_tarball() { echo "$machine_cache/bookworm-$(dpkg --print-architecture)-$(cksum <<<"$machine_packages" | cut -d' ' -f1).tar"; }

# The mirror that apt uses on this machine.
machine_mirror() { apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | head -1; }

# Fetches the base system once and keeps it outside the checkout.
machine_base() {
    local tarball root
    tarball=$(machine_tarball)
    [ -s "$tarball" ] && return
    mkdir -p "$machine_cache"
    root=$(mktemp -d /var/tmp/julesd-base.XXXXXX)
    echo "fetching a Debian 12 base system into $tarball"
    debootstrap --variant=minbase --include="$machine_packages" bookworm "$root" "$(machine_mirror)" >"$tarball.log"
    rm -f "$root"/var/cache/apt/archives/*.deb
    : >"$root/etc/machine-id"
    # mktemp(1) gives access only to the owner, but services run as other users.
    chmod 755 "$root"
    tar -C "$root" --numeric-owner -cpf "$tarball.new" .
    mv "$tarball.new" "$tarball"
    rm -rf --one-file-system "$root"
}

machine_unpack() {
    rm -rf --one-file-system "$1"
    mkdir "$1"
    tar -C "$1" --numeric-owner -xpf "$(machine_tarball)"
}

# Makes the machine and sets `machine` to its folder.
machine_create() {
    machine_base
    machine=$(mktemp -d /var/tmp/julesd-machine.XXXXXX)
    machine_unpack "$machine/root"
    echo julesd-test >"$machine/root/etc/hostname"
    printf '127.0.0.1 localhost julesd-test\n' >"$machine/root/etc/hosts"
    # If no systemd runs outside, this script mounts the v1 controllers.
    cat >"$machine/root/sbin/machine-init" <<'INIT'
#!/bin/sh
if mount -o remount,bind,rw /sys/fs/cgroup 2>/dev/null; then
    for controller in memory pids cpu cpuacct devices blkio; do
        [ ! -d /sys/fs/cgroup/$controller ] || mount -o remount,bind,rw /sys/fs/cgroup/$controller
    done 2>/dev/null
fi
exec /lib/systemd/systemd "$@"
INIT
    chmod +x "$machine/root/sbin/machine-init"
}

machine_boot() {
    local options=(-q -D "$machine/root" -M "${machine##*/}" --register=no --private-network --resolv-conf=off
        --timezone=off --console=pipe "--system-call-filter=bpf @keyring")
    [ -d /run/systemd/system ] || options+=(--keep-unit)
    (
        [ -d /run/systemd/system ] || machine_enter_cgroups
        exec setsid systemd-nspawn "${options[@]}" /sbin/machine-init </dev/null >>"$machine/console" 2>&1
    ) &
    machine_launcher=$!
    local i
    for ((i = 0; i < 300; i++)); do
        sleep 0.2
        machine_leader=$(pgrep -P "$machine_launcher" | head -1) || continue
        # dbus.service starts after all that a system needs, and before services that may wait for something.
        ! machine_run systemctl is-active -q dbus.service 2>/dev/null || return 0
    done
    echo "the machine did not boot" >&2
    tail -5 "$machine/console" >&2
    return 1
}

# Creates a control group for the machine in each hierarchy, under the one of this process.
machine_enter_cgroups() {
    local controller key place
    for controller in systemd unified memory pids cpu cpuacct devices blkio; do
        [ -d "/sys/fs/cgroup/$controller" ] || continue
        case $controller in
        systemd) key='[0-9]*:name=systemd:' ;;
        unified) key='0::' ;;
        *) key="[0-9]*:$controller:" ;;
        esac
        place=$(sed -n "s#^$key##p" /proc/self/cgroup | head -1)
        place=/sys/fs/cgroup/$controller${place%/}/${machine##*/}
        mkdir -p "$place"
        echo "$place" >>"$machine/cgroups"
        echo "$BASHPID" >"$place/cgroup.procs"
    done
}

# Runs a command inside the machine, in all of its namespaces.
machine_run() {
    nsenter -t "$machine_leader" -a -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        DEBIAN_FRONTEND=noninteractive SYSTEMD_PAGER= SYSTEMD_COLORS=0 "$@"
}

# Runs a program of this machine in the network of the test machine.
machine_net() { nsenter -t "$machine_leader" -n -- "$@"; }

# Stops and boots the machine, because `systemctl reboot` inside the container only stops it.
machine_reboot() {
    machine_stop
    machine_boot
}

machine_stop() {
    local i
    [ -n "${machine_launcher:-}" ] || return 0
    timeout 10 nsenter -t "$machine_leader" -a systemctl --no-block poweroff >/dev/null 2>&1 || :
    for ((i = 0; i < 300; i++)); do
        kill -0 "$machine_launcher" 2>/dev/null || break
        sleep 0.1
    done
    if kill -0 "$machine_launcher" 2>/dev/null; then
        kill -KILL "$machine_leader" "$machine_launcher" 2>/dev/null || :
    fi
    wait "$machine_launcher" 2>/dev/null || :
    machine_launcher=
    [ -s "$machine/cgroups" ] || return 0
    while read -r place; do
        for ((i = 0; i < 10; i++)); do
            [ -d "$place" ] || break
            find "$place" -depth -type d -exec rmdir {} + 2>/dev/null && break
            sleep 0.2
        done
    done < <(sort -u "$machine/cgroups")
    rm -f "$machine/cgroups"
}

machine_destroy() {
    machine_stop
    [ -z "${machine:-}" ] || rm -rf --one-file-system "$machine" "/var/tmp/.#${machine##*/}.lck"
}
