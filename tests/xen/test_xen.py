# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside tests/xen/run: Xen as a hypervisor behind libvirt, and hosts that are desktops themselves. Each
Xen host here is a dedicated desktop of the pool "racks" (QEMU's), with desktops of the pool "cells" on it."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/system"))

import console  # noqa: E402
import deployment  # noqa: E402
import procs  # noqa: E402
import rfb  # noqa: E402
from deployment import eventually  # noqa: E402
from desktops import at_prompt, identity, vnc  # noqa: E402
from drivers import (  # noqa: E402
    ABSENT, CLONES, DISKS, EVENTS, POWER, RESETS, RUNNING, SPICE, STOPPED, SURVIVES, SUSPENDED, SUSPENDS,
    VNC, Check,
)

IMAGES = pathlib.Path(os.environ.get("ORIEL_XEN", "/nowhere"))
pytestmark = pytest.mark.skipif(not (IMAGES / "xenhost.qcow2").exists(), reason="not in tests/xen/run")
RACK = {"cpus": 1, "memory": 2048}
CELL = {"name": "cell", "memory": 160, "cpus": 1, "disk": "/srv/images/golden.qcow2",
        "kernel": "/srv/images/vmlinuz", "initrd": "/srv/images/initrd.gz",
        "cmdline": "quiet console=tty0 panic=10"}
# A paravirtual machine: Xen's own disk and framebuffer. Debian 12's QEMU for Xen knows no password of VNC.
TEMPLATE = """\
<domain type='xen'><name>@NAME@</name><uuid>@UUID@</uuid>
<memory unit='MiB'>@MEMORY@</memory><vcpu>@CPUS@</vcpu>
<os><type arch='x86_64' machine='xenpv'>linux</type>
<kernel>@KERNEL@</kernel><initrd>@INITRD@</initrd><cmdline>@CMDLINE@</cmdline></os>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='@OVERLAY@'/>
<target dev='xvda' bus='xen'/></disk>
<graphics type='vnc' autoport='yes' listen='0.0.0.0'/>
</devices></domain>
"""


class Rack:
    """One Xen host: who has it as a desktop, and its address, which is in that of its card."""

    def __init__(self, oriel, owner, source):
        self.oriel, self.owner = oriel, owner
        self.viewer = vnc(oriel, source, f"{owner}/racks")
        (row,) = [row for row in oriel.rows("desktops") if row["pool"] == "racks" and row["owner"] == owner]
        self.desktop = row["id"]
        *_, third, fourth = row["mac"].split(":")
        self.address = f"10.77.{int(third, 16)}.{int(fourth, 16)}"
        self.uri = f"xen+tcp://{self.address}:16509/system"
        begun = time.monotonic()
        assert eventually(self.listens, 400, 1), "its libvirtd never came"
        self.seconds = time.monotonic() - begun
        assert eventually(lambda: self.virsh("version", check=False).returncode == 0, 120, 1)

    def listens(self):
        try:
            socket.create_connection((self.address, 16509), 5).close()
            return True
        except OSError:
            return False

    def virsh(self, *words, check=True):
        done = subprocess.run(["virsh", "-c", self.uri, *map(str, words)], capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout if check else done

    def memory(self):
        """What its desktops may have: the host's own word for what it has counts domain 0's, too."""
        own = int(re.search(r"Used memory: +(\d+)", self.virsh("dominfo", "0")).group(1)) >> 10
        return str(RACK["memory"] - own - 64)

    def domains(self):
        return [line for line in self.virsh("list", "--all", "--name").splitlines() if line.startswith("oriel-")]

    def pid(self):
        (pid,) = [pid for pid, line in self.oriel.desktops_running().items() if self.desktop in line]
        return pid


@pytest.fixture(scope="module")
def oriel():
    with deployment.Deployment("xen") as system:
        # Which others take is told in their network, not in this one.
        system.broker_uid, system.gateway_uid = 58910, 58911
        nics = system.path("run/nic.sock")
        system.options["broker"]["nics"] = nics
        system.start()
        system._start("nics", [system.path("bin/oriel-authd"), "--socket", nics, "--auth",
                               deployment.BUILD / "broker/provider/oriel-nic", "--uid", system.broker_uid])
        assert eventually(nics.exists), system.tail("nics")
        rack = [word for key, value in RACK.items() for word in (f"--{key}", str(value))]
        system.ctl("image", "add", "xenhost", "--disk", IMAGES / "xenhost.qcow2", *rack, "--video", "std",
                   "--network", "bridge:br0")
        system.ctl("host", "add", "here", "--provider", "qemu", "--memory", "8192")
        system.ctl("pool", "add", "racks", "--kind", "dedicated", "--image", "xenhost", "--max", "2")
        system.ctl("pool", "hosts", "racks", "--hosts", "here")
        for owner in ("admin", "carla"):
            system.ctl("entitle", "racks", "--user", owner)
        yield system


@pytest.fixture(scope="module")
def reader(oriel):
    """Of letters, which a tiny guest of QEMU's shows in the same font."""
    oriel.add_image()
    oriel.ctl("pool", "add", "letters", "--kind", "floating", "--image", "tiny", "--max", "1", "--spare", "1")
    taught = console.Reader.taught_by(oriel.spare_display())
    oriel.ctl("pool", "remove", "letters")
    return taught


@pytest.fixture(scope="module")
def rack(oriel, reader):
    return Rack(oriel, "admin", "127.0.0.2")


@pytest.fixture(scope="module")
def image(oriel):
    template = oriel.path("cell.xml")
    template.write_text(TEMPLATE)
    return CELL | {"xml": str(template)}


@pytest.fixture
def check(tmp_path, rack, image):
    driver = Check(tmp_path, image, "libvirt", rack.uri)
    assert "fault" not in driver.opened, driver.opened
    yield driver
    if driver.process.poll() is None:
        driver.done("destroy", "d-1")
        driver.end()
    assert rack.domains() == []


def test_what_xen_can(rack, check):
    said = re.search("<graphics .*?</graphics>", rack.virsh("domcapabilities"), re.S).group()
    assert "<value>vnc</value>" in said, said
    assert check.opened == {
        "hypervisor": "Xen", "displays": VNC | SPICE,
        "caps": CLONES | POWER | RESETS | EVENTS | SURVIVES | SUSPENDS | DISKS,
    }


def test_life(rack, check, tmp_path, image):
    """A paravirtual machine with a disk: made, seen, standing still, reset, ended by itself, found again."""
    check.done("ensure")
    assert check.state() == ABSENT
    first = check.done("clone", "d-1")["identity"]
    assert check.state() == STOPPED
    check.done("start", "d-1")
    check.done("start", "d-1")
    assert check.state() == RUNNING
    assert rack.virsh("domuuid", "oriel-d-1").strip() == first
    assert check.done("displays", "d-1")["displays"] == VNC
    display = check.done("display", "d-1", "vnc")
    assert display["host"] == rack.address and display["greeting"] == "RFB 003.008"
    assert "password" not in display
    check.done("suspend", "d-1")
    assert check.state() == SUSPENDED
    check.done("start", "d-1")
    assert check.state() == RUNNING
    second = check.done("reset", "d-1")["identity"]
    assert second != first and check.state() == STOPPED
    check.done("start", "d-1")
    assert check.events.empty()
    check.die()

    after = Check(tmp_path, image, "libvirt", rack.uri)
    assert after.done("list")["list"] == ["d-1"] and after.state() == RUNNING
    rack.virsh("destroy", "oriel-d-1")
    assert after.event() == {"event": "d-1", "state": STOPPED}
    assert after.state() == STOPPED
    after.done("destroy", "d-1")
    assert after.state() == ABSENT and after.done("list")["list"] == []
    assert "oriel-d-1" not in rack.virsh("vol-list", "images")
    after.end()


@pytest.fixture(scope="module")
def cells(oriel, rack, image):
    """A floating pool on a host that is a desktop."""
    words = [word for key in sorted(image.keys() - {"name"}) for word in (f"--{key}", str(image[key]))]
    oriel.ctl("image", "add", "cell", *words)
    oriel.ctl("host", "add", "xen1", "--provider", "libvirt", "--uri", rack.uri,
              "--memory", rack.memory())
    pool = ("pool", "add", "cells", "--kind", "floating", "--image", "cell", "--provider", "libvirt", "--uri", rack.uri)
    oriel.ctl(*pool)
    oriel.ctl("pool", "hosts", "cells", "--hosts", "xen1")
    oriel.ctl(*pool, "--max", "3", "--spare", "1")
    for person in ("anna", "ben"):
        oriel.ctl("entitle", "cells", "--user", person)
    assert eventually(lambda: ready(oriel), 120, 0.2), oriel.tail("broker")


def ready(oriel):
    return [row for row in oriel.rows("desktops") if row["pool"] == "cells" and row["state"] == "ready"]


def host(oriel, name):
    return next(row for row in oriel.rows("hosts") if row["name"] == name)


def says(viewer, reader, word):
    return console.does(viewer, reader, f"clear; echo {word}", word)


def test_a_desktop_in_a_desktop(oriel, rack, cells, reader):
    """Its picture comes through the gateway, its keys go there, and what the next one sees is fresh."""
    with vnc(oriel, "127.0.0.3", "anna/cells") as viewer:
        at_prompt(viewer, reader)
        says(viewer, reader, "nested")
        desktop, overlay = identity(oriel, "anna")
        assert f"oriel-{desktop}" in rack.domains()

    def reset():
        rows = [row for row in oriel.rows("desktops") if row["id"] == desktop]
        return all(row["state"] in ("ready", "off") and row["identity"] != overlay for row in rows)

    assert eventually(reset, 120, 0.5), oriel.ctl("desktops")
    with vnc(oriel, "127.0.0.3", "ben/cells") as viewer:
        at_prompt(viewer, reader)
        assert "nested" not in reader.lines(viewer.image)


def test_what_the_books_say(oriel, rack, cells):
    """The outer host counts a desktop, whatever is in it; the inner one promises what Xen has."""
    assert eventually(lambda: procs.at_rest(oriel), 120, 0.5)
    outer, inner = host(oriel, "here"), host(oriel, "xen1")
    assert (outer["provider"], outer["desktops"], outer["used_memory"], outer["used_cpus"]) == (
        "qemu", 1, RACK["memory"], RACK["cpus"])
    count = len(rack.domains())
    assert inner["hypervisor"] == "Xen" and "suspend" in inner["can"] and "migrate" not in inner["can"]
    assert (inner["desktops"], inner["used_memory"], inner["used_cpus"]) == (
        count, count * CELL["memory"], count * CELL["cpus"])
    assert inner["cpus"] == RACK["cpus"] and inner["memory"] == int(rack.memory())


def test_drained(oriel, rack, cells, reader):
    """Who has a session keeps it, Xen cannot migrate; then nothing is left there, and nobody gets one."""
    with vnc(oriel, "127.0.0.4", "ben/cells") as viewer:
        at_prompt(viewer, reader)
        desktop, _ = identity(oriel, "ben")
        oriel.ctl("host", "drain", "xen1")
        assert eventually(lambda: rack.domains() == [f"oriel-{desktop}"], 90, 0.5), oriel.tail("broker")
        says(viewer, reader, "mine")
    assert eventually(lambda: rack.domains() == [], 90, 0.5), oriel.tail("broker")
    with pytest.raises(rfb.Refused):
        vnc(oriel, "127.0.0.4", "ben/cells")
    assert host(oriel, "here")["desktops"] == 1
    oriel.ctl("host", "resume", "xen1")
    assert eventually(lambda: ready(oriel), 120, 0.5), oriel.tail("broker")


def test_with_the_outer_desktop_the_inner_host_is_down(oriel, rack, cells, reader):
    """Its floating desktops are made on another Xen host, once there is one; what it still has when it is back
    is forgotten."""
    viewer = vnc(oriel, "127.0.0.4", "ben/cells")
    at_prompt(viewer, reader)
    desktop, _ = identity(oriel, "ben")
    left = rack.domains()
    assert f"oriel-{desktop}" in left
    begun = time.monotonic()
    os.kill(rack.pid(), signal.SIGKILL)
    assert eventually(lambda: host(oriel, "xen1")["state"] == "down", 120, 0.5), oriel.tail("broker")
    down = time.monotonic() - begun
    assert eventually(lambda: rack.desktop in [row["id"] for row in oriel.rows("desktops") if row["state"] == "off"])
    # Whose desktop has vanished without a word sees that after two minutes.
    assert eventually(lambda: "ben" not in [row["user"] for row in procs.live_sessions(oriel)], 240, 1)
    over = time.monotonic() - begun
    viewer.__exit__()
    assert eventually(lambda: host(oriel, "xen1")["desktops"] == 0, 60, 0.5), oriel.ctl("desktops")

    other = Rack(oriel, "carla", "127.0.0.5")
    oriel.ctl("host", "add", "xen2", "--provider", "libvirt", "--uri", other.uri, "--memory", other.memory())
    oriel.ctl("pool", "hosts", "cells", "--hosts", "xen1,xen2")
    assert eventually(lambda: ready(oriel), 120, 0.5), oriel.tail("broker")
    with vnc(oriel, "127.0.0.4", "ben/cells") as viewer:
        at_prompt(viewer, reader)
        mine, _ = identity(oriel, "ben")
        assert f"oriel-{mine}" in other.domains() and f"oriel-{mine}" not in left
    os.kill(other.pid(), signal.SIGKILL)

    again = Rack(oriel, "admin", "127.0.0.2")
    assert (again.desktop, again.uri) == (rack.desktop, rack.uri)
    assert eventually(lambda: host(oriel, "xen1")["state"] == "up", 60, 0.5), oriel.tail("broker")
    assert eventually(lambda: not set(left) & set(again.domains()), 60, 0.5), again.domains()
    print(f"inner host down after {down:.0f} s, session over after {over:.0f} s")
