# SPDX-License-Identifier: GPL-3.0-or-later
"""config/kiosk: the package that makes a machine a terminal, and its session: nothing on the keyboard
leads out of the viewer, and who ends it some other way gets a new one."""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from PIL import ImageChops

import deployment
import screens
from deployment import SOURCE, eventually
from windows import keep

SIZE = (1280, 800)  # not what a lobby has by itself
# What ends, hides, minimizes, opens a menu of or leaves the full screen of some viewer, window manager, X server.
CLOSERS = ("alt+F4", "ctrl+w", "ctrl+q")
ESCAPES = ("F8", "F11", "F12", "shift+F11", "shift+F12", "ctrl+alt+Delete", "ctrl+t", "ctrl+shift+n", "ctrl+shift+i",
           "alt+Tab", "alt+Escape", "alt+space", "super+d", "super", "Menu", "ctrl+Escape", "ctrl+alt+BackSpace",
           "ctrl+alt+f", "ctrl+alt+F2", "ctrl+alt+Escape", "alt+F2", "alt+Return", "ctrl+alt+q")


@pytest.fixture(scope="module")
def oriel():
    """Nobody's desktops: a terminal has work enough with the sign-in."""
    gateway = {"vnc_lobby": "yes", "spice_lobby": "yes", "spice_sasl": "no"}
    with deployment.Deployment("kiosk", gateway=gateway, lobby=True) as system:
        system.start()
        yield system


def build(file, *words):
    subprocess.run([SOURCE / "config/kiosk/build", *map(str, words), file], check=True, timeout=180)
    return file


def unpack(package, root):
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    return root


def test_package(tmp_path):
    """Of each viewer; the same words make the same bytes, and Debian's judge has nothing to say."""
    for viewer, needs in (("vnc", "tigervnc-viewer"), ("spice", "virt-viewer"), ("browser", "chromium")):
        words = ["--viewer", viewer, "--port", "443", "vdi.example.com"]
        package = build(tmp_path / f"{viewer}.deb", *words)
        again = build(tmp_path / "again.deb", *words)
        assert package.read_bytes() == again.read_bytes()
        depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"], check=True, capture_output=True, text=True)
        assert needs in depends.stdout
        root = unpack(package, tmp_path / viewer)
        settings = (root / "etc/oriel-kiosk/kiosk.conf").read_text()
        assert f"VIEWER={viewer}\nSERVER=vdi.example.com\nPORT=443\n" in settings
        assert not any("@" in path.read_text() for path in (root / "etc").rglob("*") if path.is_file())
    if shutil.which("lintian"):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


# What the package puts into /etc has to be there for Chromium, and it does not run as root.
AS_INSTALLED = """for dir in chromium; do [ ! -d "$0/etc/$dir" ] || mount --bind "$0/etc/$dir" "/etc/$dir"; done
chown 65534 "$XDG_RUNTIME_DIR"
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0/usr/lib/oriel-kiosk/session" "$1" """


@pytest.fixture
def terminal(oriel, log):
    """terminal(viewer, port): what the package makes of a screen."""
    home = pathlib.Path(tempfile.mkdtemp(dir=oriel.directory))  # pytest's own are root's alone
    home.chmod(0o755)
    display = screens.Display(home, SIZE, manager=False)

    def start(viewer, port):
        package = build(home / "kiosk.deb", "--viewer", viewer, "--port", port, "--ca", oriel.ca, oriel.host)
        root = unpack(package, home / "root")
        settings = root / "etc/oriel-kiosk/kiosk.conf"
        settings.write_text(settings.read_text().replace("/etc/", f"{root}/etc/"))
        display.run(["unshare", "--mount", "sh", "-ec", AS_INSTALLED, root, settings], log)
        return display

    yield start
    display.close()
    assert eventually(lambda: not left(home)), f"the session outlives its display: {left(home)}"


def left(home):
    """Processes whose words name the terminal's directory."""
    return [line for line in deployment.processes_of(65534).values() if str(home) in line]


def children(pid):
    """All below it: {pid: its program}."""
    found = {}
    with contextlib.suppress(OSError):  # it has just ended
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found[int(child)] = deployment.command_name(child)
            found |= children(child)
    return found


def viewers(display, program):
    return [pid for pid, name in children(display.programs[-1].pid).items() if name == program]


def lobbies_opened(oriel):
    return oriel.log("broker").count("opened for somebody")


def edges(display):
    """What is in the four corners and in the middle above and below."""
    picture = display.screenshot()
    right, bottom = picture.width - 1, picture.height - 1
    return [picture.getpixel((x, y)) for x in (right, right * 3 // 4, 0) for y in (0, bottom)]


def bright(colours):
    return len(set(colours)) == 1 and min(colours[0]) > 200


def lobby(colours):
    """Its light ground, which is the portal's; a viewer's own window has another."""
    return bright(colours) and colours[0] == (0xF7, 0xF6, 0xF3)


def windows(display):
    return display.ask("search", "--onlyvisible", "--name", ".*").split()


@pytest.mark.parametrize("viewer, program", [("vnc", "xtigervncviewer"), ("spice", "remote-viewer")])
def test_a_viewer_at_the_lobby_is_all_there_is(oriel, terminal, request, viewer, program):
    opened = lobbies_opened(oriel)
    display = terminal(viewer, oriel.vnc_port if viewer == "vnc" else oriel.port)
    try:
        assert eventually(lambda: lobby(edges(display)), 120, 0.2), "the lobby does not fill the screen"
        [before], shown, looks = viewers(display, program), windows(display), edges(display)
        display.key(*ESCAPES, *CLOSERS, "ctrl+n")
        display.type("still here")
        assert viewers(display, program) == [before] and windows(display) == shown
        assert edges(display) == looks and lobbies_opened(oriel) == opened + 1
        subprocess.run(["kill", str(before)], check=True)
        assert eventually(lambda: lobbies_opened(oriel) == opened + 2 and edges(display) == looks, 120, 0.2), (
            "none came again")
    finally:
        keep(request, display.screenshot())


def portal(display):
    """Its sign-in page: bright at the right up to the edges, the green picture at the left."""
    colours = edges(display)
    return bright(colours[:4]) and all(green > 40 and green > red + 20 for red, green, _ in colours[4:])


def wrote(before, display):
    """More than a caret is new, in one line on the right."""
    left, top, right, bottom = ImageChops.difference(before, display.screenshot()).getbbox() or (0, 0, 0, 0)
    return left > before.width // 2 and right - left > 40 and bottom - top < 80


def test_chromium_is_all_there_is(oriel, terminal, request):
    """Its page, and no bar, tab or dialog; a key that closes it, if there is one, brings a new one."""
    display = terminal("browser", oriel.port)
    try:
        assert eventually(lambda: portal(display), 120, 0.2), "no portal"
        shown, before = windows(display), display.screenshot()
        display.key("ctrl+n", "ctrl+t")
        # A window that they had opened would have the keyboard.
        display.type("typed last")
        assert eventually(lambda: wrote(before, display), 120, 0.2), "nothing is typed into the page any more"
        assert eventually(lambda: portal(display) and windows(display) == shown, 120, 0.2), "something else is there"
        for keys in (ESCAPES, CLOSERS):
            display.key(*keys)
            assert eventually(lambda: portal(display), 120, 0.2), "something else is on the screen"
        display.key("ctrl+l")
        display.type("file:///etc/passwd\n")
        assert eventually(lambda: portal(display), 120, 0.2), "something else is on the screen"
    finally:
        keep(request, display.screenshot())


def test_a_second_window_of_chromium_goes_again(terminal, request, tmp_path):
    """On the browser's own page, where no page of ours is asked what a key is for: nobody listens there."""
    display, said = terminal("browser", deployment.free_port()), tmp_path / "windows"
    try:
        with said.open("wb") as words:
            display.run(["xprop", "-root", "-spy"], words)

        def history():
            """How many windows there were, from change to change."""
            return [line.count("0x") for line in said.read_text().splitlines() if line.startswith("_NET_CLIENT_LIST(")]

        assert eventually(lambda: history()[-1:] == [1], 120, 0.2), history()

        def opens():
            display.key("ctrl+n")
            return 2 in history()

        assert eventually(opens, 120, 0.5), history()
        assert eventually(lambda: history()[-1] == 1, 120, 0.2), history()
    finally:
        keep(request, display.screenshot())
