# SPDX-License-Identifier: GPL-3.0-or-later
"""The drivers of broker/provider against real hypervisors, without a broker around them."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import deployment
from drivers import (
    ABSENT, CLONES, DISKS, EVENTS, INSTANT, LOCAL, MIGRATES, POWER, RESETS, RUNNING, SNAPSHOTS, SPICE, STOPPED,
    SURVIVES, SUSPENDS, TICKETS, VNC, WEIGHS, Check, Greeter, monitor, processes,
)


@pytest.fixture
def image():
    return json.loads((deployment.tiny_guest() / "image.json").read_text())


@pytest.fixture
def qemu(tmp_path, image):
    """Makes lives of the driver for QEMU; nothing may be left of their desktops."""
    lives = []

    def live(**options):
        lives.append(Check(tmp_path, **{"image": image, **options}))
        assert "fault" not in lives[-1].opened, lives[-1].opened
        return lives[-1]

    yield live
    for life in lives:
        life.die()
    last = Check(tmp_path, image)
    for desktop in last.done("list")["list"]:
        last.done("destroy", desktop)
    last.end()
    assert processes(tmp_path) == []


def at_prompt(directory):
    """On QEMU's own screenshot, in the one directory where it may write: the tiny guest's first
    line is on blue, in its kernel's mode."""
    picture = directory / "state/desktops/d-1/qemu/screen.ppm"
    monitor(directory, {"execute": "screendump", "arguments": {"filename": f"qemu/{picture.name}"}})
    magic, size, depth, pixels = picture.read_bytes().split(b"\n", 3)
    assert (magic, depth) == (b"P6", b"255")
    red, green, blue = pixels[:3]
    return size == b"1024 768" and red == green == 0 and blue > 100


def spice(check):
    """It answers, and packs pictures for a viewer but not for a bridge: to a Unix socket it packs none."""
    displays = [check.done(how, "d-1", "spice") for how in ("display", "display-here")]
    return [(d["greeting"], d["unix"]) for d in displays] == [("REDQ", False), ("REDQ", True)]


def test_life(qemu, tmp_path):
    check = qemu()
    assert check.opened["caps"] == (
        CLONES | POWER | RESETS | EVENTS | SURVIVES | LOCAL | SNAPSHOTS | SUSPENDS | INSTANT | DISKS
    )
    first = check.comes_up()
    assert len(processes(tmp_path)) == 1
    assert monitor(tmp_path, {"execute": "query-uuid"})["UUID"] == first

    assert check.done("displays", "d-1")["displays"] == VNC | SPICE
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    for _ in range(3):  # a SPICE session is many connections
        assert spice(check)

    second = check.done("reset", "d-1")["identity"]
    assert second != first
    assert check.state() == STOPPED
    assert processes(tmp_path) == []
    check.done("start", "d-1")
    assert monitor(tmp_path, {"execute": "query-uuid"})["UUID"] == second
    assert check.done("list")["list"] == ["d-1"]
    check.done("destroy", "d-1")
    check.done("destroy", "d-1")
    assert check.done("list")["list"] == []
    assert check.state() == ABSENT
    assert check("display", "d-1", "vnc")["fault"] == "desktop"
    assert processes(tmp_path) == []
    assert list((tmp_path / "state/desktops").iterdir()) == []
    assert check.events.empty()  # all those ends were wanted


def test_desktop_is_nobody_elses(qemu, tmp_path):
    check = qemu()
    check.done("clone", "d-1")
    check.done("start", "d-1")
    for path in (tmp_path / "state", tmp_path / "state/desktops/d-1"):
        assert path.stat().st_mode & 0o077 == 0
    (pid,) = processes(tmp_path)
    assert b"Seccomp:\t2" in pathlib.Path(f"/proc/{pid}/status").read_bytes()
    assert monitor(tmp_path, {"execute": "query-rx-filter"}) == []  # no network card


def test_auto_boots_a_real_kernel(qemu, tmp_path):
    """Whatever /dev/kvm promises: with accel = auto the guest comes up. The power button works."""
    check = qemu(accel="auto")
    check.done("ensure")
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert deployment.eventually(lambda: at_prompt(tmp_path), 180, every=0.5)
    if pathlib.Path("/dev/kvm").exists():
        assert (tmp_path / "state/accel").read_text().split()[1] in ("kvm", "tcg")
    before = time.monotonic()
    check.done("stop", "d-1")
    assert time.monotonic() - before < 20  # by the button, which is pressed for so long; then comes force
    assert check.state() == STOPPED


def test_killed_qemu_is_noticed(qemu, tmp_path):
    check = qemu()
    check.done("clone", "d-1")
    for _ in range(2):
        check.done("start", "d-1")
        (pid,) = processes(tmp_path)
        os.kill(pid, signal.SIGKILL)
        assert check.event() == {"event": "d-1", "state": STOPPED}
        assert check.state() == STOPPED
    assert check.events.empty()


def test_survives_the_broker(qemu, tmp_path):
    before = qemu()
    before.done("clone", "d-1")
    before.done("start", "d-1")
    (pid,) = processes(tmp_path)
    before.die()
    after = qemu()
    assert after.done("list")["list"] == ["d-1"]
    assert after.state() == RUNNING
    assert after.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    after.done("start", "d-1")
    assert processes(tmp_path) == [pid]
    os.kill(pid, signal.SIGKILL)
    assert after.event() == {"event": "d-1", "state": STOPPED}


def test_hung_qemu_can_be_stopped(qemu, tmp_path):
    check = qemu()
    check.done("clone", "d-1")
    check.done("start", "d-1")
    (pid,) = processes(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    check.done("force", "d-1")
    assert check.state() == STOPPED


def test_stale_process_id_is_not_believed(qemu, tmp_path):
    """The number in a dead desktop's file now belongs to somebody else, who must live."""
    check = qemu()
    check.done("clone", "d-1")
    check.done("start", "d-1")
    check.done("force", "d-1")
    alive = tmp_path / "state/desktops/d-1/alive"
    words = alive.read_text()
    assert re.match(r"[0-9a-f-]{36}\d+ \(", words)
    with subprocess.Popen(["sleep", "60"]) as other:
        alive.write_text(f"{words[:36]}{other.pid}{words[words.index(' ('):]}")
        assert check.state() == STOPPED
        check.done("destroy", "d-1")
        assert other.poll() is None
        other.kill()


def test_overlay_is_thrown_away(qemu, tmp_path, image):
    disk = tmp_path / "golden.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
    check = qemu(image={**image, "disk": str(disk)})
    check.done("clone", "d-1")
    overlay = tmp_path / "state/desktops/d-1/qemu/overlay.qcow2"

    def holds(byte):
        run = subprocess.run(["qemu-io", "-c", f"read -P {byte} 0 4096", overlay],
                             capture_output=True, text=True, check=False)
        return run.returncode == 0 and "verification failed" not in run.stdout

    subprocess.run(["qemu-io", "-c", "write -P 0x5a 0 4096", overlay], check=True,
                   stdout=subprocess.DEVNULL)
    check.done("start", "d-1")
    check.done("force", "d-1")
    assert holds(0x5A)
    check.done("reset", "d-1")
    assert holds(0)
    check.done("start", "d-1")  # and QEMU likes it


def test_what_cannot_start_says_why(qemu, tmp_path, image):
    junk = tmp_path / "junk"
    junk.write_bytes(b"not a kernel")
    check = qemu(image={**image, "kernel": str(junk)})
    check.done("clone", "d-1")
    refusal = check("start", "d-1")
    assert refusal["fault"] == "desktop" and "kernel" in refusal["message"]
    assert check.state() == STOPPED
    absent = qemu(image={**image, "kernel": "/nowhere/vmlinuz"})
    assert absent("ensure")["fault"] == "config"
    assert absent("start", "d-1")["fault"] == "config"
    bare = qemu(environment={"PATH": "/nowhere"})
    assert bare("start", "d-1")["fault"] == "config"


def test_long_directory(tmp_path, image):
    """Longer than the address of a Unix socket may be."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    check = Check(deep, image)
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    assert check.done("display", "d-1", "spice")["greeting"] == "REDQ"
    check.done("destroy", "d-1")
    check.end()
    assert processes(deep) == []


def has_ipv6():
    """Is ::1 an address of this machine?"""
    with contextlib.suppress(OSError):
        return f"{1:032x} " in pathlib.Path("/proc/net/if_inet6").read_text()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_machine(tmp_path, family):
    listener = socket.socket(family)
    where = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0)}
    try:
        listener.bind(where.get(family) or str(tmp_path / "vnc"))
    except OSError:
        if family == socket.AF_INET6 and not has_ipv6():
            pytest.skip("no IPv6 here")
        raise
    listener.listen()
    name, port = listener.getsockname()[:2] if family != socket.AF_UNIX else (None, 0)
    address = {
        socket.AF_INET: f"localhost:{port}",
        socket.AF_INET6: f"[::1]:{port}",
        socket.AF_UNIX: f"unix:{tmp_path}/vnc",
    }[family]
    Greeter(listener)
    check = Check(tmp_path, {"address": address, "protocol": "vnc", "secret": "geheim"}, "machine")
    assert check.opened["caps"] == POWER | SURVIVES
    assert check.state() == RUNNING
    assert check.done("displays", "d-1")["displays"] == VNC
    display = check.done("display", "d-1", "vnc")
    assert display["greeting"] == "RFB 003.008"
    assert display["password"] == "geheim"
    assert display["fd"] == (family == socket.AF_UNIX)
    assert (display.get("host"), display["port"]) == (name, port)  # numeric
    assert check("display", "d-1", "spice")["fault"] == "config"
    listener.shutdown(socket.SHUT_RDWR)  # nobody else gets its port meanwhile
    assert check.state() == STOPPED
    assert check("display", "d-1", "vnc")["fault"] == "desktop"
    check.end()
    listener.close()


def test_machine_that_cannot_be(tmp_path):
    check = Check(tmp_path, {"address": "nowhere", "protocol": "vnc"}, "machine")
    assert check("state", "d-1")["fault"] == "config"
    assert check("display", "d-1", "vnc")["fault"] == "config"
    check.end()


@pytest.fixture
def embedded(tmp_path):
    """A libvirt without daemon, in a directory of the test's own."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="oriel-lv-", dir="/tmp"))  # short: sockets below
    (root / "etc").mkdir()
    (root / "etc/qemu.conf").write_text(
        'stdio_handler = "file"\nuser = "root"\ngroup = "root"\ndynamic_ownership = 0\n'
        'namespaces = []\ncgroup_controllers = []\nsecurity_driver = "none"\n'
    )
    yield f"qemu:///embed?root={root}"
    for pid in embedded_processes(root):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(root)


def embedded_processes(root):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if b"guest=oriel-d-1," in command and f"{root}/".encode() in command:
                found.append(int(entry.name))
    return found


def test_libvirt_life(tmp_path, image, embedded):
    """Domains of a real libvirt on a real disk: made, seen, reset, lost, found again."""
    disk = tmp_path / "golden.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
    image["disk"] = str(disk)
    root = embedded.split("=")[1]
    check = Check(tmp_path, image, "libvirt", embedded)
    assert check.opened == {
        "hypervisor": "QEMU", "displays": VNC | SPICE,
        "caps": CLONES | POWER | RESETS | TICKETS | EVENTS | SURVIVES | WEIGHS | SUSPENDS | MIGRATES | DISKS,
    }
    first = check.comes_up()
    assert check.done("displays", "d-1")["displays"] == VNC | SPICE
    for _ in range(2):
        assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
        assert spice(check)
    check.done("ticket", "d-1", "vnc", "geheim12")
    check.done("ticket", "d-1", "spice", "geheim12345")
    second = check.done("reset", "d-1")["identity"]
    assert second != first
    assert check.state() == STOPPED
    check.done("start", "d-1")
    assert check.events.empty()
    (pid,) = embedded_processes(root)
    check.die()

    after = Check(tmp_path, image, "libvirt", embedded)
    assert after.done("list")["list"] == ["d-1"]
    assert after.state() == RUNNING
    assert after.done("display", "d-1", "vnc")["fd"]
    os.kill(pid, signal.SIGKILL)
    assert after.event() == {"event": "d-1", "state": STOPPED}
    assert after.state() == STOPPED
    after.done("destroy", "d-1")
    after.done("destroy", "d-1")
    assert after.state() == ABSENT
    assert after.done("list")["list"] == []
    assert list((tmp_path / "state/desktops").iterdir()) == []
    after.end()
    assert embedded_processes(root) == []


def test_libvirt_overlay_in_a_pool(tmp_path, image):
    """The golden image is a volume of a pool: so is the overlay. libvirt's test driver plays it."""
    node = tmp_path / "node.xml"
    node.write_text(
        "<node><pool type='dir'><name>images</name><target><path>/images</path></target>"
        "<volume><name>golden</name><capacity>16777216</capacity>"
        "<target><path>/images/golden</path><format type='qcow2'/></target></volume>"
        "</pool></node>"
    )
    image = {"name": "pooled", "disk": "/images/golden", "memory": 64, "cpus": 1}
    check = Check(tmp_path, image, "libvirt", f"test://{node}")
    assert check.opened["hypervisor"] == "libvirt's test driver"
    assert check.opened["caps"] == CLONES | POWER | RESETS | EVENTS | SURVIVES | SUSPENDS | DISKS
    first = check.done("clone", "d-1")["identity"]
    second = check.done("clone", "d-1")["identity"]
    assert first != second
    check.done("start", "d-1")
    assert check.state() == RUNNING
    check.done("force", "d-1")
    assert check.state() == STOPPED
    assert list((tmp_path / "state/desktops").iterdir()) == []  # nothing of it is here
    check.done("destroy", "d-1")
    assert check.done("list")["list"] == []
    check.end()
    elsewhere = Check(tmp_path, {**image, "disk": "/elsewhere/golden"}, "libvirt", f"test://{node}")
    assert elsewhere("clone", "d-1")["fault"] == "config"
    elsewhere.end()


def test_libvirt_template(tmp_path, image):
    template = tmp_path / "template.xml"
    template.write_text(
        "<domain type='@TYPE@'><name>@NAME@</name><uuid>@UUID@</uuid>"
        "<memory unit='MiB'>@MEMORY@</memory><os><type>hvm</type></os></domain>"
    )
    check = Check(tmp_path, {**image, "xml": str(template)}, "libvirt", "test:///default")
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert check.done("displays", "d-1")["displays"] == 0
    assert check("display", "d-1", "vnc")["fault"] == "desktop"
    template.write_text("<domain><name>fixed</name><uuid>@UUID@</uuid></domain>")
    assert check("clone", "d-1")["fault"] == "config"
    check.end()


def test_libvirt_display_with_a_password_for_good(tmp_path, image):
    """Where no password can be set while a domain runs, its display has that of its definition."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    Greeter(listener)
    template = tmp_path / "template.xml"
    template.write_text(
        "<domain type='@TYPE@'><name>@NAME@</name><uuid>@UUID@</uuid>"
        "<memory unit='MiB'>@MEMORY@</memory><os><type>hvm</type></os><devices>"
        f"<graphics type='vnc' port='{port}' autoport='no' listen='127.0.0.1' passwd='for-good'/>"
        "</devices></domain>"
    )
    check = Check(tmp_path, {**image, "xml": str(template)}, "libvirt", "test:///default")
    check.done("ensure")
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert check.done("displays", "d-1")["displays"] == VNC
    display = check.done("display", "d-1", "vnc")
    assert (display["host"], display["port"]) == ("127.0.0.1", port)
    assert display["password"] == "for-good"
    check.end()
    listener.close()


def test_libvirt_that_is_not_there(tmp_path, image):
    for uri in ("nonsense", "nosuch:///driver", "qemu+unix:///system?socket=/nowhere"):
        check = Check(tmp_path, image, "libvirt", uri)
        assert check.opened["fault"] == "config"
        assert check.process.wait(60) == 1


def test_libvirt_that_says_nothing(tmp_path, image):
    """A daemon that is stopped, or hangs: whoever opens it comes back, and hears why."""
    socket_path = tmp_path / "libvirt-sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen()
        check = Check(tmp_path, image, "libvirt", f"qemu+unix:///system?socket={socket_path}")
        assert check.opened["fault"] == "config" and "says nothing" in check.opened["message"]
        assert check.process.wait(60) == 1
