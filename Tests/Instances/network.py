# SPDX-License-Identifier: Apache-2.0
"""A network namespace for a server, with a link of its own to each instance. Only root can make one."""
import os
import subprocess


class Network:
    def __init__(self, links):
        self.name, self.links = f"julesd-{os.getpid()}", range(links)
        self.ip("netns", "add", self.name)
        try:
            self.within("link", "set", "lo", "up")
            for link in self.links:
                near, far = self.near(link), f"far{link}"
                self.ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", self.name)
                self.ip("address", "add", f"10.231.{link}.1/30", "dev", near)
                self.within("address", "add", f"{self.address(link)}/30", "dev", far)
                self.ip("link", "set", near, "up")
                self.join(link)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)

    def within(self, *words):
        self.ip("-n", self.name, *words)

    @property
    def command(self):
        """The first words of a command that runs in the namespace."""
        return ["ip", "netns", "exec", self.name]

    def near(self, link):
        return f"jd{os.getpid()}-{link}"

    def address(self, link):
        """The server's address at this link."""
        return f"10.231.{link}.2"

    def cut(self, link):
        """From now on packets are lost without a word in both directions."""
        self.within("link", "set", f"far{link}", "down")

    def join(self, link):
        self.within("link", "set", f"far{link}", "up")

    def close(self):
        """Removes the namespace, and the links with it."""
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, timeout=20)
