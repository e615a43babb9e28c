# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that can stop forwarding without closing a connection, like a network that loses every packet."""
import selectors
import socket
import threading

from programs import free_port


class Relay(threading.Thread):
    def __init__(self, target):
        """`target` is a host and a port."""
        super().__init__(daemon=True)
        self.target, self.port = target, free_port()
        self.flows = threading.Event()
        self.flows.set()
        self.ending = False
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.start()

    def cut(self):
        self.flows.clear()

    def join_again(self):
        """Forwards again, first what was sent meanwhile."""
        self.flows.set()

    def run(self):
        while not self.ending:
            for key, _ in self.selector.select(0.2):
                self.flows.wait()
                if self.ending:
                    break
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj.fileno() >= 0:
                    self.forward(key.fileobj, key.data)
        self.listener.close()

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(self.target, 5)
        except OSError:
            near.close()
            return
        for one, other in (near, far), (far, near):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.settimeout(5)
            self.selector.register(one, selectors.EVENT_READ, other)

    def forward(self, one, other):
        try:
            if data := one.recv(65536):
                return other.sendall(data)
        except OSError:
            pass
        for end in one, other:
            self.selector.unregister(end)
            end.close()

    def end(self):
        self.ending = True
        self.flows.set()
        self.join(10)
