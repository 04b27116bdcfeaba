# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktops that are no machines: displays on sockets of ours, in pools of one user each."""

import contextlib
import socket
import subprocess
import threading
import time

import deployment
import rfb
from tickets import vnc


def pictures(path, kind="vnc"):
    """tests/bench/desktop.c: gives each viewer what it asks for. The process."""
    words = [deployment.BUILD / "tests/bench/bench-desktop", kind, path]
    desktop = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert desktop.stdout.readline() == "ready\n"
    return desktop


def add(system, user, kind, count, path, protocol="vnc"):
    """So many machines, KIND-0 and on, that are all the display at this path."""
    pool = f"{user}-{kind}"
    system.ctl("pool", "add", pool, "--kind", "machines", "--max", count)
    system.ctl("entitle", pool, "--user", user)
    for i in range(count):
        system.ctl("machine", "add", pool, f"{kind}-{i}", "--protocol", protocol,
                   "--address", f"unix:{path}")


def remove(system, user, kind):
    """The pool, once its last session has ended."""
    pool = f"{user}-{kind}"
    assert deployment.eventually(
        lambda: system._ctl("pool", "remove", pool).returncode == 0, 20, 0.5), system.tail("broker")


@contextlib.contextmanager
def viewers(system, user, kind):
    """Of all this user's desktops of the kind."""
    api = system.login(user)
    with contextlib.ExitStack() as stack:
        found = []
        for card in api.desktops():
            if card["name"].startswith(f"{kind}-"):
                path = f"/api/v1/desktops/{card['id']}/connect"
                ticket = api.post(path, {"protocol": "vnc"})["ticket"]
                found.append(stack.enter_context(vnc(system, ticket)))
                found[-1].init()
                found[-1].want_raw()
        yield found


class Desktop(threading.Thread):
    """A VNC server of our own on a Unix socket: counts what it is sent, and answers an update request with
    what `says` holds; while `reads` is not set it reads nothing."""

    def __init__(self, path, says=b""):
        super().__init__(daemon=True)
        self.says, self.took, self.begin = says, 0, None
        self.lock, self.reads = threading.Lock(), threading.Event()
        self.reads.set()
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        path.chmod(0o666)
        self.listening.listen()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                viewer, _ = self.listening.accept()
                threading.Thread(target=self.serve_to_the_end, args=(viewer,), daemon=True).start()

    def serve_to_the_end(self, viewer):
        with viewer, contextlib.suppress(OSError, rfb.Gone):
            self.serve(viewer)

    def serve(self, viewer):
        rfb.greet(viewer, (640, 480), b"fake")
        while self.reads.wait() and (piece := viewer.recv(65536)):
            self.begin = self.begin or time.monotonic()
            with self.lock:
                self.took += len(piece)
            if self.says and b"\3\0\0\0" in piece:
                viewer.sendall(self.says)

    def close(self):
        self.reads.set()
        self.listening.close()
