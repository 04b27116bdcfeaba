# SPDX-License-Identifier: GPL-3.0-or-later
"""The viewers that people have, unchanged: each types a word into the guest and must show, pixel
for pixel in the guest's own letters, the line that the guest answered. An exit code proves nothing
(TigerVNC's is 0 after a refused password)."""

import base64
import hashlib
import subprocess

import pytest
from PIL import Image
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deployment import OUT, SOURCE
from windows import VIEWER, works


@pytest.mark.parametrize("encoding", ["", "Tight", "ZRLE", "Hextile", "Raw"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_tigervnc(oriel, books, reader, display, log, request, encoding, shared):
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


def test_tigervnc_with_a_wrong_password(oriel, books, reader, display, log, request):
    with oriel.refusal("redeem", "denied"):
        viewer = display.run(
            [*VIEWER, f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"],
            log,
            {"VNC_USERNAME": "ben", "VNC_PASSWORD": "wrong"},
        )
        viewer.wait(60)
    assert not reader.prompts(display.screenshot())
    assert "denied" in OUT.joinpath("system", f"{request.node.name}.log").read_text()


def test_remote_viewer(oriel, books, reader, display, log, request, tmp_path, source):
    text, _ = oriel.login("ben", source).console("shared")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    works(display, reader, request, "spice1")
    assert not file.exists(), "delete-this-file is not in the .vv"


def key_hash(certificate):
    """What Chromium wants to know of a certificate that it shall trust."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def test_chromium(oriel, books, reader, log, request):
    """The real page: sign in, open the desktop, type, look."""
    shot = OUT / "system" / f"{request.node.name}.png"
    shot.unlink(missing_ok=True)
    done = subprocess.run(
        ["node", SOURCE / "tests/browser/drive.mjs"]
        + ["--url", f"https://{oriel.host}:{oriel.port}/", "--user", "ben"]
        + ["--password", oriel.passwords["ben"], "--spki", key_hash(oriel.path("tls/tls.crt"))]
        + ["--type", "echo chromium1", "--screenshot", shot, "--timeout", "120"]
        + ["--page-shot", shot.with_suffix(".page.png")],
        stdout=log,
        stderr=log,
        timeout=300,
    )
    assert done.returncode == 0, log.name
    with Image.open(shot) as picture:
        assert "chromium1" in reader.lines(picture.convert("RGB"))
