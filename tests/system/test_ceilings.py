# SPDX-License-Identifier: GPL-3.0-or-later
"""What one session, one user and all together may take of memory and of the line."""

import contextlib
import re
import struct
import threading
import time

import deployment
import machines
import pytest
import ws
from deployment import eventually

SESSION, USER = 400, 800  # KiB/s
MEMORY = 24  # MiB of a worker
SIDE = 256  # of a picture: 256 KiB
CUT = 32 * 1024
ZRLE = 16


@pytest.fixture(scope="module")
def system():
    gateway = {"max_per_address": 5000, "max_handshakes": 5000, "max_memory": MEMORY,
               "max_session_memory": 1, "drain": 1, "session_bandwidth": SESSION, "user_bandwidth": USER}
    with deployment.Deployment("ceilings", gateway) as system:
        system.start()
        yield system


@pytest.fixture(scope="module")
def places(system):
    """{name: path} of displays; whose desktop is there has a directory for it."""
    directory = system.path("desktops")
    directory.mkdir(mode=0o755)
    own = {name: directory / name for name in ("picture", "sink", "huge")}
    picture = machines.pictures(own["picture"])
    for user, kind, count in (("anna", "picture", 3), ("ben", "picture", 1), ("anna", "sink", 1),
                              ("anna", "huge", 1)):
        machines.add(system, user, kind, count, own[kind])
    yield own
    picture.terminate()
    picture.wait(60)


def pull(viewer, until, sums, i):
    viewer.sock.settimeout(60)
    while time.monotonic() < until:
        viewer.pack("BBHHHH", 3, 0, 0, 0, SIDE, SIDE)
        left = 16 + 4 * SIDE * SIDE
        while left:
            n = len(viewer.sock.recv(min(left, 65536)))
            assert n
            left -= n
            if time.monotonic() < until:
                sums[i] += n


def test_bandwidth(system, places):
    """A session has its rate and a user's sessions have the user's, whichever workers carry them."""
    with machines.viewers(system, "anna", "picture") as many, machines.viewers(system, "ben", "picture") as one:
        assert len(many) == 3 and len(one) == 1
        sums, begin, seconds = [0] * 4, time.monotonic(), 2
        threads = [threading.Thread(target=pull, args=(viewer, begin + seconds, sums, i))
                   for i, viewer in enumerate(many + one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        most = (seconds + 0.3) * 1024  # with what a full bucket holds
        assert all(n <= SESSION * most for n in sums), sums
        assert USER * most / 3 < sum(sums[:3]) <= USER * most, sums
        assert sums[3] > SESSION * most / 3, sums


def test_bandwidth_of_a_viewer(system, places):
    """Towards the desktop it is the same."""
    sink = machines.Desktop(places["sink"])
    text = struct.pack(">B3xI", 6, CUT) + b"x" * CUT
    with machines.viewers(system, "anna", "sink") as (viewer,):
        stop = threading.Event()

        def push():
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    viewer.send(text)

        pusher, began = threading.Thread(target=push, daemon=True), time.monotonic()
        pusher.start()
        assert eventually(lambda: sink.begin)
        time.sleep(1.5)
        took, now = sink.took, time.monotonic()
        stop.set()
        assert SESSION * 1024 * (now - sink.begin) / 3 < took <= SESSION * 1024 * (now - began + 0.3)
    pusher.join(60)
    sink.close()


def test_a_picture_that_is_too_large(system, places):
    """Two MiB that cannot pass in pieces: its session ends, and the log says why."""
    head = struct.pack(">BxHHHHHiI", 0, 1, 0, 0, 640, 480, ZRLE, 2 << 20)
    huge = machines.Desktop(places["huge"], head + bytes(65536))
    with machines.viewers(system, "anna", "huge") as (viewer,):
        with system.refusal("relay", "desktop", "max_session_memory is reached"):
            viewer.pack("BBHHHH", 3, 0, 0, 0, 640, 480)
            assert viewer.closed()
    huge.close()


def status(system):
    return system.api().request("GET", "/healthz").status


def test_memory(system, places):
    """Above the ceiling who comes is told so; who is there goes on; and then there is room again."""
    held = []
    with machines.viewers(system, "ben", "picture") as (viewer,):
        try:
            while status(system) == 200:
                assert len(held) < 4000, "no end of memory"
                for _ in range(25):
                    held.append(ws.tls(system.host, system.port, system.ca))
                    with contextlib.suppress(OSError):  # it has been told, and is too slow
                        held[-1].sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 12000)
            assert eventually(lambda: re.search("fault=busy.*max_memory is reached", system.log("gateway")))
            pull(viewer, time.monotonic() + 0.2, [0], 0)  # whole pictures, or it raises
        finally:
            for one in held:
                one.close()
        assert len(held) > 100, "it was reached at once"
        assert eventually(lambda: all(status(system) == 200 for _ in range(8)), 60, 0.5)
        pull(viewer, time.monotonic() + 0.2, [0], 0)
