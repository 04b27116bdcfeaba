# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes when the gateway is full is told so, in the client's own protocol."""

import contextlib
import os
import signal
import socket
import ssl
import struct
import time

import deployment
import machines
import procs
import pytest
import spice
from deployment import eventually


@pytest.fixture(scope="module")
def small():
    """A gateway of one worker that takes two connections from one address."""
    system = deployment.Deployment(
        "limits", gateway={"workers": 1, "max_per_address": 2, "max_handshakes": 40}
    )
    try:
        system.start()
        yield system
    finally:
        for pid in system.pids("gateway"):  # it would wait until the held line may be closed
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        system.stop()


@pytest.fixture
def full(small):
    """Two connections that say nothing on the VNC port."""
    held = [socket.create_connection((small.host, small.vnc_port), 60) for _ in range(2)]
    for one in held:
        assert one.recv(12) == b"RFB 003.008\n"
    yield small
    for one in held:
        one.close()
    assert small.healthy()


def tls(system):
    context = ssl.create_default_context(cafile=system.ca)
    raw = socket.create_connection((system.host, system.port), 60)
    return context.wrap_socket(raw, server_hostname="localhost")


def everything(connection):
    connection.settimeout(60)
    said = b""
    while piece := connection.recv(4096):
        said += piece
    return said


def test_a_browser_is_told(full):
    with full.refusal("greet", "busy", "max_per_address"), tls(full) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = everything(browser)
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After:" in said and b"in use right now" in said


def test_a_vnc_viewer_is_told(full):
    with full.refusal("greet", "busy", "max_per_address"):
        with socket.create_connection((full.host, full.vnc_port), 60) as viewer:
            said = everything(viewer)
    assert said.startswith(b"RFB 003.008\n\0") and b"in use right now" in said


def test_a_spice_viewer_is_told(full):
    with full.refusal("greet", "busy", "max_per_address"), tls(full) as viewer:
        viewer.sendall(b"REDQ" + struct.pack("<III", 2, 2, 18))
        said = everything(viewer)
    assert said[:4] == b"REDQ"
    assert struct.unpack_from("<I", said, 16)[0] == 1


def test_the_longest_silent_make_room(small):
    """However many come from everywhere and say nothing, who speaks gets in. The log says so, with a line a
    second at most."""
    held, began, before = [], time.monotonic(), len(small.log("gateway"))

    def told():
        return small.log("gateway")[before:].count("max_handshakes is reached")

    try:
        for n in range(120):
            source = (f"127.0.3.{n + 1}", 0)
            held.append(socket.create_connection((small.host, small.port), 60, source))
        assert small.healthy()
        assert eventually(told) and told() <= 2 + time.monotonic() - began
        ended = sum(not still_open(one) for one in held)
        assert 80 <= ended < 120, f"{ended} of them ended"
    finally:
        for one in held:
            one.close()


def still_open(connection):
    """Greeted or not."""
    connection.settimeout(0)
    try:
        while connection.recv(100):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def test_a_held_line_counts(small):
    """A SPICE desktop's line outlives a display that vanished during its first message (the desktop would
    not survive its end): it takes the place of the client meanwhile."""
    path, source = small.path("spice"), "127.0.4.1"
    path.mkdir(mode=0o755)
    desktop = machines.pictures(path / "socket", "spice")
    try:
        machines.add(small, "ben", "spice", 1, path / "socket", "spice")
        ticket = small.login("ben").ticket("ben-spice", "spice")

        def dial():
            return spice.dial(small.host, small.port, small.ca, source)

        session = spice.Session(dial, ticket)
        display = session.open(spice.DISPLAY)
        before = procs.settled(small)  # the sign-in's connection has gone
        display.send(spice.DISPLAY_INIT, struct.pack("<BqBi", 1, 20 << 20, 1, 1 << 20))
        assert eventually(lambda: procs.open_total(small, "gateway") > before)
        display.close()
        assert eventually(lambda: procs.open_total(small, "gateway") == before)
        with small.refusal("greet", "busy", "max_per_address"), dial() as viewer:
            viewer.sendall(b"REDQ" + struct.pack("<III", 2, 2, 18))
            everything(viewer)
        session.close()
    finally:
        desktop.terminate()
        desktop.wait(60)


def test_there_is_room_again(small):
    assert small.healthy()
