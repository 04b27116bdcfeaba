# SPDX-License-Identifier: GPL-3.0-or-later
"""Two brokers and two gateways on one PostgreSQL, killed under load: no session is lost but those
of the killed gateway, and no desktop is given twice."""

import contextlib
import os
import signal
import socket
import subprocess
import threading

import pytest

import oriel
import rfb
from deployment import Deployment, eventually
from postgres import Postgres

PEOPLE = ("anna", "ben", "carla")
PCS = 6


def screens(count):
    """Displays that any broker reaches: QEMU, halted before its first instruction, VNC on TCP."""
    for number in range(count):
        display = 0
        while True:
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", 14100 + 20 * number + display))
                break
            display += 1
        port = 14100 + 20 * number + display
        command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-m", "16", "-S"]
        command += ["-nodefaults", "-vga", "std", "-monitor", "none", "-serial", "none"]
        command += ["-display", f"vnc=127.0.0.1:{port - 5900},share=force-shared"]
        yield port, subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def pair():
    """Two deployments that share the database; each gateway knows both brokers."""
    database = Postgres()
    both, pcs = [], []
    try:
        database.make()
        database.start()
        pcs = list(screens(PCS))
        for name in ("one", "two"):
            system = Deployment(f"scale-{name}")
            both.append(system)
            system.options["broker"] |= {"name": name, "database": database.url}
        first, second = both
        second.broker_uid, second.gateway_uid = first.broker_uid, first.gateway_uid
        second.passwords = first.passwords
        for system, other in ((first, second), (second, first)):
            system.options["gateway"]["brokers"] = f"{system.path('run')} {other.path('run')}"
            system.start()
        first.ctl("pool", "add", "pcs", "--kind", "machines", "--provider", "machine")
        for person in PEOPLE:
            first.ctl("entitle", "pcs", "--user", person)
        for number, (port, _) in enumerate(pcs):
            first.ctl("machine", "add", "pcs", f"pc-{number}", "--protocol", "vnc", "--address",
                      f"127.0.0.1:{port}")
        yield first, second
    finally:
        for system in both:
            system.stop()
        for _, process in pcs:
            process.terminate()
            process.wait(15)
        database.remove()


def view(gateway, ticket):
    """A viewer at that gateway, with a ticket of whichever broker."""
    viewer = rfb.Rfb.dial(gateway.host, gateway.vnc_port)
    viewer.secure(gateway.ca, "ticket", ticket)
    viewer.init()
    viewer.want_raw()
    return viewer


def alive(viewer):
    """A whole new picture comes through."""
    return viewer.update() is not None


def pc(api, number):
    return next(d["id"] for d in api.desktops() if d["name"] == f"pc-{number}")


def names_on(system, people):
    """Who holds which desktop, by the books."""
    return {
        row["desktop"] if "desktop" in row else row["desktop_name"]: row["user"]
        for row in system.rows("sessions")
        if row["state"] == "live" and row["user"] in people
    }


class Load:
    """People who log in, compete for two of the computers and look at them, through both gateways,
    until they are told to stop. Refusals are theirs to bear; a wrong picture of the books is not."""

    def __init__(self, pair):
        self.pair, self.stopping = pair, threading.Event()
        self.lock, self.on = threading.Lock(), {}
        self.seen = self.twice = 0
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(4)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()

    def run(self, n):
        person = PEOPLE[n % 2]  # two threads are one person: that may take over from itself
        while not self.stopping.is_set():
            for system in self.pair:
                with contextlib.suppress(OSError, AssertionError, rfb.Gone, rfb.Refused,
                                         oriel.Refused, KeyError, ValueError):
                    api = system.login(person, f"127.0.9.{n + 1}")
                    for number in (4, 5):
                        self.use(api, self.pair[(n + number) % 2], person, number)
            self.stopping.wait(0.05)

    def use(self, api, gateway, person, number):
        answer = api.post(f"/api/v1/desktops/{pc(api, number)}/connect", {"protocol": "vnc"})
        with view(gateway, answer["ticket"]) as viewer:
            with self.lock:
                others = self.on.setdefault(number, [])
                others.append(person)
            try:
                alive(viewer)
                with self.lock:
                    self.seen += 1
                    self.twice += len(set(others)) > 1
            finally:
                with self.lock:
                    others.remove(person)


def test_killed_under_load(pair):
    first, second = pair
    api = first.login("anna")
    viewers = []
    for number in range(4):  # tickets of one broker, viewers at both gateways
        answer = api.post(f"/api/v1/desktops/{pc(api, number)}/connect", {"protocol": "vnc"})
        viewers.append(view(pair[number % 2], answer["ticket"]))
    try:
        with Load(pair) as load:
            assert eventually(lambda: load.seen > 4, 60), "nobody gets anywhere"

            # A broker: nobody's session is lost, its gateway goes to the other one.
            first.signal("broker", signal.SIGKILL)
            before = load.seen
            assert all(alive(viewer) for viewer in viewers)
            assert eventually(lambda: first.api().request("GET", "/healthz").status == 200)
            assert api.sessions(), "the login is as good at the other broker"
            assert eventually(lambda: load.seen > before + 4, 60), "nobody gets anywhere"
            assert all(alive(viewer) for viewer in viewers)

            # It comes back. What it ends lives at a gateway that is linked to the other broker.
            first.start_broker()
            (row,) = [r for r in first.rows("sessions")
                      if r["state"] == "live" and "pc-0" in r.values()]
            first.ctl("session", "end", row["id"])
            assert viewers[0].closed()

            # A gateway: its own sessions end with it, no other.
            os.killpg(second.daemons["gateway"].pid, signal.SIGKILL)
            second.daemons["gateway"].wait(15)
            assert viewers[1].closed() and viewers[3].closed()
            assert alive(viewers[2])

            def left():
                rows = [r for r in first.rows("sessions") if r["state"] == "live"]
                return {v for r in rows for v in r.values() if str(v) in
                        {"pc-0", "pc-1", "pc-2", "pc-3"}} == {"pc-2"}

            assert eventually(left), first.ctl("sessions")
            second.start_gateway()
            before = load.seen
            assert eventually(lambda: load.seen > before + 4, 60), "nobody gets anywhere"
            assert alive(viewers[2])
        assert load.twice == 0, "two people had one desktop at once"
    finally:
        for viewer in viewers:
            viewer.sock.close()
