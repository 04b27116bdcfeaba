# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop whose picture always moves, and a viewer that counts: how many pictures a second, and
how long from a key to the first picture that shows it."""

import contextlib
import math
import random
import select
import socket
import statistics
import struct
import threading
import time

import rfb

FRAME = 0.030  # QEMU refreshes as often
SCREEN = (1024, 768)


def read(sock, n):
    data = sock.recv(n, socket.MSG_WAITALL)
    if len(data) < n:
        raise ConnectionError("the viewer has left")
    return data


class Desktop:
    """RFB 3.8 without security: a square of so many pixels, 30 ms after the one before; its first
    pixel is the last key."""

    def __init__(self, edge):
        self.edge = edge
        self.pixels = bytes(range(256)) * (edge * edge // 64 + 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock = self.listener.accept()[0]
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError, rfb.Gone), sock:
            rfb.greet(sock, SCREEN, b"moving")
            key, last = 0, 0.0
            while True:
                kind = read(sock, 1)[0]
                if kind == 0:
                    read(sock, 19)
                elif kind == 2:
                    read(sock, 4 * struct.unpack(">xH", read(sock, 3))[0])
                elif kind == 4:
                    key = struct.unpack(">xxxI", read(sock, 7))[0]
                elif kind == 5:
                    read(sock, 5)
                else:
                    read(sock, 9)
                    time.sleep(max(0, last + FRAME - time.monotonic()))
                    last = time.monotonic()
                    key = self.keys_waiting(sock, key)
                    self.show(sock, key)

    @staticmethod
    def keys_waiting(sock, key):
        """A key that came while the picture was waited for is in it."""
        while True:
            sock.setblocking(False)
            try:
                peeked = sock.recv(8, socket.MSG_PEEK)
            except BlockingIOError:
                peeked = b""
            finally:
                sock.setblocking(True)
            if len(peeked) < 8 or peeked[0] != 4:
                return key
            key = struct.unpack(">4xI", read(sock, 8))[0]

    def show(self, sock, key):
        n = 4 * self.edge * self.edge - 4
        head = struct.pack(">xxHHHHHi", 1, 0, 0, self.edge, self.edge, 0)
        sock.sendall(head + struct.pack(">I", key) + self.pixels[:n])


class Viewer:
    """Behind rfb.Rfb's handshake. continuous: with ContinuousUpdates and Fence, else it asks for the
    next picture when it has one, as viewers do."""

    def __init__(self, session, edge, continuous):
        self.session, self.edge, self.continuous = session, edge, continuous
        self.typed, self.due = [], math.inf  # when keys were pressed; when the next one is
        self.chance = random.Random(1)
        if continuous:
            session.keep_updated()
        else:
            session.pack("BxHi", 2, 1, 0)
            self.ask(False)

    def ask(self, incremental=True):
        self.session.pack("BBHHHH", 3, int(incremental), 0, 0, *SCREEN)

    def wait(self):
        """Until there is something to read. Types meanwhile, at any time, as people do: not just when
        a picture has come."""
        sock, end = self.session.sock, time.monotonic() + 60
        while (now := time.monotonic()) < end:
            if now >= self.due:
                self.typed.append(now)
                self.session.key(len(self.typed), True)
                self.due = now + self.chance.uniform(0.15, 0.45)
            if getattr(sock, "pending", int)() or select.select([sock], [], [], min(self.due, end) - now)[0]:
                return
        raise TimeoutError("no picture comes")

    def next_key(self):
        """Reads a picture; the key that it shows."""
        self.wait()
        while (kind := self.session.unpack("B")) == 248:
            self.session.fence(kind)
            self.wait()
        assert kind == 0, f"message {kind}"
        if not self.continuous:
            self.ask()
        count = self.session.unpack("xH")
        assert count == 1
        self.session.read(12)
        key = self.session.unpack("I")
        left = 4 * self.edge * self.edge - 4
        while left > 0:
            self.wait()
            left -= len(self.session.read(min(left, 1024)))
        return key

    def measure(self, seconds):
        """(pictures a second, median and 90th percentile of the time to a key, in ms)"""
        for _ in range(10):
            self.next_key()
        begin = self.due = time.monotonic()
        pictures, seen, delays = 0, 0, []
        while time.monotonic() < begin + seconds:
            shown = self.next_key()
            pictures += 1
            delays += [time.monotonic() - at for at in self.typed[seen:shown]]
            seen = max(seen, shown)
        rate = pictures / (time.monotonic() - begin)
        delays.sort()
        return rate, statistics.median(delays) * 1000, delays[len(delays) * 9 // 10] * 1000
