# SPDX-License-Identifier: Apache-2.0
"""Python packages from PyPI, each set in an environment of its own below one folder."""
import os
import subprocess
import sys


class Packages:
    def __init__(self, checks, folder):
        self.checks, self.folder = checks, folder

    def install(self, name, *wanted):
        """The folder of an environment's programs; nothing, and a failed check, if PyPI does not give the packages."""
        place = os.path.join(self.folder, name)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        done = subprocess.run([f"{place}/bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                              capture_output=True, text=True)
        ok = self.checks.that(f"PyPI's {' '.join(wanted)} installs", done.returncode == 0, done.stderr[-2000:])
        return f"{place}/bin" if ok else None
