# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers die, the program is replaced, the configuration changes: nobody who connects meanwhile is lost,
and no session ends that need not."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import deployment
import procs
import pytest
import rfb
from deployment import eventually
from generations import Knocking, alive, listening, moving, replace, taken_over, worker_of, workers

PER_SECOND = 200


class Knocker(Knocking):
    """Connects to the VNC port at a steady rate and wants to be greeted each time."""

    def __init__(self, oriel):
        self.where = (oriel.host, oriel.vnc_port)
        super().__init__([threading.Thread(target=self.knock) for _ in range(4)])
        self.greeted = 0

    def knock(self):
        due = time.monotonic()
        while not self.stop.is_set():
            due += len(self.threads) / PER_SECOND
            time.sleep(max(0, due - time.monotonic()))
            try:
                with socket.create_connection(self.where, 60) as one:
                    greeting = one.recv(12)
            except OSError as error:
                self.lost.append(repr(error))
                continue
            if greeting == b"RFB 003.008\n":
                self.greeted += 1
            else:
                self.lost.append(repr(greeting))


@pytest.fixture
def session(oriel, source):
    with moving(oriel, source) as viewer:
        yield viewer


def dial_elsewhere(oriel, source, busy):
    """A connection that another worker than busy has."""
    for _ in range(50):
        viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
        if worker_of(oriel, viewer) != busy:
            return viewer
        viewer.sock.close()
    raise AssertionError("one worker takes everything")


def test_killed_workers_lose_no_queue(oriel):
    """What a killed worker had in hand ends with it, what waits in the queue does not. In hand is one or,
    now and then on a busy machine, all that come at a time."""
    lost = []
    while len(lost) < 4 and min(map(len, lost), default=9) > 3:
        with Knocker(oriel) as knocker:
            for _ in range(3):
                time.sleep(0.5)
                before = workers(oriel)
                os.kill(min(before), signal.SIGKILL)
                assert eventually(lambda: len(workers(oriel) - {min(before)}) == 2)
            assert eventually(lambda: knocker.greeted > 300)
        assert not [why for why in knocker.lost if "Refused" in why], knocker.lost
        assert len(knocker.lost) <= 3 * len(knocker.threads), knocker.lost
        lost.append(knocker.lost)
    assert min(map(len, lost)) <= 3, lost


def test_a_killed_worker_ends_its_own_sessions_alone(oriel, session, source):
    victim = worker_of(oriel, session)
    with dial_elsewhere(oriel, source, victim) as other:
        other.secure(oriel.ca, "anna", oriel.passwords["anna"])
        other.init()
        other.screen()
        assert len(procs.live_sessions(oriel)) == 2
        os.kill(victim, signal.SIGKILL)
        assert eventually(lambda: len(procs.live_sessions(oriel)) == 1), "the books are late"
        assert session.closed()
        alive(other)


def test_an_upgrade_loses_nothing(oriel, session):
    """The program on disk takes over; the old workers go on for their sessions alone."""
    pid, old = oriel.daemons["gateway"].pid, workers(oriel)
    carrier = worker_of(oriel, session)
    with Knocker(oriel) as knocker:
        for _ in range(3):
            time.sleep(0.3)
            program = oriel.path("bin/oriel-gateway")
            shutil.copy(program, f"{program}.new")
            os.replace(f"{program}.new", program)
            before = workers(oriel)
            with oriel.logged("gateway", "takes over"):
                os.kill(pid, signal.SIGHUP)
                taken_over(oriel, before)
        assert eventually(lambda: knocker.greeted > 200)
    assert not knocker.lost, knocker.lost
    assert eventually(lambda: workers(oriel) & old == {carrier}), "too many old workers"
    assert eventually(lambda: len(workers(oriel)) == 3), "and those of the reloads between"
    time.sleep(2 * oriel.options["gateway"]["drain"])
    alive(session)
    session.sock.close()
    assert eventually(lambda: len(workers(oriel)) == 2), "the last old worker goes on"
    assert oriel.healthy()


def test_a_bad_program_does_not_take_over(oriel):
    program = oriel.path("bin/oriel-gateway")
    good, before = program.read_bytes(), workers(oriel)
    bad = pathlib.Path(f"{program}.new")
    bad.write_text("#!/bin/false\n")
    bad.chmod(0o755)
    os.replace(bad, program)
    try:
        with oriel.logged("gateway", "no reload", "--check failed"):
            os.kill(oriel.daemons["gateway"].pid, signal.SIGHUP)
        assert workers(oriel) == before and oriel.healthy()
    finally:
        bad.write_bytes(good)
        bad.chmod(0o755)
        os.replace(bad, program)


def test_sockets_from_systemd(oriel):
    """Who came before the gateway was there is greeted, and a port of its own is bound as ever."""
    own = deployment.free_port()
    config = oriel.path("activated.conf")
    with socket.create_server(("127.0.0.1", 0)) as passed:
        address = passed.getsockname()
        config.write_text(
            f"[gateway]\nlisten = 127.0.0.1:{own}\nlisten_vnc = 127.0.0.1:{address[1]}\n"
            f"certificate = {oriel.path('tls/tls.crt')}\nkey = {oriel.path('tls/tls.key')}\n"
            "workers = 3\n"
        )
        early = socket.create_connection(address, 60)
        gateway = subprocess.Popen(
            ["bash", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -c {config} 3<&{passed.fileno()}']
            + [oriel.path("bin/oriel-gateway")],
            pass_fds=[passed.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            assert early.recv(12) == b"RFB 003.008\n"
            for _ in range(20):
                with socket.create_connection(address, 60) as one:
                    assert one.recv(12) == b"RFB 003.008\n"
            socket.create_connection(("127.0.0.1", own), 60).close()
        finally:
            early.close()
            gateway.terminate()
            assert gateway.wait(60) == 0
        socket.create_connection(address, 60).close()


def test_configuration(oriel, session):
    """New connections are served by the new one, a running session does not notice."""
    path = oriel.path("oriel.conf")
    text = path.read_text()

    def hang_up():
        os.kill(oriel.daemons["gateway"].pid, signal.SIGHUP)

    try:
        path.write_text(text.replace("[broker]", "nonsense = 1\n[broker]"))
        with oriel.logged("gateway", "unknown key nonsense"):
            with oriel.logged("gateway", "no reload"):
                hang_up()
        before = workers(oriel)
        path.write_text(
            text.replace("[broker]", "vnc_login = no\n[broker]").replace(
                "workers = 2", "workers = 3"
            )
        )
        hang_up()
        taken_over(oriel, before, 3)
        with oriel.refusal("greet", "denied", "only tickets"):
            viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port)
            with pytest.raises(rfb.Refused):
                viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
            viewer.sock.close()
        alive(session)
    finally:
        path.write_text(text)
        before = workers(oriel)
        hang_up()
        taken_over(oriel, before)


@contextlib.contextmanager
def configured(oriel):
    """Yields a function that changes the file and asks for a reload; the old one again afterwards."""
    path = oriel.path("oriel.conf")
    text = path.read_text()

    def reload(old="", new=""):
        if old:
            replace(path, text.replace(old, new).encode())
        os.kill(oriel.daemons["gateway"].pid, signal.SIGHUP)

    try:
        yield reload
    finally:
        before = workers(oriel)
        replace(path, text.encode())
        with oriel.logged("gateway", "takes over"):
            reload()
        taken_over(oriel, before)


def test_an_address_that_cannot_be_bound(oriel, session):
    """All stays as it was, with the reason; with the address free, the same reload succeeds."""
    before, own = workers(oriel), f"listen_vnc = {oriel.host}:{oriel.vnc_port}"
    with configured(oriel) as reload:
        with socket.create_server((oriel.host, deployment.free_port())) as other:
            where = other.getsockname()
            with oriel.logged("gateway", f"listen on {where[0]}:{where[1]}: .*in use"):
                with oriel.logged("gateway", "no reload"):
                    reload(own, f"{own}, {where[0]}:{where[1]}")
            assert workers(oriel) == before and oriel.healthy()
        with oriel.logged("gateway", "takes over"):
            reload()
        taken_over(oriel, before)
        for _ in range(8):
            with socket.create_connection(where, 60) as one:
                assert one.recv(12) == b"RFB 003.008\n"
        alive(session)


def test_reloads_wait_for_each_other(oriel, source):
    """No more generations of old workers than the admin allows; none of their sessions is ended."""

    def dial(person):
        viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
        viewer.secure(oriel.ca, person, oriel.passwords[person])
        viewer.init()
        viewer.screen()
        return viewer

    with contextlib.ExitStack() as held, configured(oriel) as reload:
        first = held.enter_context(dial("anna"))
        carriers, before = [worker_of(oriel, first)], workers(oriel)
        with oriel.logged("gateway", "takes over"):
            reload("[broker]", "max_generations = 2\n[broker]")
        taken_over(oriel, before)
        second = held.enter_context(dial("ben"))
        carriers.append(worker_of(oriel, second))
        before = workers(oriel)
        with oriel.logged("gateway", "takes over"):
            reload()
        taken_over(oriel, before)
        assert eventually(lambda: workers(oriel) == listening(oriel) | set(carriers))
        before = workers(oriel)
        with oriel.logged("gateway", "reload waits", f"process {carriers[0]} "):
            reload()
            time.sleep(0.5)
            reload()
        time.sleep(1.5)
        assert workers(oriel) == before and oriel.healthy()
        alive(second)
        with oriel.logged("gateway", "takes over"):
            first.sock.close()
        taken_over(oriel, before)
        alive(second)


def test_no_reload_is_lost_in_another(oriel):
    """What is asked for in the midst of another's trial, exec or beginning comes after it."""
    with configured(oriel) as reload:
        for n in range(8):
            before, wanted = workers(oriel), 1 + n % 2 * 2
            reload()
            time.sleep(n / 100)  # into the next of its moments
            reload("workers = 2", f"workers = {wanted}")
            taken_over(oriel, before, wanted)
