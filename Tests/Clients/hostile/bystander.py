# SPDX-License-Identifier: Apache-2.0
"""An honest client during an attack. It keeps asking on one connection, and listens on a WebSocket."""
import http.client
import threading

from checks import until


class Bystander:
    def __init__(self, daemon, simulator):
        self.daemon, self.simulator = daemon, simulator
        self.answered = 0
        self.troubles = []
        self.session = simulator.add(state="IN_PROGRESS", title="bystander")
        daemon.await_delta(0, lambda delta: delta["id"] == self.session)
        self.socket = daemon.server.web_socket(timeout=120)
        self.told = []
        self.round = 0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.ask, self.listen)]
        for thread in self.threads:
            thread.start()
        until(lambda: self.answered)

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.daemon.token}"}
        while not self.ended.wait(0.01):
            try:
                connection.request("GET", "/api/sessions?limit=1", headers=headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.troubles.append(answer.status)
                self.answered += 1
            except Exception as error:
                self.troubles.append(repr(error))
                return

    def listen(self):
        while message := self.socket.next():
            self.told += [delta["after"]["state"] for delta in message.get("delta", []) if delta["id"] == self.session]
        if not self.ended.is_set():
            self.troubles.append(f"closed with {self.socket.close_code}")

    def unharmed(self, checks, attack):
        """Checks that it is still answered on its connection, and gets a change that is made now."""
        before = self.answered
        checks.that(f"{attack}: another client is still answered", until(lambda: self.answered > before + 3), self.troubles, self.daemon.output[-1500:])
        checks.equal(f"{attack}: that client has no errors", self.troubles, [])
        self.round += 1
        state = f"ROUND_{self.round}"
        self.simulator.command(self.session, "state", state=state)
        checks.that(f"{attack}: that client gets changes", until(lambda: state in self.told), self.told, self.troubles)

    def leave(self):
        self.ended.set()
        self.threads[0].join(20)
        self.socket.send(8, b"\x03\xe8")
        self.threads[1].join(20)
        self.socket.close()
