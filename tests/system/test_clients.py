# SPDX-License-Identifier: GPL-3.0-or-later
"""The viewers that people have, unchanged: each types a word into the guest and must show, pixel
for pixel in the guest's own letters, the line that the guest answered. An exit code proves nothing
(TigerVNC's is 0 after a refused password)."""

import json
import shutil
import subprocess

import pytest

from deployment import OUT, SOURCE, eventually

PREPARE = "clear; "


@pytest.fixture
def log(request):
    OUT.joinpath("system").mkdir(parents=True, exist_ok=True)
    with OUT.joinpath("system", f"{request.node.name}.log").open("wb") as file:
        yield file


def keep(request, picture):
    picture.save(OUT / "system" / f"{request.node.name}.png")


def sees(display, reader, line, seconds=20):
    def look():
        return line in reader.lines(display.screenshot())

    return eventually(look, seconds, 0.3)


def works(display, reader, request, word):
    """The viewer shows a console; what is typed into it comes back from the guest."""
    try:
        assert eventually(lambda: console_is_there(display), 40, 0.3), "no picture came"
        display.type(f"clear; echo {word}\n")
        assert sees(display, reader, word), "the word is not on the screen"
    finally:
        keep(request, display.screenshot())


def console_is_there(display):
    """Much black, some writing, nothing else: not a dialogue, not an empty desktop."""
    picture = display.screenshot().convert("L")
    levels = picture.histogram()
    total = sum(levels)
    return levels[0] > 0.9 * total and sum(levels[160:180]) > 100


VIEWER = [
    "xtigervncviewer", "-FullScreen=1", "-RemoteResize=0", "-Log=*:stderr:30",
    "-AlertOnFatalError=0", "-ReconnectOnError=0", "-MenuKey=", "-NoJPEG=1",
]


@pytest.mark.parametrize("encoding", ["", "Tight", "ZRLE", "Hextile", "Raw"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_tigervnc(oriel, reader, display, log, request, books, encoding, shared):
    if shared and encoding:
        pytest.skip("the port does not matter to encodings")
    choice = ["-AutoSelect=0", f"-PreferredEncoding={encoding}"] if encoding else []
    port = oriel.port if shared else oriel.vnc_port
    display.run(
        [*VIEWER, *choice, f"-X509CA={oriel.ca}", f"{oriel.host}::{port}"],
        log,
        {"VNC_USERNAME": "ben", "VNC_PASSWORD": oriel.passwords["ben"]},
    )
    works(display, reader, request, f"tiger{encoding.lower()}{int(shared)}")


def test_tigervnc_with_a_wrong_password(oriel, reader, display, log, request, books):
    with oriel.refusal("redeem", "denied", "user=ben|ben", seconds=20):
        viewer = display.run(
            [*VIEWER, f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"],
            log,
            {"VNC_USERNAME": "ben", "VNC_PASSWORD": "wrong"},
        )
        viewer.wait(30)
    assert not console_is_there(display)
    assert "denied" in OUT.joinpath("system", f"{request.node.name}.log").read_text()


def test_remote_viewer(oriel, reader, display, log, request, tmp_path, source, books):
    text, _ = oriel.login("ben", source).console("shared")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    works(display, reader, request, "spice1")
    assert not file.exists(), "delete-this-file is not in the .vv"


def test_chromium(oriel, reader, log, request, source, books, tmp_path):
    """The real page: sign in, the desktop opens by itself (ben has one), type, look."""
    from PIL import Image

    shot = tmp_path / "shot.png"
    script = {
        "url": f"https://{oriel.host}:{oriel.port}/",
        "ca": str(oriel.ca),
        "user": "ben",
        "password": oriel.passwords["ben"],
        "type": "clear; echo chromium1\n",
        "screenshot": str(shot),
    }
    done = subprocess.run(
        ["node", SOURCE / "tests/browser/drive.mjs"],
        input=json.dumps(script),
        text=True,
        stdout=log,
        stderr=log,
        timeout=120,
    )
    if shot.exists():
        shutil.copy(shot, OUT / "system" / f"{request.node.name}.png")
    assert done.returncode == 0
    with Image.open(shot) as picture:
        assert "chromium1" in reader.lines(picture.convert("RGB"))
