# SPDX-License-Identifier: GPL-3.0-or-later
"""What one session, one user and all together may take of memory and of the line."""

import contextlib
import socket
import struct
import subprocess
import threading
import time

import deployment
import pytest
import rfb
import ws
from deployment import eventually
from test_tickets import vnc

SESSION, USER = 400, 800  # KiB/s
MEMORY = 24  # MiB of a worker
SIDE = 256  # of a picture: 256 KiB
CUT = 32 * 1024
ZRLE = 16


class Desktop(threading.Thread):
    """A VNC server of our own on a Unix socket: counts what it is sent, and answers an update request with
    what `says` holds."""

    def __init__(self, path, says=b""):
        super().__init__(daemon=True)
        self.says, self.took, self.begin = says, 0, None
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        path.chmod(0o666)
        self.listening.listen()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                viewer, _ = self.listening.accept()
                with viewer, contextlib.suppress(OSError):
                    self.serve(viewer)

    def serve(self, viewer):
        viewer.sendall(b"RFB 003.008\n")
        viewer.recv(12, socket.MSG_WAITALL)
        viewer.sendall(b"\1\1")
        viewer.recv(1)
        viewer.sendall(bytes(4))
        viewer.recv(1)
        viewer.sendall(struct.pack(">HH", 640, 480) + bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255])
                       + bytes([16, 8, 0, 0, 0, 0]) + struct.pack(">I4s", 4, b"fake"))
        while piece := viewer.recv(65536):
            self.begin = self.begin or time.monotonic()
            self.took += len(piece)
            if self.says and b"\3\0\0\0" in piece:
                viewer.sendall(self.says)

    def close(self):
        self.listening.close()


@pytest.fixture(scope="module")
def system():
    system = deployment.Deployment(
        "ceilings",
        gateway={"max_per_address": 5000, "max_handshakes": 5000, "max_memory": MEMORY,
                 "max_session_memory": 1, "drain": 1, "session_bandwidth": SESSION, "user_bandwidth": USER},
    )
    try:
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def places(system):
    """{name: path} of displays; whose desktop is there has a directory for it."""
    directory = system.path("desktops")
    directory.mkdir(mode=0o755)
    own = {name: directory / name for name in ("picture", "sink", "huge")}
    words = [deployment.BUILD / "tests/bench/bench-desktop", "vnc", own["picture"]]
    picture = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert picture.stdout.readline() == "ready\n"
    for user, kind, count in (("anna", "picture", 3), ("ben", "picture", 1), ("anna", "sink", 1),
                              ("anna", "huge", 1)):
        pool = f"{user}-{kind}"
        system.ctl("pool", "add", pool, "--kind", "machines", "--max", 10)
        system.ctl("entitle", pool, "--user", user)
        for i in range(count):
            system.ctl("machine", "add", pool, f"{kind}-{i}", "--protocol", "vnc",
                       "--address", f"unix:{own[kind]}")
    yield own
    picture.terminate()
    picture.wait(10)


@contextlib.contextmanager
def viewers(system, user, kind):
    """Of all this user's desktops of the kind."""
    api = system.login(user)
    with contextlib.ExitStack() as stack:
        found = []
        for card in api.desktops():
            if card["name"].startswith(f"{kind}-"):
                path = f"/api/v1/desktops/{card['id']}/connect"
                ticket = api.post(path, {"protocol": "vnc"})["ticket"]
                found.append(stack.enter_context(vnc(system, ticket)))
                found[-1].init()
                found[-1].want_raw()
        yield found


def pull(viewer, until, sums, i):
    viewer.sock.settimeout(20)
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
    with viewers(system, "anna", "picture") as many, viewers(system, "ben", "picture") as one:
        assert len(many) == 3 and len(one) == 1
        sums, begin, seconds = [0] * 4, time.monotonic(), 2
        threads = [threading.Thread(target=pull, args=(viewer, begin + seconds, sums, i))
                   for i, viewer in enumerate(many + one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        most = (seconds + 0.3) * 1024  # with what a full bucket holds
        assert all(n <= SESSION * most for n in sums), sums
        assert USER * most / 3 < sum(sums[:3]) <= USER * most, sums
        assert sums[3] > SESSION * most / 3, sums


def test_bandwidth_of_a_viewer(system, places):
    """Towards the desktop it is the same."""
    sink = Desktop(places["sink"])
    text = struct.pack(">B3xI", 6, CUT) + b"x" * CUT
    with viewers(system, "anna", "sink") as (viewer,):
        stop = threading.Event()

        def push():
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    viewer.send(text)

        pusher = threading.Thread(target=push, daemon=True)
        pusher.start()
        assert eventually(lambda: sink.begin, 10)
        time.sleep(1.5)
        took, passed = sink.took, time.monotonic() - sink.begin
        stop.set()
        assert SESSION * 1024 * passed / 3 < took <= SESSION * 1024 * (passed + 0.3)
    pusher.join(20)
    sink.close()


def test_a_picture_that_is_too_large(system, places):
    """Two MiB that cannot pass in pieces: its session ends, and the log says why."""
    head = struct.pack(">BxHHHHHiI", 0, 1, 0, 0, 640, 480, ZRLE, 2 << 20)
    huge = Desktop(places["huge"], head + bytes(65536))
    with viewers(system, "anna", "huge") as (viewer,):
        with system.refusal("relay", "desktop", "max_session_memory is reached"):
            viewer.pack("BBHHHH", 3, 0, 0, 0, 640, 480)
            assert viewer.closed()
    huge.close()


def status(system):
    return system.api().request("GET", "/healthz").status


def test_memory(system, places):
    """Above the ceiling who comes is told so; who is there goes on; and then there is room again."""
    held = []
    with viewers(system, "ben", "picture") as (viewer,):
        try:
            while status(system) == 200:
                assert len(held) < 4000, "no end of memory"
                for _ in range(25):
                    held.append(ws.tls(system.host, system.port, system.ca))
                    held[-1].sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 12000)
            assert eventually(lambda: "fault=busy" in system.log("gateway"), 5)
            assert "max_memory is reached" in system.log("gateway")
            sums = [0]
            pull(viewer, time.monotonic() + 0.2, sums, 0)
            assert sums[0] > 0
        finally:
            for one in held:
                one.close()
        assert len(held) > 100, "it was reached at once"
        assert eventually(lambda: all(status(system) == 200 for _ in range(8)), 20, 0.5)
        pull(viewer, time.monotonic() + 0.2, sums, 0)
