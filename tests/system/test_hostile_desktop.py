# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop that means harm, and a bridge before it: packed pictures that are vast, lengths that are not true,
shapes without end. The bridge stays within its memory and ends with words; nobody else hears of it."""

import array
import json
import socket
import struct
import subprocess

import pytest

import deployment
import desktops
import hostile
import procs
import spice
from deployment import eventually
from hostile import SIDE, image, lz, packed, rect, sized, spice_server, surface, update, vnc

pytestmark = pytest.mark.usefixtures("no_bridge")

BINARY = deployment.BUILD / "bridge/oriel-bridge"
LIMIT = 512 << 20  # as broker/child_rules.c has it

SURFACES = [surface(n, SIDE, SIDE) + hostile.fill(n, SIDE, SIDE) for n in range(1, 20)]
HARM = {
    "vnc": {
        "a desktop's size": vnc(size=(65535, 65535)),
        "a new size": vnc(update(rect(65535, 65535, hostile.NEW_SIZE), rect(60000, 1, hostile.RAW, bytes(240000)))),
        "a rectangle": vnc(update(rect(65535, 65535, hostile.RAW))),
        "a cursor": vnc(update(rect(65535, 65535, hostile.CURSOR))),
        "zlib": vnc(update(rect(SIDE, SIDE, hostile.NEW_SIZE),
                           rect(SIDE, SIDE, hostile.ZLIB, hostile.long(packed(128 << 20))))),
        "zrle": vnc(update(rect(SIDE, SIDE, hostile.NEW_SIZE),
                           rect(SIDE, SIDE, hostile.ZRLE, hostile.long(packed(128 << 20))))),
        "tight": vnc(update(rect(64, 64, hostile.TIGHT, b"\0" + hostile.COMPACT_MAX)), bytes(1 << 20)),
        "a length that nobody asked for": vnc(update(rect(64, 64, hostile.ULTRA, b"\x7f\xff\xff\xff")), bytes(1 << 20)),
        "the clipboard": vnc(b"\3\0\0\0\x7f\xff\xff\xff", bytes(1 << 20)),
    },
    "spice": {
        "a desktop's size": spice_server(size=(65535, 65535)),
        "a message": spice_server([struct.pack("<HI", spice.DRAW_COPY, 0xfffffff0)]),
        "a surface": spice_server([surface(1, 65535, 65535)]),
        "surfaces": spice_server(SURFACES),
        "lz": spice_server([image(1, hostile.LZ, 30000, 30000, lz(30000, 1000))]),
        "pictures to keep": spice_server([image(n, hostile.LZ, SIDE, SIDE, lz(SIDE, SIDE), 1) for n in range(20)]),
        "zlib": spice_server([image(1, hostile.ZLIB_GLZ, 64, 64, struct.pack("<I", 1000) + sized(packed(128 << 20)))]),
        "zlib's length": spice_server([image(1, hostile.ZLIB_GLZ, 64, 64, struct.pack("<I", 0xfffffff0) + sized(packed(1 << 20)))]),
        "lz4": spice_server([image(1, hostile.LZ4, 60000, 60000, sized(b"\1\x08" + struct.pack(">I", 20) + bytes(20)))]),
        "a stream": spice_server([hostile.stream(0x7ffffff0)]),
        "a picture that ends the process": spice_server([
            hostile.stream(0) + hostile.message(hostile.STREAM_DATA, bytes(8) + sized(b"\xff\xd8" + bytes(100)))]),
        "a cursor": spice_server([hostile.cursor(65535, 65535)], spice.CURSOR),
        "the clipboard": spice_server(hostile.agent_clipboard(2 * LIMIT), spice.MAIN),
    },
}


START = f'ulimit -d {LIMIT >> 10} -c 0; exec "$0" vnc us 3<&0 0</dev/null'
# A process has on its account what it was before exec(), too: this test is larger than a bridge may be.
MEASURED = """import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


class Alone:
    """A bridge by itself with the broker's limit. heard: what it said to the broker, until it ended; most: bytes of
    memory that it ever had."""

    def __init__(self, protocol, serve):
        self.wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.wire.settimeout(hostile.PATIENCE)
        self.protocol, self.serve, self.heard = protocol, serve, []
        process = subprocess.Popen(["/usr/bin/python3", "-c", MEASURED, "/bin/bash", "-c", START, BINARY], stdin=theirs,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env={"HOME": "/", "PATH": "/usr/bin:/bin"})
        theirs.close()
        try:
            self.lease(1)
            self.listen()
        finally:
            self.wire.close()
            told, _ = process.communicate(timeout=hostile.PATIENCE)
        self.most = int(told) << 10

    def lease(self, number):
        """A connection to the desktop."""
        fields = {"type": "lease", "id": number, "lease": "evil", "user": "carla", "desktop": "evil",
                  "endpoint": {"protocol": self.protocol, "has_fd": True}}
        text = json.dumps(fields).encode()
        with hostile.connection(self.serve) as sock:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sock.fileno()]))]
            self.wire.sendmsg([struct.pack(">I", len(text)) + text], rights)

    def listen(self):
        while True:
            try:
                packet = self.wire.recv(1 << 18)
            except ConnectionError:  # it died before it had read all
                return
            if not packet:
                return
            said = json.loads(packet[4:])
            if said["type"] != "dial":
                self.heard.append(said)
                continue
            try:
                self.lease(said["id"])
            except ConnectionError:
                continue


@pytest.fixture
def program():
    if b"__asan_init" in BINARY.read_bytes():
        pytest.skip("a build for checking keeps to no limit of memory, and dies its own way")


@pytest.mark.parametrize("protocol, what", [(protocol, what) for protocol in HARM for what in HARM[protocol]])
def test_a_bridge_ends_with_words(program, protocol, what):
    bridge = Alone(protocol, HARM[protocol][what])
    last = bridge.heard[-1]
    assert last["type"] in ("refuse", "ended") and last["fault"] in ("desktop", "ended"), bridge.heard
    assert last["reason"] in (
        "the desktop has left", "the bridge died of what the desktop sent", "the desktop's picture is too large",
        "the desktop's VNC server does not let the bridge in"), bridge.heard
    assert bridge.most < LIMIT + (64 << 20), "more than its limit and its programs"


def green(picture):
    """As hostile.fill() has drawn it."""
    return picture.convert("RGB").getpixel((0, 0)) == (0, 255, 0)


def test_nobody_else_hears_of_it(program, oriel, pools, books, source):
    good, evil, harm = oriel.path("good.sock"), oriel.path("evil.sock"), hostile.Later(SURFACES)
    with hostile.listening(spice_server(), good), hostile.listening(spice_server(harm), evil):
        pools("good", "spice", f"unix:{good}")
        pools("evil", "spice", f"unix:{evil}")
        with desktops.vnc(oriel, source, "carla/good") as viewer:
            assert eventually(lambda: green(viewer.screen()))
            mine = procs.bridges(oriel)
            with oriel.refusal("relay", "desktop"), desktops.vnc(oriel, source, "carla/evil") as victim:
                victim.screen()
                harm.go.set()
                assert victim.closed()
            assert eventually(lambda: "died of what the desktop sent" in oriel.log("broker"))
            assert eventually(lambda: procs.bridges(oriel) == mine)
            assert eventually(lambda: len(procs.live_sessions(oriel)) == 1)
            assert green(viewer.screen())
