# SPDX-License-Identifier: GPL-3.0-or-later
"""People who log in, get a desktop, and leave again or just vanish, whatever becomes of the broker
meanwhile; and what is known of who sat where."""

import contextlib
import http.client
import random
import re
import sqlite3
import threading
import time

import oriel
import rfb
import ws
from deployment import eventually
from tickets import vnc, web

# What may happen to somebody whose broker is killed.
MISHAPS = (OSError, EOFError, http.client.HTTPException, oriel.Refused, rfb.Gone, rfb.Refused,
           ws.Refused, StopIteration)


class Seats:
    """Who is on which desktop right now, and who was ever on which overlay."""

    def __init__(self, system):
        self.system = system
        self.lock = threading.Lock()
        self.inside, self.used, self.faults = {}, {}, []
        self.visits = self.misses = 0

    def overlay(self, desktop):
        """The overlay that the QEMU of this desktop runs on."""
        database = f"file:{self.system.path('broker/broker.db')}?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True, timeout=30)) as db:
            (id,) = db.execute("SELECT id FROM desktop WHERE name = ?", (desktop,)).fetchone()
        lines = [line for line in self.system.desktops_running().values() if id in line]
        assert len(lines) == 1, f"{desktop} runs {len(lines)} times"
        return re.search(r" -uuid (\S+)", lines[0])[1]

    @contextlib.contextmanager
    def taken(self, person, desktop):
        """This person sees the picture of a desktop, which nobody else may see at the same time."""

        def enter():
            with self.lock:
                return self.inside.setdefault(desktop, person) is person

        # One whose session has just been ended needs a moment to notice.
        if not eventually(enter, 15):
            self.faults.append(f"{desktop}: {person} and {self.inside[desktop]} at once")
            yield
            return
        try:
            overlay = self.overlay(desktop)
            first = self.used.setdefault(overlay, person.name)
            if first != person.name:
                self.faults.append(f"{desktop}: {person.name} got what {first} had used")
            self.visits += 1
            yield
        finally:
            with self.lock:
                del self.inside[desktop]


class Person(threading.Thread):
    def __init__(self, system, seats, name, pools):
        super().__init__(name=name, daemon=True)
        self.system, self.seats, self.pools = system, seats, pools
        self.over = threading.Event()
        self.api = system.api()

    def run(self):
        while not self.over.is_set():
            try:
                random.choice((self.native, self.native, self.portal, self.portal, self.undecided))()
            except MISHAPS:
                self.seats.misses += 1
                self.over.wait(random.uniform(0, 0.2))
            except Exception as error:  # noqa: BLE001: nothing else may happen
                self.seats.faults.append(f"{self.name}: {error!r}")
                return

    def sign_in(self):
        if self.api.token and random.random() < 0.2:
            self.api.post("/api/v1/logout")
            self.api.token = None
        if not self.api.token or self.api.request("GET", "/api/v1/session").status != 200:
            self.api.token = None
            self.api.login(self.name, self.system.passwords[self.name])

    def native(self):
        """A VNC viewer, user and password."""
        pool = random.choice(self.pools)
        with rfb.Rfb.dial(self.system.host, self.system.vnc_port, timeout=30) as viewer:
            viewer.secure(self.system.ca, f"{self.name}/{pool}", self.system.passwords[self.name])
            self.stay(viewer)

    def portal(self):
        self.sign_in()
        protocol, way = random.choice((("web", web), ("vnc", vnc)))
        ticket = self.api.ticket(random.choice(self.pools), protocol)
        with way(self.system, ticket) as viewer:
            if protocol == "web":
                viewer.none()
            self.stay(viewer)
        if random.random() < 0.3:
            for session in self.api.sessions():
                self.api.request("DELETE", f"/api/v1/sessions/{session['id']}")

    def undecided(self):
        """A ticket that is never used."""
        self.sign_in()
        self.api.ticket(random.choice(self.pools), "web")

    def stay(self, viewer):
        with self.seats.taken(self, viewer.init()):
            viewer.want_raw()
            end = time.monotonic() + random.uniform(0, 0.4)
            while time.monotonic() < end:
                viewer.update(incremental=False)
                time.sleep(0.02)
