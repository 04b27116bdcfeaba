# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's drivers for other makers' hypervisors below the driver of broker/provider: an ESX host, played by
VMware's simulator of its API (config/packages, group hypervisors); Workstation and Player, by a stand-in for
their vmrun and QEMU; and what an admin is told of those that are not there."""

import contextlib
import os
import pathlib
import shutil
import socket
import tempfile

import pytest

import hypervisors
from deployment import eventually
from drivers import (
    ABSENT, CLONES, POWER, RESETS, RUNNING, STOPPED, SURVIVES, SUSPENDED, SUSPENDS, VNC, Check,
    vnc_authentication,
)

TEMPLATE = """\
<domain type='vmware'><name>@NAME@</name><uuid>@UUID@</uuid>
<memory unit='MiB'>@MEMORY@</memory><vcpu>@CPUS@</vcpu><os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file' device='disk'><source file='[LocalDS_0] golden/golden.vmdk'/>
<target dev='sda' bus='scsi'/><transient/></disk><controller type='scsi' index='0' model='lsilogic'/>
<interface type='bridge'><mac address='@MAC@'/><source bridge='VM Network'/><model type='vmxnet3'/></interface>
<graphics type='vnc' port='@PORT@' passwd='@PASSWORD@'/>
</devices></domain>
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if not hypervisors.esx_possible():
        pytest.skip("config/packages install hypervisors")
    return hypervisors.esx_program(tmp_path_factory.mktemp("esx"))


@pytest.fixture
def esx(program, tmp_path):
    host = hypervisors.Esx(program, tmp_path)
    yield host
    host.end()


@pytest.fixture
def image(tmp_path):
    template = tmp_path / "template.xml"
    template.write_text(TEMPLATE)
    return {"name": "office", "xml": str(template), "memory": 512, "cpus": 2}


def test_esx_life(tmp_path, esx, image):
    check = Check(tmp_path, image, "libvirt", esx.uri)
    assert check.opened == {
        "hypervisor": "VMware ESX", "displays": VNC,
        "caps": CLONES | POWER | RESETS | SURVIVES | SUSPENDS,
    }
    first = check.comes_up()
    assert check.done("displays", "d-1")["displays"] == VNC
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    check.done("suspend", "d-1")
    check.done("suspend", "d-1")
    assert check.state() == SUSPENDED
    check.done("start", "d-1")
    assert check.state() == RUNNING
    check.done("stop", "d-1")
    assert check.state() == STOPPED
    check.done("start", "d-1")
    check.done("suspend", "d-1")
    second = check.done("reset", "d-1")["identity"]
    assert second != first
    assert check.state() == STOPPED
    check.done("start", "d-1")
    check.done("force", "d-1")
    assert check.state() == STOPPED
    assert check.done("list")["list"] == ["d-1"]
    check.done("destroy", "d-1")
    check.done("destroy", "d-1")
    assert check.state() == ABSENT
    assert check.done("list")["list"] == []
    check.end()


def test_esx_desktops_have_displays_of_their_own(tmp_path, esx, image):
    """ESX gives a display no port that libvirt could read back, so the template says @PORT@: one that no
    other machine on that host has. The password is each desktop's own."""
    check = Check(tmp_path, image, "libvirt", esx.uri)
    seen = {}
    for desktop in ("d-1", "d-2"):
        check.done("clone", desktop)
        check.done("start", desktop)
        display = check.done("display", desktop, "vnc")
        assert (display["host"], display["greeting"]) == (esx.address, "RFB 003.008")
        seen[desktop] = (display["port"], display["password"])
    assert seen["d-1"][0] != seen["d-2"][0]
    assert seen["d-1"][1] != seen["d-2"][1]
    assert [len(password) for _, password in seen.values()] == [8, 8]
    check.done("destroy", "d-1")
    check.done("clone", "d-3")
    check.done("start", "d-3")
    assert check.done("display", "d-3", "vnc")["port"] == seen["d-1"][0]
    for desktop in ("d-2", "d-3"):
        check.done("destroy", desktop)
    check.end()


def test_esx_keeps_nothing_for_the_next(tmp_path, esx, image):
    """It makes no overlays: a disk of the template's that keeps what is written would go from one
    person to the next."""
    template = tmp_path / "template.xml"
    template.write_text(TEMPLATE.replace("<transient/>", ""))
    check = Check(tmp_path, image, "libvirt", esx.uri)
    refused = check("clone", "d-1")
    assert refused["fault"] == "config"
    assert "golden.vmdk would keep what somebody writes" in refused["message"]
    assert check.state() == ABSENT
    assert "RegisterVM_Task" not in esx.called()
    check.end()
    check = Check(tmp_path, {**image, "disk": "/golden.qcow2"}, "libvirt", esx.uri)
    assert "VMware ESX makes no disk" in check("ensure")["message"]
    check.end()


def test_esx_wants_a_password(tmp_path, esx, image):
    def opened(uri, words):
        check = Check(tmp_path, image, "libvirt", uri)
        assert check.opened["fault"] == "config"
        assert words in check.opened["message"]
        assert esx.password not in check.opened["message"]
        assert check.process.wait(60) == 1

    opened(esx.uri_of("root", "no_verify=1"), "wants a user and a password")
    opened(esx.uri_of("root:geheim", "no_verify=1"), "no place for a password")
    opened(esx.uri_of("root", "no_verify=1&authfile=/nowhere"), "/nowhere: No such file")
    opened(esx.uri_of("root", esx.query.replace("no_verify=1&", "")), "certificate verification failed")
    esx.credentials.chmod(0o644)
    opened(esx.uri, "anybody may read the password")
    esx.credentials.chmod(0o600)
    esx.credentials.write_text(esx.credentials.read_text().replace(esx.password, "wrong"))
    opened(esx.uri, "Login failure")
    assert esx.called().count("Login") == 1


def test_esx_7_has_no_displays(tmp_path, program, image):
    esx = hypervisors.Esx(program, tmp_path, "7.0.3")
    check = Check(tmp_path, image, "libvirt", esx.uri)
    assert (check.opened["hypervisor"], check.opened["displays"]) == ("VMware ESX 7", 0)
    refused = check("ensure")
    assert refused["fault"] == "client"
    assert "VMware ESX 7 shows no VNC or SPICE display through libvirt" in refused["message"]
    check.end()
    esx.end()


def test_esx_comes_back(tmp_path, program, image):
    """A host that has started anew knows nobody who was logged in."""
    esx = hypervisors.Esx(program, tmp_path)
    check = Check(tmp_path, image, "libvirt", esx.uri)
    check.done("clone", "d-1")
    esx.end()
    assert check("state", "d-1")["fault"] == "desktop"
    again = hypervisors.Esx(program, tmp_path, like=esx)
    assert check.state() == ABSENT
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert check.state() == RUNNING
    check.done("destroy", "d-1")
    check.end()
    again.end()


def test_vcenter(tmp_path, program, image):
    """The displays are at the host that the URI's path names."""
    vcenter = hypervisors.Esx(program, tmp_path, model="vpx")
    check = Check(tmp_path, image, "libvirt", vcenter.uri)
    assert check.opened.get("hypervisor") == "VMware ESX", check.opened
    check.done("clone", "d-1")
    check.done("start", "d-1")
    assert check.state() == RUNNING
    refused = check("display", "d-1", "vnc")
    assert refused["fault"] == "desktop"
    assert "DC0_H0" in refused["message"]
    check.done("destroy", "d-1")
    check.end()
    vcenter.end()


def test_esx_below_a_broker(oriel, tmp_path, program, image):
    """A pool with a spare; what admins are told; and a log that can be read: libvirt has a word for every
    property that it does not know, and does not get to say it."""
    esx = hypervisors.Esx(program, pathlib.Path(tempfile.mkdtemp(dir="/tmp", prefix="oriel-esx-")))
    directory = esx.credentials.parent
    template = directory / "template.xml"
    template.write_text(TEMPLATE)
    template.chmod(0o644)
    directory.chmod(0o755)
    os.chown(esx.credentials, oriel.broker_uid, -1)
    oriel.ctl("image", "add", "office", "--xml", template, "--memory", "512", "--cpus", "2")
    oriel.ctl("pool", "add", "vmware", "--kind", "floating", "--image", "office", "--provider", "libvirt",
              "--uri", esx.uri, "--max", "2", "--spare", "1")
    assert eventually(lambda: "PowerOnVM_Task" in esx.called(), 60), oriel.tail("broker")
    ready = [row for row in oriel.rows("pool", "list") if row["name"] == "vmware"]
    assert ready[0]["hypervisor"] == "VMware ESX"
    assert set(ready[0]["can"]) == {"images", "power", "suspend", "vnc"}
    said = oriel._ctl("doctor").stdout
    assert "Pool vmware: VMware ESX, which has no: disks" in said
    oriel.ctl("pool", "remove", "vmware")
    oriel.ctl("image", "remove", "office")
    assert eventually(lambda: "UnregisterVM" in esx.called())
    assert "Unexpected" not in oriel.log("broker")
    esx.end()
    shutil.rmtree(directory)


@pytest.fixture
def workstation(tmp_path):
    programs = hypervisors.Workstation(tmp_path)
    yield programs
    programs.end()


def use_workstation(image, workstation):
    template = pathlib.Path(image["xml"])
    words = TEMPLATE.replace("[LocalDS_0] golden/golden.vmdk", str(workstation.disk))
    template.write_text(words.replace("type='vnc'", f"type='vnc' listen='{workstation.address}'"))


def test_workstation_at_a_taken_port(tmp_path, workstation, image):
    """Somebody listens at the first of the ports for displays, as the gateway does: the next one does as well."""
    use_workstation(image, workstation)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # somebody does, and at any address
            stack.enter_context(socket.create_server((workstation.address, 5900)))
        check = Check(tmp_path, image, "libvirt", "vmwarews:///session", environment=workstation.environment)
        check.done("clone", "d-1")
        check.done("start", "d-1")
        assert vnc_authentication(check.done("display", "d-1", "vnc"))
        check.done("destroy", "d-1")
        check.end()


@pytest.mark.parametrize("kind", ["ws", "player"])
def test_workstation_life(tmp_path, workstation, image, kind):
    """libvirt keeps what is defined in the broker itself: after that only what runs is known."""
    use_workstation(image, workstation)
    uri = f"vmware{kind}:///session"
    check = Check(tmp_path, image, "libvirt", uri, environment=workstation.environment)
    able = CLONES | POWER | RESETS | SURVIVES
    assert check.opened == {
        "hypervisor": "VMware Workstation" if kind == "ws" else "VMware Player", "displays": VNC,
        "caps": able | SUSPENDS if kind == "ws" else able,
    }
    check.done("ensure")
    first = check.done("clone", "d-1")["identity"]
    assert check.state() == STOPPED
    check.done("start", "d-1")
    assert check.state() == RUNNING
    assert len(workstation.pids()) == 1
    display = check.done("display", "d-1", "vnc")
    assert display["greeting"] == "RFB 003.008"
    assert vnc_authentication(display)
    if kind == "ws":
        check.done("suspend", "d-1")
        assert check.state() == SUSPENDED
        check.done("start", "d-1")
        assert check.state() == RUNNING
        check.done("suspend", "d-1")
    assert check.done("reset", "d-1")["identity"] != first
    assert check.state() == STOPPED
    assert workstation.pids() == []
    check.done("start", "d-1")
    check.die()

    after = Check(tmp_path, image, "libvirt", uri, environment=workstation.environment)
    assert after.done("list")["list"] == ["d-1"]
    assert after.state() == RUNNING
    assert vnc_authentication(after.done("display", "d-1", "vnc"))
    after.done("stop", "d-1")
    assert after.state() in (STOPPED, ABSENT)
    after.done("destroy", "d-1")
    assert after.done("list")["list"] == []
    after.end()
    assert workstation.pids() == []


@pytest.mark.parametrize(("uri", "words"), [
    ("vmwareplayer:///session", "wants VMware's vmrun and vmplayer in the broker's search path"),
    ("vmwarews:///session", "wants VMware's vmrun and vmware"),
    ("vbox:///session", "wants this machine's libvirtd with its driver for VirtualBox"),
    ("hyperv://admin@127.0.0.1/", "which Debian's has not"),
    ("bhyve:///system", "bhyve+ssh://USER@HOST/system"),
    ("vz:///system", "vz+ssh://USER@HOST/system"),
    ("ch:///session", "which Debian's has not"),
])
def test_what_is_missing(tmp_path, image, uri, words):
    """Whoever adds such a host is told what it wants, and libvirt's own words."""
    nowhere = {"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LIBVIRT_AUTOSTART": "0"}
    check = Check(tmp_path, image, "libvirt", uri, environment=nowhere)
    assert check.opened["fault"] == "config"
    assert words in check.opened["message"], check.opened
    assert uri in check.opened["message"]
    assert check.process.wait(60) == 1
