# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver of broker/provider without a broker around it: one provider-check process stands for one life of
a broker. And what it is tried on."""

import contextlib
import json
import os
import pathlib
import queue
import socket
import subprocess
import threading
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import deployment
import rfb

CHECK = deployment.BUILD / "tests/system/provider-check"
CLONES, POWER, RESETS, TICKETS, EVENTS, SURVIVES, LOCAL, SNAPSHOTS = (1 << bit for bit in range(8))
ABSENT, STOPPED, SUSPENDED, RUNNING = range(4)
WEIGHS, SUSPENDS, MIGRATES, INSTANT, DISKS = (1 << bit for bit in range(8, 13))
VNC, SPICE = 1, 2


class Check:
    """One life of a driver."""

    def __init__(self, directory, image, driver="qemu", uri="", accel="tcg", environment=None):
        file = directory / f"{time.monotonic_ns()}.json"
        file.write_text(json.dumps(image))
        self.process = subprocess.Popen(
            [CHECK, driver, uri, directory / "state", accel, file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )
        self.answers, self.events = queue.Queue(), queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.opened = self.answers.get(timeout=180)

    def read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            (self.events if "event" in message else self.answers).put(message)

    def __call__(self, *words):
        """The answer to a command, a fault included."""
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.answers.get(timeout=180)

    def done(self, *words):
        answer = self(*words)
        assert "fault" not in answer, (words, answer)
        return answer

    def state(self, desktop="d-1"):
        return self.done("state", desktop)["state"]

    def comes_up(self):
        """The desktop, from nothing to running; a start too many changes nothing. Its overlay's identity."""
        self.done("ensure")
        assert self.state() == ABSENT
        assert self("start", "d-1")["fault"] == "not-found"
        identity = self.done("clone", "d-1")["identity"]
        assert self.state() == STOPPED
        self.done("start", "d-1")
        self.done("start", "d-1")
        assert self.state() == RUNNING
        return identity

    def event(self):
        return self.events.get(timeout=90)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(120) == 0

    def die(self):
        self.process.kill()
        self.process.wait()


def vnc_authentication(display):
    """RFC 6143 7.2.2: does the password open it?"""
    with rfb.Rfb.dial(display["host"], display["port"]) as viewer:
        viewer.read(12)
        viewer.send(b"RFB 003.008\n")
        assert 2 in viewer.read(viewer.read(1)[0])
        viewer.send(b"\x02")
        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in display["password"].encode())
        cipher = Cipher(algorithms.TripleDES(key * 3), modes.ECB()).encryptor()
        viewer.send(cipher.update(viewer.read(16)) + cipher.finalize())
        return viewer.read(4) == bytes(4)


def processes(directory):
    """The QEMU processes that run below a directory."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(entry / "cwd")
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if where.startswith(f"{directory}/") and command.startswith(b"qemu-system"):
            found.append(int(entry.name))
    return found


def monitor(directory, *command):
    """A QMP command to the desktop d-1."""
    home = os.open(directory / "state/desktops/d-1", os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(60)
            link.connect(f"/proc/self/fd/{home}/qemu/qmp.sock")
            stream = link.makefile("rw")
            stream.readline()
            for request in ({"execute": "qmp_capabilities"}, *command):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
                while "event" in answer:
                    answer = json.loads(stream.readline())
            return answer["return"]
    finally:
        os.close(home)


class Greeter:
    """A machine with a VNC server: greets everybody."""

    def __init__(self, listener):
        self.listener = listener
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link = self.listener.accept()[0]
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                link.sendall(b"RFB 003.008\n")
