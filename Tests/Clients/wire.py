# SPDX-License-Identifier: Apache-2.0
"""HTTP, Server-Sent Events and WebSocket from the client's side, with the standard library only."""
import base64
import http.client
import json
import os
import socket
import struct


class Answer:
    def __init__(self, request, response):
        self.request, self.status, self.headers = request, response.status, response.getheaders()
        self.body = response.read()

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self):
        fields = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"> {self.request}\n< {self.status}\n{fields}\n{self.body[:500].decode(errors='replace')}"


class Server:
    """The destination of requests: a TCP port or a Unix socket, with or without TLS."""

    def __init__(self, port=None, path=None, token=None, source=None, tls=None, name=None, address="127.0.0.1"):
        self.port, self.path, self.token, self.source, self.tls, self.address = port, path, token, source, tls, address
        self.name = name or f"{address}:{port}"

    def dial(self, timeout=20):
        if self.path:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(self.path)
            return connection
        source = (self.source, 0) if self.source else None
        connection = socket.create_connection((self.address, self.port), timeout, source)
        return self.tls.wrap_socket(connection, server_hostname=self.name.split(":")[0]) if self.tls else connection

    def open(self, method, target, body=None, headers={}, token=True, timeout=20):
        """Sends a request and returns the response. Its body is not read yet."""
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = self.dial(timeout)
        fields = {"Host": self.name}
        if token and (self.token or token is not True):
            fields["Authorization"] = f"Bearer {self.token if token is True else token}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        fields.update(headers)
        connection.request(method, target, body=body.encode() if isinstance(body, str) else body, headers=fields)
        return connection.getresponse()

    def ask(self, method, target, body=None, headers={}, token=True, timeout=20):
        text = f"{method} {target} {headers or ''} {str(body)[:300] if body is not None else ''}"
        return Answer(text, self.open(method, target, body, headers, token, timeout))

    def get(self, target, **options):
        return self.ask("GET", target, **options)

    def post(self, target, body=None, **options):
        return self.ask("POST", target, body, **options)

    def raw(self, data, timeout=10):
        """Sends raw bytes and returns everything that comes back."""
        with self.dial(timeout) as connection:
            try:
                connection.sendall(data)
            except OSError:
                pass  # The answer may arrive before everything was sent.
            received = b""
            try:
                while chunk := connection.recv(65536):
                    received += chunk
            except OSError:
                pass
            return received

    def events(self, target, **options):
        return EventStream(self.open("GET", target, **options))

    def web_socket(self, target="/ws", **options):
        return WebSocket(self, target, **options)


class EventStream:
    def __init__(self, response):
        self.response = response
        self.comments = 0

    def next(self):
        """The next event as a dictionary of its fields, with parsed data; None at the end."""
        event = {}
        while line := self.response.readline():
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
                return {"comment": line[1:]}
            if not line and event:
                return {**event, "data": json.loads(event["data"])}
            if line:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                event[name] = f"{event[name]}\n{value}" if name in event else value
        return None

    def close(self):
        self.response.close()


class WebSocket:
    """A WebSocket client (RFC 6455). `answer` is set if the handshake was refused."""

    def __init__(self, server, target="/ws", token=True, subprotocol=None, headers={}, timeout=20, receive_buffer=None):
        self.key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": server.name, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": self.key}
        if subprotocol:
            fields["Sec-WebSocket-Protocol"] = subprotocol
        elif token:
            fields["Authorization"] = f"Bearer {server.token if token is True else token}"
        fields.update(headers)
        self.socket = server.dial(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        lines = [f"GET {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items() if v is not None), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        # http.client assumes that a 101 has no body, and would drop the bytes after it.
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = http.client.parse_headers(self.file)
        self.close_code = None
        self.answer = None if self.status == 101 else Answer(f"GET {target} {fields}", self)

    def getheaders(self):
        return self.headers.items()

    def read(self):
        """The body of a refusal."""
        return self.file.read(int(self.headers["content-length"] or 0))

    def send(self, opcode, payload, mask=True, fin=True, rsv=0):
        if isinstance(payload, str):
            payload = payload.encode()
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        flag = 0x80 if mask else 0
        size = len(payload)
        head += bytes([flag | size]) if size < 126 else (
            struct.pack("!BH", flag | 126, size) if size < 65536 else struct.pack("!BQ", flag | 127, size))
        if mask:
            head += b"\0\0\0\0"  # XOR with zero: a valid mask that changes nothing.
        self.socket.sendall(head + payload)

    def frame(self):
        """The next (opcode, payload); None at the end."""
        try:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 127
            if size == 126:
                size = struct.unpack("!H", self.file.read(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self.file.read(8))[0]
            return head[0] & 15, self.file.read(size)
        except ConnectionError:
            return None

    def next(self):
        """The next message, parsed. Pings are answered. None after the close; `close_code` is then set."""
        while frame := self.frame():
            opcode, payload = frame
            if opcode == 9:
                self.send(10, payload)
            elif opcode == 8:
                self.close_code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                return None
            elif opcode == 1:
                return json.loads(payload)
        return None

    def drain(self):
        """Reads to the end and returns the close code."""
        while self.next() is not None:
            pass
        return self.close_code

    def close(self):
        self.file.close()
        self.socket.close()
