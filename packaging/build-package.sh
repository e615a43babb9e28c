#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages from a copy of this tree under .build-deb, so that the checkout does not change. A second
# build compiles only what has changed. Arguments are passed to dpkg-buildpackage.
set -eu
cd "$(dirname "$0")/.."
out=${DEB_OUTPUT:-$PWD/.build-deb}
copy=$out/julesd
mkdir -p "$copy"
find "$copy" -mindepth 1 -maxdepth 1 ! -name .build -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | tar --null --no-recursion --ignore-failed-read -cf - -T - | tar -C "$copy" -xf -
ln -s packaging/debian "$copy/debian"
rm -f "$out"/*.deb "$out"/*.ddeb "$out"/*.changes "$out"/*.buildinfo
cd "$copy"
dpkg-buildpackage -us -uc -b -nc "$@"
ls -l "$out"/*.deb
