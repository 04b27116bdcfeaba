# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that loses everything for a while, below sessions in which pictures move: nobody ends, nothing
is lost or kept without bounds, and who comes another way is served meanwhile."""

import threading
import time

import deployment
import lines
import machines
import procs
import pytest
import rfb
from deployment import eventually
from procs import BUFFER_KIB, own_kib

N, SIDE, AHEAD = 12, 128, 8  # sessions; of a picture of 64 KiB; so many are asked for ahead
CUT = 3  # s
SIZE = 16 + 4 * SIDE * SIDE


@pytest.fixture(scope="module")
def line():
    with lines.Line() as line:
        yield line


@pytest.fixture(scope="module")
def system(line):
    system = deployment.Deployment("stall")
    where = f"{system.host}:{system.vnc_port}, {line.near}:{system.vnc_port}"
    system.options["gateway"]["listen_vnc"] = where
    with system:
        system.start()
        directory = system.path("desktops")
        directory.mkdir(mode=0o755)
        desktop = machines.pictures(directory / "picture")
        machines.add(system, "anna", "picture", N, directory / "picture")
        machines.add(system, "ben", "picture", 1, directory / "picture")
        yield system
        desktop.terminate()
        desktop.wait(60)


class Puller(threading.Thread):
    """A session from the far end, with pictures on their way at any time."""

    def __init__(self, system, line, ticket):
        super().__init__(daemon=True)
        self.pictures, self.ended, self.leaving = 0, None, False
        self.viewer = line.inside(lambda: rfb.Rfb.dial(line.near, system.vnc_port))
        self.viewer.secure(system.ca, "ticket", ticket)
        self.viewer.init()
        self.viewer.want_raw()
        self.viewer.sock.settimeout(60)
        self.start()

    def ask(self):
        self.viewer.pack("BBHHHH", 3, 0, 0, 0, SIDE, SIDE)

    def run(self):
        try:
            for _ in range(AHEAD):
                self.ask()
            while not self.leaving:
                assert self.viewer.read(SIZE)[:4] == b"\0\0\0\1", "bytes are lost"
                self.pictures += 1
                self.ask()
        except Exception as error:  # noqa: BLE001: whatever it was is told to who asks
            self.ended = repr(error)
        self.viewer.sock.close()


def all_move(pullers, more=2 * AHEAD):
    before = {puller: puller.pictures for puller in pullers}
    assert eventually(lambda: all(p.ended or p.pictures >= n + more for p, n in before.items()))
    assert [p.ended for p in pullers if p.ended] == []


def stand_still(pullers):
    before = [puller.pictures for puller in pullers]
    time.sleep(CUT)
    return [puller.pictures for puller in pullers] == before


def test_a_line_is_cut(system, line):
    api = system.login("anna")
    tickets = [api.post(f"/api/v1/desktops/{card['id']}/connect", {"protocol": "vnc"})["ticket"]
               for card in api.desktops()]
    before = sum(own_kib(pid) for pid in system.pids("gateway"))
    pullers = [Puller(system, line, ticket) for ticket in tickets]
    with machines.viewers(system, "ben", "picture") as (other,):
        all_move(pullers)
        line.cut()
        try:
            assert eventually(lambda: stand_still(pullers)), "the line is not cut"
            still = [puller.pictures for puller in pullers]
            for _ in range(20):
                other.pack("BBHHHH", 3, 0, 0, 0, SIDE, SIDE)
                other.read(SIZE)
            assert [puller.pictures for puller in pullers] == still
            grown = sum(own_kib(pid) for pid in system.pids("gateway")) - before
            assert procs.sanitized() or grown < (N + 1) * BUFFER_KIB + 1024, f"{grown} KiB"
        finally:
            line.mend()
        all_move(pullers)
        assert len(procs.live_sessions(system)) == N + 1
    for puller in pullers:
        puller.leaving = True
    for puller in pullers:
        puller.join(60)
    assert eventually(lambda: not procs.live_sessions(system)), "a desktop is still held"
