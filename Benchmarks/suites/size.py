# SPDX-License-Identifier: Apache-2.0
"""Sizes of what is installed."""
import glob
import os
import re
import subprocess

from harness import HERE
from report import number, table


def measure(bench):
    result = {}
    for name in ("julesd", "julesctl", "jules-simulator"):
        path = f"{bench.julesd}/{name}"
        if not os.path.exists(path):
            continue
        stripped = f"{bench.work}/{name}"
        subprocess.run(["strip", "-o", stripped, path], check=True)
        libraries = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
        result[name] = {"mb": os.path.getsize(stripped) / 1e6, "libraries": len(re.findall(r"=>", libraries))}
    packages = {}
    for path in sorted(glob.glob(f"{HERE}/../.build-deb/*.deb")):
        fields = subprocess.run(["dpkg-deb", "-f", path, "Package", "Installed-Size"], capture_output=True, text=True, check=True).stdout
        name = re.search(r"Package: (\S+)", fields)[1]
        if name.endswith("-dbgsym"):
            continue
        packages[name] = {"mb": os.path.getsize(path) / 1e6, "installed_mb": int(re.search(r"Installed-Size: (\d+)", fields)[1]) / 1024}
    return {"programs": result, "packages": packages}


def tables(result):
    text = table(["program, stripped", "MB", "shared libraries"],
                 [[name, number(one["mb"]), one["libraries"]] for name, one in result["programs"].items()])
    if result["packages"]:
        text += "\n\n" + table(["package", "MB", "installed, MB"], [
            [name, number(one["mb"]), number(one["installed_mb"])] for name, one in result["packages"].items()])
    return text
