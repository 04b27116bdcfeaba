# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway stops gracefully: nothing new, what runs may go on for a while."""

import os
import signal
import socket
import time

import pytest

import procs
import rfb
from deployment import eventually


def test_gateway_drains(oriel, source):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
    viewer.init()
    begin = time.monotonic()
    oriel.daemons["gateway"].send_signal(signal.SIGTERM)

    def closed():
        try:
            socket.create_connection((oriel.host, oriel.port), 1).close()
        except ConnectionRefusedError:
            return True
        return False

    try:
        assert eventually(closed, 1.5), "it still accepts"
        viewer.type("echo still here\n")
        viewer.update(incremental=True)
        assert oriel.daemons["gateway"].wait(15) == 0
        assert 1.5 < time.monotonic() - begin < 10, "drain = 2 s"
        assert viewer.closed()
        assert eventually(lambda: not procs.live_sessions(oriel))
        assert not oriel.pids("gateway")
    finally:
        if not oriel.ended("gateway"):
            oriel.daemons["gateway"].kill()
        oriel.start_gateway()


def test_gateway_without_sessions_stops_at_once(oriel):
    assert eventually(lambda: not procs.live_sessions(oriel))
    begin = time.monotonic()
    oriel.signal("gateway", signal.SIGTERM)
    assert time.monotonic() - begin < 1.5
    oriel.start_gateway()


def test_one_worker_dies(oriel, source):
    """The others go on serving, and the dead one is replaced."""
    workers = set(oriel.pids("gateway")) - {oriel.daemons["gateway"].pid}
    if not workers:
        pytest.fail("the gateway has no workers")
    victim = workers.pop()
    os.kill(victim, signal.SIGKILL)
    assert eventually(
        lambda: len(set(oriel.pids("gateway")) - {oriel.daemons["gateway"].pid, victim})
        == len(workers) + 1,
        10,
    ), "the worker was not replaced"
    assert oriel.healthy(10)
