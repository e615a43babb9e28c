# SPDX-License-Identifier: Apache-2.0
# julesd in a container: built with Swift's own image, run on plain Debian. `--target simulator` builds the Jules simulator
# instead. docker-compose.yml shows how to run it.

# The same version as in .swift-version; `make lint` compares them.
ARG SWIFT=6.3.1
# Both stages must use the same release of Debian, because of the shared libraries.
ARG DEBIAN=bookworm

FROM swift:${SWIFT}-${DEBIAN} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libcurl4-openssl-dev libsqlite3-dev libssl-dev libsystemd-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The packages first, so that a change of the sources does not fetch them again.
COPY Package.swift ./
RUN swift package resolve
COPY . ./
# -s strips the programs. The Swift library is linked in, so that the other stages need none.
RUN set -e; for program in julesd jules-simulator; do \
        swift build --configuration release --static-swift-stdlib -Xlinker -s -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now \
            --product $program; \
    done; \
    bin=$(swift build --configuration release --show-bin-path); \
    mkdir -p /out/doc; \
    cp $bin/julesd $bin/jules-simulator /out/; \
    cp LICENSE /out/doc/; \
    packaging/third-party.sh .build/checkouts >/out/doc/THIRD-PARTY

FROM debian:${DEBIAN}-slim AS base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libcurl4 libpq5 libsqlite3-0 libssl3 libstdc++6 libsystemd0 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
# The first user of most machines has this number too, so ./data and secret files need no other owner.
RUN groupadd --gid 1000 julesd \
    && useradd --uid 1000 --gid julesd --home-dir /app --no-create-home --shell /usr/sbin/nologin julesd \
    && install --directory --owner julesd --group julesd --mode 0700 /app/data
COPY --from=build /out/doc /usr/share/doc/julesd
WORKDIR /app
USER julesd
STOPSIGNAL SIGTERM

FROM base AS simulator
COPY --from=build /out/jules-simulator /usr/local/bin/
ENTRYPOINT ["jules-simulator"]

# `docker build` makes the last stage.
FROM base AS julesd
COPY --from=build /out/julesd /usr/local/bin/
# Docker's secrets are read as credentials, under the same names: jules_api_key, local_token, ...
ENV HOST=0.0.0.0 DATA_DIR=/app/data LOG_FORMAT=json CREDENTIALS_DIRECTORY=/run/secrets
EXPOSE 3001
VOLUME /app/data
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["julesd", "healthcheck"]
ENTRYPOINT ["julesd"]
