# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real libvirtd with one storage: desktops go from one to the other, running and not, below their
people's sessions; nothing runs twice; and the one password of a display, for two who come at once."""

import contextlib
import json
import re
import signal
import subprocess
import threading

import pytest

import console
import deployment
import libvirtd
import procs
from deployment import eventually
from desktops import at_prompt, vnc
from drivers import (
    ABSENT, CLONES, EVENTS, POWER, RESETS, RUNNING, STOPPED, SURVIVES, SUSPENDS, WEIGHS, Check,
    vnc_authentication,
)
from windows import at_prompt as at_the_prompt
from windows import keep, sees, types


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    disk = shared / "golden.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
    image = json.loads((deployment.tiny_guest() / "image.json").read_text()) | {"disk": str(disk)}
    started = []
    try:
        # Both would take each other's cgroups for their own.
        for number, controllers in enumerate(("", '"cpu", "blkio"')):
            like = started[0] if started else None
            started.append(libvirtd.Libvirtd(f"rack{number + 1}", number, controllers, like))
            started[-1].wait()
            started[-1].share(shared)
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
    assert eventually(lambda: not first.qemus() and not second.qemus())


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


def test_a_host_that_falls_silent(hosts, both):
    """Everybody who asks it hears that in the end, also of several at once; and asks again when it is back."""
    first, a = hosts[0], both[0]
    # All four wait for each other, so each has a connection of its own from then on.
    first.process.send_signal(signal.SIGSTOP)
    threading.Timer(2, first.process.send_signal, [signal.SIGCONT]).start()
    assert a.done("crowd")["heard"] == 4
    first.process.send_signal(signal.SIGSTOP)
    try:
        assert a.done("crowd")["heard"] == 0
    finally:
        first.process.send_signal(signal.SIGCONT)
    assert a.done("crowd")["heard"] == 4


# A program in namespaces of its own; libvirt has no display for it.
CONTAINER = """\
<domain type='lxc'><name>@NAME@</name><uuid>@UUID@</uuid>
<memory unit='MiB'>@MEMORY@</memory><vcpu>@CPUS@</vcpu>
<os><type>exe</type><init>/bin/sleep</init><initarg>1000000</initarg></os>
<devices><console type='pty'/></devices></domain>
"""


def test_another_hypervisor(hosts, tmp_path):
    """The same driver at libvirt's LXC: what that has works, what it has not is said, and nothing is left."""
    uri = hosts[0].uri.replace("qemu+", "lxc+")
    bare = {"name": "bare", "memory": 64, "cpus": 1}
    template = tmp_path / "container.xml"
    template.write_text(CONTAINER)
    check = Check(tmp_path, bare | {"xml": str(template)}, "libvirt", uri)
    assert check.opened == {
        "hypervisor": "LXC", "displays": 0,
        "caps": CLONES | POWER | RESETS | EVENTS | SURVIVES | WEIGHS | SUSPENDS,
    }
    refused = check("ensure")
    assert refused["fault"] == "client" and "LXC shows no VNC or SPICE" in refused["message"], refused
    try:
        identity = check.done("clone", "d-1")["identity"]
        assert check.state() == STOPPED
        check.done("start", "d-1")
        assert check.state() == RUNNING and check.done("list")["list"] == ["d-1"]
        assert check.done("displays", "d-1")["displays"] == 0
        assert check("display", "d-1", "vnc")["fault"] == "desktop"
        assert check.done("reset", "d-1")["identity"] != identity
        assert check.state() == STOPPED
    finally:
        check.done("destroy", "d-1")
        assert check.state() == ABSENT
        check.end()
    plain = Check(tmp_path, bare, "libvirt", uri)
    refused = plain("clone", "d-1")
    assert refused["fault"] == "config" and "template" in refused["message"], refused
    plain.end()


def test_two_at_once_have_a_password_each_can_use(both):
    """A domain has one password: the second one on the way must not take it from the first."""
    a = both[0]
    a.done("clone", "d-1")
    a.done("start", "d-1")
    first, second = (a.done("display", "d-1", "vnc") for _ in range(2))
    assert len(first["password"]) == 8
    assert vnc_authentication(first)
    assert vnc_authentication(second)


@contextlib.contextmanager
def both_racks(oriel, hosts, *more):
    """Both are hosts of a pool; anna may have a desktop there, of an image with more to it."""
    first, second, image = hosts
    words = [word for key in sorted(image.keys() - {"name"}) for word in (f"--{key}", str(image[key]))]
    oriel.ctl("image", "add", "stored", *words, *more)
    oriel.ctl("pool", "add", "racks", "--kind", "dedicated", "--image", "stored", "--provider",
              "libvirt", "--uri", first.uri, "--max", "2", "--weight", "300")
    for name, host in (("rack1", first), ("rack2", second)):
        oriel.ctl("host", "add", name, "--provider", "libvirt", "--uri", host.uri,
                  "--storage", "shared", "--memory-ratio", "400")
    oriel.ctl("pool", "hosts", "racks", "--hosts", "rack1,rack2")
    oriel.ctl("entitle", "racks", "--user", "anna")
    yield {"rack1": first, "rack2": second}
    assert eventually(lambda: not procs.live_sessions(oriel))
    oriel.ctl("pool", "remove", "racks")
    for name in ("rack1", "rack2"):
        oriel.ctl("host", "remove", name)
    oriel.ctl("image", "remove", "stored")
    assert eventually(lambda: not first.qemus() and not second.qemus())


@pytest.fixture
def racks(oriel, hosts):
    with both_racks(oriel, hosts) as racks:
        yield racks


# A domain with one display: whoever speaks another protocol comes to it over a bridge.
TEMPLATE = """\
<domain type='@TYPE@'><name>@NAME@</name><uuid>@UUID@</uuid>
<memory unit='MiB'>@MEMORY@</memory><vcpu>@CPUS@</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type>
<kernel>@KERNEL@</kernel><cmdline>@CMDLINE@</cmdline><initrd>@INITRD@</initrd></os>
<features><acpi/><apic/></features><cpu mode='maximum'/>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='@OVERLAY@'/>
<target dev='vda' bus='virtio'/></disk>
<graphics type='{display}' autoport='yes' passwd='nobody' passwdValidTo='1970-01-01T00:00:01'/>
<video><model type='vga'/></video><memballoon model='none'/>
</devices></domain>
"""


def test_hosts_tell_what_they_can(oriel, hosts, racks, tmp_path):
    """Admins see which hypervisor a host has; and a pool for one that cannot is refused with its name."""
    listed = {row["name"]: row for row in oriel.rows("host", "list")}
    assert listed["rack1"]["hypervisor"] == listed["rack2"]["hypervisor"] == "QEMU"
    assert {"vnc", "spice", "suspend", "migrate", "weight"} <= set(listed["rack1"]["can"])
    assert "instant" not in listed["rack1"]["can"]
    template = tmp_path / "container.xml"
    template.write_text(CONTAINER)
    oriel.ctl("image", "add", "cell", "--xml", template)
    with pytest.raises(AssertionError, match="LXC shows no VNC or SPICE display"):
        oriel.ctl("pool", "add", "cells", "--kind", "floating", "--image", "cell", "--provider",
                  "libvirt", "--uri", hosts[0].uri.replace("qemu+", "lxc+"))
    oriel.ctl("image", "remove", "cell")


def host_of(racks):
    """The name of the one host where a desktop runs, and that of the other."""
    running = [name for name, host in racks.items() if host.qemus()]
    assert len(running) == 1, running
    return running[0], next(name for name in racks if name != running[0])


def says(viewer, reader, word):
    return console.does(viewer, reader, f"clear; echo {word}", word)


def test_a_viewer_goes_along(oriel, racks, source, reader, books):
    """Its host is drained while she works: connection, session and what is on the screen stay. A
    broker that dies in the middle leaves the desktop where it is, and another one moves it."""
    with vnc(oriel, source, "anna/racks") as viewer:
        at_prompt(viewer, reader)
        says(viewer, reader, "one")
        before = procs.live_sessions(oriel)
        host, other = host_of(racks)
        domain = f"oriel-{before[0]['desktop']}"
        racks[host].virsh("migrate-setspeed", domain, 1)
        oriel.ctl("host", "drain", host)
        assert eventually(lambda: "Unbounded" in racks[host].virsh("domjobinfo", domain).stdout)
        oriel.signal("broker", signal.SIGKILL)
        assert eventually(lambda: not racks[other].qemus())
        racks[host].virsh("migrate-setspeed", domain, 8796093022207)
        oriel.start_broker()
        assert eventually(lambda: racks[other].qemus() and not racks[host].qemus(), 120), (
            oriel.tail("broker"))
        assert console.wait_for(viewer, lambda picture: "one" in reader.lines(picture))
        says(viewer, reader, "two")
        after = procs.live_sessions(oriel)
        assert [row["id"] for row in after] == [row["id"] for row in before]
        assert eventually(lambda: "runs on host" in oriel.log("broker"))
    oriel.ctl("host", "resume", host)


def test_remote_viewer_goes_along(oriel, racks, source, reader, books, display, log, request, tmp_path):
    """SPICE: what it shows and what it takes keys for is another QEMU from then on, in the same window."""
    text, _ = oriel.login("anna", source).console("racks")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    viewer = display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    try:
        assert at_the_prompt(display, reader)
        assert types(display, reader, "one")
        before = procs.live_sessions(oriel)
        host, other = host_of(racks)
        oriel.ctl("host", "drain", host)
        assert eventually(lambda: racks[other].qemus() and not racks[host].qemus(), 120), (
            oriel.tail("broker"))
        assert eventually(lambda: "moved to another host" in oriel.log("gateway")), "the old one was waited for"
        # What is typed meanwhile comes in one go, of which QEMU's keyboard keeps sixteen bytes: eight strokes.
        assert eventually(lambda: "channel=inputs" in oriel.log("gateway").split("moved to another host")[-1])
        display.type("echo two\n")
        assert sees(display, reader, "two") and sees(display, reader, "one", 0)
        assert [row["id"] for row in procs.live_sessions(oriel)] == [row["id"] for row in before]
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())
    oriel.ctl("host", "resume", host)


def one_display(oriel, display):
    """The template of an image whose desktops have that display alone."""
    template = oriel.path(f"{display}.xml")
    template.write_text(TEMPLATE.format(display=display))
    return "--xml", template


def test_a_bridged_viewer_goes_along(oriel, hosts, source, reader, books):
    """A VNC viewer at a SPICE desktop: over another bridge, which the gateway finds when the first has lost
    the desktop."""
    with both_racks(oriel, hosts, *one_display(oriel, "spice")) as racks, vnc(oriel, source, "anna/racks") as viewer:
        at_prompt(viewer, reader)
        before = procs.live_sessions(oriel)
        assert before[0]["via"] == "spice"
        host, other = host_of(racks)
        oriel.ctl("host", "drain", host)
        assert eventually(lambda: racks[other].qemus() and not racks[host].qemus(), 120), oriel.tail("broker")
        domain = f"oriel-{before[0]['desktop']}"
        assert eventually(lambda: "migrated" in racks[other].virsh("domstate", "--reason", domain, check=False).stdout)
        says(viewer, reader, "two")
        assert [row["id"] for row in procs.live_sessions(oriel)] == [row["id"] for row in before]


def test_nothing_runs_twice(oriel, racks, source, reader, books):
    """The host cannot be reached, and its desktop still runs there: where the storage is shared QEMU's
    lock on the disk keeps it from being started on another host; it is found again, and not lost."""
    with vnc(oriel, source, "anna/racks") as viewer:
        at_prompt(viewer, reader)
        says(viewer, reader, "mine")
    assert eventually(lambda: not procs.live_sessions(oriel))
    host, other = host_of(racks)
    api = oriel.login("anna", source)
    ask = (f"/api/v1/desktops/{api.desktop('racks')}/connect", {"protocol": "vnc"})
    racks[host].crash()

    def placed():
        oriel.ctl("host", "resume", other)  # and look at both, now
        return [row for row in oriel.rows("hosts") if row["name"] == other and row["desktops"]]

    assert eventually(placed, 120, 0.2), oriel.ctl("hosts")
    assert api.request("POST", *ask).status >= 500
    assert eventually(lambda: "lock" in oriel.log("broker").lower()), oriel.tail("broker")
    assert racks[host].qemus() and not racks[other].qemus()
    racks[host].come_back()
    assert eventually(lambda: not placed(), 120, 0.2), oriel.tail("broker")
    with vnc(oriel, source, "anna/racks") as viewer:
        viewer.want_raw()
        console.wait_for(viewer, lambda picture: "mine" in reader.lines(picture))
    assert not racks[other].qemus()


def test_weight(oriel, racks, source, books):
    """Three times what others get of the processors and the disks of a host that has cgroups for it, also
    after a move; one that has none says so and starts it all the same."""
    begun = len(oriel.log("broker"))

    def told():
        return re.findall("no cgroup to weigh processor", oriel.log("broker")[begun:])

    oriel.ctl("host", "drain", "rack2")
    with vnc(oriel, source, "anna/racks"):
        (desktop,) = [row["desktop"] for row in procs.live_sessions(oriel)]
        assert racks["rack1"].qemus() and len(told()) == 1, oriel.tail("broker")
        oriel.ctl("host", "resume", "rack2")
        oriel.ctl("host", "drain", "rack1")
        assert eventually(lambda: not racks["rack1"].qemus(), 120), oriel.tail("broker")

        def said(what):
            return racks["rack2"].virsh(what, f"oriel-{desktop}", check=False).stdout

        if "cpu_shares" in said("schedinfo"):
            assert eventually(lambda: re.search(r"cpu_shares *: (3072|300)\n", said("schedinfo"))), said("schedinfo")
        else:
            assert eventually(lambda: len(told()) == 2), oriel.tail("broker")
        if re.search(r"^weight *: [1-9]", said("blkiotune"), re.M):  # it begins with 100, or 500 of at most 1000
            assert eventually(lambda: re.search(r"^weight *: (300|1000)\n", said("blkiotune"), re.M)), said("blkiotune")
    oriel.ctl("host", "resume", "rack1")
