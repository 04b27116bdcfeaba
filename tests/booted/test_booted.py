# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside tests/booted/run: README.md's steps under a systemd, and what its units then keep in."""

import contextlib
import pathlib
import re
import socket
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/system"))

import cards  # noqa: E402
import deployment  # noqa: E402
import oriel  # noqa: E402
import rfb  # noqa: E402
import spice  # noqa: E402
import ws  # noqa: E402
from deployment import eventually  # noqa: E402

pytestmark = pytest.mark.skipif(
    not pathlib.Path("/etc/systemd/system/oriel-booted.target").exists(), reason="not in its container"
)
UNITS = ["oriel-auth.socket", "oriel-nic.socket", "oriel-broker.service", "oriel-gateway.service"]
HERE, PASSWORD = "192.0.2.10", "let me in, please"
CONFIG = f"""[gateway]
certificate = /etc/oriel/tls.crt
key = /etc/oriel/tls.key
listen_vnc = [::]:5900
vnc_lobby = yes
[broker]
accel = tcg
admins = anna
public_host = {HERE}
"""


def run(*words, **more):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True, **more).stdout


def show(unit, name):
    return run("systemctl", "show", "--value", "-p", name, unit).strip()


def journal(unit):
    return run("journalctl", "--no-pager", "-o", "cat", "-u", unit)


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def processes(unit):
    """{id: name} of all that runs in a unit, or in the instances of one."""
    found = {}
    for file in pathlib.Path("/sys/fs/cgroup").rglob("cgroup.procs"):
        if re.fullmatch(unit, file.parent.name):
            for pid in file.read_text().split():
                with contextlib.suppress(FileNotFoundError):
                    found[int(pid)] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return found


@pytest.fixture(scope="module", autouse=True)
def installed():
    """As README.md says; the certificate and the person are the demo's."""
    run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "line")
    run("ip", "address", "add", f"{HERE}/24", "dev", "wan")
    run("ip", "link", "set", "line", "up")
    run("ip", "link", "set", "wan", "up")
    run("ip", "route", "add", "default", "via", "192.0.2.1")
    run("systemd-sysusers")
    run("systemd-tmpfiles", "--create")
    run("systemctl", "daemon-reload")
    pathlib.Path("/etc/oriel/oriel.conf").write_text(CONFIG)
    run(SOURCE / "config/demo/certificate", "/etc/oriel", HERE, "127.0.0.1")
    run("chgrp", "oriel-gateway", "/etc/oriel/tls.key")
    run("chmod", "640", "/etc/oriel/tls.key")
    run("chmod", "755", "/etc/oriel")
    run("chmod", "644", "/etc/oriel/tls.crt", "/etc/oriel/ca.pem")
    run(SOURCE / "config/demo/people", "/etc/oriel-people", input=f"anna:{PASSWORD}\n")
    run("cp", "/etc/oriel-people/oriel", "/etc/pam.d/oriel")
    run("systemctl", "enable", "--now", *UNITS)
    page = ["curl", "--silent", "--fail", "--cacert", "/etc/oriel/ca.pem", f"https://{HERE}/healthz"]
    assert eventually(lambda: subprocess.run(page, stdout=subprocess.DEVNULL).returncode == 0, 30), (
        journal("oriel-broker") + journal("oriel-gateway"))
    yield
    run("systemctl", "stop", *UNITS)


@pytest.fixture(scope="module")
def api():
    guest = deployment.tiny_guest()
    run("mkdir", "-p", "/srv/images")
    run("cp", guest / "vmlinuz", guest / "initrd.gz", "/srv/images")
    image = ["--kernel", "/srv/images/vmlinuz", "--initrd", "/srv/images/initrd.gz", "--memory", 128,
             "--cpus", 1, "--cmdline", "quiet console=tty0 no_timer_check", "--network", "user"]
    run("orielctl", "image", "add", "tiny", *image)
    run("orielctl", "pool", "add", "shared", "--kind", "dedicated", "--image", "tiny", "--max", 1)
    run("orielctl", "entitle", "shared", "--user", "anna")
    one = oriel.Api(HERE, 443, "/etc/oriel/ca.pem")
    one.login("anna", PASSWORD)
    return one


@pytest.fixture
def viewer(api):
    """A browser before a desktop that has a network card."""
    sock = ws.tls(HERE, 443, "/etc/oriel/ca.pem")
    line = ws.WebSocket(sock, f"/websockify?token={api.ticket('shared', 'web')}", HERE)
    with rfb.Rfb(line) as viewer:
        viewer.none()
        viewer.init()
        viewer.screen()
        yield viewer


def test_units_run(viewer):
    """Logins, pages and a desktop's picture are there, and nothing had to be started twice."""
    for unit in UNITS:
        assert show(unit, "ActiveState") == "active"
    for unit in UNITS[2:]:
        assert show(unit, "NRestarts") == "0", journal(unit)
        assert show(unit, "OOMPolicy") == "continue"  # no worker's end, and no desktop's, is that of all
    names = set(processes("oriel-broker.service").values())
    assert any(name.startswith("qemu") for name in names), names
    assert eventually(lambda: any(name.startswith("passt") for name in
                                  processes(r"oriel-nic@.*\.service").values()))


def test_the_broker_starts_anew(viewer):
    """The desktops that it started stay, and so does who looks at one."""
    before = processes("oriel-broker.service")
    run("systemctl", "restart", "oriel-broker")
    viewer.screen()
    after = processes("oriel-broker.service")
    assert {pid for pid, name in before.items() if name.startswith("qemu")} <= set(after)
    sessions = ["orielctl", "sessions"]
    assert eventually(lambda: b"anna" in subprocess.run(sessions, capture_output=True).stdout)


def test_a_reload(viewer):
    before = set(processes("oriel-gateway.service"))
    run("systemctl", "reload", "oriel-gateway")
    assert eventually(lambda: len(set(processes("oriel-gateway.service")) - before) >= 2)
    viewer.screen()


def test_a_lobby():
    """It is a process of the broker's unit, and its own rules are made below the unit's."""
    with rfb.Rfb.dial(HERE, 5900) as viewer:
        viewer.nobody("/etc/oriel/ca.pem")
        viewer.init()
        assert len(viewer.screen().getcolors(1 << 24)) > 5, "an empty picture"
        assert "oriel-lobby" in processes("oriel-broker.service").values()


def test_a_bridge(api):
    """The same, for a VNC desktop in a SPICE viewer."""
    desktop = SOURCE / "build/gcc/tests/bench/bench-desktop"
    with subprocess.Popen([desktop, "vnc", "/run/vnc.sock"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            run("orielctl", "pool", "add", "desks", "--kind", "machines")
            run("orielctl", "entitle", "desks", "--user", "anna")
            run("orielctl", "machine", "add", "desks", "pc", "--protocol", "vnc",
                "--address", "unix:/run/vnc.sock")
            session = spice.Session(lambda: spice.dial(HERE, 443, "/etc/oriel/ca.pem"),
                                    api.ticket("desks", "spice"))
            assert (spice.DISPLAY, 0) in session.attach()
            assert "oriel-bridge" in processes("oriel-broker.service").values()
            session.close()
        finally:
            process.kill()


# ---- what goes wrong around them

@pytest.mark.parametrize("unit", ["oriel-auth.socket", "oriel-nic.socket"])
def test_very_many_at_once(unit):
    """Of whatever comes in the morning systemd would take two hundred in two seconds for a fault of the unit's."""
    path = show(unit, "Listen").split()[0]
    with contextlib.ExitStack() as stack:
        for _ in range(250):
            one = stack.enter_context(socket.socket(socket.AF_UNIX))
            one.settimeout(30)
            one.connect(path)
        assert eventually(lambda: int(show(unit, "NConnections")) >= 250, 30), journal(unit)
    assert eventually(lambda: int(show(unit, "NConnections")) < 250, 60)
    assert show(unit, "ActiveState") == "active", journal(unit)


def test_the_database_comes_late():
    """At a boot the machine that has it may be the last one: the broker tries until it is there."""
    def ready():
        return journal("oriel-broker").splitlines().count("ready")

    file, before = pathlib.Path("/etc/oriel/oriel.conf"), ready()
    file.write_text(CONFIG + "database = postgresql://127.0.0.1:9/oriel\n")
    run("systemctl", "restart", "oriel-broker")
    try:
        assert eventually(lambda: int(show("oriel-broker", "NRestarts")) > 6, 30), journal("oriel-broker")
    finally:
        file.write_text(CONFIG)
    assert eventually(lambda: ready() == before + 1, 30), journal("oriel-broker")


# ---- what the units keep in

RIGHTS = {
    # unit: capabilities that any process of it can have
    "oriel-gateway.service": {10},  # CAP_NET_BIND_SERVICE
    "oriel-broker.service": set(),
    r"oriel-nic@.*\.service": {6, 7, 8, 12},  # SETGID, SETUID, SETPCAP, NET_ADMIN
}


@pytest.mark.parametrize("unit", RIGHTS)
def test_rights(viewer, unit):
    """Of every process in it, as the kernel has them."""
    found = processes(unit)
    assert found
    for pid, name in found.items():
        has = status(pid)
        # passt is alone in a user namespace of its own, where it has given up what it has there.
        if not name.startswith("passt"):
            bound = {n for n in range(64) if int(has["CapBnd"], 16) >> n & 1}
            assert bound <= RIGHTS[unit], (name, bound)
        assert int(has["CapEff"], 16) & ~sum(1 << n for n in RIGHTS[unit]) == 0, (name, has["CapEff"])
        assert has["NoNewPrivs"] == "1" and has["Seccomp"] == "2", (name, has)


@pytest.mark.parametrize("name, may", [("gateway", []), ("broker", ["/var/lib/oriel", "/run/oriel"])])
def test_files(viewer, name, may):
    """What a process of the unit could write, were it root: its mounts say so. (systemd 252 leaves /run
    writable in a container: there its user is what keeps it.)"""
    pid = show(f"oriel-{name}.service", "MainPID")
    into = ["nsenter", "-t", pid, "-m"]
    user = ["setpriv", f"--reuid=oriel-{name}", f"--regid=oriel-{name}", "--clear-groups"]
    for place in ("/etc", "/usr", "/var/lib/oriel", "/run/oriel", "/root", "/srv", "/boot", "/opt"):
        words = [*into, *(user if place.startswith("/run") else []), "touch", f"{place}/by-an-intruder"]
        done = subprocess.run(words, capture_output=True, text=True)
        assert (done.returncode == 0) == (place in may), (place, done.stderr)
    for secret in ("/root", "/home"):
        assert run(*into, "ls", secret) == ""


# ---- the network of desktops


def listening(address, port):
    server = socket.create_server((address, port))
    server.settimeout(1)
    return server


def reached(server):
    try:
        server.accept()[0].close()
        return True
    except TimeoutError:
        return False


def test_a_card_leads_not_to_the_machine_itself(viewer):
    """Frames made by hand, to 127.0.0.1 and to the machine's own name: the one is denied by the
    kernel, the other is how far "user" goes."""
    with listening("127.0.0.1", 7001) as inside, listening(HERE, 7002) as outside:
        with socket.socket(socket.AF_UNIX) as card:
            card.settimeout(30)
            card.connect("/run/oriel/nic.sock")
            card.sendall(b"user\n")
            assert card.recv(3) == b"ok\n"
            card.sendall(cards.syn(HERE, 7002))
            assert reached(outside)
            card.sendall(cards.syn("127.0.0.1", 7001, own=40001))
            assert not reached(inside)
            # It was heard: the next one behind it is served.
            card.sendall(cards.syn(HERE, 7002, own=40002))
            assert reached(outside)


def test_without_that_rule_it_would(viewer):
    """... so it is the rule that was seen at work."""
    place = pathlib.Path("/run/systemd/system/oriel-nic@.service.d")
    place.mkdir(parents=True)
    (place / "open.conf").write_text("[Service]\nIPAddressDeny=\n")
    run("systemctl", "daemon-reload")
    with listening("127.0.0.1", 7001) as inside, socket.socket(socket.AF_UNIX) as card:
        card.settimeout(30)
        card.connect("/run/oriel/nic.sock")
        card.sendall(b"user\n")
        assert card.recv(3) == b"ok\n"
        card.sendall(cards.syn("127.0.0.1", 7001))
        assert reached(inside)
