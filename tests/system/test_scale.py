# SPDX-License-Identifier: GPL-3.0-or-later
"""Two brokers and two gateways on one PostgreSQL, killed under load: no session is lost but those
of the killed gateway, and no desktop is given twice. One of the gateways is in a DMZ: it has a tunnel
to each broker, and the desktops' bytes come through it."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import threading

import pytest

import deployment
import oriel
import rfb
from cryptography.hazmat.primitives import serialization
from deployment import Deployment, eventually, free_port
from postgres import Postgres
from tunnels import Authority, BROKER, GATEWAY, configure, start_tunnel, status

PEOPLE = ("anna", "ben", "carla")
PCS = 6


def screens(count, directory):
    """Displays that both brokers reach and no gateway: QEMU, halted before its first instruction, VNC
    on a Unix socket."""
    for number in range(count):
        path = directory / f"pc-{number}.sock"
        command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-m", "16", "-S"]
        command += ["-nodefaults", "-vga", "std", "-monitor", "none", "-serial", "none"]
        command += ["-display", f"vnc=unix:{path},share=force-shared"]
        yield path, subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


class Outside(Deployment):
    """Its gateway has nothing of either broker but a tunnel to each."""

    def __init__(self, name, other):
        super().__init__(name)
        self.ends = {"own": self, "other": other}
        self.ports = {end: free_port() for end in self.ends}
        dmz = (str(self.path(f"dmz-{end}")) for end in self.ends)
        self.options["gateway"]["brokers"] = " ".join(dmz)

    def prepare(self):
        super().prepare()
        shutil.copy(deployment.BUILD / "tunnel/oriel-tunnel", self.path("bin"))
        certs, authority = self.path("certs"), Authority("ours")
        certs.mkdir(mode=0o711)
        (certs / "ca.pem").write_bytes(
            authority.certificate.public_bytes(serialization.Encoding.PEM))
        for file, name in (("broker", BROKER), ("gateway", GATEWAY)):
            authority.issue(certs, file, name, self.gateway_uid)
        for end, system in self.ends.items():
            dmz, address = self.path(f"dmz-{end}"), f"127.0.0.1:{self.ports[end]}"
            dmz.mkdir(mode=0o700)
            os.chown(dmz, self.gateway_uid, self.gateway_uid)
            configure(self, f"inside-{end}", "broker", GATEWAY, f"listen = {address}", system)
            configure(self, f"outside-{end}", "gateway", BROKER,
                      f"connect = {address}\ndirectory = {dmz}")

    def start_gateway(self):
        for name in (f"{side}-{end}" for end in self.ends for side in ("inside", "outside")):
            if name not in self.daemons:
                start_tunnel(self, name)
        super().start_gateway()


def end_all(pcs):
    for _, process in pcs:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def pair():
    """Two deployments that share the database; each gateway knows both brokers. Whatever one of them says
    at its end, the rest goes, too."""
    database = Postgres()
    pcs = []
    with contextlib.ExitStack() as stack:
        stack.callback(database.remove)
        stack.callback(end_all, pcs)
        database.make()
        database.start()
        first = Deployment("scale-one")
        stack.callback(first.stop)
        second = Outside("scale-two", first)
        stack.callback(second.stop)
        second.broker_uid, second.gateway_uid = first.broker_uid, first.gateway_uid
        second.passwords = first.passwords
        first.options["gateway"]["brokers"] = f"{first.path('run')} {second.path('run')}"
        pcs += screens(PCS, first.directory)
        for name, system in (("one", first), ("two", second)):
            system.options["broker"] |= {"name": name, "database": database.url}
            system.start()
        first.ctl("pool", "add", "pcs", "--kind", "machines", "--provider", "machine")
        for person in PEOPLE:
            first.ctl("entitle", "pcs", "--user", person)
        for number, (path, _) in enumerate(pcs):
            assert eventually(path.exists)
            path.chmod(0o666)
            first.ctl("machine", "add", "pcs", f"pc-{number}", "--protocol", "vnc", "--address",
                      f"unix:{path}")
        yield first, second


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


def sessions(api):
    """Theirs; nothing from a worker that has not gone over to the other broker yet."""
    with contextlib.suppress(OSError, http.client.HTTPException, oriel.Refused):
        return api.sessions()


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
            thread.join(120)
            assert not thread.is_alive()

    def run(self, n):
        person = PEOPLE[n % 2]  # two threads are one person: that may take over from itself
        while not self.stopping.is_set():
            for system in self.pair:
                with contextlib.suppress(OSError, AssertionError, rfb.Gone, rfb.Refused,
                                         oriel.Refused, KeyError, ValueError,
                                         http.client.HTTPException):
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
            assert eventually(lambda: load.seen > 4, 120), "nobody gets anywhere"

            # A broker: nobody's session is lost, its gateway goes to the other one.
            first.signal("broker", signal.SIGKILL)
            before = load.seen
            assert all(alive(viewer) for viewer in viewers)
            assert eventually(lambda: status(first) == 200)
            assert eventually(lambda: sessions(api)), "the login is as good at the other broker"
            assert eventually(lambda: load.seen > before + 4, 120), "nobody gets anywhere"
            assert all(alive(viewer) for viewer in viewers)

            # It comes back, and the other one goes: the gateway outside has a tunnel to each.
            first.start_broker()
            second.signal("broker", signal.SIGKILL)
            assert all(alive(viewer) for viewer in viewers)
            assert eventually(lambda: status(second) == 200)
            second.start_broker()
            before = load.seen
            assert eventually(lambda: load.seen > before + 4, 120), "nobody gets anywhere"
            assert all(alive(viewer) for viewer in viewers)

            # What a broker ends lives at whichever gateway.
            def mine():
                return [r for r in first.rows("sessions") if r["state"] == "live" and "pc-0" in r.values()]

            assert eventually(mine), first.ctl("sessions")
            (row,) = mine()
            first.ctl("session", "end", row["id"])
            assert viewers[0].closed()

            # A gateway: its own sessions end with it, no other.
            os.killpg(second.daemons["gateway"].pid, signal.SIGKILL)
            second.daemons["gateway"].wait(60)
            assert viewers[1].closed() and viewers[3].closed()
            assert alive(viewers[2])

            def left():
                rows = [r for r in first.rows("sessions") if r["state"] == "live"]
                return {v for r in rows for v in r.values() if str(v) in
                        {"pc-0", "pc-1", "pc-2", "pc-3"}} == {"pc-2"}

            assert eventually(left), first.ctl("sessions")
            second.start_gateway()
            before = load.seen
            assert eventually(lambda: load.seen > before + 4, 120), "nobody gets anywhere"
            assert alive(viewers[2])
        assert load.twice == 0, "two people had one desktop at once"
    finally:
        for viewer in viewers:
            viewer.sock.close()
