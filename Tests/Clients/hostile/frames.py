# SPDX-License-Identifier: Apache-2.0
"""WebSocket clients that break RFC 6455. Each one is closed with the right code."""
import struct

from checks import until
from hostile.bystander import Bystander
from programs import Daemon, Simulator


def run(checks):
    simulator = Simulator()
    daemon = Daemon(simulator, CORS_ORIGIN="https://ui.example.com")
    bystander = Bystander(daemon, simulator)
    frames(checks, daemon.server)
    closes(checks, daemon.server)
    floods(checks, daemon.server)
    handshakes(checks, daemon.server)
    bystander.unharmed(checks, "malformed frames")
    bystander.leave()
    daemon.stop()


def raw(*parts):
    """Sends each part: a tuple of arguments for `send`, or raw bytes."""
    def run(socket):
        for part in parts:
            if isinstance(part, bytes):
                socket.socket.sendall(part)
            else:
                opcode, payload, *options = part
                socket.send(opcode, payload, **(options[0] if options else {}))
    return run


def code_after(server, act):
    socket = server.web_socket()
    socket.next()
    try:
        act(socket)
    except OSError:
        pass  # The connection is closed already. The code shows that.
    code = socket.drain()
    socket.close()
    return code


def frames(checks, server):
    more = {"fin": False}
    for name, act, code in (
        ("an unmasked text", raw((1, "x", {"mask": False})), 1002), ("an unmasked ping", raw((9, "x", {"mask": False})), 1002),
        ("the compression bit", raw((1, "x", {"rsv": 4})), 1002), ("the second reserved bit", raw((1, "x", {"rsv": 2})), 1002),
        ("the third reserved bit", raw((1, "x", {"rsv": 1})), 1002), ("the compression bit on a ping", raw((9, "", {"rsv": 4})), 1002),
        ("the compression bit on a continuation", raw((1, "x", more), (0, "x", {"rsv": 4})), 1002),
        *((f"opcode {opcode}", raw((opcode, "x")), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        ("a fragmented ping", raw((9, "x", more)), 1002), ("a fragmented close", raw((8, b"\x03\xe8", more)), 1002), ("a fragmented pong", raw((10, "x", more)), 1002),
        ("a ping of 126 bytes", raw((9, "x" * 126)), 1002), ("a close of 126 bytes", raw((8, b"\x03\xe8" + b"x" * 124)), 1002), ("a ping said to be huge", raw(b"\x89\xff" + struct.pack("!Q", 1 << 40)), (1002, 1009)),
        ("a binary message", raw((2, b"x")), 1003), ("a continuation of nothing", raw((0, "x")), 1002), ("a message within a message", raw((1, "x", more), (1, "y")), 1002),
        ("invalid UTF-8", raw((1, b"\xff")), 1007), ("a cut character", raw((1, b"\xc3")), 1007), ("overlong UTF-8", raw((1, b"\xc0\xaf")), 1007), ("a surrogate", raw((1, b"\xed\xa0\x80")), 1007),
        ("invalid UTF-8 in fragments", raw((1, b"a", more), (0, b"\xff")), 1007), ("65 KiB", raw((1, "x" * 66_560)), 1009), ("a frame said to be huge", raw(b"\x81\xff" + struct.pack("!Q", 1 << 62)), 1009),
        ("a negative length", raw(b"\x81\xff" + b"\xff" * 8), (1002, 1009)), ("65 KiB in fragments", raw((1, "x" * 33_000, more), (0, "x" * 33_000, more)), 1009),
        ("2,000 fragments", raw((1, "x", more), *((0, "x", more) for _ in range(2000))), 1008), ("empty fragments without an end", raw((1, "", more), *((0, "", more) for _ in range(5000))), 1008),
    ):
        got = code_after(server, act)
        checks.that(f"{name}: closed with {code}", got == code or isinstance(code, tuple) and got in code, got)
    socket = server.web_socket()
    socket.next()
    raw((1, '{"type":', more), (9, "between"), (0, '"pi', more), (10, "unasked"), (0, 'ng"}'))(socket)
    checks.equal("a ping within a message is answered at once", socket.frame(), (10, b"between"))
    checks.equal("the message around the ping is still read", socket.next(), {"type": "pong"})
    for text in ("", "{", "null", "[" * 60_000, '{"type":"nothing"}', '{"type":' + "9" * 60_000 + "}", '{"type":"ping","type":"x"}', '"\\ud800"', "{}" * 20_000, '{"type":null}'):
        socket.send(1, text)
    socket.send(1, "x" * 65_536)
    socket.send(1, '{"type":"ping"}')
    checks.equal("an unknown message is ignored", until(lambda: socket.next()), {"type": "pong"})
    socket.close()


def closes(checks, server):
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535):
        checks.equal(f"close code {code}: 1002", code_after(server, raw((8, struct.pack("!H", code)))), 1002)
    for code in (1000, 1001, 1003, 1007, 1011, 1013, 3000, 4000, 4999):
        checks.equal(f"close code {code} is answered", code_after(server, raw((8, struct.pack("!H", code)))), code)
    checks.equal("a close without a code is answered without one", code_after(server, raw((8, b""))), 1005)
    checks.equal("a close with half a code: 1002", code_after(server, raw((8, b"\x03"))), 1002)
    checks.equal("a reason that is not UTF-8: 1007", code_after(server, raw((8, b"\x03\xe8\xff"))), 1007)
    socket = server.web_socket()
    socket.next()
    raw((8, b"\x03\xe8"), (1, '{"type":"ping"}'), (9, "late"))(socket)
    rest = []
    while frame := socket.frame():
        rest.append(frame[0])
    checks.equal("nothing is answered after a close", rest, [8])
    socket.close()


def floods(checks, server):
    socket = server.web_socket()
    socket.next()
    count = 20_000
    socket.socket.sendall(b"\x89\x84\0\0\0\0ping" * 1000)
    for n in range(1000):
        checks.equal("a ping has its pong", socket.frame(), (10, b"ping")) if n in (0, 999) else socket.frame()
    socket.close()
    deaf = server.web_socket(receive_buffer=4096)
    deaf.socket.settimeout(2)
    sent = 0
    try:
        while sent < 64 << 20:  # Pongs that nobody reads must not use memory, so the daemon stops reading.
            sent += deaf.socket.send(b"\x89\xfd\0\0\0\0" + b"x" * 125)
    except TimeoutError:
        pass
    checks.that("a client that sends pings and reads no pongs is read no further", sent < 64 << 20, sent)
    deaf.close()
    pongs = server.web_socket()
    pongs.next()
    pongs.socket.sendall(b"\x8a\x80\0\0\0\0" * count)
    pongs.send(1, '{"type":"ping"}')
    checks.equal(f"{count} pongs without a ping are ignored", pongs.next(), {"type": "pong"})
    pongs.close()


def handshakes(checks, server):
    for name, fields, status in (
        ("no key", {"Sec-WebSocket-Key": None}, 400), ("a short key", {"Sec-WebSocket-Key": "AAAA"}, 400), ("a key that is no base64", {"Sec-WebSocket-Key": "!" * 24}, 400),
        ("version 8", {"Sec-WebSocket-Version": "8"}, 426), ("version 13, 8", {"Sec-WebSocket-Version": "13, 8"}, 426), ("no Upgrade", {"Upgrade": None}, 426), ("no Connection", {"Connection": None}, 426),
        ("h2c", {"Upgrade": "h2c"}, 426), ("a foreign origin", {"Origin": "https://evil.example.com"}, 403), ("a null origin", {"Origin": "null"}, 403), ("an origin behind the listed one", {"Origin": "https://ui.example.com.evil.example"}, 403),
        ("a body", {"Content-Length": "4"}, 400),
    ):
        socket = server.web_socket(headers=fields) if name != "a body" else None
        if socket:
            checks.equal(f"a handshake with {name}: {status}", socket.status, status, socket.answer)
            socket.close()
    socket = server.web_socket(headers={"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x-" + "y" * 4000})
    checks.equal("extensions are not accepted", (socket.status, socket.headers.get("sec-websocket-extensions")), (101, None))
    socket.close()
    socket = server.web_socket(subprotocol="chat, x\ty, bearer." + server.token + ", bearer.other")
    checks.equal("one subprotocol is answered", socket.headers.get("sec-websocket-protocol"), "bearer." + server.token, socket.answer)
    socket.close()
