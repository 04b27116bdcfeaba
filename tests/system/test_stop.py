# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway stops gracefully: nothing new, what runs may go on for a while."""

import contextlib
import os
import re
import signal
import socket
import time

import procs
import rfb
from deployment import eventually


@contextlib.contextmanager
def draining(oriel, seconds):
    """A gateway with another drain; afterwards one as before."""
    path = oriel.path("oriel.conf")
    text = path.read_text()
    changed = re.sub("^drain = .*", f"drain = {seconds}", text, flags=re.M)
    assert changed != text
    path.write_text(changed)
    try:
        oriel.signal("gateway", signal.SIGTERM)
        oriel.start_gateway()
        yield
    finally:
        path.write_text(text)
        if not oriel.ended("gateway"):
            oriel.signal("gateway", signal.SIGKILL)
        oriel.start_gateway()


def works(oriel, source):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
    viewer.init()
    return viewer


def is_gone(oriel):
    """With all that it had."""
    assert oriel.daemons["gateway"].wait(60) == 0
    assert eventually(lambda: not procs.live_sessions(oriel))
    assert eventually(lambda: not oriel.pids("gateway"))


def test_gateway_drains(oriel, source):
    """It takes nobody any more and lets go on who is there; when they have left it does not wait."""

    def closed():
        try:
            socket.create_connection((oriel.host, oriel.port), 60).close()
        except ConnectionRefusedError:
            return True
        return False

    with draining(oriel, 600):
        viewer = works(oriel, source)
        oriel.daemons["gateway"].send_signal(signal.SIGTERM)
        assert eventually(closed, 60, 0.01), "it still accepts"
        viewer.type("echo still here\n")
        viewer.update(incremental=True)
        viewer.sock.close()
        is_gone(oriel)


def test_a_drain_ends(oriel, source):
    """With those that are still there."""
    with draining(oriel, 3):
        viewer = works(oriel, source)
        begin = time.monotonic()
        oriel.daemons["gateway"].send_signal(signal.SIGTERM)
        assert viewer.closed()
        assert 2.5 < time.monotonic() - begin < 40, "drain = 3 s"
        is_gone(oriel)


def test_gateway_without_sessions_stops_at_once(oriel):
    assert eventually(lambda: not procs.live_sessions(oriel))
    with draining(oriel, 60):
        begin = time.monotonic()
        oriel.signal("gateway", signal.SIGTERM)
        assert time.monotonic() - begin < 30


def test_one_worker_dies(oriel, source):
    """The others go on serving, and the dead one is replaced."""
    def workers():
        return set(oriel.pids("gateway")) - {oriel.daemons["gateway"].pid}

    assert eventually(lambda: len(workers()) == 2), "the gateway has no workers"
    victim = workers().pop()
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: len(workers() - {victim}) == 2), "the worker was not replaced"
    assert oriel.healthy()
