# SPDX-License-Identifier: Apache-2.0
"""Makes the daemon hold argv[2] request bodies of nearly 1 MiB that never end. Repeats this until the file argv[1] is removed.

argv[3] is the token.
"""
import os
import socket
import sys
import time

HEAD = (
    "POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer %s\r\nContent-Length: 1048576\r\n\r\n"
)


def body(token):
    try:
        connection = socket.create_connection(("127.0.0.1", 3001), timeout=5)
        connection.sendall((HEAD % token).encode() + b" " * 1_000_000)
        return connection
    except OSError:
        return None


def main(flag, count, token):
    while os.path.exists(flag):
        held = [body(token) for _ in range(count)]
        time.sleep(0.5)
        for connection in held:
            if connection:
                connection.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
