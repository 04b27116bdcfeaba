# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktops that speak another protocol than who comes to them, through oriel-bridge: SPICE and RDP in a
VNC viewer, VNC in a SPICE viewer."""

import os
import pathlib

import pytest
from PIL import ImageChops, ImageStat

import console
import guests
import procs
import rfb
import sandboxes
import spice
from deployment import eventually
from desktops import vnc
from windows import VIEWER, works

pytestmark = pytest.mark.usefixtures("no_bridge")


@pytest.fixture(scope="module")
def spice_vm(oriel, pools):
    """A VM with a SPICE display and no VNC."""
    socket = oriel.path("spice-alone.sock")
    with guests.machine(["-spice", f"unix=on,addr={socket},disable-ticketing=on"], socket) as vm:
        pools("vm", "spice", f"unix:{socket}")
        yield vm


@pytest.fixture(scope="module")
def vnc_vm(oriel, pools):
    """A VM with a VNC display and no SPICE, just switched on: it waits for "cont"."""
    with guests.Vm("vnc", oriel.path(".")).running("-S") as vm:
        pools("old", "vnc", *vm.address)
        yield vm


def test_vnc_in_a_spice_viewer(oriel, vnc_vm, books, reader, display, log, request,
                               tmp_path, source):
    text, _ = oriel.login("carla", source).console("old")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    assert (first := eventually(lambda: procs.live_sessions(oriel) and procs.bridges(oriel)))
    vnc_vm.ask("cont")
    works(display, reader, request, "bridged2")
    assert [(row["protocol"], row["via"]) for row in procs.live_sessions(oriel)] == [("spice", "vnc")]
    assert procs.bridges(oriel) == first, "one has not borne that the picture grows while the VM boots"


def test_a_spice_viewer_has_packed_pictures(oriel, vnc_vm, books, source):
    vnc_vm.ask("cont")
    ticket = oriel.login("carla", source).ticket("old", "spice")
    assert spice.packs(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket, spice.RETURN)


def test_a_card_offers_every_way(oriel, spice_vm, source):
    [card] = [card for card in oriel.login("carla", source).desktops() if card["pool"] == "vm"]
    assert card["protocols"] == ["web", "vnc", "spice"]


def test_spice_in_a_vnc_viewer(oriel, spice_vm, books, reader, display, log, request):
    display.run(
        [*VIEWER, f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"],
        log,
        {"VNC_USERNAME": "carla/vm", "VNC_PASSWORD": oriel.passwords["carla"]},
    )
    works(display, reader, request, "bridged1")
    rows = procs.live_sessions(oriel)
    assert [(row["protocol"], row["via"]) for row in rows] == [("vnc", "spice")]


def test_capitals_and_signs(oriel, spice_vm, books, reader, source):
    """A viewer says what is printed; the VM hears which key it is on, and whether with shift."""
    signs = "Aa_{|~Z"
    octal = "".join(f"\\{ord(sign):03o}" for sign in signs)
    with vnc(oriel, source, "carla/vm") as viewer:
        console_ready(viewer, reader)

        def says(command, word):
            viewer.interrupt()
            viewer.type(f"clear; {command} && echo {word}\n")
            return eventually(lambda: word in reader.lines(viewer.update()), 30)

        def right():
            """In lines that each fit into the keyboard of a VM that is kept from running for a moment (256 bytes,
            three a key). One that was lost all the same may be a quote, which the interrupt closes."""
            return (says(f"typed='{signs}'", "one") and says(f"wanted=$(printf '{octal}')", "two")
                    and says('[ "$typed" = "$wanted" ]', "right"))

        assert any(right() for _ in range(4))


def console_ready(viewer, reader):
    viewer.want_raw()
    console.wait_for(viewer, reader.prompts, 120)


def test_sessions_live_on_without_the_broker(oriel, spice_vm, books, reader, source):
    """It was started by the broker, but not for it."""
    with vnc(oriel, source, "carla/vm") as viewer:
        console_ready(viewer, reader)
        oriel.signal("broker", 9)
        try:
            console.does(viewer, reader, "clear; echo orphan", "orphan")
        finally:
            oriel.start_broker()
        assert oriel.healthy()


def test_the_bridge_dies(oriel, spice_vm, books, source):
    """The session gets another one."""
    with vnc(oriel, source, "carla/vm") as viewer:
        viewer.screen()
        [bridge] = procs.bridges(oriel)
        os.kill(bridge, 9)
        assert eventually(lambda: procs.bridges(oriel) not in ([], [bridge]))
        assert eventually(lambda: len(viewer.screen().getcolors(1 << 24)) > 1)


def test_it_may_do_nothing(oriel, spice_vm, books, source):
    """No rights, no gain of rights, a filter of system calls."""
    if sandboxes.is_open(oriel.path("bin/oriel-bridge")):
        pytest.skip("a build for checking has no sandbox")
    with vnc(oriel, source, "carla/vm") as viewer:
        viewer.screen()
        [bridge] = procs.bridges(oriel)
        status = dict(line.split(":\t", 1) for line in
                      pathlib.Path(f"/proc/{bridge}/status").read_text().splitlines() if ":\t" in line)
        assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_rdp_in_a_vnc_viewer(oriel, rdp_pc, books, source):
    screen, keys = rdp_pc
    with vnc(oriel, source, "carla/pc") as viewer:
        viewer.want_raw()

        def same():
            theirs, ours = screen.screenshot().convert("RGB"), viewer.update()
            return theirs.size == ours.size and max(
                ImageStat.Stat(ImageChops.difference(theirs, ours)).mean) < 4

        assert eventually(same, 60, 0.3)
        viewer.pack("BBHH", 5, 0, 250, 200)
        viewer.type("Q")
        assert eventually(lambda: "(keysym 0x51, Q)" in keys.read_text(), 60, 0.3), keys.read_text()
        assert "MotionNotify" in keys.read_text()
        assert [row["via"] for row in procs.live_sessions(oriel)] == ["rdp"]


def test_a_wrong_password_of_the_pc(oriel, rdp_pc, books, source):
    """The admin's mistake: the person reads that the desktop cannot be reached, the log why."""
    with oriel.refusal("redeem", "desktop|config"):
        with pytest.raises((rfb.Refused, rfb.Gone)):
            vnc(oriel, source, "carla/stranger")
