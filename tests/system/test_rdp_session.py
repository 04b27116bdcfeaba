# SPDX-License-Identifier: GPL-3.0-or-later
"""Clipboard and sound of an RDP desktop as people have it: a session of xrdp's, with its session manager and
its channel server. With ORIEL_MATRIX=1 (config/packages install matrix), since it needs xrdp."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess

import pytest

import deployment
import guests
import spice
import terminals
import tone
from deployment import eventually
from desktops import vnc

pytestmark = pytest.mark.skipif(not os.environ.get("ORIEL_MATRIX"), reason="ORIEL_MATRIX=1 asks for it")

# In a mount namespace of its own: its settings, anybody's login, and nothing left in root's home.
RUN = """mount --bind "$0/etc" /etc/xrdp
mount --bind "$0/pam" /etc/pam.d/xrdp-sesman
mount -t tmpfs none "$1"
mkdir -p /run/xrdp
mount -t tmpfs none /run/xrdp
mkdir -m 1777 /run/xrdp/sockdir
xrdp-sesman --nodaemon &
xrdp --nodaemon &
wait"""
ROOT = pwd.getpwuid(0).pw_dir
RATE = 48000


@pytest.fixture
def session(oriel, tmp_path):
    """The PC's namespace, by a process in it, and where the session's display will be written."""
    port, manager, etc = deployment.free_port(), deployment.free_port(), tmp_path / "etc"
    shutil.copytree("/etc/xrdp", etc, ignore_dangling_symlinks=True)
    subprocess.run([deployment.SOURCE / "config/demo/certificate", tmp_path, "localhost"], check=True)
    settings = (etc / "sesman.ini").read_text()
    for key, value in (("ListenPort", manager), ("DefaultWindowManager", tmp_path / "session"),
                       ("EnableUserWindowManager", "false"), ("KillDisconnected", "true")):
        settings = re.sub(rf"^{key}=.*", f"{key}={value}", settings, flags=re.M)
    (etc / "sesman.ini").write_text(settings)
    (etc / "xrdp.ini").write_text(guests.XRDP.format(port=port, vnc=-1, who="ask", tls=tmp_path, home=tmp_path))
    (tmp_path / "session").write_text(f'#!/bin/sh\necho "$DISPLAY" > {tmp_path}/display\nexec sleep 600\n')
    (tmp_path / "session").chmod(0o755)
    (tmp_path / "pam").write_text("".join(f"{kind} required pam_permit.so\n"
                                          for kind in ("auth", "account", "session", "password")))
    (tmp_path / "password").write_text("any")
    pc = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-ec", RUN,
                           tmp_path, ROOT], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        assert eventually(lambda: guests.listens(port))
        oriel.ctl("pool", "add", "xrdp", "--kind", "machines")
        oriel.ctl("machine", "add", "xrdp", "xrdp-1", "--protocol", "rdp", "--address", f"root@127.0.0.1:{port}",
                  "--secret-file", tmp_path / "password")
        oriel.ctl("entitle", "xrdp", "--user", "carla")
        yield pc, tmp_path / "display"
        oriel.ctl("pool", "remove", "xrdp")
    finally:
        pc.kill()
        pc.wait(20)


# What plays in the session: its place of a sound server's. argv: the display's number, Hz.
PLAYER = """import array, math, socket, struct, sys, time
line = socket.socket(socket.AF_UNIX)
while line.connect_ex(f"/run/xrdp/sockdir/xrdp_chansrv_audio_out_socket_{sys.argv[1]}"):
    time.sleep(0.1)
began, at = time.monotonic(), 0
while True:
    wave = [int(9000 * math.sin(2 * math.pi * int(sys.argv[2]) * (at + i) / 44100)) for i in range(2048)]
    body = array.array("h", [sample for one in wave for sample in (one, one)]).tobytes()
    line.sendall(struct.pack("<II", 0, 8 + len(body)) + body)
    at += len(wave)
    time.sleep(max(0, began + at / 44100 - time.monotonic()))
"""


def enter(pc):
    """The command to run something where the session is."""
    (inside,) = map(int, open(f"/proc/{pc.pid}/task/{pc.pid}/children").read().split())
    return ["nsenter", "--target", str(inside), "--mount", "env", f"HOME={ROOT}"]


@contextlib.contextmanager
def plays(session):
    """The note, in the session, once that is there."""
    pc, display = session
    assert eventually(lambda: display.exists() and display.read_text())
    number = display.read_text().strip().lstrip(":").split(".")[0]
    player = subprocess.Popen([*enter(pc), "/usr/bin/python3", "-c", PLAYER, number, str(tone.HERTZ)])
    try:
        yield
    finally:
        player.kill()
        player.wait(20)


def test_sound_is_heard(oriel, session, books, source):
    with vnc(oriel, source, "carla/xrdp") as viewer:
        viewer.want_raw()
        viewer.update()
        with plays(session):
            assert tone.is_the_note(tone.vnc_height(viewer, 48000))


def test_sound_is_heard_in_a_spice_viewer(oriel, session, books, source):
    """At the one rate that viewers with a codec understand, whatever the session has."""
    ticket = oriel.login("carla", source).ticket("xrdp", "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        with plays(session):
            hertz, rate = tone.spice_height(viewer)
            assert tone.is_the_note(hertz) and rate == RATE
    finally:
        viewer.close()


def test_sound_is_heard_in_remote_viewer(oriel, session, books, display, log, tmp_path):
    """What it gives to the loudspeakers, which are a file."""
    text, _ = oriel.login("carla").console("xrdp")
    heard = tmp_path / "heard"
    tone.to_file(display, heard, RATE)
    terminals.remote_viewer(oriel, display, log, text)
    with plays(session):
        assert eventually(lambda: tone.is_the_note(tone.file_height(heard, RATE)), 90, 0.5), heard.exists()


def test_text_goes_both_ways(oriel, session, books, source):
    pc, display = session
    with vnc(oriel, source, "carla/xrdp") as viewer:
        viewer.want_raw()
        viewer.update()
        assert eventually(lambda: display.exists() and display.read_text())

        def xclip(*words, text=None):
            return subprocess.run(
                [*enter(pc), f"DISPLAY={display.read_text().strip()}", "xclip", "-selection", "clipboard", *words],
                input=text, stdout=subprocess.PIPE if text is None else subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=60).stdout

        latin1 = "Grüße\nan den PC".encode("latin-1")
        viewer.send(b"\6\0\0\0", len(latin1).to_bytes(4, "big"), latin1)
        # xrdp leaves line ends as Windows has them.
        assert eventually(lambda: xclip("-o") == "Grüße\r\nan den PC".encode(), 60, 0.3), xclip("-o")
        heard, text = [], viewer.text
        viewer.text = lambda: heard.append(viewer.read(viewer.unpack("I")))
        xclip("-i", text="zurück\nund mehr".encode())
        assert eventually(lambda: viewer.update() and heard), "the desktop's text does not come"
        assert heard[-1].decode("latin-1") == "zurück\nund mehr"
        viewer.text = text
