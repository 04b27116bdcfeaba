# SPDX-License-Identifier: GPL-3.0-or-later
"""Very many sessions at once, in each of which a picture moves."""

import concurrent.futures
import random
import re
import struct
import subprocess
import threading
import time

import deployment
import procs
import spice
from deployment import eventually
from tickets import vnc, web

ASK = 60000  # tests/bench/desktop.c: a SPICE message that wants so many bytes
SIDE = 16  # of the piece of picture that each asks for
BIG = 512  # ... and of the one that it asks for and then does not read
PAUSE = 0.3  # s between two questions of one session


class Mover(threading.Thread):
    """One session in a thread of its own. rounds: pictures so far; ended: why, None while it lives."""

    def __init__(self, system, kind, card, ticket, port=None):
        super().__init__(daemon=True)
        self.kind, self.card = kind, card
        self.rounds, self.ended = 0, None
        self.leaving = threading.Event()
        self.reads = threading.Event()
        self.reads.set()
        self.open(system, ticket, port)

    def open(self, system, ticket, port):
        if self.kind == "spice":
            self.line = spice.Session(
                lambda: spice.dial(system.host, port or system.port, system.ca), ticket
            ).main
            self.sock = self.line.sock
        else:
            self.line = {"vnc": vnc, "web": web}[self.kind](system, ticket)
            if self.kind == "web":
                self.line.none()
            self.line.send(b"\1")
            self.line.read(2 + 2 + 16)
            self.line.text()
            self.line.want_raw()
            self.sock = self.line.sock
        self.address = "{}:{}".format(*getattr(self.sock, "sock", self.sock).getsockname())
        self.sock.settimeout(120)

    def round(self, side=SIDE):
        size = 4 * side * side
        if self.kind == "spice":
            self.line.send(ASK, struct.pack("<I", size))
            self.reads.wait()
            self.line.wait(ASK)
        else:
            self.line.pack("BBHHHH", 3, 0, 0, 0, side, side)
            self.reads.wait()
            self.line.read(16 + size)

    def run(self):
        try:
            while not self.leaving.wait(PAUSE * random.uniform(0.5, 1.5)):
                self.round(SIDE if self.reads.is_set() else BIG)
                self.rounds += 1
            self.ended = "left"
        except Exception as error:  # noqa: BLE001: whatever it was is told to who asks
            self.ended = repr(error)
        self.sock.close()


class FarEnd:
    """The gateway as it is seen from the other end of a line."""

    def __init__(self, system, line):
        self.host, self.port, self.vnc_port, self.ca = line.near, system.port, system.vnc_port, system.ca


class Crowd:
    """Sessions on machines that all have the address of the same two desktops. line: they come over it."""

    def __init__(self, system, directory, sizes, line=None):
        self.system, self.sizes, self.line = system, sizes, line
        self.movers, self.desktops = [], []
        for kind in ("vnc", "spice"):
            words = [deployment.BUILD / "tests/bench/bench-desktop", kind, directory / kind]
            desktop = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
            self.desktops.append(desktop)
            assert desktop.stdout.readline() == "ready\n"
            system.ctl("pool", "add", kind, "--kind", "machines", "--max", 1000)
            system.ctl("entitle", kind, "--user", "anna")
        for kind, n in sizes.items():
            via = "spice" if kind == "spice" else "vnc"
            for i in range(n):
                system.ctl("machine", "add", via, f"{kind}-{i}", "--protocol", via,
                           "--address", f"unix:{directory}/{via}")

    def close(self):
        self.leave()
        for desktop in self.desktops:
            desktop.terminate()
            desktop.wait(60)

    def alive(self):
        return [mover for mover in self.movers if mover.ended is None]

    @staticmethod
    def ticket(api, card, kind):
        return api.post(f"/api/v1/desktops/{card}/connect", {"protocol": kind})["ticket"]

    def connect(self, api, card):
        kind = card["name"].split("-")[0]
        ticket = self.ticket(api, card["id"], kind)
        if not self.line:
            return Mover(self.system, kind, card["id"], ticket)
        return self.line.inside(lambda: Mover(FarEnd(self.system, self.line), kind, card["id"], ticket))

    def tickets(self, n):
        """So many browsers leave, and here are tickets for their desktops."""
        api = self.system.login("anna")
        self.movers.sort(key=lambda mover: mover.kind != "web")
        cards = [mover.card for mover in self.movers[:n]]
        self.leave(n)
        self.books_agree()
        return [self.ticket(api, card, "web") for card in cards]

    def fill(self):
        """As many as it may have; those that ended come again."""
        api = self.system.login("anna")
        self.movers = self.alive()
        taken = {mover.card for mover in self.movers}
        free = [card for card in api.desktops() if card["id"] not in taken
                and card["name"].split("-")[0] in self.sizes]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for mover in pool.map(lambda card: self.connect(api, card), free):
                self.movers.append(mover)
                mover.start()
        assert len(self.movers) == sum(self.sizes.values())
        self.all_move()

    def all_move(self, seconds=120):
        """Nobody has ended, and each sees two more pictures."""
        before = {mover: mover.rounds for mover in self.movers}
        assert eventually(
            lambda: all(m.ended or m.rounds >= n + 2 for m, n in before.items()), seconds
        ), "some stand still"
        ended = [(m.kind, m.ended) for m in self.movers if m.ended]
        assert not ended, ended

    def stalled(self, yes):
        """They ask for a big picture and read nothing; or they read it, and go on."""
        for mover in self.movers:
            (mover.reads.clear if yes else mover.reads.set)()

    def stands_still(self, seconds):
        before = [mover.rounds for mover in self.movers]
        time.sleep(seconds)
        return [mover.rounds for mover in self.movers] == before

    def books_agree(self, seconds=90):
        """The broker's live sessions are those that live."""
        def off():
            return len(procs.live_sessions(self.system)) - len(self.alive())

        assert eventually(lambda: off() == 0, seconds), f"the books are off by {off()}"

    def leave(self, n=None):
        """So many of them, or all."""
        quitters, self.movers = self.movers[:n], self.movers[len(self.movers[:n]):]
        for mover in quitters:
            mover.leaving.set()
        for mover in quitters:
            mover.join(120)

    def by_process(self):
        """{process id of the gateway: its movers}"""
        listing = subprocess.run(["ss", "-Htnp", "state", "established"], capture_output=True,
                                 text=True, check=True).stdout
        own = {str(self.system.port), str(self.system.vnc_port)}
        owner = {}
        for line in listing.splitlines():
            local, peer = line.split()[2:4]
            pid = re.search(r"pid=(\d+)", line)
            if local.rsplit(":", 1)[1] in own and pid:
                owner[peer] = int(pid[1])
        found = {}
        for mover in self.alive():
            found.setdefault(owner[mover.address], []).append(mover)
        return found

    def ends(self, movers, seconds=90):
        """These end, and nobody else."""
        movers = set(movers)
        assert eventually(lambda: all(m.ended for m in movers), seconds), "some go on"
        self.movers = [mover for mover in self.movers if mover not in movers]
        self.all_move()


