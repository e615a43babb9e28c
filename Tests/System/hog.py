# SPDX-License-Identifier: Apache-2.0
"""Makes the daemon hold argv[2] request bodies of nearly 1 MiB that never end. Repeats this until the file argv[1] is removed.

argv[3] is the token.
"""
import os
import socket
import sys
import time

FLAG, COUNT, TOKEN = sys.argv[1], int(sys.argv[2]), sys.argv[3]
HEAD = (
    "POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Authorization: Bearer {TOKEN}\r\nContent-Length: 1048576\r\n\r\n"
).encode()


def body():
    try:
        connection = socket.create_connection(("127.0.0.1", 3001), timeout=5)
        connection.sendall(HEAD + b" " * 1_000_000)
        return connection
    except OSError:
        return None


while os.path.exists(FLAG):
    held = [body() for _ in range(COUNT)]
    time.sleep(0.5)
    for connection in held:
        if connection:
            connection.close()
