# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real libvirtd with one storage: desktops go from one to the other, running and not; and the one
password of a display, for two who come at once."""

import json
import subprocess

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import deployment
import libvirtd
import rfb
from test_providers import ABSENT, RUNNING, STOPPED, Check


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    disk = shared / "golden.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
    image = json.loads((deployment.tiny_guest() / "image.json").read_text()) | {"disk": str(disk)}
    started = []
    try:
        for number, name in enumerate(("rack1", "rack2")):
            started.append(libvirtd.Libvirtd(name, number))
        for host in started:
            host.wait()
            host.share(shared)
        yield *started, image
    finally:
        for host in started:
            host.end()


@pytest.fixture
def both(hosts, tmp_path):
    """The driver of each host; nothing may be left."""
    first, second, image = hosts
    checks = []
    for name, host in (("a", first), ("b", second)):
        (tmp_path / name).mkdir()
        checks.append(Check(tmp_path / name, image, "libvirt", host.uri))
        assert "fault" not in checks[-1].opened, checks[-1].opened
    yield checks
    for check in checks:
        check.done("destroy", "d-1")
        check.end()
    assert first.qemus() == second.qemus() == []


def test_live_migration(hosts, both):
    """It runs on without a start; then, off, it is made known to the first host again."""
    first, second, image = hosts
    a, b = both
    identity = a.done("clone", "d-1")["identity"]
    a.done("start", "d-1")
    a.done("migrate", "d-1", second.uri, first.directory.name)
    assert a.state() == ABSENT and b.state() == RUNNING
    assert "migrated" in second.virsh("domstate", "--reason", "oriel-d-1").stdout
    assert second.virsh("domuuid", "oriel-d-1").stdout.strip() == identity
    assert first.qemus() == [] and len(second.qemus()) == 1
    assert a.events.empty()
    assert b.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"

    b.done("force", "d-1")
    a.done("adopt", "d-1", identity)
    b.done("forget", "d-1")
    assert a.state() == STOPPED and b.state() == ABSENT
    assert first.virsh("domuuid", "oriel-d-1").stdout.strip() == identity
    a.done("start", "d-1")
    assert a.state() == RUNNING


def vnc_authentication(display):
    """RFC 6143 7.2.2: does the password open it?"""
    with rfb.Rfb.dial(display["host"], display["port"]) as viewer:
        viewer.read(12)
        viewer.send(b"RFB 003.008\n")
        assert 2 in viewer.read(viewer.read(1)[0])
        viewer.send(b"\x02")
        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in display["password"].encode())
        cipher = Cipher(algorithms.TripleDES(key * 3), modes.ECB()).encryptor()
        viewer.send(cipher.update(viewer.read(16)) + cipher.finalize())
        return viewer.read(4) == bytes(4)


def test_two_at_once_have_a_password_each_can_use(both):
    """A domain has one password: the second one on the way must not take it from the first."""
    a = both[0]
    a.done("clone", "d-1")
    a.done("start", "d-1")
    first, second = (a.done("display", "d-1", "vnc") for _ in range(2))
    assert len(first["password"]) == 8
    assert vnc_authentication(first)
    assert vnc_authentication(second)
