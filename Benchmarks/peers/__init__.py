# SPDX-License-Identifier: Apache-2.0
"""The servers that julesd is compared with. Each pushes what is posted to /publish to all its WebSocket clients at /ws."""
import os
import socket

from harness import Program, free_port, until

HERE = os.path.dirname(os.path.realpath(__file__))


class Peer:
    """A server that pushes 1 kB."""

    client_options = ()
    publish_options = ("--publish", "/publish", "--body", "1000")

    def __init__(self, *command, **environment):
        self.port = free_port()
        self.program = Program([str(word).replace("PORT", str(self.port)) for word in command], **environment)
        until(self.listens, command[0], within=30)

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pids(self):
        return self.program.pids

    def stop(self):
        self.program.stop()


def epoll(bench, threads):
    return Peer(f"{bench.tools}/epoll-peer", "PORT", threads)


def gorilla(bench):
    return Peer(f"{bench.tools}/gorilla-peer", "PORT")


def ws(bench):
    return Peer("node", f"{HERE}/ws.js", "PORT", NODE_PATH="/usr/share/nodejs")


class Nginx(Peer):
    """nginx with two workers: serves the files that are put into its folder, and pushes by nchan."""

    def __init__(self, bench):
        folder = bench.folder("nginx")
        # Its workers may belong to another user.
        for path in (bench.work, folder):
            os.chmod(path, 0o755)
        self.files = f"{folder}/files"
        os.makedirs(self.files)
        self.port = free_port()
        text = open(f"{HERE}/nginx.conf").read().replace("#NCHAN ", "")
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(text.replace("FOLDER", folder).replace("PORT", str(self.port)))
        self.program = Program(["nginx", "-c", f"{folder}/nginx.conf"])
        until(self.listens, "nginx", within=30)
