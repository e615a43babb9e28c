# SPDX-License-Identifier: Apache-2.0
"""Names that do not resolve, and hosts whose first address is silent. Other requests must not be delayed by them.

The test runs in its own namespaces (namespaces(7)), with its own resolv.conf and hosts file.
"""
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import tempfile

from checks import until
from programs import Daemon, Simulator, stop_all
from webhooks import Receiver, authority, deliveries

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
SILENT, TWIN = "silent.example", "twin.example"
NAME_SERVER = "127.0.0.77"
ADDRESSES = ("127.0.0.2", "127.0.0.3")


def run(checks):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = checks.passed, checks.failed
        try:
            enter()
            for part in (unresolved_webhook, unresolved_upstream, silent_address):
                part(checks)
                stop_all()
        except BaseException as error:
            checks.that("runs to its end", False, repr(error))
        finally:
            stop_all()
            os.write(writer, f"{checks.passed - before[0]} {checks.failed - before[1]}".encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as counts:
        passed, failed = map(int, counts.read().split())
    os.waitpid(child, 0)
    checks.passed += passed
    checks.failed += failed


def enter():
    """Enters new namespaces with their own name resolution, and a name server that answers nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWNET | (CLONE_NEWUSER if user else 0)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    with socket.socket() as any_socket:  # Brings the loopback interface up (netdevice(7)).
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
    folder = tempfile.mkdtemp(prefix="julesd-names-")
    # The resolver waits longer than any time limit of the daemon.
    for name, text in (("resolv.conf", f"nameserver {NAME_SERVER}\noptions timeout:30 attempts:4\n"),
                       ("nsswitch.conf", "hosts: files dns\n"),
                       ("hosts", "127.0.0.1 localhost\n" + "".join(f"{a} {TWIN}\n" for a in ADDRESSES))):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
        subprocess.run(["mount", "--bind", file.name, f"/etc/{name}"], check=True)
    global name_server
    name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    name_server.bind((NAME_SERVER, 53))


def unresolved_webhook(checks):
    simulator, healthy = Simulator(), Receiver()
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=f"https://{SILENT}/hook,{healthy.url}")
    daemon.wait_for(lambda: daemon.entry("the account has been read"), "baseline")
    simulator.add(state="IN_PROGRESS")
    healthy.await_calls(1)
    checks.that("a delivery to a name that does not resolve is given up",
                until(lambda: any(d["attempts"] for d in deliveries(daemon, "?state=pending")), 30), deliveries(daemon))
    simulator.add(state="IN_PROGRESS")
    checks.equal("it delays no other endpoint", len(healthy.await_calls(2)), 2)
    checks.equal("it does not delay the stop", daemon.stop(), 0)


def unresolved_upstream(checks):
    daemon = Daemon(Simulator(), ready=False, JULES_API_BASE=f"https://{SILENT}/v1alpha", UPSTREAM_TIMEOUT="1s",
                    READINESS="listening")
    for _ in range(2):
        checks.status("readiness is answered", daemon.server.get("/readyz", token=False, timeout=15), 503)
    answer = daemon.server.post("/api/sessions", {"prompt": "x", "repo": "a/b"}, timeout=30)
    checks.that("a creation is answered", answer.status in (502, 504), answer)
    checks.equal("the daemon stops on SIGTERM", daemon.stop(), 0)


def silent_address(checks):
    folder = tempfile.mkdtemp(prefix="julesd-twin-")
    trusted, tls = authority(folder, "trusted", host=TWIN)
    first, second = [entry[4][0] for entry in socket.getaddrinfo(TWIN, 443, type=socket.SOCK_STREAM)]
    receiver = Receiver(tls, address=(second, 0), host=TWIN)
    port = receiver.server.server_address[1]
    deaf = silence(first, port)
    simulator = Simulator()
    daemon = Daemon(simulator, NOTIFY_WEBHOOK=receiver.url, CA_FILE=trusted)
    daemon.wait_for(lambda: daemon.entry("the account has been read"), "baseline")
    id = simulator.add(state="IN_PROGRESS")
    calls = until(lambda: receiver.calls, 40)
    checks.that("a webhook reaches a host at its second address", calls and json.loads(calls[0][2])["id"] == id, deliveries(daemon))
    daemon.stop()

    # The receiver answers all requests without a body. That is no list of sessions, but it is an answer.
    receiver.answers = [401] * 100
    daemon = Daemon(simulator, ready=False, JULES_API_BASE=f"https://{TWIN}:{port}/v1alpha", CA_FILE=trusted)
    checks.that("the API is reached at its second address", until(lambda: daemon.process.poll() is not None, 40), daemon.output)
    checks.equal("its answer is used", daemon.process.returncode, 77)
    for connection in deaf:
        connection.close()


def silence(address, port):
    """Makes the kernel drop further connections to this address, with a listener whose backlog is full (listen(2)). Returns the sockets."""
    listener = socket.socket()
    listener.bind((address, port))
    listener.listen(0)
    kept = [listener]
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex((address, port))
        kept.append(filler)
    return kept
