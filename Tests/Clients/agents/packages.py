# SPDX-License-Identifier: Apache-2.0
"""Python packages from PyPI, each in its own environment under one folder."""
import os
import subprocess
import sys


class Packages:
    def __init__(self, checks, folder):
        self.checks, self.folder = checks, folder

    def install(self, name, *wanted):
        """The folder of an environment's programs. If PyPI does not provide the packages, it returns nothing and a check fails."""
        place = os.path.join(self.folder, name)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        done = subprocess.run([f"{place}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                              capture_output=True, text=True)
        ok = self.checks.that(f"PyPI's {' '.join(wanted)} installs", done.returncode == 0, done.stderr[-2000:])
        return f"{place}/bin" if ok else None
