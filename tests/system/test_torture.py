# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred sessions in which pictures move, while one part after the other is killed, stalls, is cut off or
given no room: what need not end goes on, what ended is in the books, and nothing is left behind."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

import crowd as crowds
import deployment
import lines
import procs
import rfb
from deployment import command_name, eventually
from procs import BUFFER_KIB, own_kib

SIZES = {"vnc": 90, "web": 90, "spice": 20}
ROOM = 24  # MiB of the broker's disk
HEAP_KIB = 16384  # in pieces that malloc cannot give back
EACH = 100  # bytes of those that are of each that came with a flood
CLOCK = "tests/system/libtest-clock.so"


def memory_kib(system):
    """{daemon: memory of its own that all its processes have}"""
    return {name: sum(own_kib(pid) for pid in system.pids(name)) for name in ("gateway", "broker")}


class Torture(deployment.Deployment):
    """Its broker has a small disk of its own, and a clock that can be set; people come over a line, or on this
    machine."""

    def __init__(self, line):
        super().__init__("torture", gateway={"max_per_address": 2000})
        self.names.append(line.near)
        for key, port in (("listen", self.port), ("listen_vnc", self.vnc_port)):
            self.options["gateway"][key] = f"{self.host}:{port}, {line.near}:{port}"
        self.clock = self.path("clock")

    def prepare(self):
        super().prepare()
        shutil.copy(deployment.BUILD / CLOCK, self.path("bin"))
        self.mount()
        self.clock.write_bytes(bytes(8))

    def mount(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=700,uid={self.broker_uid}"
                        f",gid={self.broker_uid}", "oriel-torture", self.path("broker")], check=True)

    def jump(self, seconds):
        """The broker's clock is so much ahead; its steady clock is not touched."""
        with self.clock.open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def _start(self, name, command, uid=None):
        if name == "broker":
            preload = self.path("bin") / pathlib.Path(CLOCK).name
            command = ["env", f"LD_PRELOAD={preload}", f"TEST_CLOCK={self.clock}",
                       "ASAN_OPTIONS=verify_asan_link_order=0", *command]
        super()._start(name, command, uid)

    def stop(self):
        try:
            super().stop()
        finally:
            subprocess.run(["umount", "--lazy", self.path("broker")], check=False)
            self.path("broker").rmdir()
            self.directory.rmdir()

    # ---- the one real desktop

    def monitor(self):
        """The display clients of the QEMU that runs, as itself sees them."""
        (path,) = self.path("broker").rglob("qmp.sock")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)
            sock.connect(str(path))
            lines = sock.makefile("rw")
            lines.readline()
            for command in ("qmp_capabilities", "query-vnc"):
                print(json.dumps({"execute": command}), file=lines, flush=True)
                while "return" not in (answer := json.loads(lines.readline())):
                    pass
        return answer["return"].get("clients", [])


@pytest.fixture(scope="module")
def line():
    with lines.Line() as line:
        yield line


@pytest.fixture(scope="module")
def system(line):
    with Torture(line) as system:
        system.start()
        system.add_image()
        system.ctl("pool", "add", "own", "--kind", "dedicated", "--image", "tiny", "--max", "1")
        system.ctl("entitle", "own", "--user", "ben")
        yield system


@pytest.fixture(scope="module")
def crowd(system, line):
    """They have come and gone once, so that what is kept for the next is no leak."""
    directory = system.path("desktops")
    directory.mkdir(mode=0o755)
    crowd = crowds.Crowd(system, directory, SIZES, line)
    try:
        crowd.fill()
        crowd.leave()
        crowd.books_agree()
        crowd.idle_descriptors = procs.settled(system)
        crowd.idle_memory, crowd.came = memory_kib(system), 0
        crowd.fill()
        yield crowd
    finally:
        crowd.close()


def workers(system):
    return set(system.pids("gateway")) - {system.daemons["gateway"].pid}


def dialers(system):
    """{worker: its dialer}"""
    found = {}
    for worker in workers(system):
        children = pathlib.Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        found.update({worker: int(pid) for pid in children if command_name(pid) == "oriel-dialer"})
    return found


def two_good_workers(system, gone):
    return eventually(lambda: len(workers(system) - {gone}) == 2 and system.healthy(1))


# ---- processes


def test_a_worker_is_killed(system, crowd):
    victim, movers = min(crowd.by_process().items())
    os.kill(victim, signal.SIGKILL)
    crowd.ends(movers)
    crowd.books_agree()
    assert two_good_workers(system, victim)
    crowd.fill()


def test_a_dialer_is_killed(system, crowd):
    """Its worker cannot reach the broker any more: it lets its sessions go on and makes room for
    another. Only those sessions may end."""
    worker, dialer = min(dialers(system).items())
    movers = crowd.by_process().get(worker, [])
    os.kill(dialer, signal.SIGKILL)
    assert eventually(lambda: not system.healthy(0.1) or worker not in workers(system))
    crowd.ends(movers)
    crowd.books_agree()
    assert two_good_workers(system, worker)
    crowd.fill()


def test_the_gateway_is_killed(system, crowd):
    """Its workers do not outlive it for long, and the next one finds its ports free."""
    system.signal("gateway", signal.SIGKILL)
    system.start_gateway()
    crowd.ends(crowd.movers)
    crowd.books_agree()
    assert eventually(lambda: len(workers(system)) == 2)
    crowd.fill()


def test_the_broker_is_killed(system, crowd):
    """Nothing moves less for it, and what ends meanwhile is in the books afterwards."""
    system.signal("broker", signal.SIGKILL)
    crowd.all_move()
    crowd.leave(20)
    system.start_broker()
    assert system.healthy(30)
    crowd.all_move()
    crowd.books_agree()
    crowd.fill()


def test_the_login_helper_is_killed(system, crowd):
    system.signal("authd", signal.SIGKILL)
    crowd.all_move()
    assert system.api().request(
        "POST", "/api/v1/login", {"user": "ben", "password": system.passwords["ben"]}
    ).status == 503
    system.path("run/auth.sock").unlink()  # of the killed one: the new one's is waited for
    system.start_authd()
    crowd.fill()


def test_a_desktop_is_killed(system, crowd):
    """The QEMU below one session: that one ends, and its user gets in again."""
    viewer = own_desktop(system)
    (pid,) = system.desktops_running()
    os.kill(pid, signal.SIGKILL)
    assert viewer.closed()
    crowd.all_move()
    crowd.books_agree()
    with own_desktop(system) as viewer:
        assert len(system.monitor()) == 1
        viewer.screen()
    assert eventually(lambda: not system.monitor()), "its display is still taken"


def own_desktop(system):
    viewer = rfb.Rfb.dial(system.host, system.vnc_port, timeout=90)
    viewer.secure(system.ca, "ben", system.passwords["ben"])
    viewer.init()
    viewer.screen()
    return viewer


# ---- the network


def one_is_served(system, seconds=4):
    with own_desktop(system) as viewer:
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            viewer.update()


def test_desktops_stall(system, crowd):
    """Nobody ends for a desktop that is silent for a while, and others are served."""
    for desktop in crowd.desktops:
        desktop.send_signal(signal.SIGSTOP)
    try:
        one_is_served(system)
    finally:
        for desktop in crowd.desktops:
            desktop.send_signal(signal.SIGCONT)
    crowd.all_move()
    crowd.books_agree()


def test_clients_stall(system, crowd):
    """Each costs a bounded buffer, whatever its desktop has for it."""
    crowd.stalled(True)
    try:
        one_is_served(system)
        held = memory_kib(system)["gateway"] - crowd.idle_memory["gateway"]
        assert held < len(crowd.movers) * BUFFER_KIB, f"{held} KiB"
    finally:
        crowd.stalled(False)
    crowd.all_move(60)
    crowd.books_agree()


def test_the_line_is_cut(system, crowd, line):
    """Of everybody, while each has a picture under way: packets are lost, and nobody is told."""
    crowd.stalled(True)
    one_is_served(system, 1)
    line.cut()
    try:
        crowd.stalled(False)
        assert eventually(lambda: crowd.stands_still(3)), "the line is not cut"
        one_is_served(system)
        held = memory_kib(system)["gateway"] - crowd.idle_memory["gateway"]
        assert procs.sanitized() or held < len(crowd.movers) * BUFFER_KIB, f"{held} KiB"
        assert crowd.stands_still(0.1)
    finally:
        line.mend()
    crowd.all_move(60)
    crowd.books_agree()


# ---- people who mean harm


def floods(attack):
    attack.send_signal(signal.SIGUSR1)
    return int(attack.stdout.readline()) > 500


@pytest.mark.parametrize(
    "kind, source", [("silent", "many"), ("handshakes", "many"), ("fragments", "one")]
)
def test_a_flood(system, crowd, kind, source):
    """Who is in goes on, and who comes gets in."""
    words = [deployment.BUILD / "tests/bench/bench-attack", kind, system.host, system.port, source]
    if kind == "fragments":
        words.append(system.path("tickets"))
        words[-1].write_text("\n".join(crowd.tickets(8)) + "\n")
    attack = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                              start_new_session=True)
    try:
        assert attack.stdout.readline() == "ready\n"
        assert eventually(lambda: floods(attack)), "it is no flood"
        for _ in range(3):
            crowd.all_move()
            assert system.healthy(30), "a page is not served"
            with own_desktop(system) as viewer:
                viewer.update()
    finally:
        attack.terminate()
        did, _ = attack.communicate(timeout=60)
    crowd.came += int(did)
    crowd.all_move()
    crowd.fill()


# ---- the disk


def fill_disk(system):
    """To the last byte; the database's own file for its next changes has no room set aside."""
    database = sqlite3.connect(next(system.path("broker").glob("*.db")), timeout=20)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    database.close()
    file = (system.path("broker") / "fill").open("wb", buffering=0)
    for size in (1 << 20, 4096):
        with contextlib.suppress(OSError):
            while file.write(bytes(size)) == size:
                pass
    file.close()
    return pathlib.Path(file.name)


def test_the_disk_is_full(system, crowd):
    """Who is in stays in; who leaves has left, once there is room to write it down."""
    fill = fill_disk(system)
    try:
        with system.logged("broker", "wait to be written down"):
            crowd.leave(50)
        crowd.all_move()
        words = {"user": "ben", "password": system.passwords["ben"]}
        answer = system.api().request("POST", "/api/v1/login", words)
        assert answer.status in (500, 503) and answer.json["error"], answer.body
        assert not system.ended("broker")
    finally:
        fill.unlink()
    assert system.healthy()
    crowd.books_agree()
    crowd.fill()


# ---- the clock


def clock_of(system):
    """How far the broker's clock is ahead of ours, within a minute or two."""
    api = system.login("ben")
    return api.connect("own", "vnc")["expires_at"] - time.time()


@pytest.mark.parametrize("seconds", [9 * 3600, -86400, 0], ids=["ahead", "back", "right"])
def test_the_clock_jumps(system, crowd, seconds):
    """Sessions do not look at it, and who comes now is served by what it shows now."""
    system.jump(seconds)
    assert eventually(lambda: abs(clock_of(system) - seconds) < 300, 60, 0.3), "it has not jumped"
    crowd.all_move()
    crowd.books_agree()
    crowd.leave(5)
    crowd.books_agree()
    crowd.fill()


# ---- afterwards


def test_all_is_as_before(system, crowd):
    crowd.leave()
    crowd.books_agree()
    assert eventually(lambda: not procs.auth_helpers(system))
    assert eventually(lambda: procs.settled(system) <= crowd.idle_descriptors), procs.settled(system)
    assert eventually(lambda: not system.monitor()), "a display is still taken"
    assert len(system.desktops_running()) == 1

    def grown():
        now = memory_kib(system)
        return {name: (before, now[name]) for name, before in crowd.idle_memory.items()
                if now[name] > before * 1.3 + HEAP_KIB + crowd.came * EACH / 1024}

    assert eventually(lambda: not grown(), 60, 0.5), grown()
    for name in ("gateway", "broker"):
        assert "Sanitizer" not in system.log(name) and "fault=bug" not in system.log(name)
