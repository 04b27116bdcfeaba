# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktops of somebody else's, one for each protocol that a desktop may speak, and what they show
themselves, past everything that is under test: QEMU's own screenshot, the PC's own screen."""

import contextlib
import itertools
import json
import pathlib
import socket
import subprocess
import threading

from PIL import Image, ImageChops

import deployment
import screens
from deployment import eventually

SIZE = (1024, 768)
XRDP = """[Globals]
ini_version=1
fork=false
port=tcp://.:{port}
security_layer=tls
certificate={tls}/tls.crt
key_file={tls}/tls.key
ssl_protocols=TLSv1.2, TLSv1.3
autorun=desk
allow_channels=true
max_bpp=32
[Logging]
LogFile={home}/xrdp.log
LogLevel=INFO
EnableSyslog=false
[Channels]
cliprdr=true
rdpsnd=true
[desk]
name=desk
lib=libvnc.so
username={who}
password={who}
ip=127.0.0.1
port={vnc}
"""
INK = 120  # of 255: brighter is written
COLOURS = "vt.color=0x1f"  # of the console, dark all the same: a picture tells where it ends


def ink(picture):
    return picture.convert("L").point(lambda level: 255 if level > INK else 0)


def finds(picture, part, wrong=0.03):
    """Where in the picture this part of another one is: (x, y), or None. Letters count, not their
    exact colours: some encodings lose a little."""
    whole, small = ink(picture), ink(part)
    rows = [small.crop((0, y, small.width, y + 1)).tobytes() for y in range(small.height)]
    lines = [whole.crop((0, y, whole.width, y + 1)).tobytes() for y in range(whole.height)]
    telling = sorted(range(small.height), key=lambda y: -sum(a != b for a, b in itertools.pairwise(rows[y])))
    for row in telling[:6]:
        for y, line in enumerate(lines[row:whole.height - small.height + row + 1]):
            x = line.find(rows[row])
            while x >= 0:
                there = whole.crop((x, y, x + small.width, y + small.height))
                differ = ImageChops.difference(there, small).histogram()[255]
                if differ <= wrong * small.width * small.height:
                    return x, y
                x = line.find(rows[row], x + 1)
    return None


def listens(port):
    """Without connecting: an RDP server takes a connection for a client."""
    wanted = f":{port:04X}"
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(wanted) and row.split()[3] == "0A" for row in rows)


def tiny():
    """QEMU's words for the tiny guest."""
    guest = deployment.tiny_guest()
    return ["-kernel", guest / "vmlinuz", "-initrd", guest / "initrd.gz",
            "-append", f"quiet console=tty0 vga=0x317 panic=10 no_timer_check host=alone {COLOURS}"]


@contextlib.contextmanager
def machine(display, socket, *more, system=None):
    """A VM of the tiny guest, or of another system, or [] of none; the display's words are QEMU's, its socket
    anybody's."""
    vm = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "96", *(tiny() if system is None else system),
         "-vga", "std", "-display", "none", "-monitor", "none", "-serial", "none",
         "-device", "usb-ehci", "-device", "usb-tablet", *display, *more])
    try:
        assert eventually(socket.exists)
        socket.chmod(0o666)
        yield vm
    finally:
        vm.terminate()
        vm.wait(60)


class Vm:
    """The tiny guest's console behind a QEMU that speaks VNC or SPICE. loudspeaker: no system, but the PC's
    loudspeaker is connected to the display."""

    def __init__(self, protocol, home, loudspeaker=False):
        self.protocol, self.home, self.loudspeaker = protocol, home, loudspeaker
        self.display = home / f"{protocol}.sock"
        self.address = [f"unix:{self.display}"]
        self.asking = threading.Lock()
        self.reader = None  # reads its letters: set before prompt() and the like

    @contextlib.contextmanager
    def running(self, *more):
        control = self.home / f"{self.protocol}.qmp"
        words = {"vnc": ["-vnc", f"unix:{self.display}"],
                 "spice": ["-spice", f"unix=on,addr={self.display},disable-ticketing=on"]}[self.protocol]
        if self.loudspeaker:
            words += ["-audiodev", {"vnc": "none", "spice": "spice"}[self.protocol] + ",id=sound",
                      "-machine", "pc,pcspk-audiodev=sound", "-nic", "none"]
            words[1] += ",audiodev=sound" if self.protocol == "vnc" else ""
        with machine(words, self.display, "-qmp", f"unix:{control},server=on,wait=off", *more,
                     system=[] if self.loudspeaker else None):
            with socket.socket(socket.AF_UNIX) as self.qmp:
                assert eventually(lambda: self.qmp.connect_ex(str(control)) == 0)
                self.answers = self.qmp.makefile("r")
                self.answers.readline()
                self.ask("qmp_capabilities")
                yield self

    def ask(self, command, **arguments):
        with self.asking:
            self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            while "return" not in json.loads(line := self.answers.readline()):
                assert "error" not in line, line

    @contextlib.contextmanager
    def poked(self, ports):
        """Past all software of the guest's, (port, value) after (port, value). Again and again, since a BIOS
        that starts sets the same chips."""
        done = threading.Event()

        def write():
            while not done.wait(0.5):
                for port, value in ports:
                    self.ask("human-monitor-command", **{"command-line": f"o /b {port:#x} {value:#x}"})

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            done.set()
            writer.join(30)

    def screen(self):
        file = self.home / f"{self.protocol}.ppm"
        self.ask("screendump", filename=str(file))
        with Image.open(file) as picture:
            return picture.convert("RGB")

    def prompt(self):
        """The line where the shell waits, as it looks; None while it does not."""
        picture = self.screen()
        if not self.reader.prompts(picture):
            return None
        lines = self.reader.lines(picture)
        row = max(n for n, line in enumerate(lines) if line.strip("? "))
        return picture.crop((0, row * 16, 8 * (len(lines[row]) - 2), row * 16 + 16))

    def command(self, word):
        return f"clear; echo {word}; free; mount\n"

    def written(self, word):
        """What the word looks like on the guest's own screen; None while it is not there."""
        picture = self.screen()
        lines = self.reader.lines(picture)
        if word not in lines:
            return None
        row = lines.index(word)
        return picture.crop((0, row * 16, 8 * len(word), row * 16 + 16))


class Pc:
    """A PC with an X display, a terminal on it that notes what is typed, and an RDP server that wants
    bob and his password: "shadow" shows the display (freerdp-shadow-cli), "xrdp" goes to it as
    xrdp goes to any VNC server, without its session manager."""

    protocol = "rdp"
    secret = "rdp-secret"

    def __init__(self, server, home):
        self.server, self.home = server, home
        self.notes = home / "notes"
        self.display = None

    @contextlib.contextmanager
    def running(self):
        self.notes.touch()
        port = deployment.free_port()
        password = self.home / "password"
        password.write_text(self.secret)
        password.chmod(0o600)
        self.address = [f"bob@127.0.0.1:{port}", "--secret-file", password]
        vnc = deployment.free_port()
        server = ["Xtigervnc", "-rfbport", vnc, "-localhost", "-SecurityTypes", "None", "-geometry",
                  "{}x{}".format(*SIZE), "-depth", "24"]
        self.display = screens.Display(self.home, SIZE, server if self.server == "xrdp" else None)
        try:
            self.display.paper("#183038-#183038")
            with (self.home / "rdp.log").open("wb") as log:
                self.display.run(["xterm", "-fn", "fixed", "-bg", "black", "-fg", "white",
                                  "-geometry", "90x30+40+40", "-e", "sh", "-c",
                                  f"echo this is the PC; exec cat >> {self.notes}"], log)
                getattr(self, self.server)(port, vnc, log)
                assert eventually(lambda: listens(port))
                assert eventually(self.prompt)
                yield self
        finally:
            self.display.close()

    def shadow(self, port, vnc, log):
        sam = self.home / "sam"
        sam.write_text(subprocess.run(["winpr-hash", "-u", "bob", "-p", self.secret, "-f", "sam"], check=True,
                                      capture_output=True, text=True).stdout)
        self.display.run(["freerdp-shadow-cli", f"/port:{port}", "/bind-address:127.0.0.1",
                          f"/sam-file:{sam}", "+sec-nla"], log)

    def xrdp(self, port, vnc, log):
        tls = self.home / "tls"
        tls.mkdir()
        subprocess.run([deployment.SOURCE / "config/demo/certificate", tls, "localhost"], check=True)
        settings = self.home / "xrdp.ini"
        settings.write_text(XRDP.format(port=port, vnc=vnc, who="na", tls=tls, home=self.home))
        self.display.run(["/usr/sbin/xrdp", "--nodaemon", "--config", settings], log)

    def screen(self):
        return self.display.screenshot()

    def prompt(self):
        """The terminal's first words."""
        picture = self.screen().crop((0, 0, 400, 90))
        box = ink(picture).crop((44, 40, 400, 90)).getbbox()
        return box and box[3] - box[1] > 5 and picture.crop((44, 40, 400, 90)).crop(box) or None

    def command(self, word):
        self.before = self.screen()
        return f"\n{word}\n"  # some viewers take no key before they have got the pointer and a key

    def written(self, word):
        if word not in self.notes.read_text().splitlines():
            return None
        now = self.screen()
        return now.crop(ImageChops.difference(self.before, now).getbbox())
