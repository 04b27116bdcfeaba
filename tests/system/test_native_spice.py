# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, choosing and coming back in a stock SPICE viewer's own window (see test_native_login.py):
the gateway swaps what is below its channels."""

import contextlib
import os
import re
import signal
import time

import pytest

import console
import intruder
import lobbies
import moves
import procs
import spice
from deployment import eventually
from lobbies import asks, chooses, enters, live, resident, told, types_there, works_on_two
from stacks import OATH_KEY, hotp
from windows import keep


@pytest.fixture(scope="module")
def oriel():
    with lobbies.open_to_anybody("native-spice") as system:
        yield system


@pytest.fixture(scope="module")
def reader(oriel):
    return console.Reader.taught_by(oriel.spare_display())


def remote(oriel, display, log, home, **more):
    """remote-viewer, told no more than where to go, but for that."""
    file = home / "oriel.vv"
    keys = {"type": "spice", "host": oriel.host, "tls-port": oriel.port, "fullscreen": 1,
            "ca": oriel.ca.read_text().replace("\n", "\\n"), **more}
    file.write_text("\n".join(["[virt-viewer]", *(f"{k}={v}" for k, v in keys.items())]))
    return display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)


@contextlib.contextmanager
def spice_lobby(oriel, display):
    """What is done inside brings somebody to a sign-in that hears the keyboard: the picture is there before."""
    before = len(oriel.log("gateway"))
    with told(oriel, "opened for somebody"):
        yield
    assert eventually(lambda: "channel=inputs" in oriel.log("gateway")[before:]), oriel.tail("gateway")
    asks(display)


def swaps(log_since):
    """Milliseconds, by the gateway's log, from the order to move until main, display, cursor and
    inputs are linked to the next desktop and its picture has come."""
    line = re.compile(r"T(\S+)Z info .*?(moves to|started protocol=spice channel=(?!play|rec))")
    begun, found = None, []
    for time_of, what in line.findall(log_since):
        hours, minutes, seconds = time_of.split(":")
        at = (int(hours) * 60 + int(minutes)) * 60 + float(seconds)
        if what == "moves to":
            begun = at
            found.append([])
        elif begun is not None and len(found[-1]) < 4:
            found[-1].append(round(1000 * (at - begun)))
    return [max(one) for one in found if len(one) == 4]


def test_remote_viewer_chooses_two_desktops(oriel, no_lobby, reader, display, log, tmp_path, request):
    """From nothing, by the login screen, to one desktop and to another, in the same window."""
    before = len(oriel.log("gateway"))
    with spice_lobby(oriel, display):
        viewer = remote(oriel, display, log, tmp_path)
    try:
        with told(oriel, "the login was refused"):
            display.type("anna")
            display.key("Tab")
            typed = enters(display, "wrong")
        asks(display, typed)
        with told(oriel, "signed in"):
            display.type("anna-secret\n")
        works_on_two(oriel, reader, display)
        assert viewer.poll() is None
        print(f"swaps: {swaps(oriel.log('gateway')[before:])} ms")
    finally:
        keep(request, display.screenshot())


def test_spicy_signs_in_with_a_code(oriel, no_lobby, reader, display, log, request):
    with spice_lobby(oriel, display):
        viewer = display.run(
            ["dbus-run-session", "spicy", "-f", "-h", oriel.host, "-s", oriel.port,
             f"--spice-ca-file={oriel.ca}"], log)
    try:
        with told(oriel, "PAM has more to say"):
            display.type("otto")
            display.key("Tab")
            typed = enters(display, "otto-secret")
        asks(display, typed)
        with told(oriel, "signed in"):
            display.type(f"{hotp(OATH_KEY, 1)}\n")
        types_there(display, reader, "spicy")
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())


def test_packed_pictures(oriel, no_lobby, source):
    assert spice.packs(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), "", spice.LETTER)


def test_killed_spice_lobby(oriel, no_lobby, source):
    """The first is replaced below both channels; with the second, they are closed."""
    begin = time.monotonic()
    session = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), "")
    try:
        display = session.display()
        display.wait(spice.DRAW_COPY)
        took = time.monotonic() - begin
        (first,) = eventually(lambda: lobbies.pids(oriel))
        print(f"first picture: {1000 * took:.0f} ms, memory: {resident(first)} KiB")
        with told(oriel, "opened for somebody"):
            os.kill(first, signal.SIGKILL)
        display.wait(spice.SURFACE_CREATE)
        (second,) = lobbies.pids(oriel)
        assert second != first
        os.kill(second, signal.SIGKILL)
        assert session.main.closed() and display.closed()
    finally:
        session.close()


def test_another_gateway_learns_of_no_desktop(oriel, no_lobby, source):
    """All gateways hear that a viewer's main channel has moved, since its further ones may be anywhere. By
    what it heard, one that was taken over and never had a channel of that viewer gets nothing."""
    session = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), "")
    try:
        display = session.display()
        display.wait(spice.DRAW_COPY)
        (lobby,) = eventually(lambda: lobbies.pids(oriel))
        with intruder.Intruder(oriel) as other:
            os.kill(lobby, signal.SIGKILL)
            other.hear("follow")
            display.wait(spice.SURFACE_CREATE)
            assert other.attempts(session.id, "198.51.100.7:1") == []
        # Nor by coming later, when that is told once more.
        with intruder.Intruder(oriel) as other:
            other.hear("follow")
            assert other.attempts(session.id, "198.51.100.7:1") == []
    finally:
        session.close()


@pytest.fixture
def no_swap(oriel):
    """SPICE viewers bring name and password, and are sent away to come again."""
    file = oriel.path("oriel.conf")
    before = file.read_text()
    other = before.replace("[broker]", "[broker]\nspice_swap = no").replace("spice_sasl = no", "")
    for text in (other, before):
        file.write_text(text)
        for name, start in (("gateway", oriel.start_gateway), ("broker", oriel.start_broker)):
            oriel.signal(name, signal.SIGTERM)
            start()
        if text == other:
            yield


def comes_again_with_its_ticket(oriel, source):
    """Byte by byte: whoever opened a session by a ticket comes with it again, and is at the other desktop."""
    def dial():
        return spice.dial(oriel.host, oriel.port, oriel.ca, source)

    def sees_picture(session):
        session.display().wait(spice.DRAW_COPY)

    ticket = oriel.login("anna", source).ticket("own", "spice")
    first = spice.Session(dial, ticket)
    try:
        sees_picture(first)
        oriel.ctl("session", "move", live(oriel, "anna", "own")["id"], "shared")
        first.main.wait(spice.SWITCH_HOST)
    finally:
        first.close()
    second = spice.Session(dial, ticket)
    try:
        sees_picture(second)
        live(oriel, "anna", "shared")
    finally:
        second.close()


def test_comes_again(oriel, no_swap, no_lobby, reader, display, log, tmp_path, request, source):
    """SWITCH_HOST: from the lobby to a desktop, and to another, in new connections and remote-viewer's same
    window; then by a ticket."""
    before = len(oriel.log("gateway"))
    with told(oriel, "opened for anna"):
        viewer = remote(oriel, display, log, tmp_path, username="anna", password="anna-secret")
    try:
        chooses(display)
        display.key("Return")
        assert eventually(lambda: procs.live_sessions(oriel))
        pool = moves.session(oriel, "anna")["pool"]
        moves.types_and_sees(oriel, display, reader, pool)
        pool = {"own": "shared", "shared": "own"}[pool]
        moves.move(oriel, "anna", pool)
        moves.types_and_sees(oriel, display, reader, pool)
        assert oriel.log("gateway")[before:].count("is told to come again") == 2
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())
    os.killpg(viewer.pid, signal.SIGTERM)
    assert eventually(lambda: not procs.live_sessions(oriel))
    comes_again_with_its_ticket(oriel, source)
