# SPDX-License-Identifier: GPL-3.0-or-later
"""Warned of a session's end at a desktop of the other protocol: to the lobby, and back over a bridge."""

import os
import signal
import struct

import pytest

import console
import deployment
import guests
import lobbies
import screens
import spice
from deployment import eventually
from desktops import vnc
from lobbies import live, told

ESCAPE = 0xFF1B
ROWS = {16: "qwertyuiop", 30: "asdfghjkl", 44: "zxcvbnm"}  # of a keyboard, from the first letter's code on


@pytest.fixture(scope="module")
def oriel():
    """With a lobby, and bridges."""
    with deployment.Deployment("warned", lobby=True) as system:
        system.start()
        yield system


@pytest.fixture(scope="module")
def alone(oriel, tmp_path_factory):
    """Carla's two desktops of one protocol each: pools pc-spice and pc-vnc."""
    spice_pc = guests.Vm("spice", oriel.path("pc-spice"), loudspeaker=True)
    spice_pc.home.mkdir()
    port = deployment.free_port()
    server = ["Xtigervnc", "-rfbport", port, "-localhost", "-SecurityTypes", "None", "-geometry", "800x600",
              "-depth", "24"]
    vnc_pc = screens.Display(tmp_path_factory.mktemp("pc"), (800, 600), server)
    try:
        with spice_pc.running():
            for protocol, address in (("spice", spice_pc.address[0]), ("vnc", f"127.0.0.1:{port}")):
                pool = f"pc-{protocol}"
                oriel.ctl("pool", "add", pool, "--kind", "machines")
                oriel.ctl("machine", "add", pool, f"{pool}-1", "--protocol", protocol, "--address", address)
                oriel.ctl("entitle", pool, "--user", "carla")
            yield
    finally:
        vnc_pc.close()


def test_vnc_viewer_at_a_spice_desktop(oriel, no_lobby, alone, source):
    """A VNC viewer at a SPICE desktop, which nobody uses: to the warning, and back over another bridge."""

    def red():
        picture = viewer.update()
        red, _, blue = picture.getpixel((picture.width - 8, 88))
        return red > 200 and red - blue > 10

    with vnc(oriel, source, "carla/pc-spice") as viewer:
        size = viewer.screen().size
        session = live(oriel, "carla", "pc-spice")
        with told(oriel, "is warned of its end"):
            oriel.ctl("pool", "plan", "pc-spice", "--idle", "nothing", "--idle-after", "600", "--warn", "599")
        assert eventually(red)
        oriel.ctl("pool", "plan", "pc-spice", "--idle", "nothing", "--idle-after", "600", "--warn", "60")
        (mine,) = oriel.login("carla", source).sessions()
        assert mine["id"] == session["id"] and mine["ends_why"] == "idle"
        viewer.key(ESCAPE, True)
        viewer.key(ESCAPE, False)
        assert eventually(lambda: not red() and viewer.image.size == size)
        assert live(oriel, "carla", "pc-spice")["id"] == session["id"]
        (later,) = oriel.login("carla", source).sessions()
        assert later["ends_in"] > 590, (mine, later)


def test_spice_viewer_at_a_vnc_desktop(oriel, no_lobby, alone, source):
    """A SPICE viewer at a VNC desktop, whose time is over soon: the same."""
    ticket = oriel.login("carla", source).ticket("pc-vnc", "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        viewer.attach()
        keyboard, display = viewer.open(spice.INPUTS), viewer.display()
        display.wait(spice.DRAW_COPY)
        session = live(oriel, "carla", "pc-vnc")
        with told(oriel, "is warned of its end"):
            oriel.ctl("pool", "plan", "pc-vnc", "--length", "600", "--warn", "600")
        display.wait(spice.SURFACE_CREATE)
        display.wait(spice.DRAW_COPY)
        before = len(oriel.log("gateway"))

        def back():
            """The lobby hears the keyboard when that has followed, too."""
            for kind, code in ((spice.KEY_DOWN, 0x01), (spice.KEY_UP, 0x81)):
                keyboard.send(kind, struct.pack("<I", code))
            return "moves to pc-vnc-1" in oriel.log("gateway")[before:]

        assert eventually(back, 60, 0.3)
        display.wait(spice.SURFACE_CREATE)
        display.wait(spice.DRAW_COPY)
        assert live(oriel, "carla", "pc-vnc")["id"] == session["id"]
    finally:
        oriel.ctl("pool", "plan", "pc-vnc", "--length", "0", "--warn", "60")
        viewer.close()


def killed_before_it_heard(oriel, pool, there, meanwhile=lambda: None):
    """The gateway reads the order to go to the lobby, and its broker is not there any more. It stood still until
    then; there() is true when its client sees the desktop again. meanwhile(): before there is a broker again."""
    session = live(oriel, "carla", pool)
    gateway = oriel.daemons["gateway"].pid
    seen = len(oriel.log("gateway"))
    os.killpg(gateway, signal.SIGSTOP)
    try:
        with told(oriel, "is warned of its end"):
            oriel.ctl("pool", "plan", pool, "--length", "600", "--warn", "600")
        assert eventually(lambda: lobbies.pids(oriel))
        oriel.signal("broker", signal.SIGKILL)
    finally:
        os.killpg(gateway, signal.SIGCONT)
    try:
        try:
            meanwhile()
        finally:
            oriel.start_broker()
        oriel.ctl("pool", "plan", pool, "--length", "0", "--warn", "60")
        assert oriel.healthy()
        assert eventually(lambda: "goes back to its desktop" in oriel.log("gateway")[seen:]), oriel.tail("gateway")
        assert there()
        assert live(oriel, "carla", pool)["id"] == session["id"]
    finally:
        oriel.ctl("pool", "plan", pool, "--length", "0", "--warn", "60")


def test_killed_before_it_heard_vnc(oriel, no_lobby, alone, source):
    with vnc(oriel, source, "carla/pc-vnc") as viewer:
        size = viewer.screen().size
        killed_before_it_heard(oriel, "pc-vnc", lambda: eventually(lambda: viewer.update().size == size))


def test_killed_before_it_heard_spice(oriel, no_lobby, alone, source):
    ticket = oriel.login("carla", source).ticket("pc-spice", "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        viewer.attach()
        display = viewer.display()
        display.wait(spice.DRAW_COPY)
        killed_before_it_heard(oriel, "pc-spice", lambda: display.wait(spice.SURFACE_CREATE))
    finally:
        viewer.close()


def test_typed_without_a_desktop(oriel, no_lobby, source):
    """More than a QEMU's keyboard holds, which is eight strokes: all of it comes to the desktop."""
    pc = guests.Vm("spice", oriel.path("pc-typed"))
    pc.home.mkdir()
    codes = {letter: first + n for first, row in ROWS.items() for n, letter in enumerate(row)}
    with pc.running("-vnc", f"unix:{pc.home}/vnc.sock"):
        reader = console.Reader.taught_by(pc.home / "vnc.sock")
        oriel.ctl("pool", "add", "pc-typed", "--kind", "machines")
        oriel.ctl("machine", "add", "pc-typed", "pc-typed-1", "--protocol", "spice", "--address", pc.address[0])
        oriel.ctl("entitle", "pc-typed", "--user", "carla")
        ticket = oriel.login("carla", source).ticket("pc-typed", "spice")
        viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)

        def types():
            assert eventually(lambda: oriel.log("gateway")[seen:].count("waits for its main channel") == 2)
            for letter in codes:
                keyboard.send(spice.KEY_DOWN, struct.pack("<I", codes[letter]))
                keyboard.send(spice.KEY_UP, struct.pack("<I", codes[letter] | 0x80))

        try:
            viewer.attach()
            display, keyboard = viewer.display(), viewer.open(spice.INPUTS)
            display.wait(spice.DRAW_COPY)
            seen = len(oriel.log("gateway"))
            killed_before_it_heard(oriel, "pc-typed", lambda: display.wait(spice.SURFACE_CREATE), types)
            assert eventually(lambda: "".join(codes) in reader.line(pc.screen(), 0)), reader.lines(pc.screen())
        finally:
            viewer.close()
