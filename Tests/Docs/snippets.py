# SPDX-License-Identifier: Apache-2.0
"""The shell snippets of README and docs."""
import glob
import os
import re

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class Snippet:
    def __init__(self, file, line, text):
        self.file, self.line, self.text = file, line, text

    @property
    def name(self):
        return f"{self.file}:{self.line}"

    @property
    def commands(self):
        """All commands, without the comment lines."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def all_snippets():
    files = ["README.md"] + sorted(glob.glob("docs/**/*.md", root_dir=root, recursive=True))
    return [snippet for file in files for snippet in of_file(file)]


def of_file(file):
    with open(f"{root}/{file}", encoding="utf-8") as text:
        lines = text.read().splitlines()
    begin = None
    for number, line in enumerate(lines, 1):
        fence = re.match(r"\s*```(\S*)", line)
        if not fence:
            continue
        if begin is None:
            begin, language = number, fence[1]
        else:
            if language in ("sh", "bash", "shell", "console"):
                yield Snippet(file, begin, "\n".join(lines[begin:number - 1]) + "\n")
            begin = None
