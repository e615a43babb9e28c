# SPDX-License-Identifier: Apache-2.0
"""Asks 127.0.0.1:3001 for /healthz over fresh connections, from two threads, until the file argv[1] is gone.

Prints how many were answered, refused, and otherwise lost.
"""
import os
import socket
import sys
import threading

counts = {"answered": 0, "refused": 0, "lost": 0}
lock = threading.Lock()


def ask():
    try:
        with socket.create_connection(("127.0.0.1", 3001), timeout=30) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return "answered" if connection.recv(4096).startswith(b"HTTP/1.1 200") else "lost"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "lost"


def loop():
    while os.path.exists(sys.argv[1]):
        outcome = ask()
        with lock:
            counts[outcome] += 1


threads = [threading.Thread(target=loop) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*(f"{name}={count}" for name, count in counts.items()))
