# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A temporary Docker engine, for the tests to source. It uses no registry: the images that the Dockerfile names are made
# from Debian's archive and this machine's Swift toolchain. It needs root and network namespaces.

engine_cache=${XDG_CACHE_HOME:-$HOME/.cache}/julesd
engine_network=julesd-engine
# Debian's own client. Another one earlier in PATH may lack BuildKit.
engine_client=/usr/bin/docker

# Installs what is missing. If something is still missing, prints it and fails.
engine_possible() {
    local lacks=() tool
    if [ "$(id -u)" != 0 ]; then
        lacks+=("root")
    elif ! engine_installed; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends docker.io docker-compose debootstrap iproute2 >/dev/null || :
    fi
    for tool in dockerd "$engine_client" docker-compose ip debootstrap swift; do
        command -v "$tool" >/dev/null || lacks+=("$tool")
    done
    [ "${#lacks[@]}" != 0 ] || { ip netns add $engine_network-try && ip netns del $engine_network-try; } 2>/dev/null ||
        lacks+=("network namespaces")
    [ "${#lacks[@]}" != 0 ] || engine_bridge_possible || lacks+=("network bridges in the kernel")
    [ ${#lacks[@]} = 0 ] && return
    printf 'THE CONTAINER CANNOT BE TESTED HERE. Missing:\n' >&2
    printf '  - %s\n' "${lacks[@]}" >&2
    return 1
}

engine_installed() {
    [ -x "$engine_client" ] && command -v dockerd docker-compose ip debootstrap >/dev/null
}

engine_bridge_possible() {
    ip link add julesd-try type bridge 2>/dev/null && ip link del julesd-try
}

# Starts an engine and sets DOCKER_HOST. `outside` uses this machine's network and no bridge, for builds. `inside` has a
# bridge in its own network namespace, so that it changes no rule of this machine, for runs.
engine_start() {
    local options=(--storage-driver=overlay2 "--data-root=$engine_cache/docker" "--exec-root=$work/engine"
        "--pidfile=$work/engine.pid" -H "unix://$work/engine.sock" --ip6tables=false) enter=()
    if [ "$1" = inside ]; then
        ip netns add $engine_network
        ip -n $engine_network link set lo up
        # `ip netns exec` would mount another /sys, without control groups.
        enter=(nsenter "--net=/run/netns/$engine_network")
    else
        options+=(--bridge=none --iptables=false)
    fi
    export DOCKER_HOST=unix://$work/engine.sock DOCKER_CONFIG=$work DOCKER_BUILDKIT=1
    setsid "${enter[@]}" dockerd "${options[@]}" >>"$work/engine.log" 2>&1 &
    if ! eventually 30 docker version; then
        echo "THE DOCKER ENGINE DOES NOT START:" >&2
        tail -5 "$work/engine.log" >&2
        return 1
    fi
}

engine_stop() {
    local pid
    if pid=$(cat "$work/engine.pid" 2>/dev/null); then
        kill "$pid" 2>/dev/null || :
        eventually 30 not kill -0 "$pid" || :
    fi
    # Unmounts what the engine has left mounted.
    grep -o "$work/[^ ]*" /proc/mounts | sort -r | xargs -r umount || :
    ip netns del $engine_network 2>/dev/null || :
}

docker() { "$engine_client" "$@"; }

# Runs a command in the engine's network.
inside() { ip netns exec $engine_network "$@"; }

# Makes the base images with the names that the Dockerfile uses. They are made once for each version of the toolchain.
engine_images() {
    local slim=debian:bookworm-slim builder
    builder=swift:$(cat .swift-version)-bookworm
    if ! docker image inspect $slim >/dev/null 2>&1; then
        echo "making $slim"
        engine_slim | docker import - $slim >/dev/null
    fi
    if ! docker image inspect "$builder" >/dev/null 2>&1; then
        echo "making $builder"
        engine_builder $slim "$builder"
    fi
    engine_image postgres:15
    engine_image nginx:1.22
}

# Makes an image of Tests/System/images.
engine_image() {
    docker image inspect "$1" >/dev/null 2>&1 && return
    echo "making $1"
    docker build --quiet --network host --tag "$1" "Tests/System/images/${1%:*}" >/dev/null
}

# Writes a minimal Debian as a tar archive.
engine_slim() {
    local root mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | head -1)
    root=$(mktemp -d /var/tmp/julesd-slim.XXXXXX)
    debootstrap --variant=minbase bookworm "$root" "$mirror" >&2
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" --numeric-owner -cpf - .
    rm -rf --one-file-system "$root"
} 2>"$work/debootstrap.log"

# Makes the part of Swift's own image that a build needs, with this machine's toolchain.
engine_builder() {
    local container toolchain key value base
    toolchain=$(readlink -f "$(command -v swift)")
    toolchain=${toolchain%/usr/bin/*}
    container=$(docker create --network host "$1" sleep infinity)
    docker start "$container" >/dev/null
    docker exec -e DEBIAN_FRONTEND=noninteractive "$container" sh -c 'apt-get update -qq && apt-get install -qq \
        --no-install-recommends ca-certificates gcc git libc6-dev libcurl4 libedit2 libncurses6 libpython3.11 libsqlite3-0 \
        libstdc++-12-dev libxml2 tzdata zlib1g-dev && rm -rf /var/lib/apt/lists/*' >/dev/null 2>&1
    tar -C "$toolchain" --exclude='*lldb*' --exclude='*sourcekit*' -cf - usr |
        docker exec -i "$container" tar -C / --no-same-owner -xf -
    # The build trusts the same certificates as this machine, and its git uses the same mirrors of the packages.
    docker exec -i "$container" sh -c 'cat >/etc/ssl/certs/ca-certificates.crt' \
        <"${GIT_SSL_CAINFO:-/etc/ssl/certs/ca-certificates.crt}"
    while read -r key value; do
        base=${key#url.}
        base=${base%.insteadof}
        [ ! -d "$base" ] || tar -C / -cf - "${base#/}" | docker exec -i "$container" tar -C / --no-same-owner -xf -
        docker exec "$container" git config --system --add "$key" "$value" </dev/null
    done < <(git config --get-regexp '^url\..*\.insteadof$')
    docker kill "$container" >/dev/null
    docker commit "$container" "$2" >/dev/null
    docker rm "$container" >/dev/null
}
