# SPDX-License-Identifier: GPL-3.0-or-later
"""TigerVNC and noVNC, far away from a real QEMU desktop whose console scrolls: how many pictures a
second are on their screen (glass.py), and how long a key takes to be there.

Both stand at the far end of a line of packets (tunnel.py), and so does nothing else: at the near end
are QEMU and the gateway, or instead of it the plainest relay, for noVNC websockify. A viewer is told
an address of its own side, since certificates are for 127.0.0.1; splice.py brings that to the line.
"""

import contextlib
import gzip
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import deployment
import glass
import rfb
import tunnel
from splice import relay

LINES = (
    # words, Mbit/s, loss in percent
    ("", 0, 0),
    (", 1 % loss", 0, 1),
    (", 10 Mbit/s", 10, 0),
    (", 10 Mbit/s, 1 % loss", 10, 1),
)
ROUND_TRIPS = (50, 100)
VIEWER = ["xtigervncviewer", "-FullScreen=1", "-AlertOnFatalError=0", "-ReconnectOnError=0", "-RemoteResize=0"]
WATCH = pathlib.Path(__file__).parents[1] / "browser/watch.mjs"

# A program of the guest's: below the third line its console scrolls; the first line has the colour of
# the last key.
MOVE = r"""#!/bin/sh
stty -echo
printf '\033[2J\033[4;48r\033[48;1H'
while usleep 20000; do echo RANDOMS; done &
while read -sn1 key; do
	printf "\0337\033[1;1H\033[4${key}m        \033[0m\0338"
done
"""
NARROW, WIDE = 3, 24  # how often $RANDOM; of the 128 columns: 15, 115
MOVING = 600, 0, 96  # y, left, right
KEY = 8, 8, 56
KEYS = "123456"


@contextlib.contextmanager
def process(*words, **more):
    one = subprocess.Popen([str(word) for word in words], **more)
    try:
        yield one
    finally:
        one.terminate()
        one.wait(20)


@contextlib.contextmanager
def qemu(home, randoms):
    """The port of a guest whose console scrolls."""
    image, port = json.loads((deployment.tiny_guest() / "image.json").read_text()), deployment.free_port()
    said, tree, initrd = home / "serial", home / "tree", home / "initrd.gz"
    tree.mkdir()
    (tree / "m").write_text(MOVE.replace("RANDOMS", "$RANDOM" * randoms))
    (tree / "m").chmod(0o755)
    more = subprocess.run(["cpio", "--quiet", "-oH", "newc"], cwd=tree, input=b"m", stdout=subprocess.PIPE,
                          check=True)
    initrd.write_bytes(pathlib.Path(image["initrd"]).read_bytes() + gzip.compress(more.stdout))
    with process("qemu-system-x86_64", "-accel", "tcg", "-m", image["memory"], "-nodefaults", "-vga", "std",
                 "-kernel", image["kernel"], "-initrd", initrd, "-append", image.get("cmdline") or "",
                 "-display", "none", "-serial", f"file:{said}", "-vnc", f"127.0.0.1:{port - 5900},share=ignore,lossy=on"):
        assert deployment.eventually(lambda: said.exists() and "GUEST-READY" in said.read_text(), 60), "no guest"
        with rfb.Rfb.dial("127.0.0.1", port) as console:
            console.none()
            console.init()
            console.type("/m\n")
            before = console.screen()
            assert deployment.eventually(lambda: console.update() != before, 20), "nothing scrolls"
        yield port


@contextlib.contextmanager
def far(path, port, where=tunnel.NEAR):
    """(words before a command at the far end of such a line, the port there that is this one)"""
    with tunnel.line(*path) as there, relay(where, port, there) as here:
        yield there, here


class Bench:
    def __init__(self, home, system, desktop, seconds):
        self.home, self.system, self.desktop, self.seconds = home, system, desktop, seconds

    def tigervnc_alone(self, path):
        with relay("127.0.0.1", self.desktop) as near, far(path, near) as (there, port):
            return self.see([*there, *VIEWER, f"127.0.0.1::{port}"])

    def tigervnc(self, path):
        login = {"VNC_USERNAME": "anna/scroll", "VNC_PASSWORD": self.system.passwords["anna"]}
        with far(path, self.system.vnc_port) as (there, port):
            return self.see([*there, *VIEWER, f"-X509CA={self.system.ca}", f"127.0.0.1::{port}"], login)

    def novnc_alone(self, path):
        near, web = deployment.free_port(), deployment.BUILD / "web"
        with process("websockify", "--web", web, near, f"127.0.0.1:{self.desktop}", stderr=subprocess.DEVNULL), \
                far(path, near) as (there, port):
            return self.see([*there, "node", WATCH, f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/"])

    def novnc(self, path):
        ticket = self.system.login("anna").ticket("far", "web")
        with far(path, self.system.port) as (there, port):
            return self.see([*there, "node", WATCH, f"https://127.0.0.1:{port}",
                             f"wss://127.0.0.1:{port}/websockify?token={ticket}"])

    def see(self, viewer, env=None):
        display = glass.Glass(self.home)
        try:
            with (self.home / "viewer.log").open("w") as log:
                display.run(viewer, log, env)
                with glass.looking(display, MOVING, KEY) as eye:
                    assert deployment.eventually(lambda: eye.pictures > 10, 60), "the viewer does not come in"
                    # Whoever has the keyboard: the first key says so.
                    assert deployment.eventually(lambda: eye.answer(KEYS[-1], 1) or eye.answer(KEYS[-2], 1), 30), \
                        "keys do not come through"
                    time.sleep(2)
                    return eye.measure(self.seconds, KEYS)
        finally:
            display.close()


def show(words, alone, through):
    print(f"| {words} | {alone[0]:.1f} | {through[0]:.1f} | {through[0] / alone[0]:.1f} |"
          f" {alone[1]:.0f} / {alone[2]:.0f} | {through[1]:.0f} / {through[2]:.0f} |", flush=True)


def measure(gateway, options):
    tunnel.alone()
    home = pathlib.Path(tempfile.mkdtemp(prefix="oriel-far-", dir="/tmp"))
    home.chmod(0o755)
    print("| viewer, line | pictures/s, relay | gateway | ratio | key to picture, ms (median / 90 %), relay |"
          " gateway |\n|---|---|---|---|---|---|")
    try:
        with qemu(home, WIDE if options.wide else NARROW) as desktop, \
                gateway({"scroll": desktop}, True, tcp_congestion=options.tcp_gateway) as system:
            bench = Bench(home, system, desktop, options.seconds)
            for name in options.viewers or ("tigervnc", "novnc"):
                for round_trip in options.round_trips:
                    for words, *line in LINES:
                        path = round_trip / 2, *line, options.tcp
                        alone = getattr(bench, f"{name}_alone")(path)
                        show(f"{name}, {round_trip} ms{words}", alone, getattr(bench, name)(path))
    finally:
        shutil.rmtree(home, ignore_errors=True)
