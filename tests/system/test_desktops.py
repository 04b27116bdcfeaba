# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignment, reset, and what happens when a desktop or an administrator says no."""

import contextlib
import os
import signal
import socket
import threading

import pytest

import console
import procs
import rfb
import spice
from deployment import eventually
from desktops import at_prompt, identity, vnc
from rfb import RAW

TIGHT, QUALITY = 7, -26


def test_a_floating_desktop_forgets(oriel, source, reader, books):
    """What ben writes is gone before carla may have the same desktop."""
    with vnc(oriel, source, "ben") as viewer:
        at_prompt(viewer, reader)
        console.does(viewer, reader, "clear; echo secret of ben > /tmp/left; cat /tmp/left", "secret of ben")
        desktop, before = identity(oriel, "ben")

    def fresh():
        """It is nobody's again (or gone), and not one moment before it runs on a new overlay."""
        row = next((row for row in oriel.rows("desktops") if row["id"] == desktop), None)
        if row is None:
            return True
        assert row["owner"] == "ben" or row["state"] != "ready" or row["identity"] != before, row
        # Off until somebody needs it, unless the pool lacks a spare.
        usable = row["state"] in ("off", "ready")
        return not row["owner"] and usable and row["identity"] != before

    assert eventually(fresh, 120), oriel.ctl("desktops")
    with vnc(oriel, source, "carla") as viewer:
        at_prompt(viewer, reader)
        picture = console.does(viewer, reader, "clear; echo is there; cat /tmp/left || echo nothing", "nothing")
        assert "secret of ben" not in reader.lines(picture)
        assert identity(oriel, "carla")[1] != before


def test_a_dedicated_desktop_stays_and_remembers(oriel, source, reader, books):
    with vnc(oriel, source, "anna/own") as viewer:
        at_prompt(viewer, reader)
        console.does(viewer, reader, "clear; echo mine > /tmp/kept; cat /tmp/kept", "mine")
        first = identity(oriel, "anna")
    assert eventually(lambda: not procs.live_sessions(oriel))
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.screen()
        assert identity(oriel, "anna") == first
        console.does(viewer, reader, "clear; cat /tmp/kept", "mine")


def test_two_people_two_desktops(oriel, source, books):
    with vnc(oriel, source, "ben"), vnc(oriel, source, "carla"):
        assert identity(oriel, "ben")[0] != identity(oriel, "carla")[0]


def test_no_free_desktop(oriel, source, books):
    """The pool has three; the fourth person hears why not."""
    oriel.ctl("pool", "add", "small", "--kind", "floating", "--image", "tiny", "--max", "1")
    try:
        for person in ("ben", "carla"):
            oriel.ctl("entitle", "small", "--user", person)
        with vnc(oriel, source, "ben/small"):
            with oriel.refusal("redeem", "busy"):
                with pytest.raises(rfb.Refused, match="in use"):
                    vnc(oriel, source, "carla/small")
            api = oriel.login("carla", source)
            answer = api.request(
                "POST", f"/api/v1/desktops/{api.desktop('small')}/connect", {"protocol": "web"}
            )
            assert answer.status == 503
    finally:
        assert eventually(lambda: not procs.live_sessions(oriel))
        assert eventually(lambda: oriel._ctl("pool", "remove", "small").returncode == 0, 60, 1)


def test_a_spice_desktop_packs_its_pictures(oriel, source, books, reader):
    with vnc(oriel, source, "ben") as viewer:
        at_prompt(viewer, reader)
    ticket = oriel.login("ben", source).ticket("shared", "spice")
    assert spice.packs(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket, spice.RETURN)


def test_a_vnc_desktop_moves_as_jpeg(oriel, source, books, reader):
    """For a viewer that asks for it, as noVNC does."""
    with vnc(oriel, source, "ben") as viewer:
        at_prompt(viewer, reader)
        viewer.type("while :; do cat /dev/urandom > /dev/fb0; done\n")
        viewer.pack("BxHiii", 2, 3, TIGHT, QUALITY, RAW)
        viewer.sock.settimeout(0.05)
        came = bytearray()

        def jpeg():
            viewer.pack("BBHHHH", 3, 1, 0, 0, *viewer.image.size)
            with contextlib.suppress(TimeoutError):
                came.extend(viewer.sock.recv(1 << 18))
            return b"JFIF" in came

        try:
            assert eventually(jpeg, 30, 0)
        finally:
            viewer.interrupt()
            viewer.type("clear\n")


@pytest.mark.parametrize("protocol", ["vnc", "spice"])
def test_an_administrator_ends_a_session(oriel, source, books, protocol):
    if protocol == "vnc":
        stream = vnc(oriel, source, "ben")
        stream.screen()
    else:
        ticket = oriel.login("ben", source).ticket("shared", "spice")
        session = spice.Session(
            lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket
        )
        session.attach()
        stream = session.display()
    (row,) = procs.live_sessions(oriel)
    oriel.ctl("session", "end", row["id"])
    assert stream.closed(), "the stream went on"
    stream.sock.close()
    assert eventually(lambda: not procs.live_sessions(oriel))

    def ended():
        return [r for r in oriel.rows("audit") if r["session"] == row["id"] and r["event"] == "session-end"]

    assert eventually(ended) and ended()[0]["detail"]


def test_a_person_ends_their_own_session_only(oriel, source, books):
    with vnc(oriel, source, "ben") as viewer:
        (row,) = procs.live_sessions(oriel)
        other = oriel.login("carla", source)
        assert other.request("DELETE", f"/api/v1/sessions/{row['id']}").status == 404
        oriel.login("ben", source).request("DELETE", f"/api/v1/sessions/{row['id']}")
        assert viewer.closed()


def test_a_desktop_that_dies(oriel, source, books):
    """QEMU is killed below a session: the client is told, the pool makes a new one."""
    with vnc(oriel, source, "ben") as viewer:
        viewer.screen()
        desktop, _ = identity(oriel, "ben")
        pid = next(pid for pid, line in oriel.desktops_running().items() if desktop in line)
        with oriel.refusal("relay", "desktop|ended"):
            os.kill(pid, signal.SIGKILL)
            assert viewer.closed()
    with vnc(oriel, source, "ben") as viewer:
        viewer.screen()


def test_a_desktop_that_cannot_start(oriel, source, books):
    """Its image is no system at all."""
    bad = oriel.path("guest/bad")
    bad.write_bytes(b"this is no kernel" * 100)
    oriel.ctl("image", "add", "bad", "--kernel", bad, "--initrd", bad, "--memory", "64")
    oriel.ctl("pool", "add", "broken", "--kind", "floating", "--image", "bad", "--max", "1")
    try:
        oriel.ctl("entitle", "broken", "--user", "ben")
        api = oriel.login("ben", source)
        answer = api.request(
            "POST", f"/api/v1/desktops/{api.desktop('broken')}/connect", {"protocol": "web"}
        )
        assert answer.status == 502, answer.body
        assert answer.json["error"]["code"] == "desktop"
        with oriel.refusal("redeem", "desktop", seconds=90):
            with pytest.raises(rfb.Refused, match="cannot be reached"):
                vnc(oriel, source, "ben/broken")
        assert eventually(lambda: not [line for line in oriel.desktops_running().values() if str(bad) in line])
    finally:
        assert eventually(lambda: oriel._ctl("pool", "remove", "broken").returncode == 0, 60, 1)
        oriel.ctl("image", "remove", "bad")


@pytest.fixture
def machine(oriel):
    """A "machine": a listener of our own that a pool of kind machines points at."""
    listener = socket.create_server(("127.0.0.1", 0))
    oriel.ctl("pool", "add", "pcs", "--kind", "machines")
    oriel.ctl("machine", "add", "pcs", "desk-1", "--protocol", "vnc",
              "--address", f"127.0.0.1:{listener.getsockname()[1]}")
    oriel.ctl("entitle", "pcs", "--user", "ben")
    yield listener
    listener.close()
    assert eventually(lambda: not procs.live_sessions(oriel))
    assert eventually(lambda: oriel._ctl("pool", "remove", "pcs").returncode == 0, 60, 0.5)


def test_a_machine_that_does_not_answer(oriel, source, machine, books):
    machine.shutdown(socket.SHUT_RDWR)  # nobody else gets its port meanwhile
    with oriel.refusal("redeem|dial", "desktop"):
        with pytest.raises(rfb.Refused, match="cannot be reached"):
            vnc(oriel, source, "ben/desk-1")


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 no\r\n\r\n", b"RFB 003.008\n\0\0\0\0\xffgo", b"RFB 003.008\n\1\1"]
)
def test_a_machine_that_talks_nonsense(oriel, source, machine, books, words):
    def answer():
        machine.settimeout(90)
        try:
            while True:
                sock, _ = machine.accept()
                sock.sendall(words)
                sock.settimeout(2)
                try:
                    while sock.recv(4096):
                        pass
                except OSError:
                    pass
                sock.close()
        except OSError:
            pass

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with oriel.refusal("redeem|dial", "desktop|timeout"):
        with pytest.raises(rfb.Refused):
            vnc(oriel, source, "ben/desk-1")
    machine.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closing it would not
    thread.join(95)
