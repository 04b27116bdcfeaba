# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a real viewer shows, most of it at a bridge: a desktop that takes the size of its window, the mouse,
the clipboard."""

import itertools
import os
import re

import pytest
from PIL import ImageChops, ImageStat

import deployment
import guests
import lobbies
import procs
import screens
import terminals
import windows
from deployment import eventually


MOUSE = (1, 2, 3, 4, 5)  # buttons, and the wheel up and down


@pytest.fixture
def x11(oriel, tmp_path):
    """A desktop with a VNC server that is smaller than its viewer's screen, and what it says of its mouse."""
    port = deployment.free_port()
    server = ["Xtigervnc", "-rfbport", port, "-localhost", "-SecurityTypes", "None", "-geometry", "800x600",
              "-depth", "24"]
    desktop, said = screens.Display(tmp_path, (800, 600), server, manager=False), tmp_path / "said"
    try:
        with said.open("wb") as words:
            desktop.run(["xev", "-geometry", "500x400+0+0"], words)
        assert eventually(lambda: "Expose" in said.read_text())
        oriel.ctl("pool", "add", "follows", "--kind", "machines")
        oriel.ctl("machine", "add", "follows", "follows-1", "--protocol", "vnc", "--address", f"127.0.0.1:{port}")
        oriel.ctl("entitle", "follows", "--user", "carla")
        yield desktop, said
        oriel.ctl("pool", "remove", "follows")
    finally:
        desktop.close()


def test_size_mouse_and_clipboard(oriel, x11, books, display, log, source, tmp_path):
    """remote-viewer fills its screen; the desktop gets as large, and is seen so; then it hears the mouse, and text
    goes both ways in any alphabet."""
    desktop, said = x11
    text, _ = oriel.login("carla", source).console("follows")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    wanted = "{} {}".format(*display.size)
    assert eventually(lambda: desktop.ask("getdisplaygeometry").strip() == wanted, 120, 0.3)
    desktop.size = display.size

    def same():
        return max(ImageStat.Stat(ImageChops.difference(desktop.screenshot(), display.screenshot())).mean) < 4

    assert eventually(same, 60, 0.3)
    place = itertools.cycle((("250", "200"), ("260", "210")))

    def there():
        here = next(place)
        display.ask("mousemove", *here)
        return eventually(lambda: "x:{} y:{} ".format(*here) in desktop.ask("getmouselocation"), 10)

    assert eventually(there, 90)
    for button in MOUSE:
        display.ask("click", str(button))
    assert eventually(lambda: re.findall(r"ButtonPress.*?button (\d)", said.read_text(), re.S) == list(map(str, MOUSE)))
    desktop.clipboard("Grüße für 5 €\nиз офиса")
    assert eventually(lambda: display.clipboard() == "Grüße für 5 €\nиз офиса", 60, 0.3), display.clipboard()
    display.clipboard("домой 日本")
    assert eventually(lambda: desktop.clipboard() == "домой 日本", 60, 0.3), desktop.clipboard()


def test_tigervnc_without_a_bridge(oriel, x11, books, display, log):
    """The same of a viewer that speaks the desktop's own protocol; its window has the desktop's name."""
    desktop, _ = x11
    display.run([*windows.VIEWER, "-RemoteResize=1", f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"], log,
                {"VNC_USERNAME": "carla/follows", "VNC_PASSWORD": oriel.passwords["carla"]})
    wanted = "{} {}".format(*display.size)
    assert eventually(lambda: desktop.ask("getdisplaygeometry").strip() == wanted, 120, 0.3)
    lobbies.titled(display, "follows-1")
    for there, here, text in ((desktop, display, "Grüße für 5 €\nиз офиса"), (display, desktop, "домой 日本")):
        there.clipboard(text)
        assert eventually(lambda: here.clipboard() == text, 60, 0.3), here.clipboard()


def test_size_of_a_vm(oriel, pools, books, display, log, source, tmp_path):
    """QEMU, whose screen has the number 0, is told how large remote-viewer's window is, and passes it on to its
    card, which says so to the system (none here: what that one makes of it is its own)."""
    heard, socket = tmp_path / "heard", oriel.path("virtio.sock")
    told = ["-trace", "vnc_msg_client_set_desktop_size", "-trace", "vnc_msg_server_ext_desktop_resize", "-D", heard]
    with guests.machine(["-vnc", f"unix:{socket}"], socket, "-vga", "virtio", *told, system=[]):
        pools("virtio", "vnc", f"unix:{socket}")
        text, _ = oriel.login("carla", source).console("virtio")
        file = tmp_path / "console.vv"
        file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
        display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
        wish = "set desktop size .*size={}x{} screens=1\n(.*\n)*.*reason=4".format(*display.size)
        assert eventually(lambda: re.search(wish, heard.read_text()), 120, 0.3), heard.read_text()
        assert procs.live_sessions(oriel)


# What each tells of the buttons that a person presses: RFB, as gtk-vnc speaks it, has no forward.
@pytest.mark.parametrize("client, pressed", [
    ("remote-viewer", (1, 2, 3, 4, 5, 8, 9)),
    pytest.param("gvncviewer", (1, 3, 4, 5, 8), marks=pytest.mark.skipif(not os.environ.get("ORIEL_MATRIX"),
                                                                         reason="ORIEL_MATRIX=1 asks for it")),
])
def test_side_buttons_at_an_rdp_desktop(oriel, rdp_pc, books, display, log, source, client, pressed):
    """All that the desktop hears of them, in a window of its own."""
    screen, said = rdp_pc
    if client in terminals.SPICE:
        text, _ = oriel.login("carla", source).console("pc")
        terminals.SPICE[client](oriel, display, log, text)
    else:
        terminals.VNC[client](oriel, display, log, "carla/pc", oriel.passwords["carla"])
    assert eventually(lambda: procs.live_sessions(oriel), 60)
    moves = itertools.cycle(("250", "260"))

    def there():
        """Over the PC's window, wherever the viewer's own is."""
        heard = said.read_text().count("MotionNotify")
        display.ask("mousemove", next(moves), "280")
        return eventually(lambda: said.read_text().count("MotionNotify") > heard, 10)

    assert eventually(there, 90)
    before = len(said.read_text())
    for button in pressed:
        display.ask("click", str(button))
    assert eventually(lambda: re.findall(r"ButtonPress.*?button (\d)", said.read_text()[before:], re.S)
                      == list(map(str, pressed)), 30), said.read_text()[before:]
