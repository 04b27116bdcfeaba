# SPDX-License-Identifier: GPL-3.0-or-later
"""Network cards of QEMU's desktops, and who a clone is: the driver with real guests, and a real oriel-nic in
a network of its own (one card, 192.0.2.10, and a bridge), with passt and qemu-bridge-helper.

The guest is the tiny one, but its "identity" lets machines whose name begins with "twin" say the same random
word; a template is booted once for all."""

import gzip
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import pytest

import deployment
from cards import Cards, asks_for_a_lease, flags_of_answer, syn
from drivers import ABSENT, RUNNING, STOPPED, Check, monitor, processes

HOST, ROUTER = "192.0.2.10", "10.0.2.2"
WORD = "01234567-89ab-4cde-8f01-23456789abcd"
MAC = re.compile(r"[0-9a-f][26ae](:[0-9a-f]{2}){5}")
NETWORK = f"""
set -e
mount --make-rprivate /
mkdir -p "$1/etc/qemu"; echo "allow br0" >"$1/etc/qemu/bridge.conf"
mount -t overlay overlay -o "lowerdir=$1/etc:/etc" /etc
ip link set lo up
ip link add card type veth peer name far; ip address add {HOST}/24 dev card
ip link set card up; ip link set far up
ip route add default via 192.0.2.1
ip link add br0 type bridge; ip link set br0 up
ip link add br1 type bridge; ip link set br1 up
shift; exec "$@"
"""


def listening(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
            return True
        except OSError:
            return False


class World:
    """The network that oriel-nic makes cards for; the driver itself stays outside."""

    def __init__(self, directory):
        self.directory, self.nics = directory, directory / "nic.sock"
        (directory / "web").mkdir()
        build = deployment.BUILD / "broker"
        self.daemons = []
        start = ["unshare", "--net", "--mount", "sh", "-c", NETWORK, "network", directory]
        self.run([*start, build / "auth/oriel-authd", "--socket", self.nics, "--auth",
                  build / "provider/oriel-nic", "--uid", os.getuid()])
        assert deployment.eventually(lambda: listening(self.nics))
        self.enter = ["nsenter", f"--net=/proc/{self.daemons[0].pid}/ns/net"]
        self.asked = directory / "asked"
        with self.asked.open("w") as log:
            self.run([*self.enter, sys.executable, "-u", "-m", "http.server", "80", "--bind", "0.0.0.0",
                      "--directory", directory / "web"], stderr=log)
        assert deployment.eventually(lambda: "80" in self.output("ss", "-Hltn", "sport", "=", "80"))

    def run(self, command, **options):
        self.daemons.append(subprocess.Popen([*map(str, command)], **options))

    def output(self, *command):
        return subprocess.run([*self.enter, *command], capture_output=True, text=True, timeout=30).stdout

    def end(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait(30)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World(tmp_path_factory.mktemp("world"))
    yield one
    one.end()


def with_twins(directory, image):
    """The image with a further initial ram disk behind its own, whose files take the place of others."""
    identity = (deployment.SOURCE / "config/guest/identity").read_text()
    before = 'echo "random $now" >&3'
    assert before in identity
    tree = directory / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/identity").write_text(
        identity.replace(before, f'case $host in twin*) now={WORD} ;; esac\n{before}'))
    (tree / "bin/identity").chmod(0o755)
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--owner", "0:0", "--quiet"], cwd=tree,
                             input=b".\n./bin\n./bin/identity\n", capture_output=True, check=True).stdout
    initrd = directory / "initrd.gz"
    initrd.write_bytes(pathlib.Path(image["initrd"]).read_bytes() + gzip.compress(archive))
    return {**image, "initrd": str(initrd)}


@pytest.fixture(scope="module")
def place(tmp_path_factory, world):
    """The driver's directory, with a template in it; and the image."""
    directory = tmp_path_factory.mktemp("driver")
    image = json.loads((deployment.tiny_guest() / "image.json").read_text())
    image = {**with_twins(directory, image), "instant": True, "nics": str(world.nics), "network": "user"}
    yield directory, image
    assert processes(directory) == []


@pytest.fixture
def driver(place):
    """Makes lives of the driver; nothing may be left of their desktops but the template."""
    directory, image = place
    lives = []

    def live(**options):
        lives.append(Check(directory, {**image, **options}))
        assert "fault" not in lives[-1].opened, lives[-1].opened
        if options.get("instant", True) and not lives[-1].done("prepared")["prepared"]:
            lives[-1].done("prepare")
        return lives[-1]

    yield live
    for desktop in lives[-1].done("list")["list"]:
        lives[-1].done("destroy", desktop)
    for life in lives:
        if life.process.poll() is None:
            life.end()


def type_line(directory, words):
    """Into the desktop d-1."""
    names = {" ": "spc", ".": "dot", "/": "slash"}
    keys = [*(names.get(letter, letter) for letter in words), "ret"]
    monitor(directory, *({"execute": "send-key", "arguments": {"keys": [{"type": "qcode", "data": key}]}}
                         for key in keys))


def start(check, cards, desktop):
    """Starts it and takes its card; the guest's own address."""
    check.process.stdin.write(f"start {desktop}\n")
    check.process.stdin.flush()
    asked, card = cards.accept()
    answer = check.answers.get(timeout=60)
    assert "fault" not in answer, answer
    assert asked == b"user\n"
    with card:
        return asks_for_a_lease(card)


def test_each_clone_has_its_own_address(place, driver):
    """... which its memory has from nobody, and which stays when it is booted."""
    cards = Cards(place[0])
    check = driver(nics=str(cards.path))
    seen = {}
    for desktop in ("d-1", "d-2"):
        check.done("clone", desktop)
        seen[desktop] = start(check, cards, desktop)
        assert MAC.fullmatch(seen[desktop])
    assert seen["d-1"] != seen["d-2"]
    check.done("force", "d-1")
    assert start(check, cards, "d-1") == seen["d-1"]  # it boots, with the card in its place


def test_no_card(place, driver):
    """Nothing is asked for, and the machine has none; not even where one could be plugged in."""
    check = driver(network="none", nics="/nowhere", instant=False)
    check.done("clone", "d-1")
    check.done("start", "d-1")
    command = pathlib.Path(f"/proc/{processes(place[0])[0]}/cmdline").read_text().split("\0")
    assert "virtio-net" not in " ".join(command) and command[command.index("-nic") + 1] == "none"


@pytest.mark.parametrize("answer,words", [
    pytest.param(b"no\x1b card\n", "no? card", id="words"),
    pytest.param(b"", "none is made", id="nothing"),
    pytest.param(b"x" * 300, "without an end", id="nonsense"),
])
def test_no_card_to_be_had(place, driver, answer, words):
    """The reason is told, and no QEMU is left."""
    cards = Cards(place[0])
    check = driver(nics=str(cards.path))
    check.done("clone", "d-1")
    check.process.stdin.write("start d-1\n")
    check.process.stdin.flush()
    cards.accept(answer)[1].close()
    refused = check.answers.get(timeout=60)
    assert refused["fault"] == "desktop" and words in refused["message"], refused
    assert check.state("d-1") == STOPPED and processes(place[0]) == []


def test_nobody_makes_cards(place, driver):
    check = driver(nics=str(place[0] / "nobody.sock"))
    check.done("clone", "d-1")
    refused = check("start", "d-1")
    assert "oriel-nic.socket" in refused["message"]
    assert check.state("d-1") == STOPPED and processes(place[0]) == []


# ---- who a clone is


def test_a_clone_that_repeats_another_is_refused(place, driver):
    """... as long as the other is there, also after the broker has been away; and leaves nothing that runs."""
    cards = Cards(place[0])
    check = driver(nics=str(cards.path))
    for desktop in ("twin-1", "twin-2", "d-3"):
        check.done("clone", desktop)
    start(check, cards, "twin-1")
    refused = check("start", "twin-2")
    assert refused == {"fault": "desktop", "message": "twin-2: its randomness is another clone's"}
    assert check.state("twin-2") == STOPPED and check.state("twin-1") == RUNNING
    assert len(processes(place[0])) == 1
    check.die()

    check = driver(nics=str(cards.path))
    assert check("start", "twin-2")["message"].endswith("another clone's")
    start(check, cards, "d-3")  # others go on
    check.done("destroy", "twin-1")
    assert check.state("twin-1") == ABSENT
    start(check, cards, "twin-2")  # nobody else says it any more


# ---- oriel-nic itself


def ask(world, words):
    card = socket.socket(socket.AF_UNIX)
    card.settimeout(30)
    card.connect(str(world.nics))
    card.sendall(words)
    return card


def passts(world):
    """The ids of those in its network, living."""
    here, found = os.readlink(f"/proc/{world.daemons[0].pid}/ns/net"), []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name = (entry / "comm").read_text()
            if name.startswith("passt") and "State:\tZ" not in (entry / "status").read_text():
                found += [entry.name] if os.readlink(entry / "ns/net") == here else []
        except OSError:
            continue
    return found


def test_user_leads_outwards(world):
    """To what the network has, as nobody; and its router is not this machine. It ends with its card."""
    with ask(world, b"user\n") as card:
        assert card.recv(3) == b"ok\n"
        (passt,) = passts(world)
        assert "\nUid:\t65534\t" in pathlib.Path(f"/proc/{passt}/status").read_text()
        card.sendall(syn(HOST, 80))
        assert flags_of_answer(card, HOST, 80) == 0x12  # SYN, ACK
        card.sendall(syn(HOST, 81, own=40001))
        assert flags_of_answer(card, HOST, 81) & 0x04  # RST
        # The router's address is nobody's: the connection goes out of the machine, where none answers.
        card.sendall(syn(ROUTER, 80, own=40002))
        assert deployment.eventually(lambda: ROUTER in world.output("ss", "-Htn", "state", "syn-sent"))
    assert deployment.eventually(lambda: passts(world) == [])


@pytest.mark.parametrize("words", [b"nonsense\n", b"bridge ../x\n", b"bridge \n", b"bridge a b\n"])
def test_what_oriel_nic_refuses(world, words):
    with ask(world, words) as card:
        answer = card.recv(100)
        assert answer.endswith(b"\n") and answer != b"ok\n"
        assert card.recv(1) == b""


def test_a_line_without_an_end(world):
    with ask(world, b"user" * 50) as card:
        try:
            assert card.recv(1) == b""
        except ConnectionResetError:  # what it has not read is lost
            pass


def test_desktop_behind_its_host(place, driver, world):
    """A clone with a real card asks a web server for something, by its new name's shell."""
    check = driver()
    check.done("clone", "d-1")
    check.done("start", "d-1")
    wanted = f"/{time.monotonic_ns()}"

    def asked():
        type_line(place[0], f"wget {HOST}{wanted}")
        return deployment.eventually(lambda: wanted in world.asked.read_text(), 5)

    assert deployment.eventually(asked, 60), world.asked.read_text()


def taps(world):
    """The devices at the bridge."""
    rows = json.loads(world.output("ip", "-json", "link", "show", "master", "br0") or "[]")
    return [row["ifname"] for row in rows if "ifname" in row]


def test_desktop_at_a_bridge(place, driver, world):
    """The bridge learns the desktop's own address; a bridge that the admin has not allowed is refused."""
    check = driver(network="bridge:br0")
    check.done("clone", "d-1")
    check.done("start", "d-1")
    (tap,) = taps(world)

    def learned():
        table = json.loads(world.output("bridge", "-json", "fdb", "show", "br", "br0") or "[]")
        return [row["mac"] for row in table if row["ifname"] == tap and row.get("state") != "permanent"]

    macs = deployment.eventually(learned, 60)
    assert macs and all(MAC.fullmatch(mac) for mac in macs)
    check.done("force", "d-1")
    assert deployment.eventually(lambda: taps(world) == [])
    check.done("start", "d-1")  # it boots, at a tap device again
    assert len(taps(world)) == 1
    check.done("force", "d-1")
    refused = driver(network="bridge:br1")("start", "d-1")
    assert refused["fault"] == "desktop" and "log says why" in refused["message"], refused
