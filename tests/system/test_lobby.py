# SPDX-License-Identifier: GPL-3.0-or-later
"""oriel-lobby itself, as the broker starts it: the real program in its sandbox, with viewers that
people use and with RFB spoken byte by byte; foyer.py plays the broker."""

import contextlib
import pathlib
import socket
import subprocess
import threading
import time

import pytest

import foyer
import rfb
import sandboxes
import screens
from deployment import eventually
from lobbies import ACCENT, CARD, ERROR_BACK, PAGE, ROW, share

TAB, ESCAPE, DOWN = 0xFF09, 0xFF1B, 0xFF54
OFFICE = ("d1", "office-07", "Office", "ready", int(time.time()) - 7200)
LAB = ("d2", "lab-workstation", "Engineering", "stopped", 0)


def press(client, keysym):
    client.key(keysym, True)
    client.key(keysym, False)


def click(client, x, y):
    for buttons in (0, 1, 0):
        client.pack("BBHH", 5, buttons, x, y)


def middle(image, colour):
    """Of the button in this colour: where most of it is in a row."""
    pixels = image.load()
    rows = {}
    for y in range(image.height):
        xs = [x for x in range(image.width) if pixels[x, y] == colour]
        if len(xs) > 100:
            rows[y] = sum(xs) // len(xs)
    y = sorted(rows)[len(rows) // 2]
    return rows[y], y


def shows(client, colour, least=0.005):
    """The picture, once there is so much of the colour."""
    assert eventually(lambda: share(client.update(), colour) >= least)
    return client.image


@pytest.fixture
def lobby():
    with foyer.Foyer() as broker:
        yield broker


@pytest.fixture
def client(lobby):
    with rfb.Rfb(lobby.connect()) as raw:
        raw.none()
        assert raw.init() == "Oriel"
        raw.want_raw()
        yield raw


def status(process, key):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return next(line for line in text.splitlines() if line.startswith(key + ":")).split()[1]


def test_the_whole_way(lobby, client):
    """Nobody -> wrong password -> code -> chooser -> start -> failed -> start -> the desktop ended."""
    lobby.say("open")
    picture = shows(client, ACCENT)
    assert share(picture, PAGE) > 0.5 and share(picture, CARD) > 0.1
    client.type("anna")
    press(client, TAB)
    for keysym in (0xE4, 0x20AC, ord("~")):  # as a German keyboard sends them
        press(client, keysym)
    click(client, *middle(shows(client, ACCENT), ACCENT))
    assert lobby.hear() == {"type": "login", "user": "anna", "password": "ä€~"}

    lobby.say("error", text="That was not right.", hint="Please try again.")
    shows(client, ERROR_BACK)
    client.type("right\n")
    assert lobby.hear() == {"type": "login", "user": "anna", "password": "right"}
    lobby.prompts(("One-time code: ", True, True, False))
    client.type("123456\n")
    assert lobby.hear() == {"type": "answers", "answers": ["123456"]}

    lobby.desktops(OFFICE, LAB)
    press(client, DOWN)
    client.type("\n")
    assert lobby.hear() == {"type": "choose", "desktop": "d2"}
    lobby.say("progress", text="Starting", percent=90)
    shows(client, ACCENT, 0.003)
    lobby.say("error", text="lab-workstation did not start.", hint="Choose another.")
    shows(client, ERROR_BACK)
    client.type("\n")
    assert lobby.hear() == {"type": "choose", "desktop": "d1"}
    lobby.say("progress", text="Starting", percent=-1)
    press(client, ESCAPE)
    assert lobby.hear() == {"type": "cancel"}

    lobby.say("open", user="anna", text="The desktop was shut down.", hint="Choose again.")
    lobby.desktops(OFFICE)
    lobby.say("warning", seconds=300, extend=True)
    shows(client, ERROR_BACK)
    for _ in range(2):
        press(client, TAB)
    client.type("\n")
    assert lobby.hear() == {"type": "extend"}


def test_a_small_quiet_process(lobby, client):
    if sandboxes.is_open(foyer.BINARY):
        pytest.skip("a build for checking has no sandbox, and is not small")
    lobby.say("open")
    shows(client, ACCENT)
    assert status(lobby.process, "Seccomp") == "2"
    assert status(lobby.process, "CapEff") == "0" * 16 == status(lobby.process, "CapBnd")
    assert status(lobby.process, "NoNewPrivs") == "1"
    assert eventually(lambda: lobby.pss() < 12000), lobby.pss()

    def idle():
        turns = status(lobby.process, "voluntary_ctxt_switches")
        time.sleep(1)
        return status(lobby.process, "voluntary_ctxt_switches") == turns

    assert eventually(idle), "the lobby does something though nothing happens"


def test_it_ends_with_its_client(lobby, client):
    lobby.say("open")
    client.update()
    client.sock.close()
    assert lobby.process.wait(20) == 0


def test_it_ends_with_the_broker(lobby, client):
    lobby.wire.close()
    assert lobby.process.wait(20) == 0
    with pytest.raises((rfb.Gone, ConnectionError)):
        client.update()


def test_a_broken_client_ends_its_lobby_alone(lobby, client):
    lobby.say("open")
    client.send(b"\xc8" * 100)  # no message of RFB
    assert lobby.process.wait(20) == 0


def test_fifty_at_once():
    """Each person gets an own one, and all can sign in."""
    brokers = [foyer.Foyer() for _ in range(50)]
    clients = []
    try:
        for broker in brokers:
            broker.say("open")
            clients.append(rfb.Rfb(broker.connect()))
        for n, client in enumerate(clients):
            client.none()
            client.init()
            client.want_raw()
            client.type(f"user{n}\nword{n}\n")
        for n, broker in enumerate(brokers):
            assert broker.hear() == {"type": "login", "user": f"user{n}", "password": f"word{n}"}
        for client in clients:
            client.update()
    finally:
        for client in clients:
            client.sock.close()
        for broker in brokers:
            broker.close()
    assert [broker.process.returncode for broker in brokers] == [0] * 50


@pytest.fixture
def screen(tmp_path):
    display = screens.Display(tmp_path)
    yield display
    display.close()


class Door:
    """A Unix socket for a viewer; what connects goes to the lobby as a channel."""

    def __init__(self, lobby, path):
        self.lobby, self.path = lobby, path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):  # close() ends it
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    self.lobby.say("channel", connection.fileno())

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def spice(screen, tmp_path):
    """remote-viewer at the lobby's sign in; its own message bus ends with it."""
    with foyer.Foyer("spice") as lobby:
        lobby.say("open")
        door = Door(lobby, tmp_path / "lobby")
        screen.run(["dbus-run-session", "remote-viewer", f"spice+unix://{door.path}"],
                   subprocess.DEVNULL)
        assert eventually(lambda: share(screen.screenshot(), ACCENT) > 0.01, 90, 0.3)
        yield lobby
        door.close()


def test_remote_viewer(spice, screen):
    """By scan codes alone: a person with a German keyboard says so, and then Z is Y."""
    screen.type("\t\t\t\n")  # the layout, behind two fields and the button
    assert eventually(lambda: share(screen.screenshot(), ACCENT) < 0.01)
    for key in ("Down", "Down", "Return"):
        screen._xdotool("key", key)
    screen.type("zoe\n")
    screen.type("Geheim-1\n")
    assert spice.hear() == {"type": "login", "user": "yoe", "password": "Geheimß1"}
    spice.desktops(OFFICE, LAB)
    assert eventually(lambda: share(screen.screenshot(), ROW) > 0.02)
    for key in ("Down", "Return"):
        screen._xdotool("key", key)
    assert spice.hear() == {"type": "choose", "desktop": "d2"}
    if b"__asan_init" not in foyer.BINARY.read_bytes():
        assert eventually(lambda: spice.pss() < 25000), spice.pss()


def test_tigervnc(lobby, screen, tmp_path):
    """The viewer that people use, its window smaller than the picture was: it follows."""
    lobby.say("open")
    door = Door(lobby, tmp_path / "lobby")
    screen.keyboard("de")
    screen.run(["xtigervncviewer", "-geometry", "700x560+0+0", "-RemoteResize=1",
                "-AlertOnFatalError=0", "-ReconnectOnError=0", door.path], subprocess.DEVNULL)

    def followed():
        """No scroll bars: the whole page is in the window, its middle in the window's middle."""
        picture = screen.screenshot().crop((0, 0, 700, 560))
        return share(picture, ACCENT) > 0.01 and abs(middle(picture, ACCENT)[0] - 350) < 20

    assert eventually(followed, 60, 0.3)
    screen.type("anna\nGröße$!\n")
    assert lobby.hear() == {"type": "login", "user": "anna", "password": "Größe$!"}
    lobby.desktops(OFFICE, LAB)
    screen.type("\n")
    assert lobby.hear() == {"type": "choose", "desktop": "d1"}
    door.close()
