# SPDX-License-Identifier: GPL-3.0-or-later
"""TigerVNC and noVNC, far away from a real QEMU desktop whose console scrolls: what QEMU is asked
for in a second, which is what the viewer gets to see.

Beside the gateway: for TigerVNC the line alone, for noVNC websockify at QEMU's side of the line.
"""

import contextlib
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import socket
import time

import deployment
import moving
import rfb
import screens

ROUND_TRIPS = (50, 100)
SCROLL = "while usleep 20000; do echo $RANDOM$RANDOM$RANDOM; done\n"
VIEWER = ["xtigervncviewer", "-AlertOnFatalError=0", "-ReconnectOnError=0", "-RemoteResize=0"]


class Tap:
    """Between whoever asks and QEMU: counts the requests for an update."""

    def __init__(self, path):
        self.path, self.requests = path, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.path))
            threading.Thread(target=self.up, args=(near, far), daemon=True).start()
            threading.Thread(target=self.down, args=(far, near), daemon=True).start()

    @staticmethod
    def down(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def up(self, source, sink):
        """Message by message, so as to know them."""
        with contextlib.suppress(OSError):
            for part in (12, 1, 1):  # version, security type, ClientInit
                sink.sendall(moving.read(source, part))
            while True:
                message = self.message(source)
                self.requests += message[0] == 3
                sink.sendall(message)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def message(source):
        kind = moving.read(source, 1)
        if kind[0] == 2:
            head = moving.read(source, 3)
            return kind + head + moving.read(source, 4 * struct.unpack(">xH", head)[0])
        if kind[0] == 6:
            head = moving.read(source, 7)
            return kind + head + moving.read(source, abs(struct.unpack(">xxxi", head)[0]))
        if kind[0] == 255:
            head = moving.read(source, 1)
            return kind + head + moving.read(source, 10 if head == b"\0" else 2)
        size = {0: 19, 3: 9, 4: 7, 5: 5, 250: 3}
        if kind[0] == 251:
            head = moving.read(source, 7)
            return kind + head + moving.read(source, 16 * head[5])
        return kind + moving.read(source, size[kind[0]])

    def rate(self, seconds):
        before = self.requests
        time.sleep(seconds)
        return (self.requests - before) / seconds


@contextlib.contextmanager
def qemu(directory):
    """The path of a VNC socket of a guest whose console scrolls."""
    image = json.loads((deployment.tiny_guest() / "image.json").read_text())
    path = directory / "vnc.sock"
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", str(image["memory"]), "-nodefaults", "-vga", "std",
         "-kernel", image["kernel"], "-initrd", image["initrd"], "-append", image.get("cmdline") or "",
         "-display", "none", "-vnc", f"unix:{path},share=ignore"])
    try:
        assert deployment.eventually(path.exists, 20)
        with rfb.Rfb.dial_unix(path) as console:
            console.none()
            console.init()
            time.sleep(15)  # until the shell is there; it takes 5 s alone
            console.type(SCROLL)
            before = console.screen()
            assert deployment.eventually(lambda: console.update() != before, 20), "nothing scrolls"
        yield path
    finally:
        process.kill()
        process.wait(10)


@contextlib.contextmanager
def process(*words, **more):
    one = subprocess.Popen([str(word) for word in words], **more)
    try:
        yield one
    finally:
        one.terminate()
        one.wait(20)


def tigervnc(tap, home, seconds, address, env=None, *words):
    display = screens.Display(home)
    try:
        with (home / "viewer.log").open("w") as log:
            display.run([*VIEWER, *words, address], log, env)
            return settle(tap, seconds)
    finally:
        display.close()


def settle(tap, seconds):
    """The rate once the viewer is in."""
    began = tap.requests
    assert deployment.eventually(lambda: tap.requests > began + 10, 60), "the viewer does not come in"
    time.sleep(2)
    return tap.rate(seconds)


def novnc(tap, seconds, *words):
    driver = pathlib.Path(__file__).parents[1] / "browser/watch.mjs"
    with process("node", driver, *words, stdin=subprocess.PIPE):
        return settle(tap, seconds)


def row(viewer, round_trip, alone, through):
    print(f"| {viewer}, {round_trip} ms | {alone:.1f} | {through:.1f} | {through / alone:.1f} |", flush=True)


def measure(gateway, line, seconds):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-far-", dir="/tmp"))
    directory.chmod(0o755)
    try:
        with qemu(directory) as path:
            tap = Tap(path)
            with gateway({"scroll": tap.port}) as system:
                both(system, tap, line, directory, seconds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def both(system, tap, line, home, seconds):
    print("| viewer, round trip | pictures/s, relay | gateway | ratio |\n|---|---|---|---|")
    login = {"VNC_USERNAME": "anna/scroll", "VNC_PASSWORD": system.passwords["anna"]}
    for round_trip in ROUND_TRIPS:
        with line("127.0.0.1", tap.port, round_trip / 2) as port:
            alone = tigervnc(tap, home, seconds, f"127.0.0.1::{port}")
        with line(system.host, system.vnc_port, round_trip / 2) as port:
            through = tigervnc(tap, home, seconds, f"127.0.0.1::{port}", login, f"-X509CA={system.ca}")
        row("TigerVNC", round_trip, alone, through)
    if not shutil.which("websockify"):
        print("noVNC: no websockify here", file=sys.stderr)
        return
    for round_trip in ROUND_TRIPS:
        port = deployment.free_port()
        web = deployment.BUILD / "web"
        with process("websockify", "--web", web, port, f"127.0.0.1:{tap.port}", stderr=subprocess.DEVNULL):
            with line("127.0.0.1", port, round_trip / 2) as far:
                alone = novnc(tap, seconds, f"http://127.0.0.1:{far}", f"ws://127.0.0.1:{far}/")
        ticket = system.login("anna").ticket("far", "web")
        with line(system.host, system.port, round_trip / 2) as far:
            through = novnc(tap, seconds, f"https://127.0.0.1:{far}", f"wss://127.0.0.1:{far}/websockify?token={ticket}")
        row("noVNC", round_trip, alone, through)
