# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker is killed with SIGKILL, again and again, at any moment, while people log in, get
desktops, and leave; every second time while an instant clone wakes. Then its books are held against
what really runs.

ORIEL_KILLS=500 is what docs/testing.md tells of; without it a few rounds show that it still works.
"""

import os
import pathlib
import random
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

import deployment
import people
import procs
from deployment import eventually

KILLS = int(os.environ.get("ORIEL_KILLS", "8"))
SEED = int(os.environ.get("ORIEL_SEED", str(secrets.randbits(32))))
CROWD = 6
MAX = {"lab": 5, "gone": 3, "own": CROWD, "copies": 3}


class Killed(deployment.Deployment):
    """QEMUs without a guest: they are there at once, and what matters is the same. Only copies have
    one, which must say who it is before anybody may have it."""

    def __init__(self):
        super().__init__("killed", gateway={"max_per_address": 500}, broker={"ticket_seconds": 5})
        self.people = [f"person-{n}" for n in range(CROWD)]
        self.passwords = {name: secrets.token_hex(8) for name in self.people}
        self.kills = self.asleep = 0

    def furnish(self):
        disk = self.path("guest/empty.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
        self.ctl("image", "add", "empty", "--disk", disk, "--memory", "16")
        pool = ["--image", "empty", "--kind"]
        self.ctl("pool", "add", "lab", *pool, "floating", "--max", str(MAX["lab"]), "--spare", "2")
        self.ctl("pool", "add", "gone", *pool, "floating", "--max", str(MAX["gone"]))
        self.ctl("pool", "add", "own", *pool, "dedicated", "--max", str(MAX["own"]))
        self.ctl("pool", "plan", "lab", "--disconnect-after", "1")
        self.ctl("pool", "plan", "gone", "--disconnect", "delete", "--disconnect-after", "0",
                 "--logout", "delete")
        self.ctl("pool", "plan", "own", "--disconnect", "suspend", "--logout", "reset")
        self.add_image()
        self.ctl("pool", "add", "copies", "--image", "tiny", "--kind", "floating", "--instant",
                 "--max", str(MAX["copies"]), "--spare", "1")
        self.ctl("pool", "plan", "copies", "--disconnect", "delete", "--disconnect-after", "0",
                 "--logout", "delete")
        for pool in MAX:
            for name in self.people:
                self.ctl("entitle", pool, "--user", name)
        assert eventually(lambda: list(self.templates.glob("t-*/ready")), 240), self.tail("broker")

    @property
    def templates(self):
        return self.path("broker/qemu/templates")

    def waking(self):
        """Clones whose QEMU has been started, and which have not yet said who they are."""
        places = self.path("broker/qemu/desktops").glob("*/unproven")
        return [file.parent for file in places if file.with_name("alive").exists()]

    def answers(self):
        with socket.socket(socket.AF_UNIX) as admin:
            return admin.connect_ex(str(self.path("run/admin.sock"))) == 0

    def kill_broker(self, chance):
        """Kills it, and lets the next one live for a while: sometimes not even through its start."""
        if self.kills % 2 and eventually(self.waking, 30, 0.002):
            time.sleep(chance.uniform(0, 0.3))
        self.signal("broker", signal.SIGKILL)
        self.kills += 1
        self.asleep += bool(self.waking())
        program = [self.path("bin/oriel-broker"), "--config", self.path("oriel.conf")]
        self._start("broker", program, self.broker_uid)
        if chance.random() < 0.2:
            time.sleep(chance.uniform(0, 0.15))
            return
        assert eventually(lambda: self.answers() or self.ended("broker"), 60, 0.01)
        assert not self.ended("broker"), self.tail("broker")
        time.sleep(chance.expovariate(3))


@pytest.fixture(scope="module")
def system():
    with Killed() as killed:
        killed.start()
        killed.furnish()
        yield killed


def at_rest(system):
    """Nobody is connected, nobody is waited for, and every step has been done."""
    rows = system.rows("desktops")
    held = [row for row in rows if row["owner"] and row["kind"] == "floating"]
    busy = [row for row in rows if row["state"] not in ("off", "ready", "suspended")]
    ready = [row for row in rows if row["state"] == "ready" and row["pool"] == "lab"]
    copies = [row for row in rows if row["state"] == "ready" and row["pool"] == "copies"]
    return not procs.live_sessions(system) and not (held or busy) and len(ready) >= 2 and copies


def audited(system):
    """Ends that a broker had no time to put into the audit log go there when it is back."""
    ends = [row for row in system.rows("audit", "--limit", "1000") if row["event"] == "session-end"]
    sessions = system.rows("sessions", "--all", "--limit", "1000")
    known = {row["session"] for row in ends}
    return all(row["id"] in known for row in sessions[:200])


def test_the_books_are_right(system):
    print(f"ORIEL_SEED={SEED}")
    chance = random.Random(SEED)
    seats = people.Seats(system)
    crowd = [people.Person(system, seats, name, tuple(MAX)) for name in system.people]
    began = time.monotonic()
    for person in crowd:
        person.start()
    while system.kills < KILLS + (0 if system.asleep else 40) and not seats.faults:
        system.kill_broker(chance)
    for person in crowd:
        person.over.set()
    for person in crowd:
        person.join(120)
    took = time.monotonic() - began
    assert not seats.faults, seats.faults
    assert not [person.name for person in crowd if person.is_alive()]
    print(f"{system.kills} kills in {took:.0f} s, {system.asleep} of them while a clone woke;"
          f" {seats.visits} visits, {seats.misses} mishaps")
    assert system.asleep, "no clone was cut short"
    assert eventually(system.ctl_works)
    assert eventually(lambda: at_rest(system) and audited(system), 180, 0.2), (
        system.ctl("desktops") + system.ctl("sessions") + system.tail("broker"))
    assert seats.visits > 0
    # What nobody has may still be on its way to be cleaned, which no list says.
    if not eventually(lambda: right(system), 60, 0.5):
        check_what_runs(system)
    check_sessions(system)


def right(system):
    try:
        check_what_runs(system)
    except (AssertionError, OSError):  # some of it is just being removed
        return False
    return True


def check_what_runs(system):
    """Each QEMU, each overlay and each directory is somebody's in the books, and the other way round."""
    rows = {row["id"]: row for row in system.rows("desktops")}
    running = {}
    for pid, line in system.desktops_running().items():
        identity = re.search(r" -uuid (\S+)", line)[1]
        assert identity not in running, f"two QEMUs on {identity}"
        running[identity] = pid
    alive = {row["identity"] for row in rows.values() if row["state"] in ("ready", "suspended")}
    assert set(running) == alive, system.ctl("desktops")
    (home,) = system.path("broker").rglob("desktops")
    places = {place.name: place for place in home.iterdir()}
    made = {id for id, row in rows.items() if row["identity"]}
    assert set(places) == made, (sorted(places), sorted(made))
    for id, place in places.items():
        assert (place / "identity").read_text().strip() == rows[id]["identity"]
        assert rows[id]["identity"] not in alive or not (place / "unproven").exists()
    chances = [file.read_text() for file in home.glob("*/random")]
    assert chances and len(chances) == len(set(chances)), chances
    for pool, most in MAX.items():
        assert len([row for row in rows.values() if row["pool"] == pool]) <= most
    for pid, line in deployment.processes_of(system.broker_uid).items():
        own = pid in running.values() or pid == system.daemons["broker"].pid
        assert own, f"left over: {line}"
    files = {path.name for path in system.path("broker").rglob("*")
             if path.is_file() and not {home, system.templates} & set(path.parents)}
    known = {"broker.db", "broker.db-wal", "broker.db-shm"}
    assert files <= known | {"audit-file.position", "audit-file.position.new"}, files
    (template,) = system.templates.iterdir()
    assert (template / "ready").exists()


def check_sessions(system):
    """No session was forgotten, none is on a desktop of another, and each end is known by its cause."""
    database = system.path("broker/broker.db")
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT id, desktop, user_name, started_at, ended_at, reason FROM session"
                          " ORDER BY desktop, started_at").fetchall()
        begun = {id for (id,) in db.execute("SELECT session FROM audit WHERE event = 'session-start'")}
        ended = [id for (id,) in db.execute("SELECT session FROM audit WHERE event = 'session-end'")]
        unaudited = {row[0] for row in rows} - set(ended)
        (leases,) = db.execute("SELECT COUNT(*) FROM session WHERE ended_at = 0").fetchone()
    assert leases == 0
    assert not unaudited, f"ends that the audit log does not have: {unaudited}"
    assert len(ended) == len(set(ended)), "an end is audited twice"
    lost = [row for row in rows if row[0] in begun and "did not confirm" in row[5]]
    assert not lost, f"the end of these was never heard: {lost}"
    for one, two in zip(rows, rows[1:]):
        overlap = one[1] == two[1] and one[2] != two[2] and two[3] < one[4]
        assert not overlap, (one, two)
    print(f"{len(rows)} sessions, {len(begun)} with a picture")
    assert pathlib.Path(database).stat().st_uid == system.broker_uid
